package shop

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/suites/harness"
)

// inside is a world of this module's own: its one service is a handler in the test's own
// process. Nothing in it can be broken, so a scenario with a plan is skipped.
type inside struct {
	began  time.Time
	server *httptest.Server
}

func init() {
	conductor.Register(conductor.Kind{Name: "inside", New: func(string) conductor.World { return &inside{} }})
}

func (w *inside) Name() string                          { return "inside" }
func (w *inside) Check(context.Context, Scenario) error { return nil }
func (w *inside) Now() time.Duration                    { return time.Since(w.began) }
func (w *inside) Base() (time.Time, string)             { return w.began, "CLOCK_MONOTONIC" }

func (w *inside) Open(context.Context, Scenario, *history.Recorder) error {
	w.began = time.Now()
	return nil
}

func (w *inside) Start(context.Context, Service) error {
	w.server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // 200 to all
	return nil
}

func (w *inside) Address(string, string) (string, error) {
	return w.server.Listener.Addr().String(), nil
}

func (w *inside) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

func (w *inside) Close(context.Context) error {
	if w.server != nil {
		w.server.Close()
	}
	return nil
}

func offers(plan ...Step) Scenario {
	return Scenario{
		Title:    "offers are looked at",
		Services: []Service{{Name: "offers", Program: Program{Command: []string{"inside"}}}},
		Requests: []Request{{Service: "offers", Method: "GET", Path: "/offers"}},
		Load:     Constant(50).For(2 * time.Second),
		Plan:     plan,
		Require:  Require{Availability: 0.99},
		Predict:  Holds(Availability),
	}
}

// A scenario is performed in a world that this module has registered, and skipped where it
// asks for what that world cannot do.
func TestAWorldOfOnesOwn(t *testing.T) {
	t.Setenv("BREAKWATER_WORLD", "inside")
	if performed := harness.Test(t, offers()); performed != nil && performed.World != "inside" {
		t.Errorf("it was performed in %s", performed.World)
	}
	t.Run("that can break nothing", func(t *testing.T) {
		t.Setenv(harness.NoSkipVariable, "") // where CI sets it, a skip is a failure
		harness.Test(t, offers(At(500*time.Millisecond).Inject(Kill("offers")).RestartAfter(time.Second)))
		t.Error("a service was killed in a world that can break nothing") // not reached: it is skipped
	})
}
