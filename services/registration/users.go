package registration

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// Users is the table of users.
type Users struct {
	db      *sql.DB
	timeout time.Duration
}

// NewUsers makes the table's access with the configuration's DB and CallTimeout.
func NewUsers(config Config) Users { return Users{config.DB, config.CallTimeout} }

const usersTable = `CREATE TABLE IF NOT EXISTS users (
	id         text   PRIMARY KEY, -- the event's id
	user_id    text   NOT NULL,
	created_at bigint NOT NULL     -- Unix time in nanoseconds
)`

// Insert is the statement that writes the user's row, once per event id.
func (u Users) Insert(e event.Event) database.Statement {
	return database.Statement{
		SQL:  `INSERT INTO users (id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		Args: []any{e.ID, e.UserID, time.Now().UnixNano()},
	}
}

// Store writes the user's row, once per event id.
func (u Users) Store(ctx context.Context, e event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	insert := u.Insert(e)
	result, err := u.db.ExecContext(ctx, insert.SQL, insert.Args...)
	if err != nil {
		return fmt.Errorf("store user: %w", err)
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted > 0 {
		return err
	}
	return u.same(ctx, e)
}

// same makes sure that the id's row is of the event's user.
func (u Users) same(ctx context.Context, e event.Event) error {
	var stored string
	if err := u.db.QueryRowContext(ctx, `SELECT user_id FROM users WHERE id = $1`, e.ID).Scan(&stored); err != nil {
		return fmt.Errorf("read stored user: %w", err)
	}
	if stored != e.UserID {
		return errOtherUser
	}
	return nil
}
