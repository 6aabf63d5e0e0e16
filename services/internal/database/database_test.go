package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := Open(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpenErrors(t *testing.T) {
	for url, want := range map[string]string{
		"":                                "use sqlite:/path/file.db or postgres://",
		"/tmp/file.db":                    "use sqlite:/path/file.db or postgres://",
		"mysql://u:secret@h/d":            `starts with "mysql"`,
		"sqlite:":                         "has no path",
		"postgres://u:secret@h:notaport/": "PostgreSQL URL",
	} {
		_, err := Open(url, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): %v, want an error that contains %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q): the error tells the password: %v", url, err)
		}
	}
}

func TestSQLiteSettings(t *testing.T) {
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "a file?with#odd%name.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "synchronous": "1"} {
		var got string
		if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA %s = %q, %v; want %q", pragma, got, err, want)
		}
	}
}

// Two processes with one file each have their own connection pool.
func TestSQLiteTwoWriters(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "file.db")
	a, b := open(t, url), open(t, url)
	log := slog.New(slog.DiscardHandler)
	for _, db := range []*sql.DB{a, b} {
		if err := Migrate(t.Context(), db, log, "CREATE TABLE IF NOT EXISTS n (seq "+AutoIncrement(db)+", n bigint)"); err != nil {
			t.Fatal(err)
		}
	}
	var writers sync.WaitGroup
	for _, db := range []*sql.DB{a, b} {
		for range 4 {
			writers.Go(func() {
				for i := range 50 {
					tx, err := db.Begin()
					if err != nil {
						t.Error(err)
						return
					}
					// A read first: this is what a later write lock trips over.
					var n int
					err = errors.Join(
						tx.QueryRow("SELECT count(*) FROM n").Scan(&n),
						func() error { _, err := tx.Exec("INSERT INTO n (n) VALUES ($1)", i); return err }(),
						tx.Commit())
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	var n int
	if err := a.QueryRow("SELECT count(*) FROM n").Scan(&n); err != nil || n != 400 {
		t.Errorf("%d rows, %v; want 400", n, err)
	}
}

func TestNowIsOneInstantOfATransaction(t *testing.T) {
	db := open(t, "sqlite::memory:")
	if _, err := db.Exec("CREATE TABLE t (name text, at bigint)"); err != nil {
		t.Fatal(err)
	}
	insert := func(name string) Statement {
		return Statement{SQL: "INSERT INTO t VALUES ($1, $2)", Args: []any{name, Now}}
	}
	rows := []Statement{insert("a"), insert("b")}
	before := time.Now().UnixNano()
	for range 2 { // what is sent again is stamped again
		if err := ExecAll(t.Context(), db, rows...); err != nil {
			t.Fatal(err)
		}
	}
	after := time.Now().UnixNano()
	var first, last, instants int64
	if err := db.QueryRow("SELECT min(at), max(at), count(DISTINCT at) FROM t").Scan(&first, &last, &instants); err != nil {
		t.Fatal(err)
	}
	if instants != 2 || first < before || last > after {
		t.Errorf("two transactions of two statements have %d instants, from %d to %d; want two between %d and %d", instants, first, last, before, after)
	}
}

func TestPostgresUsesTheDialer(t *testing.T) {
	refused := errors.New("no such network")
	var dialled string
	db, err := Open("postgres://user:secret@database.invalid:5433/name", func(_ context.Context, network, addr string) (net.Conn, error) {
		dialled = addr
		return nil, refused
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Ping: %v, want the dialer's error", err)
	}
	if dialled != "database.invalid:5433" {
		t.Errorf("dialled %q, want the name as it is in the URL", dialled)
	}
	if got := AutoIncrement(db); !strings.Contains(got, "identity") {
		t.Errorf("AutoIncrement = %q", got)
	}
}

func TestMigrateGivesUpWithItsContext(t *testing.T) {
	db := open(t, "sqlite::memory:")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Migrate(ctx, db, slog.New(slog.DiscardHandler), "nonsense"); !errors.Is(err, context.Canceled) {
		t.Errorf("Migrate: %v", err)
	}
}

func TestViolates(t *testing.T) {
	db := open(t, "sqlite::memory:")
	if _, err := db.Exec("CREATE TABLE t (n int CONSTRAINT even CHECK (n % 2 = 0))"); err != nil {
		t.Fatal(err)
	}
	_, odd := db.Exec("INSERT INTO t VALUES (1)")
	_, nonsense := db.Exec("INSERT INTO even VALUES (1)")
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"SQLite":             {odd, true},
		"PostgreSQL":         {&pgconn.PgError{Code: "23514", Message: `new row for relation "t" violates check constraint "even"`}, true},
		"another constraint": {&pgconn.PgError{Code: "23514", Message: `new row for relation "t" violates check constraint "odd"`}, false},
		"something else":     {nonsense, false},
		"nothing":            {nil, false},
		"wrapped":            {fmt.Errorf("write: %w", odd), true},
	} {
		if got := Violates(test.err, "even"); got != test.want {
			t.Errorf("%s: %v: Violates = %v", name, test.err, got)
		}
	}
}

func TestWhatIsNotAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		sent bool
		open bool
	}{
		"success":                 {nil, true, false},
		"a refusal":               {&pgconn.PgError{Severity: "ERROR", Code: "23514"}, true, false},
		"a shutdown":              {&pgconn.PgError{Severity: "FATAL", Code: "57P01"}, true, true},
		"a connection that broke": {io.ErrUnexpectedEOF, true, true},
		"time that was up":        {fmt.Errorf("timeout: %w", context.DeadlineExceeded), true, true},
		"what was never sent":     {errors.New("conn closed"), false, false},
	} {
		err := unanswered(test.err, test.sent)
		var open *UnansweredError
		if errors.As(err, &open) != test.open || !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
