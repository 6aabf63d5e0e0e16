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

// dying is an experiment in which registration is killed at the trigger: a user is
// in the database by then, and what follows from it is not done. The contenders are
// those that have the edge on which the trigger waits.
func dying(title string, at Trigger, contenders ...Contender) Experiment {
	return Experiment{
		Scenario: Scenario{
			Claim: "S5b", Title: title,
			Requests: subjects.Requests(),
			Load:     Constant(40).For(12 * time.Second),
			Plan:     Plan{On(at).Then(Kill("registration/1")).RestartAfter(2 * time.Second)},
			Require:  Require{MayFail: true},
		},
		Contenders: contenders,
	}
}

func contender(name string) Contender { return Contender{Name: name, Services: subjects.System(name)} }

var _ = Describe("A caller that dies in mid-call", func() {
	published := Published("registration/1").Nth(80)
	outbox := Contender{Name: subjects.EventOutbox, Services: subjects.Outbox()}

	It("leaves a user whom nobody hears of, when it calls the others", func(ctx SpecContext) {
		calling := dying("registration is killed while it calls email",
			Trigger{Client: "registration/1", To: "email", API: "POST /send-welcome", Count: 80},
			contender(subjects.SyncSequential), contender(subjects.SyncFanout))
		calling.Predict = Breaks(NoOrphans)
		Expect(harness.Compare(ctx, calling)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("leaves one just as well when it publishes, unless the event stands beside the user", func(ctx SpecContext) {
		publishing := dying("registration is killed while it publishes", published, contender(subjects.Event), outbox)
		publishing.Predict = Predict(
			Breaks(NoOrphans).By(subjects.Event),
			Holds(NoOrphans, Outbox, NoAcknowledgedLoss).By(subjects.EventOutbox),
		)
		Expect(harness.Compare(ctx, publishing)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))

	It("is seen to lose an event that it takes out of its outbox before it is published", func(ctx SpecContext) {
		publishing := dying("registration is killed while it publishes", published).Scenario
		publishing.Services = subjects.Outbox()
		Expect(harness.Run(ctx, subjects.Defective(publishing, "registration", "outbox-mark-before-publish",
			Predict(Breaks(Outbox).Because(OutboxLost), Tolerates(NoAcknowledgedLoss, NoLostInLog, NoOrphans))))).To(BeAsPredicted())
	}, SpecTimeout(90*time.Second))

	It("publishes an event again that it had not yet taken out of its outbox, which has no second effect", func(ctx SpecContext) {
		again := dying("registration is killed before it hears that an event is published", published.Answered(), outbox)
		again.Predict = Predict(
			Holds(NoOrphans, Outbox, NoAcknowledgedLoss, EffectOnce, NoLogDuplicate),
			AtLeast(LogDuplicates(subjects.Topic), 1),
		)
		Expect(harness.Compare(ctx, again)).To(BeAsPredicted())
	}, SpecTimeout(2*time.Minute))
})
