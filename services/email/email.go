// Package email sends a welcome mail to the user of every event.
//
// A mail cannot be taken back or sent again without effect, so an event that
// is delivered twice sends two mails with the same X-Event-Id and Message-ID.
package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
)

// Consumer says which topic to consume, and how.
type Consumer = consumer.Config

// Config is what the service needs. Listener and SMTPAddr are required.
type Config struct {
	// Listener takes POST /send-welcome and GET /healthz; the service closes it.
	Listener net.Listener
	// SMTPAddr is the host:port of the mail server.
	SMTPAddr string
	// SMTPTimeout bounds one mail, connecting included. Default 5s.
	SMTPTimeout time.Duration
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
	if config.SMTPTimeout == 0 {
		config.SMTPTimeout = 5 * time.Second
	}
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	s := &Service{mailer: newMailer(config.SMTPAddr, config.Dial)}
	var err error
	s.sink, err = sink.New(sink.Config{
		Name:          "email",
		Path:          "/send-welcome",
		Listener:      config.Listener,
		Consumer:      config.Consumer,
		Dial:          config.Dial,
		Log:           config.Log,
		Handle:        s.mailer.send,
		HandleTimeout: config.SMTPTimeout,
	})
	return s, err
}

// Run serves and consumes until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.mailer.close()
	return s.sink.Run(ctx)
}
