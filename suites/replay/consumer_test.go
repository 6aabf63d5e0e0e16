package replay

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// recovery is what every disturbed consumer has to keep.
func recovery() Predictions {
	return Predict(
		Holds(NoAcknowledgedLoss, NoPhantom, ExplainedRedelivery,
			ResumeAtCommitted, CommitAfterEffect, BoundedRecovery),
		AtMost(CatchUp("analytics"), 10*time.Second),
	)
}

// disturbed is a run of the event-driven system in which the plan disturbs the
// analytics consumer.
func disturbed(title string, plan ...Step) Scenario {
	return Scenario{
		Claim:    "E2",
		Title:    title,
		Services: subjects.EventDriven(),
		Requests: subjects.Requests(),
		Load:     Constant(100).For(14 * time.Second),
		Plan:     plan,
		Require:  Require{Recovery: Duration(10 * time.Second)},
		Predict:  recovery(),
	}
}

var _ = Describe("The analytics consumer", func() {
	kafka := Edge("analytics/1", Kafka)

	When("its connection to Kafka is cut", func() {
		It("catches up after the heal and loses nothing", func(ctx SpecContext) {
			Expect(harness.Run(ctx, disturbed("analytics is cut off from Kafka",
				At(4*time.Second).Inject(Cut(kafka)).For(4*time.Second),
			))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("Kafka is silent to it for longer than its session lasts", func() {
		It("rejoins, catches up and loses nothing", func(ctx SpecContext) {
			Expect(harness.Run(ctx, disturbed("Kafka is silent to analytics",
				At(4*time.Second).Inject(Silence(kafka)).For(5*time.Second),
			))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("Kafka is slow to answer it", func() {
		It("keeps its partitions and loses nothing", func(ctx SpecContext) {
			slow := disturbed("Kafka is slow for analytics",
				At(4*time.Second).Inject(Latency(kafka, 300*time.Millisecond, 50*time.Millisecond)).For(5*time.Second))
			slow.Predict = Predict(slow.Predict, AtMost(Rejoins("analytics"), 0))
			Expect(harness.Run(ctx, slow)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("it is killed while its commit is on the way", func() {
		killed := disturbed("analytics is killed on a held commit",
			On(Commit("analytics/1").Nth(200)).Then(Kill("analytics/1")).RestartAfter(2*time.Second))
		killed.Require.Replay = true

		It("resumes from its last committed offset and loses nothing", func(ctx SpecContext) {
			killed := killed
			killed.Predict = Predict(killed.Predict, AtLeast(Redelivered("analytics"), 1))
			Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))

		It("is seen to do twice what comes twice, if it does not deduplicate", func(ctx SpecContext) {
			Expect(harness.Run(ctx, subjects.Defective(killed, "analytics", "no-deduplication",
				Breaks(EffectOnce)))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("it is killed before it hears that its commit was done", func() {
		It("goes on behind it and has lost nothing", func(ctx SpecContext) {
			Expect(harness.Run(ctx, disturbed("analytics is killed on the answer to its commit",
				On(Commit("analytics/1").Nth(200).Answered()).Then(Kill("analytics/1")).RestartAfter(2*time.Second),
			))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("it is frozen for longer than its session lasts", func() {
		It("comes back as a stranger, catches up and loses nothing", func(ctx SpecContext) {
			Expect(harness.Run(ctx, disturbed("analytics is frozen past its session time-out",
				At(4*time.Second).Inject(Freeze("analytics/1")).For(5*time.Second),
			))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})
})
