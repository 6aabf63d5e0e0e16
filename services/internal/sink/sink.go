// Package sink is what email, analytics, cache and projection have in common:
// each reacts to an event, and the event may come as an HTTP call or as a Kafka
// record. Both end in the same function.
package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/web"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// Config describes a sink. Name and Listener are required, and Handle or Consume.
type Config struct {
	Name     string // the service's name, and its consumer group by default
	Path     string // where it takes its HTTP call, for example /log-event; "": it takes none
	Listener net.Listener
	// Routes are what else it answers, by pattern. It may be nil.
	Routes map[string]http.HandlerFunc
	// Consumer describes the group to consume with; no Brokers, no consumer.
	// Its Handle and AttemptTimeout are the sink's own, and its Dial and Log
	// default to the sink's.
	Consumer consumer.Config
	// Loop makes the consumer. Default [consumer.ProcessThenCommit].
	Loop consumer.NewLoop
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	Log  *slog.Logger
	// Prepare runs once, beside everything else, and makes the sink ready when
	// it returns nil. It may be nil.
	Prepare func(context.Context) error
	// Handle reacts to one event. It must be safe for concurrent use, and it
	// may be called again for an event that it has handled before.
	Handle func(context.Context, event.Event) error
	// Consume is Handle for an event that came as a record. Default Handle.
	Consume func(context.Context, *kgo.Record, event.Event) error
	// HandleTimeout bounds one call of Handle. Default 5s. An HTTP caller may
	// have less patience: its request's context ends the call earlier.
	HandleTimeout time.Duration
}

// Sink is a service that reacts to events.
type Sink struct {
	config   Config
	consumer consumer.Loop // nil without brokers
	prepared chan struct{} // closed when Prepare has succeeded
}

// New checks config. It takes over the listener when it succeeds.
func New(config Config) (*Sink, error) {
	if config.Listener == nil {
		return nil, fmt.Errorf("%s: Listener is nil: give the listener to serve HTTP on", config.Name)
	}
	config.Log = cmp.Or(config.Log, slog.Default())
	config.HandleTimeout = cmp.Or(config.HandleTimeout, 5*time.Second)
	s := &Sink{config: config, prepared: make(chan struct{})}
	if config.Loop == nil {
		config.Loop = consumer.ProcessThenCommit
	}
	if config.Consume == nil {
		config.Consume = func(ctx context.Context, _ *kgo.Record, e event.Event) error { return config.Handle(ctx, e) }
	}
	if len(config.Consumer.Brokers) == 0 {
		return s, nil
	}

	group := config.Consumer
	group.Group = cmp.Or(group.Group, config.Name)
	group.ClientID = cmp.Or(group.ClientID, config.Name)
	if group.Dial == nil {
		group.Dial = config.Dial
	}
	group.Log = cmp.Or(group.Log, config.Log)
	group.AttemptTimeout = config.HandleTimeout
	group.Handle = func(ctx context.Context, r *kgo.Record) error {
		e, err := event.FromRecord(r)
		if err != nil {
			return &consumer.Fatal{Class: consumer.Undecodable, Err: err}
		}
		return config.Consume(ctx, r, e)
	}
	var err error
	if s.consumer, err = config.Loop(group); err != nil {
		return nil, fmt.Errorf("%s: %w", config.Name, err)
	}
	return s, nil
}

// Run serves HTTP and consumes until ctx ends, finishes what is in hand, and
// returns nil; or it returns the error that made it unable to go on.
func (s *Sink) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	mux := http.NewServeMux()
	if s.config.Path != "" {
		mux.HandleFunc("POST "+s.config.Path, s.call)
	}
	for pattern, handler := range s.config.Routes {
		mux.HandleFunc(pattern, handler)
	}
	server := web.Server{Listener: s.config.Listener, Handler: mux, Ready: s.ready, Log: s.config.Log}
	group.Go(func() error { return server.Run(ctx) })
	group.Go(func() error { return s.prepare(ctx) })
	if s.consumer != nil {
		group.Go(func() error { return s.consume(ctx) })
	}
	return group.Wait()
}

func (s *Sink) prepare(ctx context.Context) error {
	if s.config.Prepare != nil {
		if err := s.config.Prepare(ctx); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // told to stop before it was ready
			}
			return err
		}
	}
	close(s.prepared)
	return nil
}

// consume begins once there is a store to put things into: a record that comes
// before would fail for no fault of its own.
func (s *Sink) consume(ctx context.Context) error {
	select {
	case <-s.prepared:
		return s.consumer.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}

func (s *Sink) ready() error {
	select {
	case <-s.prepared:
	default:
		return errors.New("still preparing its store")
	}
	if s.consumer != nil {
		return s.consumer.Ready()
	}
	return nil
}

// call answers 200 when the event was handled, 4xx when it is malformed or can
// never be handled (and nothing happened), 504 or 502 when handling it timed out
// or failed (it may have happened all the same).
func (s *Sink) call(w http.ResponseWriter, r *http.Request) {
	body, ok := web.ReadBody(w, r)
	if !ok {
		return
	}
	e, err := event.FromRequest(r, body)
	if err != nil {
		web.Error(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.config.HandleTimeout)
	defer cancel()
	if err := s.config.Handle(ctx, e); err != nil {
		s.config.Log.Warn("call failed", "path", s.config.Path, "event", e.ID, "error", err)
		status := web.FailureStatus(err)
		if consumer.IsFatal(err) {
			status = http.StatusUnprocessableEntity
		}
		web.Error(w, status, err)
		return
	}
	web.JSON(w, http.StatusOK, map[string]string{"status": "done"})
}
