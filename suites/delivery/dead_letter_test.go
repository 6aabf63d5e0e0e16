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

// givingUp is a run in which the plan disturbs analytics, which retries later what
// fails for a while and gives up what no retry can help.
func givingUp(title string, plan ...Step) Scenario {
	return Scenario{
		Claim: "E6", Title: title,
		Services: subjects.DeadLettering(),
		Requests: subjects.Poisoned(0.1),
		Load:     Constant(40).For(12 * time.Second),
		Plan:     plan,
		Require:  Require{Recovery: Duration(8 * time.Second)},
		Predict: Predict(
			Holds(DeadLetterClosure, NoAcknowledgedLoss, BoundedRecovery, EffectOnce),
			// What is poison holds nobody up, and what fails waits in another topic.
			AtMost(CatchUp("analytics"), 8*time.Second),
		),
	}
}

var _ = Describe("A consumer with retries and a dead letter topic", func() {
	database := Edge("analytics", Database)

	killed := givingUp("a tenth is poison to analytics, which is killed when a dead letter is appended",
		On(Published("analytics/1").Nth(10).Answered()).Then(Kill("analytics/1")).RestartAfter(2*time.Second))

	It("gives up a poison record once, though it is killed on the way", func(ctx SpecContext) {
		Expect(harness.Run(ctx, killed)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("is seen to give it up twice, if it commits afterwards", func(ctx SpecContext) {
		Expect(harness.Run(ctx, subjects.Defective(killed, "analytics", "dead-letter-then-commit",
			Breaks(DeadLetterClosure).Because(TwoDeadLetters)))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("brings every record to one end, though its database fails for a while", func(ctx SpecContext) {
		Expect(harness.Run(ctx, givingUp("a tenth is poison to analytics, which is cut off from its database",
			At(4*time.Second).Inject(Cut(database)).For(3*time.Second),
		))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("does once what is sent back to it when its database is well again", func(ctx SpecContext) {
		// What sends letters back does so when it starts: once before there are any,
		// and again when somebody starts it again.
		redriven := givingUp("what analytics gave up without its database is sent back",
			At(3*time.Second).Inject(Cut(database)).For(3*time.Second),
			At(8*time.Second).Inject(Restart("redrive")).For(time.Second))
		redriven.Services, redriven.Requests = subjects.Redriving(), subjects.Requests()
		redriven.Predict = Predict(
			Holds(DeadLetterClosure, NoOrphans, EffectOnce),
			AtLeast(LogDuplicates(subjects.Topic), 1), // the dead letters that were sent back
			AtMost(Lost("analytics"), 0),
		)
		Expect(harness.Run(ctx, redriven)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))
})
