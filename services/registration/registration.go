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
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/web"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// Mode is how registration notifies the other services.
type Mode string

const (
	// SyncSequential calls one service after the other and stops at the first
	// failure.
	SyncSequential Mode = "sync-sequential"
	// SyncFanout calls all services at once and waits for all of them.
	SyncFanout Mode = "sync-fanout"
	// SyncHardened calls all services at once with time-outs, bounded retries, a
	// circuit breaker and a bulkhead, and answers without those that fail.
	SyncHardened Mode = "sync-hardened"
	// Event publishes to Kafka and waits for the acknowledgement.
	Event Mode = "event"
	// EventOutbox writes the event with the user, in one transaction; a relay
	// publishes it.
	EventOutbox Mode = "event-outbox"
	// EventTransactional publishes in a Kafka transaction that ends as storing
	// the user does.
	EventTransactional Mode = "event-transactional"
)

// Modes are all of them.
var Modes = []Mode{SyncSequential, SyncFanout, SyncHardened, Event, EventOutbox, EventTransactional}

// Config is what the service needs. Listener, DB and Mode are required; the
// three URLs are in the sync modes, Brokers in the event modes. A tag names the
// environment's variable for a setting, and fix completes the sentence "set it to …" in
// the error about it.
type Config struct {
	// Listener takes POST /register, GET /catalog and GET /healthz; the
	// service closes it.
	Listener net.Listener
	// DB is a SQLite (driver "sqlite") or PostgreSQL (driver "pgx") database.
	// The caller closes it after Run has returned.
	DB   *sql.DB
	Mode Mode `env:"MODE,required,notEmpty" fix:"one of sync-sequential, sync-fanout, sync-hardened, event, event-outbox and event-transactional"`
	// Way makes the way by hand; nil means as Mode says, which must be set all
	// the same, for what it requires.
	Way func(Config) (Way, error)

	// Workers is how many requests are worked on at once. Default 32.
	Workers int `env:"WORKERS" envDefault:"32" fix:"a positive number like 32"`
	// QueueTimeout is how long a request waits for a worker before it is
	// turned away with 503. Default 1s.
	QueueTimeout time.Duration `env:"QUEUE_TIMEOUT" envDefault:"1s" fix:"a positive duration like 1s"`
	// CallTimeout bounds each call to another service, and storing the user.
	// Default 1s.
	CallTimeout time.Duration `env:"CALL_TIMEOUT" envDefault:"1s" fix:"a positive duration like 1s"`

	EmailURL     string `env:"EMAIL_URL" fix:"a base URL like http://email:8080"`
	AnalyticsURL string `env:"ANALYTICS_URL" fix:"a base URL like http://analytics:8080"`
	CacheURL     string `env:"CACHE_URL" fix:"a base URL like http://cache:8080"`
	// Callees are whom to call instead of these three, by the URLs to POST to.
	Callees []string `env:"CALLEES" fix:"URL,URL: whom to POST to instead of the three"`

	Brokers []string `env:"KAFKA_BROKERS" fix:"host:port,host:port"` // each a seed
	Topic   string   `env:"KAFKA_TOPIC" envDefault:"user-events" fix:"a topic's name"`
	// ClientID names this instance in the broker's log. Default "registration".
	ClientID string `env:"KAFKA_INSTANCE" fix:"a client id"`
	// PublishTimeout is how long to wait for the acknowledgement. Default 2s.
	PublishTimeout time.Duration `env:"PUBLISH_TIMEOUT" envDefault:"2s" fix:"a positive duration like 2s"`
	// Repeating switches the producer's idempotence off: what it is not told was
	// appended it appends again. With it the broker knows a batch that is sent
	// again by its number. Not in mode event-transactional.
	Repeating bool

	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log  *slog.Logger                                                      // nil means slog.Default()
}

// Service is the registration service.
type Service struct {
	config   Config
	workers  bulkhead.Bulkhead[any] // one permit per request being worked on
	way      Way
	migrated chan struct{} // closed when the tables exist
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("registration: %w", err)
	}
	return &Service{
		config:   config,
		workers:  bulkhead.New[any](uint(config.Workers)),
		migrated: make(chan struct{}),
	}, nil
}

