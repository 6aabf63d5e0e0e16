package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

// User is what the view holds of one user.
type User struct {
	Events       int64  `json:"events"` // distinct ones
	LatestAction string `json:"latestAction"`
}

// View is the view in its database. A build is one fold of the log from its
// beginning: the first has the number 0, and each rebuild begins the next.
//
// The tables users and offsets are the view and how far it goes. All others are
// appended to and outlast a rebuild: events has what was counted in each build,
// with the record that brought it, which is also what an event is known again
// by. Rows of earlier builds report what once was in the view; nothing here needs
// them, so they may be deleted.
type View struct {
	DB       *sql.DB
	Instance string // who wrote
	Build    int64
}

// Tables are the statements that make the view's tables where there are none.
func (v View) Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS users (
			key           text   NOT NULL PRIMARY KEY, -- the user's id
			value         bigint NOT NULL,             -- how many events
			latest_action text   NOT NULL
		)`,
		`CREATE TABLE IF NOT EXISTS builds (
			build    ` + database.AutoIncrement(v.DB) + `,
			instance text   NOT NULL,
			began_at bigint NOT NULL -- Unix time in nanoseconds, as in all tables
		)`,
		`CREATE TABLE IF NOT EXISTS events (
			build         bigint  NOT NULL,
			id            text    NOT NULL,
			user_id       text    NOT NULL,
			action        text    NOT NULL,
			topic         text    NOT NULL,
			partition     integer NOT NULL,
			record_offset bigint  NOT NULL,
			published_at  bigint  NOT NULL, -- the record's time
			recorded_at   bigint  NOT NULL,
			PRIMARY KEY (build, id)
		)`,
		`CREATE INDEX IF NOT EXISTS events_by_time ON events (build, published_at)`,
		`CREATE TABLE IF NOT EXISTS deliveries (
			seq         ` + database.AutoIncrement(v.DB) + `,
			id          text   NOT NULL,
			instance    text   NOT NULL,
			recorded_at bigint NOT NULL
		)`,
	}
}

// Fold are the statements that take the event into the view. In their
// transaction they stand behind the ones that move the position behind r.
//
// The event counts in the transaction that writes its row in events. One that
// finds the row there changes nothing: another record had brought the event, or
// this one had, in a transaction whose answer was lost and which is sent again.
func (v View) Fold(r *kgo.Record, e event.Event) []database.Statement {
	return []database.Statement{
		v.Delivery(e),
		v.Event(r, e),
		{
			SQL: `INSERT INTO users (key, value, latest_action)
				SELECT user_id, 1, action FROM events
				WHERE build = $1 AND id = $2 AND topic = $3 AND partition = $4 AND record_offset = $5 AND recorded_at = $6
				ON CONFLICT (key) DO UPDATE SET value = users.value + 1, latest_action = excluded.latest_action`,
			Args: []any{v.Build, e.ID, r.Topic, r.Partition, r.Offset, database.Now},
		},
	}
}

// Delivery is the statement that records that e came, first or again.
func (v View) Delivery(e event.Event) database.Statement {
	return database.Statement{
		SQL:  `INSERT INTO deliveries (id, instance, recorded_at) VALUES ($1, $2, $3)`,
		Args: []any{e.ID, v.Instance, database.Now},
	}
}

// Event is the statement that records which record brought e. A later one
// changes nothing.
func (v View) Event(r *kgo.Record, e event.Event) database.Statement {
	return database.Statement{
		SQL: `INSERT INTO events (build, id, user_id, action, topic, partition, record_offset, published_at, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		Args: []any{v.Build, e.ID, e.UserID, e.Action, r.Topic, r.Partition, r.Offset, r.Timestamp.UnixNano(), database.Now},
	}
}

// rebuild deletes the view and begins the next build, in one transaction with
// the statements that set the positions back, until it has succeeded once or ctx
// ends. Those come first: whoever is in the middle of a transaction has finished
// it, or will be refused, before the users are deleted.
func (v View) rebuild(ctx context.Context, log *slog.Logger, setBack []database.Statement) error {
	statements := append(slices.Clone(setBack),
		database.Statement{SQL: `DELETE FROM users`},
		database.Statement{SQL: `INSERT INTO builds (instance, began_at) VALUES ($1, $2)`, Args: []any{v.Instance, database.Now}},
	)
	for failures := 1; ; failures++ {
		err := database.ExecAll(ctx, v.DB, statements...)
		if err == nil || ctx.Err() != nil {
			return err
		}
		log.Warn("could not delete the view, will try again", "error", err)
		backoff.Wait(ctx, failures, time.Second)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// latest is the number of the build that began last.
func (v View) latest(ctx context.Context) (build int64, err error) {
	if err := v.DB.QueryRowContext(ctx, `SELECT COALESCE(max(build), 0) FROM builds`).Scan(&build); err != nil {
		return 0, fmt.Errorf("read the view's build: %w", err)
	}
	return build, nil
}

// errUnknownUser means that the view has nothing of a user.
var errUnknownUser = errors.New("no event of this user is in the view")

func (v View) user(ctx context.Context, id string) (u User, err error) {
	err = v.DB.QueryRowContext(ctx, `SELECT value, latest_action FROM users WHERE key = $1`, id).Scan(&u.Events, &u.LatestAction)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, errUnknownUser
	}
	return u, err
}

// newest is when the newest event in the view was published, the zero time for
// an empty view.
func (v View) newest(ctx context.Context) (time.Time, error) {
	var at int64
	err := v.DB.QueryRowContext(ctx, `SELECT published_at FROM events
		WHERE build = (SELECT COALESCE(max(build), 0) FROM builds) ORDER BY published_at DESC LIMIT 1`).Scan(&at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	return time.Unix(0, at).UTC(), nil
}

// position is how far the view goes: the next offset to read of each partition.
// One that nobody has claimed yet is left out, nothing of it was read.
func (v View) position(ctx context.Context, topic string) (map[int32]int64, error) {
	rows, err := v.DB.QueryContext(ctx, `SELECT partition, next_offset FROM offsets WHERE topic = $1`, topic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	next := map[int32]int64{}
	for rows.Next() {
		var number int32
		var offset int64
		if err := rows.Scan(&number, &offset); err != nil {
			return nil, err
		}
		next[number] = offset
	}
	return next, rows.Err()
}
