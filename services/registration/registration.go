// Package registration registers users, and tells the services that must know:
// by calling each of them, or by publishing an event.
//
// # What an answer means
//
// 2xx: it happened. 4xx, and 503 with Retry-After: it definitely did not. 500,
// 502, 504 and no answer at all: unknown. The user may be stored, and some of
// what follows may have happened or may still happen. Sending the request
// again with the same Idempotency-Key stores the user once, but tells the
// other services again.
package registration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/web"
)

// Mode is how registration tells the other services.
type Mode string

const (
	// SyncSequential calls one service after the other and stops at the first
	// failure.
	SyncSequential Mode = "sync-sequential"
	// SyncFanout calls all services at once and waits for all of them.
	SyncFanout Mode = "sync-fanout"
	// Event publishes to Kafka and waits for the acknowledgement.
	Event Mode = "event"
)

// Config is what the service needs. Listener, DB and Mode are required; the
// three URLs are in the sync modes, Brokers in event mode.
type Config struct {
	// Listener takes POST /register, GET /catalog and GET /healthz; the
	// service closes it.
	Listener net.Listener
	// DB is a SQLite (driver "sqlite") or PostgreSQL (driver "pgx") database.
	// The caller closes it after Run has returned.
	DB   *sql.DB
	Mode Mode

	// Workers is how many requests are worked on at once. Default 32.
	Workers int
	// QueueTimeout is how long a request waits for a worker before it is
	// turned away with 503. Default 1s.
	QueueTimeout time.Duration
	// CallTimeout bounds each call to another service, and storing the user.
	// Default 1s.
	CallTimeout time.Duration

	EmailURL, AnalyticsURL, CacheURL string // base URLs, for example http://email:8080

	Brokers []string // host:port, each a seed
	Topic   string   // default "user-events"
	// ClientID names this instance in the broker's log. Default "registration".
	ClientID string
	// PublishTimeout is how long to wait for the acknowledgement. Default 2s.
	PublishTimeout time.Duration

	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log  *slog.Logger                                                      // nil means slog.Default()
}

// Service is the registration service.
type Service struct {
	config   Config
	pool     *pool
	notifier notifier
	migrated chan struct{} // closed when the tables exist
}

