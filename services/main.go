// Command services is the sample system: one binary that runs one service.
//
//	services registration|email|analytics|cache|projection|mailbox|transfer
//	services projection rebuild
//	services redrive
//	services defect DEFECT
//
// The second is projection with REBUILD=true. The third sends the letters in a
// dead letter topic back to where they came from, and exits. The last is a service
// with a planted defect, which takes the variables of the one that it stands for.
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
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/cache"
	"github.com/breakwater-kit/breakwater/services/defects"
	"github.com/breakwater-kit/breakwater/services/email"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/breakwater-kit/breakwater/services/internal/names"
	"github.com/breakwater-kit/breakwater/services/internal/web"
	"github.com/breakwater-kit/breakwater/services/mailbox"
	"github.com/breakwater-kit/breakwater/services/projection"
	"github.com/breakwater-kit/breakwater/services/registration"
	"github.com/breakwater-kit/breakwater/services/transfer"
	"github.com/caarlos0/env/v11"
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

// builder makes a service from its variables. It opens what the service needs
// and reports how to close it after the service has run.
type builder func(environ map[string]string, logTo io.Writer) (_ service, closeAll func(), _ error)

var builders = map[string]builder{
	"registration": buildRegistration(nil),
	"email":        buildEmail,
	"analytics":    buildAnalytics(analytics.New),
	"cache":        buildCache,
	"mailbox":      buildMailbox,
	"redrive":      buildRedrive,
	"transfer":     buildTransfer,

	"projection":         buildProjection(projection.New),
	"projection rebuild": rebuilding(buildProjection(projection.New)),
}

// defectBuilders are the services with a planted defect, by the defect.
func defectBuilders() map[string]builder {
	all := map[string]builder{}
	for defect, build := range defects.Analytics {
		all[defect] = buildAnalytics(build)
	}
	for defect, build := range defects.Projection {
		all[defect] = buildProjection(build)
	}
	for defect, way := range defects.Registration {
		all[defect] = buildRegistration(way)
	}
	return all
}

// run runs the service that args name until ctx ends.
func run(ctx context.Context, args []string, environ map[string]string, logTo io.Writer) error {
	build, err := choose(args)
	if err != nil {
		return usageError{err}
	}
	s, closeAll, err := build(environ, logTo)
	if err != nil {
		return err
	}
	defer closeAll()
	return s.Run(ctx)
}

