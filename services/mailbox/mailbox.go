// Package mailbox is a mail server that accepts every mail, delivers none, and
// can report which ones it accepted.
package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/web"
	"github.com/emersion/go-smtp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

const drainTimeout = time.Second

// Config is what the service needs. Both listeners are required.
type Config struct {
	// Listener takes GET /ledger and GET /healthz; the service closes it.
	Listener net.Listener
	// SMTPListener takes mail; the service closes it.
	SMTPListener net.Listener
	// LedgerFile keeps the ledger across restarts. Each mail is in it before
	// its sender is notified that it was accepted. Default: memory only.
	LedgerFile string
	// MailsPerSecond is how many mails it takes at most; those that come faster
	// wait for their turn, however impatient their senders are. Default 0: no limit.
	MailsPerSecond float64
	Log            *slog.Logger // nil means slog.Default()
}

// Service is the mailbox service.
type Service struct {
	config Config
	ledger *ledger
	turns  *rate.Limiter
}

// New checks config and reads the ledger file, if there is one. Run closes it.
func New(config Config) (*Service, error) {
	if config.Listener == nil || config.SMTPListener == nil {
		return nil, errors.New("mailbox: Listener or SMTPListener is nil: give one for HTTP and one for SMTP")
	}
	config.Log = cmp.Or(config.Log, slog.Default())
	if config.MailsPerSecond < 0 {
		return nil, fmt.Errorf("mailbox: MailsPerSecond is %v: give a positive number, or 0 for no limit", config.MailsPerSecond)
	}
	limit := rate.Inf
	if config.MailsPerSecond > 0 {
		limit = rate.Limit(config.MailsPerSecond)
	}
	ledger, err := openLedger(config.LedgerFile)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err)
	}
	return &Service{config: config, ledger: ledger, turns: rate.NewLimiter(limit, 1)}, nil
}

// Run takes mail and serves the ledger until ctx ends. Mails whose text was
// received by then are still accepted.
func (s *Service) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ledger", s.serveLedger)
	server := web.Server{Listener: s.config.Listener, Handler: mux, Log: s.config.Log}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return s.takeMail(ctx) })
	return errors.Join(group.Wait(), s.ledger.close())
}

// serveLedger streams {"id","key","at","seq"} for every accepted mail, one per
// line, in order.
func (s *Service) serveLedger(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jsonl")
	if err := s.ledger.write(w); err != nil {
		s.config.Log.Warn("ledger was not sent completely", "error", err)
	}
}

func (s *Service) takeMail(ctx context.Context) error {
	listener := &listener{Listener: s.config.SMTPListener, conns: map[*conn]struct{}{}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{service: s, ctx: ctx}, nil
	}))
	server.Domain = "mailbox"
	server.ReadTimeout = 5 * time.Minute // senders keep connections open
	server.WriteTimeout = 10 * time.Second
	server.MaxMessageBytes = 1 << 20
	server.MaxRecipients = 50
	server.ErrorLog = slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn)

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve SMTP on %s: %w", s.config.SMTPListener.Addr(), err)
	case <-ctx.Done():
	}
	listener.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		listener.cut()
	}
	<-served
	return nil
}

// session is one sender's connection; it carries one mail at a time.
type session struct {
	service *Service
	ctx     context.Context //nolint:containedctx // the server's; go-smtp passes none
	to      string
}

func (s *session) Reset()                               { s.to = "" }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.to == "" {
		s.to = to
	}
	return nil
}

// Data receives a mail's text. The mail is accepted if it returns nil, and is
// in the ledger by then.
func (s *session) Data(text io.Reader) error {
	message, err := mail.ReadMessage(text)
	if err == nil {
		_, err = io.Copy(io.Discard, message.Body)
	}
	if err != nil {
		return err
	}
	if err := s.service.turns.Wait(s.ctx); err != nil {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down"}
	}
	id := message.Header.Get("X-Event-Id")
	if id == "" {
		id = strings.Trim(message.Header.Get("Message-ID"), "<>")
	}
	key := s.to
	if at := strings.LastIndexByte(key, '@'); at >= 0 {
		key = key[:at]
	}
	if err := s.service.ledger.add(id, key); err != nil {
		s.service.config.Log.Error("mail refused", "id", id, "error", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot write the ledger, try again later"}
	}
	return nil
}