// notifier tells the other services about an event.
type notifier interface {
	// notify returns nil when all were told (or will be), and an error when
	// that failed or is unknown.
	notify(ctx context.Context, e event.Event) error
	// accepted is the HTTP status that says so.
	accepted() int
	// close releases connections. No notify may be in progress.
	close()
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("registration: %w", err)
	}
	return &Service{
		config:   config,
		pool:     newPool(config.Workers, config.QueueTimeout),
		migrated: make(chan struct{}),
	}, nil
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 32
	}
	if c.QueueTimeout == 0 {
		c.QueueTimeout = time.Second
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = time.Second
	}
	if c.PublishTimeout == 0 {
		c.PublishTimeout = 2 * time.Second
	}
	if c.Topic == "" {
		c.Topic = "user-events"
	}
	if c.ClientID == "" {
		c.ClientID = "registration"
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	require(c.Listener != nil, "Listener is nil: give the listener to serve HTTP on")
	require(c.DB != nil, "DB is nil: give the database to store users in")
	require(c.Workers > 0, "Workers is %d: give at least 1, or 0 for 32", c.Workers)
	require(c.QueueTimeout > 0, "QueueTimeout is %v: give a positive duration, or 0 for 1s", c.QueueTimeout)
	require(c.CallTimeout > 0, "CallTimeout is %v: give a positive duration, or 0 for 1s", c.CallTimeout)
	require(c.PublishTimeout > 0, "PublishTimeout is %v: give a positive duration, or 0 for 2s", c.PublishTimeout)
	switch c.Mode {
	case SyncSequential, SyncFanout:
		for name, base := range map[string]string{"EmailURL": c.EmailURL, "AnalyticsURL": c.AnalyticsURL, "CacheURL": c.CacheURL} {
			require(isBaseURL(base), "%s is %q: give a base URL like http://host:8080 in mode %s", name, base, c.Mode)
		}
	case Event:
		require(len(c.Brokers) > 0, "Brokers is empty: give at least one host:port in mode event")
	default:
		require(false, "Mode is %q: give %s, %s or %s", c.Mode, SyncSequential, SyncFanout, Event)
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, lets the requests in flight finish for up to
// three seconds, and returns nil. It waits for a database that is not up yet.
func (s *Service) Run(ctx context.Context) error {
	notifier, err := s.newNotifier()
	if err != nil {
		return fmt.Errorf("registration: %w", err)
	}
	s.notifier = notifier
	defer notifier.close()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", s.register)
	mux.HandleFunc("GET /catalog", s.catalog)
	server := web.Server{
		Listener: s.config.Listener,
		Handler:  s.pool.limit(mux),
		Ready:    s.ready,
		Log:      s.config.Log,
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { s.migrate(ctx); return nil })
	return group.Wait()
}

func (s *Service) newNotifier() (notifier, error) {
	if s.config.Mode == Event {
		return newPublisher(s.config)
	}
	return newCaller(s.config), nil
}

func (s *Service) ready() error {
	select {
	case <-s.migrated:
		return nil
	default:
		return errors.New("still preparing the database")
	}
}

// register stores the user, then tells the other services.
func (s *Service) register(w http.ResponseWriter, r *http.Request) {
	body, ok := web.ReadBody(w, r)
	if !ok {
		return
	}
	if r.Header.Get(event.IDHeader) == "" {
		r.Header.Set(event.IDHeader, uuid.NewString())
	}
	e, err := event.FromRequest(r, body)
	if err != nil {
		web.Error(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set(event.IDHeader, e.ID)

	switch err := s.store(r.Context(), e); {
	case errors.Is(err, errOtherUser):
		web.Error(w, http.StatusUnprocessableEntity, err)
		return
	case web.IsTimeout(err):
		s.fail(w, e, http.StatusGatewayTimeout, err)
		return
	case err != nil:
		s.fail(w, e, http.StatusInternalServerError, err)
		return
	}
	if err := s.notifier.notify(r.Context(), e); err != nil {
		s.fail(w, e, web.FailureStatus(err), err)
		return
	}
	web.JSON(w, s.notifier.accepted(), map[string]string{"id": e.ID})
}

// fail answers that the outcome is unknown.
func (s *Service) fail(w http.ResponseWriter, e event.Event, status int, err error) {
	s.config.Log.Warn("registration failed", "event", e.ID, "status", strconv.Itoa(status), "error", err)
	web.Error(w, status, err)
}

// catalog has nothing to do with registering. It shares the workers, and so
// shows what a caller that waits does to the rest of its service.
func (s *Service) catalog(w http.ResponseWriter, r *http.Request) {
	type plan struct {
		Name  string `json:"name"`
		Price int    `json:"price"`
	}
	web.JSON(w, http.StatusOK, []plan{{"basic", 0}, {"plus", 5}, {"team", 20}})
}

func (s *Service) migrate(ctx context.Context) {
	err := database.Migrate(ctx, s.config.DB, s.config.Log,
		`CREATE TABLE IF NOT EXISTS users (
			id         text   PRIMARY KEY, -- the event's id
			user_id    text   NOT NULL,
			created_at bigint NOT NULL     -- Unix time in nanoseconds
		)`)
	if err == nil {
		close(s.migrated)
	}
}

var errOtherUser = errors.New("this " + event.IDHeader + " was used for another user: send a new one")

// store writes the user's row, once per event id.
func (s *Service) store(ctx context.Context, e event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.CallTimeout)
	defer cancel()
	result, err := s.config.DB.ExecContext(ctx,
		`INSERT INTO users (id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		e.ID, e.UserID, time.Now().UnixNano())
	if err != nil {
		return fmt.Errorf("store user: %w", err)
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted > 0 {
		return err
	}
	var stored string
	if err := s.config.DB.QueryRowContext(ctx, `SELECT user_id FROM users WHERE id = $1`, e.ID).Scan(&stored); err != nil {
		return fmt.Errorf("read stored user: %w", err)
	}
	if stored != e.UserID {
		return errOtherUser
	}
	return nil
}
