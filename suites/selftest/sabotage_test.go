package selftest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// sabotage is a defect planted in the kit, and what must come of a run with it. Its trial
// is performed by the conductor itself and not kept: the report has a row of it.
type sabotage struct {
	name, under string                                        // for the report
	world       func(conductor.FullWorld) conductor.FullWorld // what is wrong with the world
	saved       func(history.Log) history.Log                 // what is wrong with what is kept of the run

	in      []Service   // default subjects.EventDriven
	plan    Plan        // default theDatabaseIsSlow
	predict Predictions // default BreaksNothing

	deadline time.Duration // of the drain; default 3 s

	because string // why the run proves nothing, in a few of the kit's words
	breaks  string // or the guarantee that is found broken
}

// theDatabaseIsSlow for one consumer, and everybody goes on.
var theDatabaseIsSlow = Plan{At(2 * time.Second).Inject(Latency(Edge("analytics", Database), 60*time.Millisecond, 0)).For(1500 * time.Millisecond)}

// perform performs a scenario with the sabotaged kit.
func (s sabotage) perform(ctx SpecContext) (*trial.Trial, history.Log) {
	GinkgoHelper()
	session := harness.Session()
	row := report.Sabotage{Name: s.name, Fault: s.under, World: session.World, Expected: s.breaks}
	if s.breaks == "" {
		row.Expected = fmt.Sprintf("%s unknown: %q", Exercised, s.because)
	}
	DeferCleanup(func() {
		row.Caught = !CurrentSpecReport().Failed()
		Expect(row.Save(session.Run.Dir)).To(Succeed())
	})
	kind, err := conductor.Find(session.World)
	Expect(err).NotTo(HaveOccurred())
	logs, err := launch.NewScratch("sabotage")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(logs.Remove)
	world := kind.New(logs.Dir).(conductor.FullWorld)
	if s.world != nil {
		world = s.world(world)
	}
	in, plan, predict := s.in, s.plan, s.predict
	if in == nil {
		in = subjects.EventDriven()
	}
	if plan == nil {
		plan = theDatabaseIsSlow
	}
	if predict == nil {
		predict = BreaksNothing()
	}
	t, log, err := conductor.Run(ctx, world, Scenario{
		Title: s.under, Services: in, Requests: subjects.Requests(), Load: Constant(20).For(6 * time.Second), Plan: plan, Seed: uint64(session.Round - 1),
		Require: Require{MayFail: true, Deadline: Duration(cmp.Or(s.deadline, 3*time.Second))},
		Predict: predict,
	}, conductor.RunOptions{})
	Expect(err).NotTo(HaveOccurred())
	if s.saved != nil {
		log = s.saved(log)
		t = trial.Rejudge(t, log)
	}
	row.After = t.Caught()
	return t, log
}

// verdict is that about one guarantee.
func verdict(t *trial.Trial, guarantee string) check.Verdict {
	GinkgoHelper()
	i := slices.IndexFunc(t.Verdicts, func(v check.Verdict) bool { return v.Guarantee == guarantee })
	Expect(i).To(BeNumerically(">=", 0))
	return t.Verdicts[i]
}

// elsewhere injects every fault of an edge on another one.
type elsewhere struct {
	conductor.FullWorld
	client, to string
}

func (w elsewhere) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	f.Edge.Client, f.Edge.To = w.client, w.to
	return w.FullWorld.Inject(ctx, f)
}

// unhealing mends nothing. What it broke on an edge ends with the edge.
type unhealing struct{ conductor.FullWorld }

func (w unhealing) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	i, err := w.FullWorld.Inject(ctx, f)
	return unhealed{i}, err
}

type unhealed struct{ conductor.Injection }

func (unhealed) Heal(context.Context) error { return nil }

// impatient heals a fault as soon as it was seen to take effect, and not again when it is
// asked to.
type impatient struct {
	conductor.FullWorld
	injected *once
}

type once struct {
	conductor.Injection
	heal sync.Once
}

func (w *impatient) Inject(ctx context.Context, f Fault) (conductor.Injection, error) {
	i, err := w.FullWorld.Inject(ctx, f)
	w.injected = &once{Injection: i}
	return w.injected, err
}

func (w *impatient) Witness(ctx context.Context, f Fault) (conductor.Evidence, error) {
	e, err := w.FullWorld.Witness(ctx, f)
	if e.TakesEffect {
		err = errors.Join(err, w.injected.Heal(ctx))
	}
	return e, err
}

func (o *once) Heal(ctx context.Context) (err error) {
	o.heal.Do(func() { err = o.Injection.Heal(ctx) })
	return err
}

// altering hands on what the world recorded as something else, once all is there.
type altering struct {
	conductor.FullWorld
	as      func([]history.Event) []history.Event
	seen    history.Recorder
	history *history.Recorder
}

func (w *altering) Open(ctx context.Context, s Scenario, r *history.Recorder) error {
	w.history = r
	return w.FullWorld.Open(ctx, s, &w.seen)
}

func (w *altering) Close(ctx context.Context) error {
	if err := w.FullWorld.Close(ctx); err != nil {
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

// alters makes a world that hands on what it recorded as something else.
func alters(as func([]history.Event) []history.Event) func(conductor.FullWorld) conductor.FullWorld {
	return func(w conductor.FullWorld) conductor.FullWorld { return &altering{FullWorld: w, as: as} }
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

// alwaysHolds are all checks, of which one always holds.
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
