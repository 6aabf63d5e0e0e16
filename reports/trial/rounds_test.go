package trial_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestRepeated(t *testing.T) {
	mk := func(id, title, contender string, round int) *trial.Trial {
		return &trial.Trial{ID: id, Suite: "s", Claim: "E1", Title: title, Contender: contender, Round: round}
	}
	tell := func(all []trial.Rounds) string {
		var groups []string
		for _, r := range all {
			var ids []string
			for _, t := range r {
				ids = append(ids, t.ID)
			}
			groups = append(groups, strings.Join(ids, " "))
		}
		return strings.Join(groups, ", ")
	}
	for name, c := range map[string]struct {
		trials []*trial.Trial
		want   string
	}{
		"none":                 {nil, ""},
		"by round":             {[]*trial.Trial{mk("a2", "x", "", 2), mk("b1", "y", "", 1), mk("a1", "x", "", 1), mk("a3", "x", "", 3)}, "a1 a2 a3, b1"},
		"contenders":           {[]*trial.Trial{mk("a1", "x", "event", 1), mk("b1", "x", "sync", 1), mk("a2", "x", "event", 2), mk("b2", "x", "sync", 2)}, "a1 a2, b1 b2"},
		"of before rounds":     {[]*trial.Trial{mk("a", "x", "", 0), mk("b", "x", "", 0)}, "a, b"},
		"several in a round":   {[]*trial.Trial{mk("a1", "x", "", 1), mk("b1", "x", "", 1), mk("a2", "x", "", 2), mk("b2", "x", "", 2)}, "a1 a2, b1 b2"},
		"nothing but the spec": {[]*trial.Trial{{ID: "a", Spec: "x"}, {ID: "b", Spec: "y", Round: 2}, {ID: "c", Spec: "x", Round: 2}}, "a c, b"},
	} {
		if got := tell(trial.Repeated(c.trials)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWorstRound(t *testing.T) {
	mk := func(round int, o trial.Outcome, catchUp float64) *trial.Trial {
		return &trial.Trial{Round: round, Outcome: o,
			Measurements: measure.Measurements{Values: []measure.Value{{Name: breakwater.CatchUp("a"), Value: catchUp, Unit: "s", N: 1}}},
			Predictions:  []trial.Predicted{{Prediction: breakwater.Prediction{Measurement: breakwater.CatchUp("a"), Op: breakwater.OpAtMost, Bound: 10}, Outcome: o}}}
	}
	atLeast := func(round int, v float64) *trial.Trial {
		t := mk(round, trial.Confirmed, v)
		t.Predictions[0].Op = breakwater.OpAtLeast
		return t
	}
	for name, c := range map[string]struct {
		trials []*trial.Trial
		want   int
	}{
		"one":                        {[]*trial.Trial{mk(4, trial.Confirmed, 1)}, 4},
		"the worst outcome":          {[]*trial.Trial{mk(1, trial.Undecided, 30), mk(2, trial.Refuted, 11), mk(3, trial.Confirmed, 1)}, 2},
		"most that are red":          {[]*trial.Trial{mk(1, trial.Refuted, 11), mk(1, trial.Confirmed, 1), mk(2, trial.Refuted, 11), mk(2, trial.Refuted, 11)}, 2},
		"nearest to the bound":       {[]*trial.Trial{mk(1, trial.Confirmed, 3), mk(2, trial.Confirmed, 9), mk(3, trial.Confirmed, 8)}, 2},
		"nearest to the lower bound": {[]*trial.Trial{atLeast(1, 30), atLeast(2, 20), atLeast(3, 40)}, 2},
		"nothing at all":             {[]*trial.Trial{atLeast(1, 30), atLeast(2, 0)}, 2},
		"of equals the first":        {[]*trial.Trial{mk(2, trial.Confirmed, 3), mk(1, trial.Confirmed, 3)}, 1},
	} {
		if got := trial.WorstRound(c.trials); got != c.want {
			t.Errorf("%s: round %d, want %d", name, got, c.want)
		}
	}
}

func TestCaught(t *testing.T) {
	mk := func(active time.Duration, since ...time.Duration) *trial.Trial {
		t := &trial.Trial{Measurements: measure.Measurements{Faults: []measure.Fault{{}, {Active: active + time.Second}, {Active: active}}}}
		for i, at := range since {
			g := breakwater.Guarantees()[i].Name
			t.Verdicts = append(t.Verdicts, check.Verdict{Guarantee: g, Status: check.Broken, Since: at})
			t.Predictions = append(t.Predictions, trial.Predicted{Prediction: breakwater.Prediction{Guarantee: g, Expect: breakwater.ToBreak}})
		}
		return t
	}
	unpredicted := mk(4*time.Second, 5*time.Second)
	unpredicted.Predictions[0].Expect = breakwater.ToHold
	for name, c := range map[string]struct {
		t    *trial.Trial
		want string
	}{
		"after the fault":           {mk(4*time.Second, 5500*time.Millisecond), "1.5 s"},
		"the earliest":              {mk(4*time.Second, 9*time.Second, 0, 6*time.Second), "2 s"},
		"before the fault":          {mk(4*time.Second, 3*time.Second), "−1 s"},
		"nobody knows when":         {mk(4*time.Second, 0), "not measured"},
		"the fault was not seen":    {&trial.Trial{Verdicts: mk(0, 3*time.Second).Verdicts, Predictions: mk(0, 3*time.Second).Predictions}, "not measured"},
		"nobody had predicted that": {unpredicted, "not measured"},
	} {
		if got := c.t.Caught().String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func ExampleRounds_Worst() {
	trials := []*trial.Trial{
		{ID: "kill", Title: "the consumer is killed", Round: 1, Outcome: trial.Confirmed},
		{ID: "kill-2", Title: "the consumer is killed", Round: 2, Outcome: trial.Refuted},
		{ID: "kill-3", Title: "the consumer is killed", Round: 3, Outcome: trial.Confirmed},
	}
	for _, r := range trial.Repeated(trials) {
		fmt.Println(len(r), r.Worst().ID)
	}
	// Output: 3 kill-2
}
