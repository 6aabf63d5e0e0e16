package email

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// sent remembers the events whose mail was accepted, for longer than the process
// lives. Nil remembers nothing.
type sent struct{ db *sql.DB }

const sentTable = `CREATE TABLE IF NOT EXISTS sent (
	id      text   PRIMARY KEY,
	sent_at bigint NOT NULL -- Unix time in nanoseconds
)`

// once sends the mail for e unless it was sent before. The event is written down
// after the mail was accepted, so no mail is missing; one whose process ends, or
// whose database fails, in between is sent again.
func (s *sent) once(ctx context.Context, e event.Event, send func(context.Context, event.Event) error) error {
	if s == nil {
		return send(ctx, e)
	}
	var before int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sent WHERE id = $1`, e.ID).Scan(&before); err != nil {
		return fmt.Errorf("look up whether the mail was sent: %w", err)
	}
	if before > 0 {
		return nil
	}
	if err := send(ctx, e); err != nil {
		return err
	}
	err := database.ExecAll(ctx, s.db, database.Statement{
		SQL:  `INSERT INTO sent (id, sent_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		Args: []any{e.ID, database.Now},
	})
	if err != nil {
		return fmt.Errorf("write down that the mail was sent: %w", err)
	}
	return nil
}
