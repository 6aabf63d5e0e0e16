package cascade

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// compared is an experiment in which all contenders get the same arrivals and
// the same faults.
func compared(claim, title string, rate float64, plan ...Step) Experiment {
	return Experiment{
		Scenario: Scenario{
			Claim:    claim,
			Title:    title,
			Requests: subjects.Requests(),
			Load:     Constant(rate).For(14 * time.Second),
			Plan:     plan,
			Require:  Require{MayFail: true},
		},
		Contenders: subjects.Contenders(),
	}
}

// synchronous predicts the same for each synchronous contender that takes no care.
func synchronous(p Predictions) Predictions {
	return Predict(p.By(subjects.SyncSequential), p.By(subjects.SyncFanout))
}

// eventDriven predicts the same for each contender that publishes.
func eventDriven(p Predictions) Predictions {
	return Predict(p.By(subjects.Event), p.By(subjects.EventOutbox))
}

// Where latencies are compared, or the load is high, five systems at once are as much
// as a small machine can do.
var _ = Describe("A synchronous chain, beside events", func() {
	mail := Edge("email", "mailbox")

	It("adds up the delays of what it calls, one after the other", Serial, func(ctx SpecContext) {
		const delay = 60 * time.Millisecond
		slow := compared("S1", "everything behind the callees is slow", 20,
			At(4*time.Second).Inject(Latency(mail, delay, 0)).For(5*time.Second),
			At(4*time.Second).Inject(Latency(Edge("analytics", Database), delay, 0)).For(5*time.Second),
			At(4*time.Second).Inject(Latency(Edge("cache", Redis), delay, 0)).For(5*time.Second))
		slow.Predict = Predict(
			// Sent one after the other, the callees' delays add up; sent at once,
			// the slowest counts: email, whose mail takes four round trips.
			AtLeast(LatencyAdded(P50, subjects.Register), 5.5*60).By(subjects.SyncSequential),
			AtLeast(LatencyAdded(P50, subjects.Register), 3.5*60).By(subjects.SyncFanout),
			AtMost(LatencyAdded(P50, subjects.Register), 5.5*60).By(subjects.SyncFanout),
			// Its breaker opens for email, so that it waits for the others alone: it
			// answers fast, and leaves the mail out. The attempts that it lets through, two a
			// second of some sixteen, are just what counts as a breach.
			AtMost(LatencyAdded(P50, subjects.Register), 2.5*60).By(subjects.SyncHardened),
			Breaks(NoOrphans).By(subjects.SyncHardened),
			Tolerates(NoAcknowledgedLoss, Contained).By(subjects.SyncHardened),
			eventDriven(AtMost(LatencyExcess(P50, subjects.Register), 1)),
		)
		Expect(harness.Compare(ctx, slow)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("waits for the one that times out, whoever else has answered", func(ctx SpecContext) {
		silent := compared("S2", "the mail sink is silent, the others are well", 10,
			At(4*time.Second).Inject(Silence(mail)).For(5*time.Second))
		// Where five systems wait for two processors, medians of 40 answers differ by more
		// than is predicted.
		silent.Parallel = 3
		silent.Predict = Predict(
			synchronous(AtLeast(LatencyAdded(P50, subjects.Register), 900)),
			AtMost(LatencyAdded(P50, subjects.Register), 300).By(subjects.SyncHardened),
			Breaks(NoOrphans).By(subjects.SyncHardened),
			synchronous(Tolerates(NoOrphans, Contained)),
			// Before its breaker is open, and each time that it lets one attempt through, an
			// answer waits for the mail: at so low a rate that is about one in ten, which
			// is just what counts as a breach.
			Tolerates(NoAcknowledgedLoss, Contained).By(subjects.SyncHardened),
			eventDriven(AtMost(LatencyExcess(P50, subjects.Register), 1)),
			eventDriven(AtLeast(EffectsRatio("analytics"), 0.95)),
			eventDriven(AtLeast(EffectsRatio("cache"), 0.95)),
			eventDriven(Holds(NoAcknowledgedLoss)),
		)
		Expect(harness.Compare(ctx, silent)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("fails where nothing was wrong, once its workers all wait", Serial, func(ctx SpecContext) {
		cascade := compared("S3", "the mail sink is silent under load", 100,
			At(4*time.Second).Inject(Silence(mail)).For(5*time.Second))
		// Enough look at the catalog to measure a share by, and no more register than
		// three systems on two cores can catch up with after the heal while the load is
		// sent on schedule.
		cascade.Requests[0].Weight, cascade.Requests[1].Weight = 3, 2
		cascade.Require.Unrelated = subjects.Catalog
		cascade.Parallel = 3
		cascade.Predict = Predict(
			synchronous(Breaks(Contained)),
			synchronous(AtMost(AvailabilityOf(subjects.Catalog), 0.6)),
			Holds(Contained).By(subjects.SyncHardened),
			AtLeast(AvailabilityOf(subjects.Catalog), 0.99).By(subjects.SyncHardened),
			synchronous(Tolerates(NoOrphans)),
			Tolerates(NoOrphans, NoAcknowledgedLoss).By(subjects.SyncHardened),
			eventDriven(Holds(Contained, NoAcknowledgedLoss)),
			eventDriven(AtLeast(AvailabilityOf(subjects.Catalog), 0.99)),
		)
		Expect(harness.Compare(ctx, cascade)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("leaves orphans behind when one that it calls is dead", func(ctx SpecContext) {
		dead := compared("S5a", "email is dead for a while", 40,
			At(4*time.Second).Inject(Kill("email")).RestartAfter(5*time.Second))
		dead.Predict = Predict(
			synchronous(Breaks(NoOrphans)),
			Breaks(NoOrphans).By(subjects.SyncHardened),
			synchronous(Tolerates(Contained)),
			Tolerates(NoAcknowledgedLoss, Contained).By(subjects.SyncHardened),
			eventDriven(Holds(NoOrphans, NoAcknowledgedLoss)),
		)
		Expect(harness.Compare(ctx, dead)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})

var _ = Describe("An event-driven registration", func() {
	It("fails with the broker that it publishes to", func(ctx SpecContext) {
		cut := compared("T3", "registration is cut off from Kafka", 40,
			At(4*time.Second).Inject(Cut(Edge("registration", Kafka))).For(6*time.Second))
		cut.Contenders = []Contender{{Name: subjects.Event, Services: subjects.EventDriven()}}
		cut.Require.Unrelated = subjects.Catalog
		cut.Predict = Predict(
			// Who came within a publish time-out (2 s of the 6) of the heal was served late.
			AtMost(AvailabilityOf(subjects.Register), 0.4),
			Breaks(Contained),
			Holds(NoAcknowledgedLoss),
			Tolerates(NoOrphans), // the row is written before the event is published
		)
		Expect(harness.Compare(ctx, cut)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