func choose(args []string) (builder, error) {
	all, prefix, what := builders, "", "service"
	if len(args) > 0 && args[0] == "defect" {
		all, prefix, what, args = defectBuilders(), "defect ", "defect", args[1:]
	}
	names := strings.Join(slices.Sorted(maps.Keys(all)), "|")
	if prefix == "" {
		names += "|defect DEFECT"
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("usage: services %s%s", prefix, names)
	}
	name := strings.Join(args, " ")
	build, ok := all[name]
	if !ok {
		return nil, fmt.Errorf("unknown %s %q; usage: services %s%s", what, name, prefix, names)
	}
	return build, nil
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

// buildRegistration returns the builder of registration, in its mode's way or
// in the one given.
func buildRegistration(way func(registration.Config) (registration.Way, error)) builder {
	return func(environ map[string]string, logTo io.Writer) (service, func(), error) {
		var e registrationEnv
		listener, log, err := start("registration", &e, &e.CommonEnv, environ, logTo)
		if err != nil {
			return nil, nil, err
		}
		db, err := openDatabase(e.DatabaseURL)
		if err != nil {
			return nil, nil, abandon(err, listener)
		}
		var dial names.Dial // nil: the usual one
		if e.NamesServer != "" {
			dial = names.New(e.NamesServer, e.NamesTTL, new(net.Dialer).DialContext).DialContext
		}
		s, err := registration.New(registration.Config{
			Listener:       listener,
			DB:             db,
			Mode:           e.Mode,
			Way:            way,
			Workers:        e.Workers,
			QueueTimeout:   e.QueueTimeout,
			CallTimeout:    e.CallTimeout,
			EmailURL:       e.EmailURL,
			AnalyticsURL:   e.AnalyticsURL,
			CacheURL:       e.CacheURL,
			Callees:        e.Callees,
			Brokers:        e.Brokers,
			Topic:          e.Topic,
			ClientID:       e.Instance,
			PublishTimeout: e.PublishTimeout,
			Repeating:      !e.Idempotent,
			Dial:           dial,
			Log:            log,
		})
		if err != nil {
			return nil, nil, abandon(usageError{err}, listener, db)
		}
		return s, func() { db.Close() }, nil
	}
}

func buildEmail(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e emailEnv
	listener, log, err := start("email", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	config := email.Config{
		Listener:    listener,
		SMTPAddr:    e.SMTPAddr,
		SMTPTimeout: e.SMTPTimeout,
		Consumer:    e.config(),
		Log:         log,
	}
	done, opened := func() {}, []io.Closer{listener}
	if e.DatabaseURL != "" {
		if config.DB, err = openDatabase(e.DatabaseURL); err != nil {
			return nil, nil, abandon(err, listener)
		}
		done, opened = func() { config.DB.Close() }, append(opened, config.DB)
	}
	s, err := email.New(config)
	if err != nil {
		return nil, nil, abandon(usageError{err}, opened...)
	}
	return s, done, nil
}

// buildAnalytics returns the builder of analytics, or of a service that stands
// for it.
func buildAnalytics(build func(analytics.Config) (*analytics.Service, error)) builder {
	return func(environ map[string]string, logTo io.Writer) (service, func(), error) {
		var e analyticsEnv
		listener, log, err := start("analytics", &e, &e.CommonEnv, environ, logTo)
		if err != nil {
			return nil, nil, err
		}
		db, err := openDatabase(e.DatabaseURL)
		if err != nil {
			return nil, nil, abandon(err, listener)
		}
		config := analytics.Config{
			Listener: listener,
			DB:       db,
			Consumer: e.config(),
			DeadLetter: analytics.DeadLetter{
				Topic:       e.DeadLetterTopic,
				RetryTopics: e.RetryTopics,
				MaxAttempts: e.MaxAttempts,
				Backoff:     e.RetryBackoff,
			},
			Log: log,
		}
		if e.Commit == "auto" {
			config.Loop = analytics.AutoCommit
		}
		if e.Offsets == "sink" {
			config.Positions = analytics.NewPositions(config)
		}
		s, err := build(config)
		if err != nil {
			return nil, nil, abandon(usageError{err}, listener, db)
		}
		return s, func() { db.Close() }, nil
	}
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

// buildProjection returns the builder of projection, or of a service that stands
// for it.
func buildProjection(build func(projection.Config) (*projection.Service, error)) builder {
	return func(environ map[string]string, logTo io.Writer) (service, func(), error) {
		var e projectionEnv
		listener, log, err := start("projection", &e, &e.CommonEnv, environ, logTo)
		if err != nil {
			return nil, nil, err
		}
		db, err := openDatabase(e.DatabaseURL)
		if err != nil {
			return nil, nil, abandon(err, listener)
		}
		s, err := build(projection.Config{Listener: listener, DB: db, Consumer: e.config(), Rebuild: e.Rebuild, Log: log})
		if err != nil {
			return nil, nil, abandon(usageError{err}, listener, db)
		}
		return s, func() { db.Close() }, nil
	}
}

// rebuilding is the builder with REBUILD=true.
func rebuilding(build builder) builder {
	return func(environ map[string]string, logTo io.Writer) (service, func(), error) {
		environ = maps.Clone(environ)
		environ["REBUILD"] = "true"
		return build(environ, logTo)
	}
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
	s, err := mailbox.New(mailbox.Config{Listener: listener, SMTPListener: mail, LedgerFile: e.LedgerFile, MailsPerSecond: e.MailsPerSecond, Log: log})
	if err != nil {
		return nil, nil, abandon(fmt.Errorf("LEDGER_FILE=%s: %w", e.LedgerFile, err), listener, mail)
	}
	return s, func() {}, nil
}

func buildTransfer(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e transferEnv
	listener, log, err := start("transfer", &e, &e.CommonEnv, environ, logTo)
	if err != nil {
		return nil, nil, err
	}
	s, err := transfer.New(transfer.Config{Listener: listener, Consumer: e.config(), Output: e.Output, Log: log})
	if err != nil {
		return nil, nil, abandon(usageError{err}, listener)
	}
	return s, func() {}, nil
}

func buildRedrive(environ map[string]string, logTo io.Writer) (service, func(), error) {
	var e redriveEnv
	if err := readEnv(&e, environ); err != nil {
		return nil, nil, usageError{err}
	}
	log := slog.New(slog.NewJSONHandler(logTo, &slog.HandlerOptions{Level: e.LogLevel})).With("service", "redrive")
	r := redrive{
		letters: deadletter.Redrive{Brokers: e.Brokers, Topic: e.DeadLetterTopic, Group: e.Group, ClientID: e.Instance, Log: log},
		log:     log,
	}
	if e.Listen != "" {
		var err error
		if r.listener, err = net.Listen("tcp", e.Listen); err != nil {
			return nil, nil, fmt.Errorf("LISTEN=%s: %w", e.Listen, err)
		}
	}
	return r, func() {}, nil
}

// redrive sends letters back and ends. With a listener it stays, for those who
// start services only: it is ready once the letters are back.
type redrive struct {
	letters  deadletter.Redrive
	listener net.Listener // may be nil
	log      *slog.Logger
}

func (r redrive) Run(ctx context.Context) error {
	n, err := r.letters.Run(ctx)
	r.log.Info("redriven", "letters", n)
	if r.listener == nil || err != nil && ctx.Err() == nil {
		return err
	}
	return web.Server{Listener: r.listener, Handler: http.NotFoundHandler(), Log: r.log}.Run(ctx)
}

func openDatabase(url string) (*sql.DB, error) {
	db, err := database.Open(url, nil)
	if err != nil {
		return nil, usageError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	return db, nil
}
