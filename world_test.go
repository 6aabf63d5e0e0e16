package breakwater_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// fakeWorld serves one service, "api", over pipes, in whatever time the test
// lives in. It notes what was asked of it.
type fakeWorld struct {
	began time.Time

	handle  http.Handler  // of the service
	noop    bool          // faults are injected and do nothing
	lasts   time.Duration // faults end by themselves after as long; 0: they do not
	never   bool          // the service never becomes ready
	slow    time.Duration // the service takes as long to become ready
	dials   error         // why nobody is connected
	shut    error         // why it does not open
	hangs   string        // a service that waits to become ready until it is called off
	trigger chan struct{} // closed when the armed trigger fires
	loses   time.Duration // when a part of the world ends; 0: never

	unread  string                                     // why no sink can be read
	sampled func(now time.Duration) breakwater.Sampled // nil: nothing is behind and nothing moves
	effects func(now time.Duration) []history.Event    // nil: there are no sinks

	mu       sync.Mutex
	calls    []string
	faults   []breakwater.Fault // that were injected
	biting   bool
	injected time.Time // the last fault
	conns    chan net.Conn
	server   *http.Server
	serving  sync.WaitGroup
	recorder *history.Recorder
}

func newFakeWorld() *fakeWorld {
	return &fakeWorld{
		began:   time.Now(),
		handle:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		conns:   make(chan net.Conn),
		trigger: make(chan struct{}),
	}
}

func (w *fakeWorld) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
}

func (w *fakeWorld) noted(call string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (w *fakeWorld) Name() string              { return "fake" }
func (w *fakeWorld) Now() time.Duration        { return time.Since(w.began) }
func (w *fakeWorld) Base() (time.Time, string) { return w.began, "fake" }

func (w *fakeWorld) Check(_ context.Context, s breakwater.Scenario) error {
	if slices.ContainsFunc(s.Plan, func(s breakwater.Step) bool { return s.Fault.Kind == breakwater.KindFreeze }) {
		return &breakwater.Unsupported{World: "fake", What: "freeze", Reason: "it has no processes"}
	}
	return nil
}

func (w *fakeWorld) Open(_ context.Context, _ breakwater.Scenario, r *history.Recorder) error {
	w.note("open")
	if w.shut != nil {
		return w.shut
	}
	w.recorder = r
	server := &http.Server{Handler: w.handle}
	w.server = server
	w.serving.Go(func() { _ = server.Serve(pipes(w.conns)) })
	return nil
}

// pipes is a listener whose connections are pipes.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p pipes) Close() error   { close(p); return nil }

func (w *fakeWorld) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if w.dials != nil {
		return nil, w.dials
	}
	near, far := net.Pipe()
	select {
	case w.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *fakeWorld) Start(ctx context.Context, s breakwater.Service) error {
	w.note("start " + s.Name)
	if s.Name == w.hangs {
		<-ctx.Done()
		return fmt.Errorf("%s/1 never became ready (%w)", s.Name, ctx.Err())
	}
	time.Sleep(w.slow)
	if w.never {
		return &breakwater.ServiceError{Service: "api/1", Reason: "never became ready", Log: "no configuration"}
	}
	return nil
}

func (w *fakeWorld) Address(service, port string) (string, error) { return service, nil }

func (w *fakeWorld) Arm(context.Context, breakwater.Trigger) (breakwater.Armed, error) {
	w.note("arm")
	return fakeArmed{w}, nil
}

type fakeArmed struct{ w *fakeWorld }

func (a fakeArmed) Fired(ctx context.Context) error {
	select {
	case <-a.w.trigger:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a fakeArmed) Release(_ context.Context, drop bool) error {
	if drop {
		a.w.note("drop")
	} else {
		a.w.note("forward")
	}
	return nil
}

func (w *fakeWorld) Inject(_ context.Context, f breakwater.Fault) (breakwater.Injection, error) {
	w.note("inject")
	w.mu.Lock()
	w.biting, w.injected, w.faults = !w.noop, time.Now(), append(w.faults, f)
	w.mu.Unlock()
	return fakeInjection{w}, nil
}

type fakeInjection struct{ w *fakeWorld }

func (w *fakeWorld) Witness(context.Context, breakwater.Fault) (breakwater.Evidence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := w.lasts > 0 && time.Since(w.injected) >= w.lasts
	return breakwater.Evidence{Bites: w.biting && !over, Seen: "looked"}, nil
}

func (i fakeInjection) Heal(ctx context.Context) error {
	i.w.note("heal")
	i.w.mu.Lock()
	i.w.biting = false
	i.w.mu.Unlock()
	return ctx.Err()
}

func (w *fakeWorld) Sample(context.Context) (s breakwater.Sampled, err error) {
	if w.sampled != nil {
		s = w.sampled(w.Now())
	}
	return s, nil
}

func (w *fakeWorld) Effects(context.Context) (all []history.Event, err error) {
	if w.effects != nil {
		all = w.effects(w.Now())
	}
	return all, nil
}

func (w *fakeWorld) Lost(ctx context.Context) error {
	if w.loses == 0 {
		<-ctx.Done()
		return nil
	}
	select {
	case <-time.After(w.loses - w.Now()):
		return errors.New("kafka, a part of the kit, ended in mid-run")
	case <-ctx.Done():
		return nil
	}
}

func (w *fakeWorld) Audit(context.Context) error { w.note("audit"); return nil }
func (w *fakeWorld) Ledgers(_ context.Context, h *history.Header) error {
	w.note("ledgers")
	for i := range h.Services {
		if s := h.Services[i].Sink; s != nil {
			s.Unread = w.unread
		}
	}
	return nil
}
func (w *fakeWorld) Environment(context.Context) (e trial.Environment) { return e }
func (w *fakeWorld) Logs() map[string]string                           { return map[string]string{"api/1": "a line"} }
func (w *fakeWorld) Close(context.Context) error {
	w.note("close")
	if w.server != nil {
		_ = w.server.Close()
		w.server = nil
		w.serving.Wait()
	}
	return nil
}

// scenario is the least that is valid: one service, one kind of request.
func scenario() breakwater.Scenario {
	return breakwater.Scenario{
		Title:    "An API is looked at",
		Services: []breakwater.Service{{Name: "api", Program: breakwater.Program{Go: "example.org/api"}, Needs: []breakwater.Need{{To: breakwater.Redis}}}},
		Requests: []breakwater.Request{{Service: "api", Method: "GET", Path: "/"}},
		Load:     breakwater.Constant(50).For(10 * time.Second),
		Predict:  breakwater.Holds("availability"),
	}
}

var _ breakwater.World = (*fakeWorld)(nil)
