// Package transfer passes on what is in one topic to another, each record exactly
// once: what it publishes and how far it has read are one Kafka transaction.
//
// Exactly once ends at Kafka's edge. Who reads the output must read committed
// records only, and what it does with them is its own business.
package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/breakwater-kit/breakwater/services/internal/web"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const name = "transfer"

// Consumer configures which topic to consume, and how.
type Consumer = consumer.Config

// Config is what the service needs. All but Dial and Log are required.
type Config struct {
	// Listener takes GET /healthz; the service closes it.
	Listener net.Listener
	// Consumer configures what to read. Group and ClientID default to "transfer", and
	// running instances must differ in their ClientID: it is part of the
	// transactional id. Handle is the service's own.
	Consumer Consumer
	// Output is the topic to write to.
	Output string
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log    *slog.Logger                                                      // nil means slog.Default()
}

// Service is the transfer service.
type Service struct {
	config Config
	loop   *transact.Loop
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	config.Log = cmp.Or(config.Log, slog.Default())
	group := config.Consumer
	group.Group = cmp.Or(group.Group, name)
	group.ClientID = cmp.Or(group.ClientID, name)
	group.Dial, group.Log = config.Dial, config.Log
	group.Handle = func(context.Context, *kgo.Record) error { return nil } // a record is only passed on
	switch {
	case config.Listener == nil:
		return nil, errors.New("transfer: Listener is nil: give the listener to serve HTTP on")
	case config.Output == "" || config.Output == group.Topic:
		return nil, fmt.Errorf("transfer: Output is %q: name a topic, other than the one that is read (%q)", config.Output, group.Topic)
	case group.Claim != nil:
		return nil, errors.New("transfer: offsets in a sink cannot be committed together with records in Kafka: leave out Claim")
	}
	member, err := consumer.NewMember(group)
	if err != nil {
		return nil, fmt.Errorf("transfer: %w", err)
	}
	s := &Service{config: config}
	s.loop = transact.New(member, nil, s.passOn)
	return s, nil
}

// Run serves and transfers until ctx ends, ends the transaction in hand, and
// returns nil.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	server := web.Server{Listener: s.config.Listener, Handler: http.NotFoundHandler(), Ready: s.loop.Ready, Log: s.config.Log}
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return s.loop.Run(ctx) })
	return group.Wait()
}

// passOn writes one record for each that was read: with the same key, value and
// headers, the event's id among them.
func (s *Service) passOn(ctx, _ context.Context, session transact.Session, polled kgo.Fetches) error {
	out := make([]*kgo.Record, 0, polled.NumRecords())
	polled.EachRecord(func(r *kgo.Record) {
		out = append(out, &kgo.Record{Topic: s.config.Output, Key: r.Key, Value: r.Value, Headers: r.Headers})
	})
	return s.loop.Publish(ctx, session, out)
}
