// Command services is the sample system: one binary that runs one service.
//
//	services registration|email|analytics|cache|mailbox
//
// A service reads its settings from the environment, logs JSON to stderr,
// answers GET /healthz with 200 once it is ready, and on SIGTERM or SIGINT
// finishes what it has in hand and exits 0. It exits 2 on wrong usage or
// settings, and 1 when it cannot go on.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/caarlos0/env/v11"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/cache"
	"github.com/breakwater-kit/breakwater/services/email"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/mailbox"
	"github.com/breakwater-kit/breakwater/services/registration"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, os.Args[1:], env.ToMap(os.Environ()), os.Stderr)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	if errors.As(err, &usageError{}) {
		os.Exit(2)
	}
	os.Exit(1)
}

// usageError is the caller's mistake: nothing was started.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// service is what all packages beside this one build.
type service interface {
	Run(context.Context) error
}

// builders make a service from its variables. They open what the service needs
// and say how to close it after the service has run.
var builders = map[string]func(environ map[string]string, logTo io.Writer) (_ service, closeAll func(), _ error){
	"registration": buildRegistration,
	"email":        buildEmail,
	"analytics":    buildAnalytics,
	"cache":        buildCache,
	"mailbox":      buildMailbox,
}

// run runs the service that args name until ctx ends.
func run(ctx context.Context, args []string, environ map[string]string, logTo io.Writer) error {
	names := strings.Join(slices.Sorted(maps.Keys(builders)), "|")
	if len(args) != 1 {
		return usageError{fmt.Errorf("usage: services %s", names)}
	}
	build, ok := builders[args[0]]
	if !ok {
		return usageError{fmt.Errorf("unknown service %q; usage: services %s", args[0], names)}
	}
	s, closeAll, err := build(environ, logTo)
	if err != nil {
		return err
	}
	defer closeAll()
	return s.Run(ctx)
}

// start reads the variables, and listens.
func start(name string, into any, common *CommonEnv, environ map[string]string, logTo io.Writer) (net.Listener, *slog.Logger, error) {
	if err := readEnv(into, environ); err != nil {
		return nil, nil, usageError{err}
	}
	log := slog.New(slog.NewJSONHandler(logTo, &slog.HandlerOptions{Level: common.LogLevel})).With("service", name)
	listener, err := net.Listen("tcp", common.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("LISTEN=%s: %w", common.Listen, err)
	}
	log.Info("listening", "addr", listener.Addr().String())
	return listener, log, nil
}

// abandon closes what was opened for a service that could not be built.
func abandon(err error, opened ...io.Closer) error {
	for _, c := range opened {
		c.Close()
	}
	return err
}

func buildRegistration(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e registrationEnv
	listener, log, err := start("registration", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	db, err := openDatabase(e.DatabaseURL)
	if err != nil {
		return nil, nil, abandon(err, listener)
	}
	s, err := registration.New(registration.Config{
		Listener:       listener,
		DB:             db,
		Mode:           e.Mode,
		Workers:        e.Workers,
		QueueTimeout:   e.QueueTimeout,
		CallTimeout:    e.CallTimeout,
		EmailURL:       e.EmailURL,
		AnalyticsURL:   e.AnalyticsURL,
		CacheURL:       e.CacheURL,
		Brokers:        e.Brokers,
		Topic:          e.Topic,
		ClientID:       e.Instance,
		PublishTimeout: e.PublishTimeout,
		Log:            log,
	})
	if err != nil {
		return nil, nil, abandon(usageError{err}, listener, db)
	}
	return s, func() { db.Close() }, nil
}

func buildEmail(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e emailEnv
	listener, log, err := start("email", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	s, err := email.New(email.Config{
		Listener:    listener,
		SMTPAddr:    e.SMTPAddr,
		SMTPTimeout: e.SMTPTimeout,
		Consumer:    e.config(),
		Log:         log,
	})
	if err != nil {
		return nil, nil, abandon(usageError{err}, listener)
	}
	return s, func() {}, nil
}

func buildAnalytics(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e analyticsEnv
	listener, log, err := start("analytics", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	db, err := openDatabase(e.DatabaseURL)
	if err != nil {
		return nil, nil, abandon(err, listener)
	}
	s, err := analytics.New(analytics.Config{Listener: listener, DB: db, Consumer: e.config(), Log: log})
	if err != nil {
		return nil, nil, abandon(usageError{err}, listener, db)
	}
	return s, func() { db.Close() }, nil
}

func buildCache(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e cacheEnv
	listener, log, err := start("cache", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	s, err := cache.New(cache.Config{Listener: listener, RedisAddr: e.RedisAddr, Consumer: e.config(), Log: log})
	if err != nil {
		return nil, nil, abandon(usageError{err}, listener)
	}
	return s, func() {}, nil
}

func buildMailbox(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e mailboxEnv
	listener, log, err := start("mailbox", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	mail, err := net.Listen("tcp", e.SMTPListen)
	if err != nil {
		return nil, nil, abandon(fmt.Errorf("SMTP_LISTEN=%s: %w", e.SMTPListen, err), listener)
	}
	log.Info("taking mail", "addr", mail.Addr().String())
	s, err := mailbox.New(mailbox.Config{Listener: listener, SMTPListener: mail, LedgerFile: e.LedgerFile, Log: log})
	if err != nil {
		return nil, nil, abandon(fmt.Errorf("LEDGER_FILE=%s: %w", e.LedgerFile, err), listener, mail)
	}
	return s, func() {}, nil
}

func openDatabase(url string) (*sql.DB, error) {
	db, err := database.Open(url, nil)
	if err != nil {
		return nil, usageError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	return db, nil
}
