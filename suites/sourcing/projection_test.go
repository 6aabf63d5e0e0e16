package sourcing

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// sound is what every view has to keep, whatever has become of its consumer.
func sound() Predictions {
	return Predict(
		Holds(ProjectionEqualsReplay, NoAcknowledgedLoss, NoPhantom,
			ResumeAtCommitted, CommittedMonotone, BoundedRecovery),
		AtMost(CatchUp("projection"), 10*time.Second),
	)
}

// disturbed is a run of the system with a projection, which the plan disturbs.
func disturbed(claim, title string, services []Service, plan ...Step) Scenario {
	return Scenario{
		Claim:    claim,
		Title:    title,
		Services: services,
		Requests: subjects.Requests(),
		Load:     Constant(60).For(14 * time.Second),
		Plan:     plan,
		Require:  Require{Recovery: Duration(10 * time.Second)},
		Predict:  sound(),
	}
}

var _ = Describe("A view that is made of events", func() {
	When("it is deleted while events come", func() {
		It("is made again of the log from offset 0 and reports what the log says", func(ctx SpecContext) {
			deleted := disturbed("E7", "the projection is killed and its view deleted", subjects.Rebuilding(),
				At(6*time.Second).Inject(Kill("projection/1")).RestartAfter(time.Second))
			deleted.Require.Replay = true
			// By the kill there are about 280 events in the view, and all come again.
			deleted.Predict = Predict(deleted.Predict, AtLeast(Redelivered("projection"), 200))
			Expect(harness.Run(ctx, deleted)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("its consumer is killed and goes on", func() {
		It("takes each event in once and reports what the log says", func(ctx SpecContext) {
			killed := disturbed("E7", "the projection is killed and keeps its view", subjects.Projected(),
				At(6*time.Second).Inject(Kill("projection/1")).RestartAfter(time.Second))
			killed.Predict = Predict(killed.Predict, Holds(EffectOnce, CommitAfterEffect))
			Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("its consumer is cut off from Kafka", func() {
		It("is as stale as the cut is long, and fresh again soon after the heal", func(ctx SpecContext) {
			const long = 4
			cut := disturbed("E8", "the projection is cut off from Kafka", subjects.Projected(),
				At(4*time.Second).Inject(Cut(Edge("projection/1", Kafka))).For(long*time.Second))
			cut.Predict = Predict(cut.Predict,
				AtMost(StalenessIn(Before, "projection"), 1),
				AtLeast(StalenessIn(During, "projection"), long-1),
				AtMost(StalenessIn(During, "projection"), long+1),
				AtMost(FreshAgain("projection"), 6*time.Second),
				AtMost(StalenessIn(During, "analytics"), 1),
			)
			Expect(harness.Run(ctx, cut)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("its database is slow", func() {
		It("is little staler than before, and nobody who publishes waits for it", func(ctx SpecContext) {
			slow := disturbed("E8", "the projection's database is slow", subjects.Projected(),
				At(4*time.Second).Inject(Latency(Edge("projection/1", Database), 20*time.Millisecond, 0)).For(5*time.Second))
			slow.Predict = Predict(slow.Predict,
				AtMost(Staleness("projection"), 2*time.Second),
				AtMost(FreshAgain("projection"), 2*time.Second),
				AtMost(LatencyExcess(P50, subjects.Register), 1),
			)
			Expect(harness.Run(ctx, slow)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})
})
