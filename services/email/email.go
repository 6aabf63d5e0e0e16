// Package email sends a welcome mail to the user of every event.
//
// A mail cannot be taken back or sent again without effect, so an event that
// is delivered twice sends two mails with the same X-Event-Id and Message-ID.
// With a database the service remembers what it has sent, and sends it once, but
// for one gap that no sender can close: a crash after the mail server has taken a
// mail and before that is written down.
package email

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
)

// Consumer configures which topic to consume, and how.
type Consumer = consumer.Config

// Config is what the service needs. Listener and SMTPAddr are required.
type Config struct {
	// Listener takes POST /send-welcome and GET /healthz; the service closes it.
	Listener net.Listener
	// SMTPAddr is the host:port of the mail server.
	SMTPAddr string
	// SMTPTimeout bounds one mail, connecting included. Default 5s.
	SMTPTimeout time.Duration
	// DB is a SQLite (driver "sqlite") or PostgreSQL (driver "pgx") database in
	// which the service remembers the events whose mail was sent. The caller closes
	// it after Run has returned. Nil: it remembers none.
	DB *sql.DB
	// Consumer without Brokers means HTTP only. Group and ClientID default to
	// "email"; Handle and AttemptTimeout are the service's own.
	Consumer Consumer
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log      *slog.Logger                                                      // nil means slog.Default()
}

// Service is the email service.
type Service struct {
	sink   *sink.Sink
	mailer *mailer
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	if config.SMTPAddr == "" {
		return nil, errors.New("email: SMTPAddr is empty: give the mail server's host:port")
	}
	if config.SMTPTimeout < 0 {
		return nil, fmt.Errorf("email: SMTPTimeout is %v: give a positive duration, or 0 for 5s", config.SMTPTimeout)
	}
	config.SMTPTimeout = cmp.Or(config.SMTPTimeout, 5*time.Second)
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	config.Log = cmp.Or(config.Log, slog.Default())
	s := &Service{mailer: newMailer(config.SMTPAddr, config.Dial)}
	var before *sent
	var prepare func(context.Context) error
	if config.DB != nil {
		before = &sent{config.DB}
		prepare = func(ctx context.Context) error { return database.Migrate(ctx, config.DB, config.Log, sentTable) }
	}
	var err error
	s.sink, err = sink.New(sink.Config{
		Name:          "email",
		Path:          "/send-welcome",
		Listener:      config.Listener,
		Consumer:      config.Consumer,
		Dial:          config.Dial,
		Log:           config.Log,
		Prepare:       prepare,
		Handle:        func(ctx context.Context, e event.Event) error { return before.once(ctx, e, s.mailer.send) },
		HandleTimeout: config.SMTPTimeout,
	})
	return s, err
}

// Run serves and consumes until ctx ends. It waits for a database that is not up
// yet, if it has one.
func (s *Service) Run(ctx context.Context) error {
	defer s.mailer.close()
	return s.sink.Run(ctx)
}
