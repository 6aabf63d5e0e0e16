package selftest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// flaw is a defect planted in the kit, and what must come of a run with it.
type flaw struct {
	name  string
	world func(conductor.World) conductor.World // what is wrong with the world
	saved func(history.Log) history.Log         // what is wrong with what is kept of the run

	in      []Service // default subjects.EventDriven
	under   Plan      // default theDatabaseIsSlow
	predict Predictions
}

// theDatabaseIsSlow for one consumer, and everybody goes on.
var theDatabaseIsSlow = Plan{At(2 * time.Second).Inject(Latency(Edge("analytics", Database), 60*time.Millisecond, 0)).For(1500 * time.Millisecond)}

func (f flaw) kit(title string) session.Flaw {
	return session.Flaw{Name: title, World: f.world, History: f.saved}
}

func (f flaw) scenario(title string) Scenario {
	in, under := f.in, f.under
	if in == nil {
		in = subjects.EventDriven()
	}
	if under == nil {
		under = theDatabaseIsSlow
	}
	return Scenario{
		Claim: "kit: " + f.name, Title: title,
		Services: in, Requests: subjects.Requests(), Load: Constant(20).For(6 * time.Second), Plan: under,
		Require: Require{MayFail: true, Deadline: Duration(3 * time.Second)},
		Predict: f.predict,
	}
}

// elsewhere injects every fault of an edge on another one.
type elsewhere struct {
	conductor.World
	client, to string
}

func (w elsewhere) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	f.Edge.Client, f.Edge.To = w.client, w.to
	return w.World.Inject(ctx, f)
}

// unhealing mends nothing. What it broke on an edge ends with the edge.
type unhealing struct{ conductor.World }

func (w unhealing) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	i, err := w.World.Inject(ctx, f)
	return unhealed{i}, err
}

type unhealed struct{ conductor.Injection }

func (unhealed) Heal(context.Context) error { return nil }

// impatient heals a fault as soon as it was seen to take effect, and not again when it is
// asked to.
type impatient struct {
	conductor.World
	injected *once
}

type once struct {
	conductor.Injection
	heal sync.Once
}

func (w *impatient) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	i, err := w.World.Inject(ctx, f)
	w.injected = &once{Injection: i}
	return w.injected, err
}

func (w *impatient) Witness(ctx context.Context, f Fault) (conductor.Evidence, error) {
	e, err := w.World.Witness(ctx, f)
	if e.TakesEffect {
		err = errors.Join(err, w.injected.Heal(ctx))
	}
	return e, err
}

func (o *once) Heal(ctx context.Context) (err error) {
	o.heal.Do(func() { err = o.Injection.Heal(ctx) })
	return err
}

// telling hands on what the world recorded as something else, once all is there.
type telling struct {
	conductor.World
	as      func([]history.Event) []history.Event
	seen    history.Recorder
	history *history.Recorder
}

func (w *telling) Open(ctx context.Context, s Scenario, r *history.Recorder) error {
	w.history = r
	return w.World.Open(ctx, s, &w.seen)
}

func (w *telling) Close(ctx context.Context) error {
	if err := w.World.Close(ctx); err != nil {
		return err
	}
	var all []history.Event
	w.seen.Since(0, func(e *history.Event) { all = append(all, *e) })
	w.seen = history.Recorder{} // a world is closed more than once
	if len(all) == 0 {
		return nil
	}
	return w.history.Add(w.as(all)...)
}

// withoutTail loses the last third of what the edges recorded.
func withoutTail(events []history.Event) []history.Event {
	n := 0
	for _, e := range events {
		if e.Crossed() {
			n++
		}
	}
	left := n * 2 / 3
	return slices.DeleteFunc(events, func(e history.Event) bool {
		if e.Crossed() {
			left--
		}
		return left < 0 && (e.Crossed() || e.Kind == history.Account)
	})
}

// shifted stamps what the edges recorded by a clock that is that much ahead.
func shifted(by time.Duration) func([]history.Event) []history.Event {
	return func(events []history.Event) []history.Event {
		for i := range events {
			if e := &events[i]; e.Crossed() || e.Kind == history.Account {
				e.At += by
				if e.End != 0 {
					e.End += by
				}
			}
		}
		return events
	}
}

// uncommittedRead takes aborted records for committed ones.
func uncommittedRead(events []history.Event) []history.Event {
	for i := range events {
		if events[i].Kind == history.Aborted {
			events[i].Kind = history.Audit
		}
	}
	return events
}

// tells makes a world that reports what it recorded as something else.
func tells(as func([]history.Event) []history.Event) func(conductor.World) conductor.World {
	return func(w conductor.World) conductor.World { return &telling{World: w, as: as} }
}

// cutFile is what can be read of a history whose file lost its last bytes.
func cutFile(log history.Log) history.Log {
	var file bytes.Buffer
	Expect(history.Write(&file, log)).To(Succeed())
	file.Truncate(file.Len() * 9 / 10)
	readable, err := history.Read(&file)
	Expect(err).To(MatchError(ContainSubstring("history is damaged")))
	Expect(readable.Events).NotTo(BeEmpty())
	return readable
}

// alwaysHolds are all checks, of which one has a hand that always signs.
func alwaysHolds(guarantee string) []check.Checker {
	all := check.All()
	for i, c := range all {
		if c.Name == guarantee {
			all[i].Check = func(x *history.Index) check.Verdict {
				return check.Verdict{Status: check.Holds, Examined: len(x.Log.Events), Why: "all is well"}
			}
		}
	}
	return all
}
