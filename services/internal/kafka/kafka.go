// Package kafka holds the client settings that the producer and the consumers
// share.
package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	dialTimeout = time.Second
	maxBackoff  = 250 * time.Millisecond
)

// Dial opens a connection; nil means net.Dialer.
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Options are the settings of every client. Where they differ from the
// library's defaults it is for one purpose: to notice a broker that died or
// fell silent within about a second, and not to wait long before trying the
// next one. The defaults suit a client that would rather be quiet than quick.
func Options(brokers []string, clientID string, dial Dial, log *slog.Logger) []kgo.Opt {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ClientID(clientID),
		kgo.WithLogger(logger{log}),

		// Default 10s. A broker whose host is gone answers no SYN.
		kgo.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			return dial(ctx, network, addr)
		}),
		// Default 10s: how long past its own time-out an answer may take
		// before the connection is given up.
		kgo.RequestTimeoutOverhead(time.Second),
		// Default 5s between two metadata requests, which is also the
		// shortest time to learn of a new leader after NOT_LEADER.
		kgo.MetadataMinAge(100 * time.Millisecond),
		// Default 5m. Notices moved partitions though nothing failed.
		kgo.MetadataMaxAge(2 * time.Second),
		// Default 250ms to 5s.
		kgo.RetryBackoffFn(func(failures int) time.Duration { return backoff.Delay(failures, maxBackoff) }),
		// Client metrics (KIP-714) are pushed to brokers that ask for them;
		// nobody reads them here.
		kgo.DisableClientMetrics(),
	}
}

// logger passes the client library's log on to slog. What the library calls
// informational (every rebalance step, every reconnect) is debug to us.
type logger struct{ log *slog.Logger }

func (l logger) Level() kgo.LogLevel {
	ctx := context.Background()
	switch {
	case l.log.Enabled(ctx, slog.LevelDebug):
		return kgo.LogLevelInfo
	case l.log.Enabled(ctx, slog.LevelWarn):
		return kgo.LogLevelWarn
	default:
		return kgo.LogLevelError
	}
}

func (l logger) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	to := slog.LevelDebug
	switch level {
	case kgo.LogLevelError, kgo.LogLevelWarn:
		// Even its errors are retried; what is final comes back as an error
		// from the call that failed.
		to = slog.LevelWarn
	}
	for i, v := range keyvals {
		if s, ok := v.(fmt.Stringer); ok {
			keyvals[i] = s.String()
		}
	}
	l.log.Log(context.Background(), to, "kafka client: "+msg, keyvals...)
}
