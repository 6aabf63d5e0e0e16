// Package analytics records every event in a database: once as a fact, and
// once for each time that it was delivered.
//
// How it consumes can be chosen, and each way is whole in itself: process, then
// commit (the default); let the client commit in the background ([AutoCommit]);
// keep the offsets in the database, beside the effects ([Positions]); hand over
// what fails to retry and dead letter topics ([DeadLetter]).
package analytics

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/positions"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
	"github.com/twmb/franz-go/pkg/kgo"
)

const name = "analytics"

// Consumer configures which topic to consume, and how.
type Consumer = consumer.Config

// DeadLetter is where a record goes that could not be recorded. Only its
// Topic is required.
type DeadLetter = deadletter.Policy

// Loop makes the consumer.
type Loop = consumer.NewLoop

// AutoCommit is the Loop that lets the client commit in the background.
var AutoCommit Loop = consumer.AutoCommit

// Positions are where the group's offsets are kept, if not in Kafka: in the
// sink's own database, moved in the transaction that records an event.
type Positions = positions.Store

// Config is what the service needs. Listener and DB are required.
type Config struct {
	// Listener takes POST /log-event and GET /healthz; the service closes it.
	Listener net.Listener
	// DB is a SQLite (driver "sqlite") or PostgreSQL (driver "pgx") database.
	// The caller closes it after Run has returned.
	DB *sql.DB
	// Consumer without Brokers means HTTP only. Group and ClientID default to
	// "analytics"; Handle and AttemptTimeout are the service's own.
	Consumer Consumer
	// Loop is how records are consumed. Default: process, then commit.
	Loop Loop
	// DeadLetter, if its Topic is set, is the Loop: what cannot be recorded is
	// handed over. Without it, what fails is tried again until it succeeds, and
	// what no retry can help is logged and skipped. Running instances must
	// differ in their ClientID.
	DeadLetter DeadLetter
	// Positions are where the group's offsets are kept, if not in Kafka.
	Positions Positions
	// Store is where events are recorded. Default: [Events] in DB.
	Store Store
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log   *slog.Logger                                                      // nil means slog.Default()
}

// Instance names this instance in what it records.
func (c Config) Instance() string {
	return cmp.Or(c.Consumer.ClientID, name)
}

// Service is the analytics service.
type Service struct {
	sink      *sink.Sink
	db        *sql.DB
	store     Store
	positions Positions // nil: in Kafka
	log       *slog.Logger
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	if config.DB == nil {
		return nil, errors.New("analytics: DB is nil: give the database to record events in")
	}
	config.Log = cmp.Or(config.Log, slog.Default())
	if config.Store == nil {
		config.Store = NewEvents(config)
	}
	switch given := config.DeadLetter; {
	case given.Topic != "" && config.Loop != nil:
		return nil, errors.New("analytics: Loop and DeadLetter are both set: choose one of them")
	case given.Topic != "":
		config.Loop = given.Loop
	case given.NewLetter != nil || given.NewSession != nil:
		return nil, errors.New("analytics: DeadLetter describes how to give a record up, and has no Topic: set DEAD_LETTER_TOPIC")
	}
	s := &Service{db: config.DB, store: config.Store, positions: config.Positions, log: config.Log}
	settings := sink.Config{
		Name:     name,
		Path:     "/log-event",
		Listener: config.Listener,
		Consumer: config.Consumer,
		Loop:     config.Loop,
		Dial:     config.Dial,
		Log:      config.Log,
		Prepare:  s.migrate,
		Handle:   func(ctx context.Context, e event.Event) error { return s.store.Record(ctx, e) },
	}
	if s.positions != nil {
		settings.Consume = s.consume
		settings.Consumer.Claim = s.positions.Claim
		settings.Consumer.Skip = s.skip
	}
	var err error
	s.sink, err = sink.New(settings)
	return s, err
}

// Run serves and consumes until ctx ends. It waits for a database that is not
// up yet.
func (s *Service) Run(ctx context.Context) error { return s.sink.Run(ctx) }

func (s *Service) migrate(ctx context.Context) error {
	tables := s.store.Tables()
	if s.positions != nil {
		tables = append(tables, s.positions.Tables()...)
	}
	return database.Migrate(ctx, s.db, s.log, tables...)
}

// consume records the event and how far its partition has come, both or
// neither.
func (s *Service) consume(ctx context.Context, r *kgo.Record, e event.Event) error {
	return s.store.Record(ctx, e, s.positions.Advance(r)...)
}

// skip goes on behind a record that has no effect.
func (s *Service) skip(ctx context.Context, r *kgo.Record) error {
	return database.ExecAll(ctx, s.db, s.positions.Advance(r)...)
}

// NewPositions makes the Positions to use with config.
func NewPositions(config Config) *positions.Fenced {
	return positions.New(config.DB, config.Consumer.Topic, config.Instance())
}
