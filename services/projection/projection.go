// Package projection folds the topic into a view that can be asked: of each
// user, how many events there were and what the latest action was.
//
// The view is derived. All that there is to know stands in the log, so the view
// can be deleted and made again from offset 0 ([Config].Rebuild), and the state
// as of any earlier time is a fold of the log up to there ([Service] answers GET
// /as-of). An event counts once, however often it was published or delivered.
//
// How far into the log the view goes is stored in the transaction that changes
// it. Whoever reads both at once can report which events are in it.
package projection

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/positions"
	"github.com/breakwater-kit/breakwater/services/internal/sink"
	"github.com/twmb/franz-go/pkg/kgo"
)

const name = "projection"

// Consumer configures which topic to consume, and how.
type Consumer = consumer.Config

// Config is what the service needs. Listener, DB and the Brokers and Topic of
// the Consumer are required.
type Config struct {
	// Listener takes the GET requests; the service closes it.
	Listener net.Listener
	// DB is a SQLite (driver "sqlite") or PostgreSQL (driver "pgx") database.
	// The caller closes it after Run has returned.
	DB *sql.DB
	// Consumer's Group and ClientID default to "projection"; Handle and
	// AttemptTimeout are the service's own.
	Consumer Consumer
	// Rebuild deletes the view when the service starts, before it consumes, and
	// makes it again from offset 0. Other running instances are shut out until
	// this one joins the group, and then help.
	Rebuild bool
	// Fold makes the statements that take an event into the view. Default
	// [View.Fold].
	Fold func(v View, r *kgo.Record, e event.Event) []database.Statement
	// At finds how far the log went at an instant, of which it is then asked what
	// the state was. Default [History.At].
	At   func(ctx context.Context, h *History, instant time.Time) (Offsets, error)
	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Log  *slog.Logger                                                      // nil means slog.Default()
}

// Service is the projection service.
type Service struct {
	config    Config
	sink      *sink.Sink
	positions *positions.Fenced
	history   *History

	mu   sync.Mutex
	view View // as of the latest claim
}

// New checks config; nothing runs before Run.
func New(config Config) (*Service, error) {
	switch {
	case config.DB == nil:
		return nil, errors.New("projection: DB is nil: give the database to keep the view in")
	case len(config.Consumer.Brokers) == 0:
		return nil, errors.New("projection: Consumer.Brokers is empty: give at least one host:port, the view is made of what is in Kafka")
	}
	config.Log = cmp.Or(config.Log, slog.Default())
	config.Consumer.ClientID = cmp.Or(config.Consumer.ClientID, name)
	if config.Consumer.Dial == nil {
		config.Consumer.Dial = config.Dial
	}
	if config.Fold == nil {
		config.Fold = View.Fold
	}
	if config.At == nil {
		config.At = func(ctx context.Context, h *History, instant time.Time) (Offsets, error) { return h.At(ctx, instant) }
	}
	s := &Service{
		config:    config,
		positions: positions.New(config.DB, config.Consumer.Topic, config.Consumer.ClientID),
		history:   newHistory(config),
		view:      View{DB: config.DB, Instance: config.Consumer.ClientID},
	}
	settings := sink.Config{
		Name:     name,
		Listener: config.Listener,
		Consumer: config.Consumer,
		Log:      config.Log,
		Prepare:  s.prepare,
		Consume:  s.consume,
		Routes: map[string]http.HandlerFunc{
			"GET /users/{id}": s.user,
			"GET /staleness":  s.staleness,
			"GET /as-of":      s.asOf,
		},
	}
	settings.Consumer.Claim = s.claim
	settings.Consumer.Skip = s.skip
	var err error
	s.sink, err = sink.New(settings)
	return s, err
}

// Run consumes and answers until ctx ends. It waits for a database that is not
// up yet.
func (s *Service) Run(ctx context.Context) error {
	if err := s.history.open(); err != nil {
		return err
	}
	defer s.history.close()
	return s.sink.Run(ctx)
}

// prepare makes the tables and, if it is to, begins a new build.
func (s *Service) prepare(ctx context.Context) error {
	if err := database.Migrate(ctx, s.config.DB, s.config.Log, append(s.current().Tables(), s.positions.Tables()...)...); err != nil {
		return err
	}
	if !s.config.Rebuild {
		return nil
	}
	s.config.Log.Info("deleting the view, to make it again from offset 0", "topic", s.config.Consumer.Topic)
	return s.current().rebuild(ctx, s.config.Log, s.positions.Reset())
}

// claim takes the partitions over, and learns which build they are of: one that
// began before shut out the claims of its time.
func (s *Service) claim(ctx context.Context, generation int32, partitions []int32) (map[int32]int64, error) {
	next, err := s.positions.Claim(ctx, generation, partitions)
	if err != nil {
		return nil, err
	}
	build, err := s.current().latest(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Build = build
	return next, nil
}

// consume takes the event into the view and moves the position behind it, both
// or neither.
func (s *Service) consume(ctx context.Context, r *kgo.Record, e event.Event) error {
	return s.write(ctx, append(s.positions.Advance(r), s.config.Fold(s.current(), r, e)...))
}

// current is the view of the build that the latest claim learned of.
func (s *Service) current() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// skip goes on behind a record that is no event.
func (s *Service) skip(ctx context.Context, r *kgo.Record) error {
	return s.write(ctx, s.positions.Advance(r))
}

func (s *Service) write(ctx context.Context, statements []database.Statement) error {
	err := database.ExecAll(ctx, s.config.DB, statements...)
	if database.Violates(err, "fenced") {
		return errors.New("refused: the partition was claimed by another, or a new build of the view has begun; waiting for the group's next assignment")
	}
	return err
}
