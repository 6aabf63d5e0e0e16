package costs

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// priced is an experiment in which the contenders get the same arrivals and the
// same fault.
func priced(claim, title string, fault Step, contenders ...Contender) Experiment {
	return Experiment{
		Scenario: Scenario{
			Claim: claim, Title: title,
			Requests: subjects.Requests(),
			Load:     Constant(40).For(13 * time.Second),
			Plan:     Plan{fault},
			Require:  Require{MayFail: true},
		},
		Contenders: contenders,
	}
}

var (
	fanout = Contender{Name: subjects.SyncFanout, Services: subjects.System(subjects.SyncFanout)}
	event  = Contender{Name: subjects.Event, Services: subjects.EventDriven()}
	outbox = Contender{Name: subjects.EventOutbox, Services: subjects.Outbox()}
)

var _ = Describe("What was acknowledged", func() {
	It("is everywhere at once where the caller waits for it, and later where it is an event", Serial, func(ctx SpecContext) {
		window := priced("T1", "analytics is cut off from its database",
			At(4*time.Second).Inject(Cut(Edge("analytics", Database))).For(3*time.Second), fanout, event, outbox)
		later := Predict(
			// Also when all is well some look before it is there.
			AtLeast(StaleReads(Before, "analytics"), 0.01),
			AtMost(ConsistencyWindow(P99, Before, "analytics"), 500),
			// Who comes while the database is away waits until it is back.
			AtLeast(ConsistencyWindow(P99, During, "analytics"), 2000),
			AtMost(ConsistencyWindow(P99, During, "analytics"), 8000),
			AtLeast(AvailabilityOf(subjects.Register), 0.99),
			Holds(NoAcknowledgedLoss),
		)
		window.Predict = Predict(
			AtMost(StaleReads(Before, "analytics"), 0.05).By(subjects.SyncFanout),
			AtMost(ConsistencyWindow(P99, Before, "analytics"), 5).By(subjects.SyncFanout),
			// It pays with its answers instead.
			AtMost(AvailabilityOf(subjects.Register), 0.5).By(subjects.SyncFanout),
			Tolerates(NoOrphans, Contained).By(subjects.SyncFanout),
			later.By(subjects.Event),
			later.By(subjects.EventOutbox),
		)
		Expect(harness.Compare(ctx, window)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("can be followed from the request to its last effect, with nothing built in", func(ctx SpecContext) {
		followed := priced("T2", "analytics is killed, and every life is followed",
			At(4*time.Second).Inject(Kill("analytics")).RestartAfter(2*time.Second), fanout, event)
		followed.Predict = Predict(
			AtLeast(Traced, 1),
			Tolerates(NoOrphans, Contained).By(subjects.SyncFanout),
		)
		Expect(harness.Compare(ctx, followed)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("keeps its order within a key, and not overall, nor where retry topics are", func(ctx SpecContext) {
		ordered := priced("T5", "analytics cannot reach its database for a moment",
			At(4*time.Second).Inject(Cut(Edge("analytics", Database))).For(time.Second),
			Contender{Name: "retries-in-place", Services: subjects.EventDriven()},
			Contender{Name: "retry-topic", Services: subjects.DeadLettering()})
		ordered.Load.Keys = 10 // a user comes back while what he did before is retried later
		ordered.Predict = Predict(
			Holds(NoAcknowledgedLoss, EffectOnce),
			AtLeast(Overtaken("analytics"), 1),
			Holds(KeyOrder).By("retries-in-place"),
			AtMost(OvertakenInKey("analytics"), 0).By("retries-in-place"),
			AtLeast(OvertakenInKey("analytics"), 1).By("retry-topic"),
			Holds(DeadLetterClosure).By("retry-topic"),
		)
		Expect(harness.Compare(ctx, ordered)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})

var _ = Describe("A broker that cannot be reached", func() {
	It("is a failure for who publishes, and a delay for who keeps an outbox", func(ctx SpecContext) {
		cut := priced("T3", "registration is cut off from Kafka, with an outbox and without",
			At(4*time.Second).Inject(Cut(Edge("registration", Kafka))).For(5*time.Second), event, outbox)
		cut.Predict = Predict(
			Holds(NoAcknowledgedLoss),
			// Who came within a publish time-out (2 s of the 5) of the heal was served late.
			AtMost(AvailabilityOf(subjects.Register), 0.5).By(subjects.Event),
			AtLeast(AvailabilityOf(subjects.Register), 0.99).By(subjects.EventOutbox),
			AtLeast(ConsistencyWindow(P99, During, "analytics"), 3000).By(subjects.EventOutbox),
			Holds(NoOrphans, Outbox).By(subjects.EventOutbox),
			Tolerates(NoOrphans, Contained).By(subjects.Event),
		)
		Expect(harness.Compare(ctx, cut)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
