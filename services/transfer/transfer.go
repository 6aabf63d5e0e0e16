// Package transfer passes on what is in one topic to another, each record exactly
// once: what it publishes and how far it has read are one Kafka transaction.
//
// Exactly once ends at Kafka's edge. Who reads the output must read committed
// records only, and what it does with them is its own business.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kgo"
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

// Service is the transfer service. Its Run serves and transfers until ctx ends, ends the
// transaction in hand, and returns nil.
type Service struct {
	*sink.Sink
	output string
	loop   *transact.Loop
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	switch topic := config.Consumer.Topic; {
	case config.Output == "" || config.Output == topic:
		return nil, fmt.Errorf("transfer: Output is %q: name a topic, other than the one that is read (%q)", config.Output, topic)
	case config.Consumer.Claim != nil:
		return nil, errors.New("transfer: offsets in a sink cannot be committed together with records in Kafka: leave out Claim")
	case len(config.Consumer.Brokers) == 0:
		return nil, errors.New("transfer: Brokers is empty: give at least one host:port")
	}
	s := &Service{output: config.Output}
	var err error
	s.Sink, err = sink.New(sink.Config{
		Name: name, Listener: config.Listener, Consumer: config.Consumer, Dial: config.Dial, Log: config.Log,
		Loop: func(group consumer.Config) (consumer.Loop, error) {
			member, err := consumer.NewMember(group)
			s.loop = transact.New(member, nil, s.passOn)
			return s.loop, err
		},
	})
	return s, err
}

// passOn writes one record for each that was read: with the same key, value and
// headers, the event's id among them.
func (s *Service) passOn(ctx, _ context.Context, session transact.Session, polled kgo.Fetches) error {
	out := make([]*kgo.Record, 0, polled.NumRecords())
	polled.EachRecord(func(r *kgo.Record) {
		out = append(out, &kgo.Record{Topic: s.output, Key: r.Key, Value: r.Value, Headers: r.Headers})
	})
	return s.loop.Publish(ctx, session, out)
}
