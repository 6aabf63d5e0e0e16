package analytics

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// UnknownAction is the class of an event whose action has no meaning here. No
// retry helps; a new version of this service may.
const UnknownAction = "unknown-action"

// Store is where events are recorded.
type Store interface {
	// Tables are the statements that make its tables where there are none.
	Tables() []string
	// Record records one delivery of e, in one transaction together with the
	// statements given. It is called again for an event that is delivered again.
	Record(ctx context.Context, e event.Event, with ...database.Statement) error
}

// Events is the Store with one row for each event, by its id. A repeated event
// stays as it is, so that only the deliveries tell how often it came.
type Events struct {
	DB       *sql.DB
	Instance string // who recorded a delivery
}

// NewEvents makes the Store that config uses by default.
func NewEvents(config Config) Events {
	return Events{DB: config.DB, Instance: config.Instance()}
}

// EventColumns are those of the table events, all but its key.
const EventColumns = `
	id          text   NOT NULL,
	user_id     text   NOT NULL,
	action      text   NOT NULL CONSTRAINT known_action CHECK (action IN ('registered', 'updated', 'deleted')),
	recorded_at bigint NOT NULL -- Unix time in nanoseconds
`

// Tables implements [Store].
func (s Events) Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS events (` + EventColumns + `, PRIMARY KEY (id))`,
		s.Deliveries(),
	}
}

// Deliveries makes the table deliveries. It is append-only: every time this
// service saw an id, first or again, and which instance did.
func (s Events) Deliveries() string {
	return `CREATE TABLE IF NOT EXISTS deliveries (
		seq         ` + database.AutoIncrement(s.DB) + `,
		id          text   NOT NULL,
		instance    text   NOT NULL,
		recorded_at bigint NOT NULL
	)`
}

// Record implements [Store].
func (s Events) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	once := s.Event(e)
	once.SQL += ` ON CONFLICT DO NOTHING`
	return s.Write(ctx, append(slices.Clone(with), once, s.Delivery(e))...)
}

// Event is the statement that records e.
func (s Events) Event(e event.Event) database.Statement {
	return database.Statement{
		SQL:  `INSERT INTO events (id, user_id, action, recorded_at) VALUES ($1, $2, $3, $4)`,
		Args: []any{e.ID, e.UserID, e.Action, database.Now},
	}
}

// Delivery is the statement that records that e came.
func (s Events) Delivery(e event.Event) database.Statement {
	return database.Statement{
		SQL:  `INSERT INTO deliveries (id, instance, recorded_at) VALUES ($1, $2, $3)`,
		Args: []any{e.ID, s.Instance, database.Now},
	}
}

// Write runs the statements in one transaction. It reports when no retry helps, and when
// they may have been run all the same.
func (s Events) Write(ctx context.Context, statements ...database.Statement) error {
	err := database.ExecAll(ctx, s.DB, statements...)
	unanswered := (*database.UnansweredError)(nil)
	switch {
	case database.Violates(err, "known_action"):
		return &consumer.Fatal{Class: UnknownAction, Err: err}
	case errors.As(err, &unanswered):
		return &consumer.Unknown{Err: fmt.Errorf("record event: %w", err)}
	case err != nil:
		return fmt.Errorf("record event: %w", err)
	}
	return nil
}
