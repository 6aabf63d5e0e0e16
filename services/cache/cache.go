// Package cache drops what is cached about a user whenever an event says that
// the user changed.
package cache

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Consumer configures which topic to consume, and how.
type Consumer = consumer.Config

// Config is what the service needs. Listener and RedisAddr are required.
type Config struct {
	// Listener takes POST /invalidate and GET /healthz; the service closes it.
	Listener net.Listener
	// RedisAddr is the host:port of the cache, and of the stream "ledger" that
	// reports what was invalidated.
	RedisAddr string
	// Consumer without Brokers means HTTP only. Group and ClientID default to
	// "cache"; Handle and AttemptTimeout are the service's own.
	Consumer Consumer
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log      *slog.Logger                                                      // nil means slog.Default()
}

// Service is the cache service.
type Service struct {
	sink  *sink.Sink
	redis *redis.Client
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	if config.RedisAddr == "" {
		return nil, errors.New("cache: RedisAddr is empty: give host:port")
	}
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	s := &Service{redis: redis.NewClient(&redis.Options{
		Addr: config.RedisAddr,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// With a Dialer of ours the client does not apply its own limit.
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return config.Dial(ctx, network, addr)
		},
		// A context's deadline counts where it is earlier. Its cancellation
		// is not noticed, so these are also how long a silent Redis can hold
		// up a shutdown.
		ContextTimeoutEnabled: true,
		ReadTimeout:           2 * time.Second,
		WriteTimeout:          2 * time.Second,
		// Whoever calls tries again: the consumer loop with back-off, an HTTP
		// caller as it sees fit. A retry in between would be a second entry
		// in the ledger that nobody can explain.
		MaxRetries:      -1,
		DialerRetries:   1, // attempts, that is: none but the first
		PoolSize:        32,
		DisableIdentity: true,
		// A feature of managed Redis that costs a command per connection.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})}
	var err error
	s.sink, err = sink.New(sink.Config{
		Name:     "cache",
		Path:     "/invalidate",
		Listener: config.Listener,
		Consumer: config.Consumer,
		Dial:     config.Dial,
		Log:      config.Log,
		Handle:   s.handle,
	})
	if err != nil {
		s.redis.Close()
		return nil, err
	}
	return s, nil
}

// Run serves and consumes until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.redis.Close()
	return s.sink.Run(ctx)
}

// handle deletes what is cached about the user and writes the ledger, both or
// neither. The ledger has one entry for every time an event was handled.
func (s *Service) handle(ctx context.Context, e event.Event) error {
	_, err := s.redis.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		tx.Del(ctx, "user:"+e.UserID)
		tx.XAdd(ctx, &redis.XAddArgs{Stream: "ledger", Values: []any{"id", e.ID, "key", e.UserID}})
		return nil
	})
	return err
}
