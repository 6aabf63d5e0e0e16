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

var _ = Describe("Publishing", func() {
	It("does not wait for consumers that are down, slow or frozen", func(ctx SpecContext) {
		s := disturbed("every consumer is disturbed",
			At(4*time.Second).Inject(Kill("email")).RestartAfter(5*time.Second),
			At(4*time.Second).Inject(Latency(Edge("analytics/1", Kafka), 300*time.Millisecond, 0)).For(5*time.Second),
			At(4*time.Second).Inject(Freeze("cache")).For(5*time.Second))
		s.Claim = "E1"
		s.Predict = Predict(
			// The median only: the p99 of one window is four requests, and on a small
			// machine the restart of a process is enough to move them.
			AtMost(LatencyExcess(P50, subjects.Register), 1),
			AtLeast(AvailabilityOf(subjects.Register), 1),
			Holds(NoAcknowledgedLoss, NoOrphans),
		)
		Expect(harness.Run(ctx, s)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})
