package coupling

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

var _ = DescribeTable("What a caller can take, while each that it calls takes 50 ms",
	func(ctx SpecContext, callees int) {
		const delay, workers, highest = 50 * time.Millisecond, 4, 130
		var plan Plan
		for i := range callees {
			plan = append(plan, At(time.Second).Inject(Latency(Edge(fmt.Sprintf("callee%d", i+1), Database), delay, 0)).For(30*time.Second))
		}
		rising := Experiment{Scenario: Scenario{
			Claim:    "S4",
			Title:    fmt.Sprintf("the load rises, with %d to notify", callees),
			Requests: subjects.Requests()[:1],
			Load:     Ramp(4, highest).For(32 * time.Second),
			Plan:     plan,
			Require:  Require{MayFail: true, MinOperations: 3, Latency: Duration(time.Second)},
		}}
		for _, name := range []string{subjects.SyncSequential, subjects.SyncFanout, subjects.Event} {
			rising.Contenders = append(rising.Contenders, Contender{
				Name: name, Services: subjects.Calling(name, callees),
				Sweep: &Sweep{Over: "callees", At: float64(callees), Of: Capacity(subjects.Register)},
			})
		}
		capacity := Capacity(subjects.Register)
		// What workers can take that wait for one call after the other, and for one.
		// Requests queue for up to a second before they are late, and meanwhile the
		// load rises by 4 a second, every second.
		one := workers / delay.Seconds()
		rising.Predict = Predict(
			AtMost(capacity, 1.1*one/float64(callees)+10).By(subjects.SyncSequential),
			AtLeast(capacity, 0.5*one/float64(callees)).By(subjects.SyncSequential),
			AtLeast(capacity, 0.6*one).By(subjects.SyncFanout),
			AtLeast(capacity, 0.9*highest).By(subjects.Event),
			// More is sent than they can take.
			Tolerates(Contained).By(subjects.SyncSequential),
			Tolerates(Contained).By(subjects.SyncFanout),
		)
		Expect(harness.Compare(ctx, rising)).To(BeAsPredicted())
	},
	Entry("one callee", Serial, SpecTimeout(2*time.Minute), 1),
	Entry("two callees", Serial, SpecTimeout(2*time.Minute), 2),
	Entry("four callees", Serial, SpecTimeout(2*time.Minute), 4),
	Entry("eight callees", Serial, SpecTimeout(2*time.Minute), 8),
)

var _ = Describe("A fourth dependent", func() {
	It("needs no word with who publishes, and sees what was before it", func(ctx SpecContext) {
		added := Experiment{
			Scenario: Scenario{
				Claim:    "S6",
				Title:    "a fourth dependent is added while load runs",
				Requests: subjects.Requests(),
				Load:     Constant(60).For(14 * time.Second),
				Plan:     Plan{At(6 * time.Second).Inject(Start("audit"))},
				// It comes up in a moment, in which few requests fall.
				Require: Require{MinOperations: 1, Recovery: Duration(10 * time.Second)},
			},
			Contenders: []Contender{
				{Name: subjects.SyncFanout, Services: subjects.Audited(subjects.SyncFanout)},
				{Name: subjects.Event, Services: subjects.Audited(subjects.Event)},
			},
		}
		added.Predict = Predict(
			AtMost(Restarts("registration"), 0).By(subjects.Event),
			// All that was acknowledged is due in audit too, also what was before it came.
			Holds(NoAcknowledgedLoss, EffectOnce, BoundedRecovery).By(subjects.Event),
			AtMost(CatchUp("audit"), 5*time.Second).By(subjects.Event),

			// True by construction, and shown as such: who calls has a list of callees,
			// and audit is not on it. As long as nobody changes and restarts registration
			// audit gets nothing, of what was before it as of what comes after.
			AtMost(Restarts("registration"), 0).By(subjects.SyncFanout),
			Breaks(NoAcknowledgedLoss).By(subjects.SyncFanout),
			Tolerates(NoOrphans).By(subjects.SyncFanout),
		)
		Expect(harness.Compare(ctx, added)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})

// moving is an experiment in which what registration talks to gets another address
// for a while; then the old one serves again, as if somebody had put it right.
func moving(title string, e EdgeRef) Experiment {
	return Experiment{Scenario: Scenario{
		Claim:    "S7",
		Title:    title,
		Requests: subjects.Requests()[:1],
		Load:     Constant(40).For(14 * time.Second),
		Plan:     Plan{At(4 * time.Second).Inject(Move(e)).For(5 * time.Second)},
		Require:  Require{MayFail: true},
	}}
}

// byName is a contender that knows where to go by name.
func byName(contender string) string { return contender + "-by-name" }

func twice(contender string) []Contender {
	return []Contender{
		{Name: contender, Services: subjects.System(contender)},
		{Name: byName(contender), Services: subjects.Named(contender)},
	}
}

var _ = Describe("What moves to another address", func() {
	served := AvailabilityOf(subjects.Register)

	It("is lost to a caller that has its address, and found again by one that has its name", func(ctx SpecContext) {
		moves := moving("email moves", Edge("registration", "email"))
		moves.Contenders = twice(subjects.SyncFanout)
		moves.Predict = Predict(
			AtMost(served, 0.05).By(subjects.SyncFanout),
			Breaks(NoOrphans).By(subjects.SyncFanout),
			// It believes what it was told for 1 of the 5 s, and some of that is over
			// when email moves.
			AtLeast(served, 0.75).By(byName(subjects.SyncFanout)),
			Tolerates(NoOrphans, Contained).By(byName(subjects.SyncFanout)),
			Tolerates(Contained).By(subjects.SyncFanout),
		)
		Expect(harness.Compare(ctx, moves)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	// An event-driven registration has no address of email to lose. It has the broker's.
	It("is lost to who publishes, too, when it is the broker", func(ctx SpecContext) {
		moves := moving("the broker moves", Edge("registration", Kafka))
		moves.Contenders = twice(subjects.Event)
		moves.Predict = Predict(
			// Who came within a publish time-out (2 of the 5 s) of the heal was served late.
			AtMost(served, 0.5).By(subjects.Event),
			Holds(NoAcknowledgedLoss),
			AtMost(CatchUp("analytics"), 5*time.Second),
			// The gap is shorter than the time-out: all are served, some of them late.
			AtLeast(served, 0.95).By(byName(subjects.Event)),
			AtMost(LogDuplicates(subjects.Topic), 0),
			Tolerates(NoOrphans, Contained), // the row is written before the event is published
		)
		Expect(harness.Compare(ctx, moves)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})
