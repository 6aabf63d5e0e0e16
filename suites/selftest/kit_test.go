package selftest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/trial"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

var _ = DescribeTable("A sabotaged kit proves nothing, and names the reason",
	func(ctx SpecContext, s sabotage) {
		t, _ := s.perform(ctx)
		Expect(t.Outcome).To(Equal(trial.Undecided), t.Why)
		exercised := verdict(t, Exercised)
		Expect(exercised.Status).To(Equal(check.Unknown))
		reasons := []string{exercised.Why}
		for _, a := range exercised.Anomalies {
			reasons = append(reasons, a.What)
		}
		Expect(reasons).To(ContainElement(ContainSubstring(s.because)))
	},
	Entry("its fault lands on the wrong edge", SpecTimeout(2*time.Minute), sabotage{
		name: "wrong-edge", under: "the fault lands on the wrong edge",
		world:   func(w conductor.FullWorld) conductor.FullWorld { return elsewhere{w, "cache", Redis} },
		because: "was never seen to take effect",
	}),
	Entry("its fault never heals", SpecTimeout(2*time.Minute), sabotage{
		name: "never-heals", under: "the fault never heals",
		world:   func(w conductor.FullWorld) conductor.FullWorld { return unhealing{w} },
		because: "was never seen to be gone",
	}),
	Entry("its fault is undone too early", SpecTimeout(2*time.Minute), sabotage{
		name: "healed-early", under: "the fault is healed as soon as it was seen",
		world:   func(w conductor.FullWorld) conductor.FullWorld { return &impatient{FullWorld: w} },
		because: "was undone before it was healed",
	}),
	Entry("it loses the tail of what it recorded", SpecTimeout(2*time.Minute), sabotage{
		name: "lost-tail", under: "the last third of what the edges recorded is lost",
		world:   alters(withoutTail),
		because: "what the edges recorded is not all here",
	}),
	Entry("it loses the end of a file", SpecTimeout(2*time.Minute), sabotage{
		name: "cut-file", under: "the saved history is cut off",
		saved:   cutFile,
		because: "the history is truncated",
	}),
	Entry("it has two clocks, of which one is ahead", SpecTimeout(2*time.Minute), sabotage{
		name: "two-clocks", under: "the edges' clock is two seconds ahead",
		world:   alters(shifted(2 * time.Second)),
		because: "another clock",
	}),
	Entry("it has two clocks, of which one is behind", SpecTimeout(2*time.Minute), sabotage{
		name: "two-clocks", under: "the edges' clock is two seconds behind",
		world:   alters(shifted(-2 * time.Second)),
		because: "another clock",
	}),
)

var _ = It("An auditor that reads what is not committed finds transactions that are not atomic", func(ctx SpecContext) {
	t, _ := sabotage{
		name: "uncommitted-audit", under: "the auditor reads what is not committed",
		world:   alters(uncommittedRead),
		in:      subjects.Transacting(),
		plan:    Plan{On(Trigger{Client: "registration/1", To: Kafka, API: "EndTxn", Count: 55}).Then(Kill("registration/1")).RestartAfter(1500 * time.Millisecond)},
		predict: Breaks(TransactionAtomic),
		breaks:  TransactionAtomic,
	}.perform(ctx)
	Expect(t.Outcome).To(BeElementOf(trial.Confirmed, trial.Refuted), t.Why) // what else it breaks was not predicted
	Expect(t.Predictions[0].Outcome).To(Equal(trial.Confirmed), t.Why)
}, SpecTimeout(2*time.Minute))

var _ = It("A check that always passes leaves the self-test red", func(ctx SpecContext) {
	sound, log := sabotage{
		name: "passing-check", under: "the check of effect-once always passes",
		in:      subjects.Flawed(subjects.EventDriven(), "analytics", "no-deduplication"),
		plan:    Plan{On(Commit("analytics/1").Nth(40)).Then(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)},
		predict: Breaks(EffectOnce), deadline: 2 * time.Minute,
		breaks: EffectOnce,
	}.perform(ctx)
	Expect(sound).To(BeAsPredicted())
	passing := trial.RejudgeBy(sound, log, alwaysHolds(EffectOnce))
	Expect(passing).NotTo(BeAsPredicted())
	Expect(passing.Outcome).To(Equal(trial.Refuted), passing.Why)
}, SpecTimeout(2*time.Minute))
