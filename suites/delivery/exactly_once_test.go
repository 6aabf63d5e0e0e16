package delivery

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// transferring is a run in which the plan disturbs a service that passes on what
// is published to another topic.
func transferring(title string, plan ...Step) Scenario {
	return Scenario{
		Claim: "E5", Title: title,
		Services: subjects.Transferring(),
		Requests: subjects.Requests(),
		Load:     Constant(40).For(12 * time.Second),
		Plan:     plan,
		Predict:  Holds(ExactlyOnceTransfer, TransactionAtomic, NoHangingTransaction, NoLogDuplicate),
	}
}

// ended is the first EndTxn request of a producer.
func ended(client string) Trigger {
	return Trigger{Client: client, To: Kafka, API: "EndTxn", Count: 1}
}

var _ = Describe("A service that reads, publishes and commits in one transaction", func() {
	kafka := Edge("transfer/1", Kafka)
	someAborted := AtLeast(Aborted(subjects.Transferred), 1)

	It("transfers every record once, though it is killed with a transaction open", func(ctx SpecContext) {
		killed := transferring("transfer is killed before its transaction ends",
			On(ended("transfer/1").Nth(100)).Then(Kill("transfer/1")).RestartAfter(2*time.Second))
		killed.Predict = Predict(killed.Predict, someAborted)
		Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("is fenced when it was frozen with a transaction open and others have done its work", func(ctx SpecContext) {
		// Longer than its session (3 s), shorter than its transaction (5 s): it is
		// the group that fences it, and no time-out comes to its help.
		frozen := transferring("transfer/1 is frozen past its session time-out, in a transaction",
			On(Published("transfer/1").Nth(100)).Then(Freeze("transfer/1")).For(4*time.Second))
		frozen.Services = subjects.Scaled(frozen.Services, "transfer", 2)
		frozen.Predict = Predict(frozen.Predict, someAborted, AtLeast(Rejoins("transfer"), 1))
		Expect(harness.Run(ctx, frozen)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("transfers every record once, though it is cut off from Kafka", func(ctx SpecContext) {
		Expect(harness.Run(ctx, transferring("transfer is cut off from Kafka",
			On(ended("transfer/1").Nth(100)).Then(Cut(kafka)).For(4*time.Second),
		))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("transfers every record once, though it never hears that what it published was appended", func(ctx SpecContext) {
		Expect(harness.Run(ctx, transferring("the answers to what transfer publishes are lost",
			On(Published("transfer/1").Nth(100).Answered()).Then(DropAnswers(kafka, "Produce")).For(time.Second),
		))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("transfers every record once, though it never hears that its transaction was committed", func(ctx SpecContext) {
		Expect(harness.Run(ctx, transferring("the answers to the ends of transfer's transactions are lost",
			On(ended("transfer/1").Nth(100).Answered()).Then(DropAnswers(kafka, "EndTxn")).For(time.Second),
		))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})

var _ = Describe("A producer in a transaction", func() {
	killed := transferring("registration is killed before its transaction ends",
		On(ended("registration/1").Nth(60)).Then(Kill("registration/1")).RestartAfter(2*time.Second))
	killed.Services, killed.Load = subjects.Transacting(), Constant(20).For(12*time.Second)
	killed.Require.MayFail = true
	killed.Predict = Predict(
		Holds(NoAbortedRead, TransactionAtomic, NoHangingTransaction),
		AtLeast(Aborted(subjects.Topic), 1),
	)

	It("is not read when it dies before the end of it", func(ctx SpecContext) {
		Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("is seen to be read by who does not ask for what is committed", func(ctx SpecContext) {
		Expect(harness.Run(ctx, subjects.Defective(killed, "analytics", "read-uncommitted",
			Predict(Breaks(NoAbortedRead), Tolerates(NoOrphans))))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})

var _ = Describe("A consumer that is frozen until others have its partitions", func() {
	frozen := Scenario{
		Claim: "E5", Title: "analytics/1 is frozen past its session time-out while its database is slow",
		Requests: subjects.Requests(),
		Load:     Constant(80).For(12 * time.Second),
		Plan: Plan{
			// So slow that it falls behind: when it wakes it has more in hand than the
			// attempt under way, and its heir has done that meanwhile.
			At(2 * time.Second).Inject(Latency(Edge("analytics", Database), 60*time.Millisecond, 0)).For(7 * time.Second),
			At(4 * time.Second).Inject(Freeze("analytics/1")).For(4 * time.Second),
		},
	}
	twice := func(system []Service) []Service { return subjects.Scaled(system, "analytics", 2) }

	It("does nothing twice, whether it commits to Kafka or keeps its offset with its effects", func(ctx SpecContext) {
		const inSink = "offsets-in-sink"
		frozen := frozen
		frozen.Predict = Predict(
			Holds(EffectOnce, NoAcknowledgedLoss, CommittedMonotone),
			// What its heir has moved on the sink refuses; Kafka knows of no sink.
			Holds(SingleOwner).By(inSink),
			AtLeast(Rejoins("analytics"), 1),
		)
		Expect(harness.Compare(ctx, Experiment{
			Scenario: frozen,
			Contenders: []Contender{
				{Name: subjects.Event, Services: twice(subjects.EventDriven())},
				{Name: inSink, Services: twice(subjects.StoringOffsets())},
			},
		})).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("is seen to take the offset back in a sink that does not fence it", func(ctx SpecContext) {
		frozen := frozen
		frozen.Services = twice(subjects.StoringOffsets())
		Expect(harness.Run(ctx, subjects.Defective(frozen, "analytics", "unfenced-offsets",
			Predict(Breaks(CommittedMonotone, SingleOwner), Tolerates(EffectOnce))))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})

var _ = Describe("A producer that is not told that the broker has appended", func() {
	It("appends once when it is idempotent, and again when it is not", func(ctx SpecContext) {
		const repeating = "not-idempotent"
		Expect(harness.Compare(ctx, Experiment{
			Scenario: Scenario{
				Claim: "E5", Title: "the answers to what registration publishes are lost",
				Requests: subjects.Requests(),
				Load:     Constant(40).For(12 * time.Second),
				Plan: Plan{On(Published("registration/1").Nth(120).Answered()).
					Then(DropAnswers(Edge("registration/1", Kafka), "Produce")).For(time.Second)},
				Require: Require{MayFail: true},
				Predict: Predict(
					Holds(ExactlyOnceTransfer),
					Holds(NoLogDuplicate).By(subjects.Event),
					AtMost(LogDuplicates(subjects.Topic), 0).By(subjects.Event),
					// No number tells the broker that it knows the record already, so
					// no-log-duplicate is not asked: the ids are counted.
					AtLeast(LogDuplicates(subjects.Topic), 1).By(repeating),
				),
			},
			Contenders: []Contender{
				{Name: subjects.Event, Services: subjects.Transferring()},
				{Name: repeating, Services: subjects.Repeating()},
			},
		})).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
