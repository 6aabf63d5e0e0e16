package selftest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// Whatever breaks around the right systems, no guarantee may be found
// broken in any of them: `make soak` repeats this.
var _ = Describe("A right system", Serial, func() {
	healthy := func(under string, plan ...Step) Experiment {
		return Experiment{
			Scenario: Scenario{
				Claim: "healthy", Title: under,
				Requests: subjects.Requests(), Load: Poisson(20).For(7 * time.Second), Plan: plan,
				Require: Require{MayFail: true}, Predict: BreaksNothing(),
			},
			Parallel: 3, // each has a broker, and an engine that is busy is slow to start what was killed
			Contenders: []Contender{
				{Name: subjects.Event, Services: subjects.EventDriven()},
				{Name: "auto-commit", Services: subjects.AutoCommitting()},
				{Name: "offsets-in-sink", Services: subjects.StoringOffsets()},
				{Name: "dead-letters", Services: subjects.DeadLettering()},
				{Name: subjects.EventOutbox, Services: subjects.Outbox()},
				{Name: subjects.Transactional, Services: subjects.Transacting()},
			},
		}
	}

	It("breaks nothing when a consumer is killed", func(ctx SpecContext) {
		Expect(harness.Compare(ctx, healthy("analytics is killed",
			At(2500*time.Millisecond).Inject(Kill("analytics/1")).RestartAfter(time.Second)))).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("breaks nothing when a consumer is cut off from Kafka", func(ctx SpecContext) {
		Expect(harness.Compare(ctx, healthy("analytics is cut off from Kafka",
			At(2500*time.Millisecond).Inject(Cut(Edge("analytics", Kafka))).For(1500*time.Millisecond)))).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
