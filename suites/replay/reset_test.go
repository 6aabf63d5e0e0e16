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

// again is a run under light load in which analytics and email are asked to read
// again. A record is new to nobody then, and stays in effect once.
func again(title string, where OffsetSpec) Scenario {
	s := disturbed(title,
		At(6*time.Second).Inject(ResetOffsets("analytics", where)).For(time.Second),
		At(6*time.Second).Inject(ResetOffsets("email", where)).For(time.Second))
	s.Claim = "E3"
	s.Services = subjects.Remembering()
	s.Load = Constant(60).For(14 * time.Second)
	s.Require.Replay = true
	s.Predict = Predict(
		Holds(NoAcknowledgedLoss, NoPhantom, EffectOnce, ExplainedRedelivery, ResumeAtCommitted,
			CommittedMonotone, ReplayIsContiguous, CommitAfterEffect, BoundedRecovery),
		AtLeast(Redelivered("analytics"), 1),
		AtLeast(ReplayDepth("email"), 1),
		AtMost(Duplicates("mailbox"), 0),
	)
	return s
}

var _ = Describe("Consumers that are asked to read again", func() {
	When("it is from the beginning", func() {
		It("leaves what was done as it is, and sends no second mail", func(ctx SpecContext) {
			Expect(harness.Run(ctx, again("two groups are set back to the beginning", ToEarliest()))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("it is from an offset on", func() {
		It("leaves what was done as it is, and sends no second mail", func(ctx SpecContext) {
			Expect(harness.Run(ctx, again("two groups are set back to an offset", ToOffset(20)))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("it is from a time on", func() {
		It("leaves what was done as it is, and sends no second mail", func(ctx SpecContext) {
			Expect(harness.Run(ctx, again("two groups are set back to a time", ToTime(3*time.Second)))).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})

	When("one remembers nothing of what it has sent", func() {
		It("sends the mails again", func(ctx SpecContext) {
			s := again("a mailer without a memory is set back to the beginning", ToEarliest())
			s.Services = subjects.EventDriven()
			s.Predict = Predict(
				Holds(NoAcknowledgedLoss, ExplainedRedelivery, ResumeAtCommitted),
				AtLeast(Duplicates("mailbox"), 1),
			)
			Expect(harness.Run(ctx, s)).To(BeAsPredicted())
		}, SpecTimeout(90*time.Second))
	})
})
