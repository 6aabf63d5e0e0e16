// Package analytics records every event in a database: once as a fact, and
// once for each time that it was delivered.
package analytics

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
)

// Consumer says which topic to consume, and how.
type Consumer = consumer.Config

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
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log      *slog.Logger                                                      // nil means slog.Default()
}

// Service is the analytics service.
type Service struct {
	sink *sink.Sink
	db   *sql.DB
	log  *slog.Logger
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	if config.DB == nil {
		return nil, errors.New("analytics: DB is nil: give the database to record events in")
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	s := &Service{db: config.DB, log: config.Log}
	var err error
	s.sink, err = sink.New(sink.Config{
		Name:     "analytics",
		Path:     "/log-event",
		Listener: config.Listener,
		Consumer: config.Consumer,
		Dial:     config.Dial,
		Log:      config.Log,
		Prepare:  s.migrate,
		Handle:   s.handle,
	})
	return s, err
}

// Run serves and consumes until ctx ends. It waits for a database that is not
// up yet.
func (s *Service) Run(ctx context.Context) error { return s.sink.Run(ctx) }

func (s *Service) migrate(ctx context.Context) error {
	return database.Migrate(ctx, s.db, s.log,
		`CREATE TABLE IF NOT EXISTS events (
			id          text   PRIMARY KEY,
			user_id     text   NOT NULL,
			action      text   NOT NULL,
			recorded_at bigint NOT NULL -- Unix time in nanoseconds
		)`,
		// Append-only: every time this service saw an id, first or again.
		`CREATE TABLE IF NOT EXISTS deliveries (
			seq         `+database.AutoIncrement(s.db)+`,
			id          text   NOT NULL,
			recorded_at bigint NOT NULL
		)`,
	)
}

// handle records the event and its delivery in one transaction. An event that
// is there already stays as it is, so that only deliveries tells how often it
// came.
func (s *Service) handle(ctx context.Context, e event.Event) error {
	now := time.Now().UnixNano()
	err := database.ExecAll(ctx, s.db,
		database.Statement{
			SQL:  `INSERT INTO events (id, user_id, action, recorded_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			Args: []any{e.ID, e.UserID, e.Action, now},
		},
		database.Statement{
			SQL:  `INSERT INTO deliveries (id, recorded_at) VALUES ($1, $2)`,
			Args: []any{e.ID, now},
		},
	)
	if err != nil {
		return fmt.Errorf("record event: %w", err)
	}
	return nil
}
