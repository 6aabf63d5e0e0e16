package scaling

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// consumed is a run of the event-driven system.
func consumed(title string, plan ...Step) Scenario {
	return Scenario{
		Claim:    "E4",
		Title:    title,
		Services: subjects.EventDriven(),
		Requests: subjects.Requests(),
		Load:     Constant(100).For(14 * time.Second),
		Plan:     plan,
		Require:  Require{Recovery: Duration(10 * time.Second)},
	}
}

// untouched predicts that the groups go on as if nothing had happened.
func untouched(groups ...string) (p Predictions) {
	for _, group := range groups {
		p = Predict(p, AtMost(CatchUp(group), 0*time.Second), AtMost(Rejoins(group), 0))
	}
	return p
}

var _ = Describe("A group of consumers", func() {
	It("shares its partitions with who comes, takes over from who goes, and does nothing twice", Serial, func(ctx SpecContext) {
		s := consumed("consumers come and go under load",
			At(3*time.Second).Inject(Start("analytics/2")),
			At(5*time.Second).Inject(Start("analytics/3")),
			At(8*time.Second).Inject(Stop("analytics/2")).For(2*time.Second))
		s.Services = subjects.Growing(s.Services, "analytics", 3)
		s.Predict = Predict(
			Holds(NoAcknowledgedLoss, NoPhantom, EffectOnce, ExplainedRedelivery, ResumeAtCommitted,
				CommitAfterEffect, CommittedMonotone, ReplayIsContiguous, SingleOwner, BoundedRecovery),
			// Who leaves in order has committed what it did.
			AtMost(Redelivered("analytics"), 0),
			// All of a group pauses for each rebalance: a heartbeat, and what it takes to join.
			AtMost(Outage("analytics"), 2*time.Second),
			AtMost(CatchUp("analytics"), 3*time.Second),
			untouched("email", "cache"),
		)
		Expect(harness.Run(ctx, s)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("does not slow down others that read the same events", func(ctx SpecContext) {
		s := consumed("analytics is slow, the others are well",
			At(4*time.Second).Inject(Latency(Edge("analytics", Database), 300*time.Millisecond, 0)).For(5*time.Second))
		s.Predict = Predict(
			Holds(NoAcknowledgedLoss, BoundedRecovery),
			AtMost(EffectsRatio("analytics"), 0.5),
			AtLeast(EffectsRatio("mailbox"), 0.95),
			AtLeast(EffectsRatio("cache"), 0.95),
			untouched("email", "cache"),
		)
		Expect(harness.Run(ctx, s)).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("is as fast as it has members, up to the number of partitions", Serial, func(ctx SpecContext) {
		// While a record takes 100 ms, one at a time, a member does at most 10 of
		// the 48 that come in a second.
		slow := consumed("each record takes a tenth of a second",
			At(3*time.Second).Inject(Latency(Edge("analytics", Database), 100*time.Millisecond, 0)).For(6*time.Second))
		slow.Services, slow.Load.Rate = nil, 60
		const one = 10. / 48
		done := EffectsRatio("analytics")
		members := func(n float64) *Sweep { return &Sweep{Over: "members", At: n, Of: done, Line: "analytics"} }
		e := Experiment{Scenario: slow, Contenders: []Contender{
			{Name: "one", Services: subjects.OneByOne(1), Sweep: members(1)},
			{Name: "two", Services: subjects.OneByOne(2), Sweep: members(2)},
			{Name: "four", Services: subjects.OneByOne(4), Sweep: members(4)},
			{Name: "five", Services: subjects.OneByOne(5), Sweep: members(5)},
		}}
		e.Predict = Predict(
			Holds(NoAcknowledgedLoss),
			AtMost(done, one+0.02).By("one"), AtLeast(done, 0.7*one).By("one"),
			AtMost(done, 2*one+0.02).By("two"), AtLeast(done, 2*0.7*one).By("two"),
			AtMost(done, 4*one+0.02).By("four"), AtLeast(done, 4*0.7*one).By("four"),
			// There are four partitions: the fifth member has nothing to do.
			AtMost(done, 4*one+0.02).By("five"), AtLeast(done, 4*0.7*one).By("five"),
		)
		Expect(harness.Compare(ctx, e)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("pauses what changes hands, or all, by how it divides its partitions", Serial, func(ctx SpecContext) {
		e := Experiment{Scenario: consumed("a member comes, and another is restarted",
			At(3*time.Second).Inject(Start("analytics/3")),
			At(7*time.Second).Inject(Restart("analytics/2")).For(time.Second))}
		e.Services, e.Load.Rate, e.Parallel = nil, 60, 2
		const static = "static"
		e.Contenders = []Contender{
			{Name: "eager", Services: subjects.Dividing("eager", false)},
			{Name: static, Services: subjects.Dividing("eager", true)},
			{Name: "cooperative", Services: subjects.Dividing("cooperative", false)},
			{Name: "consumer-protocol", Services: subjects.Dividing("consumer-protocol", false)},
		}
		e.Predict = Predict(
			Holds(NoAcknowledgedLoss, EffectOnce, ResumeAtCommitted, CommittedMonotone, SingleOwner, BoundedRecovery),
			AtMost(Redelivered("analytics"), 0),
			AtMost(CatchUp("analytics"), 3*time.Second),
			// Nobody stops reading for long.
			AtMost(Outage("analytics"), 1*time.Second),

			// One comes, one goes, and that one comes back: eager members give up all they
			// have three times, and take it up again.
			AtLeast(Rejoins("analytics"), 6).By("eager"),
			// Nobody takes over from a static member that is away for a moment: what it
			// has waits for it.
			AtMost(Rejoins("analytics"), 4).By(static),
			AtLeast(Unowned("analytics"), 0.9).By(static),
			// Of the others only those take something up that get something.
			AtMost(Rejoins("analytics"), 5).By("cooperative"),
			AtMost(Rejoins("analytics"), 5).By("consumer-protocol"),
			// What changes hands waits for two rebalances in the one case, and in the
			// other until its new owner's next heartbeat (500 ms): three times, and at
			// most two partitions each time.
			AtMost(Unowned("analytics"), 4*time.Second).By("eager"),
			AtMost(Unowned("analytics"), 4*time.Second).By("cooperative"),
			AtMost(Unowned("analytics"), 3*time.Second).By("consumer-protocol"),
		)
		Expect(harness.Compare(ctx, e)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
