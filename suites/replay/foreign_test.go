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

var _ = Describe("A consumer in another language", func() {
	It("is cut off without knowing of any proxy, and resumes at its committed offset", func(ctx SpecContext) {
		s := disturbed("a Python consumer is cut off from Kafka",
			At(4*time.Second).Inject(Cut(Edge("archive/1", Kafka))).For(4*time.Second))
		s.Services = subjects.WithPythonConsumer()
		s.Predict = Predict(
			Holds(ResumeAtCommitted, ExplainedRedelivery, BoundedRecovery, NoLostInLog),
			AtMost(CatchUp("archive"), 10*time.Second),
		)
		Expect(harness.Run(ctx, s)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})
