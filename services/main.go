// Command services is the sample system: one binary that runs one service.
//
//	services registration|email|analytics|cache|projection|mailbox|transfer
//	services projection rebuild
//	services redrive
//	services defect DEFECT
//
// The second is projection with REBUILD=true. The third sends the dead letters in a
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

// builder makes a service from its variables. It opens what the service needs, and
// reports how to close that after the service has run.
type builder func(environ map[string]string, logTo io.Writer) (_ service, closeAll func(), _ error)

var builders = map[string]builder{
	"registration": buildRegistration(nil),
	"email":        building("email", newEmail),
	"analytics":    buildAnalytics(func(*analytics.Config) {}),
	"cache":        building("cache", newCache),
	"mailbox":      building("mailbox", newMailbox),
	"redrive":      building("redrive", newRedrive),
	"transfer":     building("transfer", newTransfer),

	"projection":         buildProjection(func(*projection.Config) {}),
	"projection rebuild": buildProjection(func(config *projection.Config) { config.Rebuild = true }),
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

// building makes the builder of a service from its variables, which are an E.
func building[E interface{ common() CommonEnv }](name string, build func(E, *opened) (service, error)) builder {
	return func(environ map[string]string, logTo io.Writer) (service, func(), error) {
		var e E
		if err := readEnv(&e, environ); err != nil {
			return nil, nil, usageError{err}
		}
		o := &opened{log: slog.New(slog.NewJSONHandler(logTo, &slog.HandlerOptions{Level: e.common().LogLevel})).With("service", name)}
		var err error
		if o.listener, err = o.listen("LISTEN", e.common().Listen); err != nil {
			return nil, nil, err
		}
		s, err := build(e, o)
		if err != nil {
			o.close()
			return nil, nil, err
		}
		return s, o.close, nil
	}
}

// opened is what a service was given, to be closed after it has run or could not be
// built. What the service has closed already takes no harm.
type opened struct {
	log      *slog.Logger
	listener net.Listener // nil where the address is empty
	closers  []io.Closer
}

func (o *opened) close() {
	for _, c := range o.closers {
		c.Close()
	}
}

func (o *opened) listen(variable, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", variable, address, err)
	}
	o.closers = append(o.closers, listener)
	o.log.Info("listening", "addr", listener.Addr().String())
	return listener, nil
}

func (o *opened) database(url string) (*sql.DB, error) {
	db, err := database.Open(url, nil)
	if err != nil {
		return nil, usageError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	o.closers = append(o.closers, db)
	return db, nil
}

// configured is a service, or the mistake in its settings.
func configured(s service, err error) (service, error) {
	if err != nil {
		return nil, usageError{err}
	}
	return s, nil
}

// buildRegistration returns the builder of registration, in its mode's way or
// in the one given.
func buildRegistration(way func(registration.Config) (registration.Way, error)) builder {
	return building("registration", func(e registrationEnv, o *opened) (_ service, err error) {
		config := e.Config
		config.Listener, config.Log, config.Way, config.Repeating = o.listener, o.log, way, !e.Idempotent
		if config.DB, err = o.database(e.DatabaseURL); err != nil {
			return nil, err
		}
		if e.NamesServer != "" {
			config.Dial = names.New(e.NamesServer, e.NamesTTL, new(net.Dialer).DialContext).DialContext
		}
		return configured(registration.New(config))
	})
}

func newEmail(e emailEnv, o *opened) (_ service, err error) {
	config := email.Config{
		Listener:    o.listener,
		SMTPAddr:    e.SMTPAddr,
		SMTPTimeout: e.SMTPTimeout,
		Consumer:    e.Config,
		Log:         o.log,
	}
	if e.DatabaseURL != "" {
		if config.DB, err = o.database(e.DatabaseURL); err != nil {
			return nil, err
		}
	}
	return configured(email.New(config))
}

// buildAnalytics returns the builder of analytics, with something changed.
func buildAnalytics(change func(*analytics.Config)) builder {
	return building("analytics", func(e analyticsEnv, o *opened) (service, error) {
		db, err := o.database(e.DatabaseURL)
		if err != nil {
			return nil, err
		}
		config := analytics.Config{
			Listener: o.listener,
			DB:       db,
			Consumer: e.Config,
			DeadLetter: analytics.DeadLetter{
				Topic:       e.DeadLetterTopic,
				RetryTopics: e.RetryTopics,
				MaxAttempts: e.MaxAttempts,
				Backoff:     e.RetryBackoff,
			},
			Log: o.log,
		}
		if e.Commit == "auto" {
			config.Loop = analytics.AutoCommit
		}
		if e.Offsets == "sink" {
			config.Positions = analytics.NewPositions(config)
		}
		change(&config)
		return configured(analytics.New(config))
	})
}

func newCache(e cacheEnv, o *opened) (service, error) {
	return configured(cache.New(cache.Config{Listener: o.listener, RedisAddr: e.RedisAddr, Consumer: e.Config, Log: o.log}))
}

// buildProjection returns the builder of projection, with something changed.
func buildProjection(change func(*projection.Config)) builder {
	return building("projection", func(e projectionEnv, o *opened) (service, error) {
		db, err := o.database(e.DatabaseURL)
		if err != nil {
			return nil, err
		}
		config := projection.Config{Listener: o.listener, DB: db, Consumer: e.Config, Rebuild: e.Rebuild, Log: o.log}
		change(&config)
		return configured(projection.New(config))
	})
}

func newMailbox(e mailboxEnv, o *opened) (service, error) {
	mail, err := o.listen("SMTP_LISTEN", e.SMTPListen)
	if err != nil {
		return nil, err
	}
	o.log.Info("taking mail", "addr", mail.Addr().String())
	s, err := mailbox.New(mailbox.Config{
		Listener: o.listener, SMTPListener: mail, LedgerFile: e.LedgerFile, MailsPerSecond: e.MailsPerSecond, Log: o.log,
	})
	if err != nil {
		return nil, fmt.Errorf("LEDGER_FILE=%s: %w", e.LedgerFile, err)
	}
	return s, nil
}

func newTransfer(e transferEnv, o *opened) (service, error) {
	return configured(transfer.New(transfer.Config{Listener: o.listener, Consumer: e.Config, Output: e.Output, Log: o.log}))
}

func newRedrive(e redriveEnv, o *opened) (service, error) {
	deadLetters := deadletter.Redrive{Brokers: e.Brokers, Topic: e.DeadLetterTopic, Group: e.Group, ClientID: e.Instance, Log: o.log}
	return redrive{deadLetters: deadLetters, listener: o.listener, log: o.log}, nil
}

// redrive sends letters back and ends. With a listener it stays, for those who
// start services only: it is ready once the dead letters are back.
type redrive struct {
	deadLetters deadletter.Redrive
	listener    net.Listener // may be nil
	log         *slog.Logger
}

func (r redrive) Run(ctx context.Context) error {
	n, err := r.deadLetters.Run(ctx)
	r.log.Info("redriven", "letters", n)
	if r.listener == nil || err != nil && ctx.Err() == nil {
		return err
	}
	return web.Server{Listener: r.listener, Handler: http.NotFoundHandler(), Log: r.log}.Run(ctx)
}
