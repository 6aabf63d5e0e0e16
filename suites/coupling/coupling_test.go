package coupling

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
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
			AtMost(measure.Restarts("registration"), 0).By(subjects.Event),
			// All that was acknowledged is owed to audit too, also what was before it came.
			Holds(check.NoAcknowledgedLoss, check.EffectOnce, check.BoundedRecovery).By(subjects.Event),
			AtMost(measure.CatchUp("audit"), 5).By(subjects.Event),

			// True by construction, and shown as such: who calls has a list of callees,
			// and audit is not on it. As long as nobody changes and restarts registration
			// audit gets nothing, of what was before it as of what comes after.
			AtMost(measure.Restarts("registration"), 0).By(subjects.SyncFanout),
			Breaks(check.NoAcknowledgedLoss).By(subjects.SyncFanout),
		)
		Expect(harness.Compare(ctx, added)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
