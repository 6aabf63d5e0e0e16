// Package database opens the SQL databases that services keep their data in:
// PostgreSQL, or SQLite for a machine without one.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// connectTimeout bounds a PostgreSQL connect where the URL does not.
const connectTimeout = 2 * time.Second

// Dial opens a connection; nil means net.Dialer. SQLite needs none.
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Open prepares, but does not yet open, a connection to the database at
// rawURL: sqlite:/path/file.db, sqlite::memory:, or postgres://….
func Open(rawURL string, dial Dial) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(rawURL, "sqlite:"); ok {
		return openSQLite(path)
	}
	if strings.HasPrefix(rawURL, "postgres://") || strings.HasPrefix(rawURL, "postgresql://") {
		return openPostgres(rawURL, dial)
	}
	scheme, _, _ := strings.Cut(rawURL, ":") // the rest may hold a password
	return nil, fmt.Errorf("database URL starts with %q: use sqlite:/path/file.db or postgres://user:password@host:5432/name", scheme)
}

func openSQLite(path string) (*sql.DB, error) {
	if path == "" {
		return nil, errors.New("database URL has no path: use sqlite:/path/file.db")
	}
	settings := url.Values{
		// busy_timeout: a second process writes to the same file; wait for its
		// lock. synchronous(NORMAL): a commit survives the end of the process
		// but does not wait for the disk, so a power loss may undo the last
		// ones. FULL costs fifteen times as much per commit.
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"},
		// Take the write lock at BEGIN. Taking it later, after a read, fails
		// at once when another process wrote in between.
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+settings.Encode())
	if err != nil {
		return nil, fmt.Errorf("open SQLite database: %w", err)
	}
	// SQLite has one writer at a time. One connection queues writers here, in
	// order, instead of letting them race for the file's lock; and an
	// in-memory database lives as long as its only connection.
	db.SetMaxOpenConns(1)
	return db, nil
}

func openPostgres(rawURL string, dial Dial) (*sql.DB, error) {
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL URL: %w", err) // pgx hides the password
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	config.DialFunc = dial
	// Names are the dialer's business, not to be resolved before it.
	config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	return db, nil
}

// AutoIncrement is the type of a column that numbers its rows in the order in
// which they were inserted, in db's dialect.
func AutoIncrement(db *sql.DB) string {
	if _, ok := db.Driver().(*sqlite.Driver); ok {
		return "integer primary key autoincrement"
	}
	return "bigint generated always as identity primary key"
}

// Statement is one statement and its arguments, of which any may be [Now].
type Statement struct {
	SQL  string
	Args []any
}

// Now is an argument that stands for the instant at which the transaction is
// sent, in Unix nanoseconds: one and the same in all of its statements. Rows
// that are written together then say so.
var Now any = now{}

type now struct{}

// UnansweredError means that a transaction was sent and its answer did not come: it
// may have been done.
type UnansweredError struct{ Err error }

func (e *UnansweredError) Error() string {
	return "the database did not answer, and may have done it: " + e.Err.Error()
}
func (e *UnansweredError) Unwrap() error { return e.Err }

// ExecAll runs the statements in one transaction: all of them, or none. To
// PostgreSQL they go together, so they take one round trip, and no row stays
// locked for as long as the network is slow. An [*UnansweredError] leaves open
// which of both it is; after any other it is none.
func ExecAll(ctx context.Context, db *sql.DB, statements ...Statement) error {
	statements = stamped(statements, time.Now())
	if _, ok := db.Driver().(*stdlib.Driver); !ok {
		return execEach(ctx, db, statements)
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		batch := &pgx.Batch{} // implicitly one transaction
		for _, s := range statements {
			batch.Queue(s.SQL, s.Args...)
		}
		pg := driver.(*stdlib.Conn).Conn()
		// pgconn.SafeToRetry would say more, but of a batch by the simple protocol it
		// reports it of what was sent, too.
		sent := !pg.IsClosed() && ctx.Err() == nil
		return unanswered(pg.SendBatch(ctx, batch).Close(), sent)
	})
}

// unanswered marks an error that is no answer to what was sent. What ends the
// session, as a shutdown does, is FATAL, and no answer.
func unanswered(err error, sent bool) error {
	var answer *pgconn.PgError
	if err == nil || !sent || errors.As(err, &answer) && answer.Severity != "FATAL" {
		return err
	}
	return &UnansweredError{err}
}

// stamped puts the instant where a statement says Now. The caller may send its
// statements again, so they stay as they are.
func stamped(statements []Statement, at time.Time) []Statement {
	all := slices.Clone(statements)
	for i, s := range all {
		args := slices.Clone(s.Args)
		for j, a := range args {
			if a == Now {
				args[j] = at.UnixNano()
			}
		}
		all[i].Args = args
	}
	return all
}

func execEach(ctx context.Context, db *sql.DB, statements []Statement) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after a commit
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s.SQL, s.Args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Migrate runs statements until all have succeeded once or ctx ends. They must
// be idempotent (CREATE TABLE IF NOT EXISTS): a database that is not up yet,
// or an instance that creates the same table at the same moment, makes it
// start over.
func Migrate(ctx context.Context, db *sql.DB, log *slog.Logger, statements ...string) error {
	for failures := 1; ; failures++ {
		err := runAll(ctx, db, statements)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			log.Warn("database is not ready, will try again", "error", err)
		}
		backoff.Wait(ctx, failures, time.Second)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

func runAll(ctx context.Context, db *sql.DB, statements []string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Violates reports whether the database refused a statement because of the
// constraint of that name. PostgreSQL and SQLite both name it in their text,
// which is all that every way to reach them has in common.
func Violates(err error, constraint string) bool {
	return err != nil && strings.Contains(strings.ToLower(err.Error()), "constraint") && strings.Contains(err.Error(), constraint)
}