func (c Config) withDefaults() Config {
	c.Workers = cmp.Or(c.Workers, 32)
	c.QueueTimeout = cmp.Or(c.QueueTimeout, time.Second)
	c.CallTimeout = cmp.Or(c.CallTimeout, time.Second)
	c.PublishTimeout = cmp.Or(c.PublishTimeout, 2*time.Second)
	c.Topic = cmp.Or(c.Topic, "user-events")
	c.ClientID = cmp.Or(c.ClientID, "registration")
	c.Log = cmp.Or(c.Log, slog.Default())
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Way == nil {
		c.Way = newWay
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
	case SyncSequential, SyncFanout, SyncHardened:
		for _, to := range c.Callees {
			require(isBaseURL(to), "Callees has %q: give a URL like http://host:8080/path", to)
		}
		for name, base := range map[string]string{"EmailURL": c.EmailURL, "AnalyticsURL": c.AnalyticsURL, "CacheURL": c.CacheURL} {
			require(len(c.Callees) > 0 || isBaseURL(base), "%s is %q: give a base URL like http://host:8080 in mode %s", name, base, c.Mode)
		}
	case Event, EventOutbox, EventTransactional:
		require(!c.Repeating || c.Mode != EventTransactional, "Repeating is set: mode %s is nothing without an idempotent producer", c.Mode)
		require(len(c.Brokers) > 0, "Brokers is empty: give at least one host:port in mode %s", c.Mode)
	default:
		require(false, "Mode is %q: give one of %v", c.Mode, Modes)
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, lets the requests in flight finish for up to
// three seconds, and returns nil. It waits for a database that is not up yet.
func (s *Service) Run(ctx context.Context) error {
	way, err := s.config.Way(s.config)
	if err != nil {
		return fmt.Errorf("registration: %w", err)
	}
	s.way = way
	defer way.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", s.register)
	mux.HandleFunc("GET /catalog", s.catalog)
	server := web.Server{
		Listener: s.config.Listener,
		Handler:  s.limited(mux),
		Ready:    s.ready,
		Log:      s.config.Log,
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { s.migrate(ctx); return way.Run(ctx) })
	return group.Wait()
}

func (s *Service) ready() error {
	select {
	case <-s.migrated:
		return nil
	default:
		return errors.New("still preparing the database")
	}
}

var errBusy = errors.New("all workers are busy: nothing was done, try again later")

// limited passes requests on to next while there is a worker for them, as a server with
// a fixed number of threads would. One that gets none in time is turned away with 503
// and Retry-After before anything was done for it.
func (s *Service) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch err := s.workers.AcquirePermitWithMaxWait(r.Context(), s.config.QueueTimeout); {
		case errors.Is(err, bulkhead.ErrFull):
			w.Header().Set("Retry-After", "1")
			web.Error(w, http.StatusServiceUnavailable, errBusy)
		case err == nil: // else the caller is gone
			defer s.workers.ReleasePermit()
			next.ServeHTTP(w, r)
		}
	})
}

// register stores the user and lets the other services know.
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

	err = s.way.Register(r.Context(), e)
	incomplete, rejected := IncompleteError{}, RejectedError{}
	switch {
	case err == nil:
		web.JSON(w, s.way.Accepted(), map[string]string{"id": e.ID})
	case errors.As(err, &incomplete):
		s.config.Log.Warn("registered without all", "event", e.ID, "missed", incomplete.Missed)
		web.JSON(w, s.way.Accepted(), map[string]any{"id": e.ID, "missed": incomplete.Missed})
	case errors.Is(err, errOtherUser):
		web.Error(w, http.StatusUnprocessableEntity, err)
	case errors.As(err, &rejected):
		w.Header().Set("Retry-After", "1")
		web.Error(w, http.StatusServiceUnavailable, err)
	default:
		status := web.FailureStatus(err) // the outcome is unknown
		s.config.Log.Warn("registration failed", "event", e.ID, "status", strconv.Itoa(status), "error", err)
		web.Error(w, status, err)
	}
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
		usersTable, fmt.Sprintf(outboxTable, database.AutoIncrement(s.config.DB)))
	if err == nil {
		close(s.migrated)
	}
}
