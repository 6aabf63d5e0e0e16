package defects_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"sync"

	"modernc.org/sqlite"
)

// gate is what an instance's statements pass on their way to the database.
type gate struct {
	mu     sync.Mutex
	before func(sql string) error
}

// set lets before have a look at each statement; its error is the statement's. It
// looks at COMMITTED once a transaction is done, and can keep that from who asked.
// Nil opens the gate.
func (g *gate) set(before func(sql string) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before = before
}

func (g *gate) pass(sql string) error {
	g.mu.Lock()
	before := g.before
	g.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(sql)
}

// open opens a SQLite file behind the gate.
func (g *gate) open(path string) *sql.DB {
	settings := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(OFF)"}, "_txlock": {"immediate"}}
	db := sql.OpenDB(connector{driver: &sqlite.Driver{}, name: "file:" + path + "?" + settings.Encode(), gate: g})
	db.SetMaxOpenConns(1)
	return db
}

type connector struct {
	driver *sqlite.Driver
	name   string
	gate   *gate
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.name)
	if err != nil {
		return nil, err
	}
	return conn{opened.(sqliteConn), c.gate}, nil
}

type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type conn struct {
	sqliteConn
	gate *gate
}

func (c conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if err := c.gate.pass("BEGIN"); err != nil {
		return nil, err
	}
	begun, err := c.sqliteConn.BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	return tx{begun, c.gate}, nil
}

type tx struct {
	driver.Tx
	gate *gate
}

func (t tx) Commit() error {
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.gate.pass("COMMITTED")
}

func (c conn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.gate.pass(sql); err != nil {
		return nil, err
	}
	return c.sqliteConn.ExecContext(ctx, sql, args)
}
