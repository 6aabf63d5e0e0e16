package selftest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/breakwater-kit/breakwater"
	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/reports/trial"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

var _ = DescribeTable("A kit with a flaw proves nothing, and reports why",
	func(ctx SpecContext, title string, f flaw) {
		Expect(harness.Flawed(ctx, f.kit(title), f.scenario(title))).To(BeAsPredicted())
	},
	Entry("its fault lands on the wrong edge", SpecTimeout(2*time.Minute), "the fault lands on the wrong edge", flaw{
		name:    "wrong-edge",
		world:   func(w conductor.World) conductor.World { return elsewhere{w, "cache", Redis} },
		predict: ProvesNothing("was never seen to take effect"),
	}),
	Entry("its fault never heals", SpecTimeout(2*time.Minute), "the fault never heals", flaw{
		name:    "never-heals",
		world:   func(w conductor.World) conductor.World { return unhealing{w} },
		predict: ProvesNothing("was never seen to be gone"),
	}),
	Entry("its fault is undone too early", SpecTimeout(2*time.Minute), "the fault is healed as soon as it was seen", flaw{
		name:    "healed-early",
		world:   func(w conductor.World) conductor.World { return &impatient{World: w} },
		predict: ProvesNothing("was undone before it was healed"),
	}),
	Entry("it loses the tail of what it recorded", SpecTimeout(2*time.Minute), "the last third of what the edges recorded is lost", flaw{
		name:    "lost-tail",
		world:   tells(withoutTail),
		predict: ProvesNothing("what the edges recorded is not all here"),
	}),
	Entry("it loses the end of a file", SpecTimeout(2*time.Minute), "the saved history is cut off", flaw{
		name:    "cut-file",
		saved:   cutFile,
		predict: ProvesNothing("the history is truncated"),
	}),
	Entry("it has two clocks, of which one is ahead", SpecTimeout(2*time.Minute), "the edges' clock is two seconds ahead", flaw{
		name:    "two-clocks",
		world:   tells(shifted(2 * time.Second)),
		predict: ProvesNothing("another clock"),
	}),
	Entry("it has two clocks, of which one is behind", SpecTimeout(2*time.Minute), "the edges' clock is two seconds behind", flaw{
		name:    "two-clocks",
		world:   tells(shifted(-2 * time.Second)),
		predict: ProvesNothing("another clock"),
	}),
	Entry("its auditor reads what is not committed", SpecTimeout(2*time.Minute), "the auditor reads what is not committed", flaw{
		name:  "uncommitted-audit",
		world: tells(uncommittedRead),
		in:    subjects.Transacting(),
		under: Plan{On(Trigger{Client: "registration/1", To: Kafka, API: "EndTxn", Count: 55}).Then(Kill("registration/1")).RestartAfter(1500 * time.Millisecond)},
		predict: Predict(
			Breaks(breakwater.TransactionAtomic),
		),
	}),
)

var _ = It("A check that always passes leaves the self-test red", func(ctx SpecContext) {
	const planted = "no-deduplication"
	title := "the check of effect-once always passes"
	sound := harness.Run(ctx, Scenario{
		Claim: "kit: passing-check", Title: title,
		Services: subjects.Flawed(subjects.EventDriven(), "analytics", planted),
		Requests: subjects.Requests(), Load: Constant(20).For(6 * time.Second), Plan: Plan{On(Commit("analytics/1").Nth(40)).Then(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)},
		Require: Require{MayFail: true},
		Predict: Breaks(breakwater.EffectOnce),
	})
	Expect(sound).To(BeAsPredicted())
	passing := trial.RejudgeBy(sound, harness.History(sound), alwaysHolds(breakwater.EffectOnce))
	Expect(passing).NotTo(BeAsPredicted())
	Expect(passing.Outcome).To(Equal(trial.Refuted), passing.Why)
}, SpecTimeout(2*time.Minute))
