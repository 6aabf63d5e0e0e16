package harness_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// A suite is a test that runs its package's specs, in suites/shop/shop_suite_test.go. A
// spec is one sentence, one scenario and one expectation.
func ExampleRun() {
	TestShop := func(t *testing.T) { harness.RunSpecs(t, "shop") } // go test calls it
	killed := Scenario{
		Claim: "E2", Title: "analytics is killed",
		Services: subjects.EventDriven(),
		Requests: subjects.Requests(),
		Load:     Constant(100).For(14 * time.Second),
		Plan:     Plan{At(4 * time.Second).Inject(Kill("analytics/1")).RestartAfter(2 * time.Second)},
		Predict:  Holds(NoAcknowledgedLoss, ResumeAtCommitted),
	}
	Describe("The analytics consumer", func() {
		It("loses nothing when it is killed", func(ctx SpecContext) {
			Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})
	fmt.Println(TestShop != nil, killed.Validate())
	// Output: true <nil>
}

// An experiment is one spec, too: every contender meets the same fault, and something is
// predicted of each.
func ExampleCompare() {
	slow := Experiment{
		Scenario: Scenario{
			Claim: "E1", Title: "the mailer is slow",
			Requests: subjects.Requests(),
			Load:     Constant(100).For(12 * time.Second),
			Plan:     Plan{At(3 * time.Second).Inject(Latency(Edge("email", "mailbox"), 300*time.Millisecond, 0)).For(4 * time.Second)},
			Require:  Require{Availability: 0.99},
			Predict:  Predict(Holds(Availability), AtMost(LatencyAdded(P50, subjects.Register), 50*time.Millisecond).By(subjects.Event)),
		},
		Contenders: subjects.Contenders(),
	}
	Describe("Registration", func() {
		It("does not wait for a slow mailer when it publishes", func(ctx SpecContext) {
			Expect(harness.Compare(ctx, slow)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})
	fmt.Println(slow.Validate())
	// Output: <nil>
}
