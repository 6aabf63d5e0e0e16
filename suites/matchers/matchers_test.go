package matchers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onsi/gomega"

	"github.com/breakwater-kit/breakwater/reports/trial"
	"github.com/breakwater-kit/breakwater/suites/matchers"
)

// performed is a trial with one prediction of each outcome.
func performed(id string, outcome trial.Outcome, each ...trial.Outcome) *trial.Trial {
	t := &trial.Trial{ID: id, Outcome: outcome, Why: "because of " + id}
	for i, o := range each {
		t.Predictions = append(t.Predictions, trial.Predicted{Says: fmt.Sprintf("guarantee %d holds", i+1), Observed: fmt.Sprintf("observed %d", i+1), Outcome: o})
	}
	return t
}

// known marks the trial's last prediction.
func known(t *trial.Trial) *trial.Trial {
	t.Predictions[len(t.Predictions)-1].KnownRefuted = "see #7"
	return t
}

func TestBeAsPredicted(t *testing.T) {
	const negated = "every prediction was confirmed, or refuted where it is known to be"
	confirmed := performed("a", trial.Confirmed, trial.Confirmed, trial.Confirmed)
	refuted := performed("b", trial.Refuted, trial.Confirmed, trial.Refuted)
	for _, c := range []struct {
		name    string
		actual  any
		message string // of To; "" when it succeeds
	}{
		{"confirmed", confirmed, ""},
		{"refuted", refuted, "b is refuted: because of b\n  confirmed  guarantee 1 holds: observed 1\n  refuted    guarantee 2 holds: observed 2\n"},
		{"undecided", performed("c", trial.Undecided, trial.Undecided), "c is undecided: because of c\n  undecided  guarantee 1 holds: observed 1\n"},
		{"undecided as a whole, whatever was observed", performed("c", trial.Undecided, trial.Confirmed), "c is undecided: because of c\n  confirmed  guarantee 1 holds: observed 1\n"},
		{"error", performed("d", trial.Error, trial.Confirmed), "d is error: because of d\n  confirmed  guarantee 1 holds: observed 1\n"},
		{"nothing predicted", performed("e", trial.Confirmed), "e is confirmed: because of e\n"},
		{"refuted, as is known", known(performed("f", trial.Refuted, trial.Confirmed, trial.Refuted)), ""},
		{"confirmed, though known to be refuted", known(performed("g", trial.Confirmed, trial.Confirmed)),
			"g is confirmed: because of g\n  confirmed  guarantee 1 holds: observed 1 (known to be refuted: see #7)\n"},
		{"all of an experiment", []*trial.Trial{confirmed, confirmed}, ""},
		{"one of an experiment", []*trial.Trial{confirmed, refuted}, "b is refuted: because of b\n  confirmed  guarantee 1 holds: observed 1\n  refuted    guarantee 2 holds: observed 2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := matchers.BeAsPredicted()
			matched, err := m.Match(c.actual)
			if err != nil {
				t.Fatal(err)
			}
			if matched != (c.message == "") {
				t.Fatalf("matched: %t", matched)
			}
			got, want := m.FailureMessage(c.actual), c.message
			if matched {
				got, want = m.NegatedFailureMessage(c.actual), negated
			}
			if got != want {
				t.Errorf("the message is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// With Not, a matcher that did not match nothing would be green.
func TestBeAsPredictedNeedsATrial(t *testing.T) {
	for _, c := range []struct {
		name   string
		actual any
		want   string
	}{
		{"no trials", []*trial.Trial{}, "there is none"},
		{"no trial", (*trial.Trial)(nil), "there is none"},
		{"a missing trial", []*trial.Trial{performed("a", trial.Confirmed, trial.Confirmed), nil}, "there is none"},
		{"nil", nil, "not <nil>"},
		{"something else", trial.Trial{}, "not trial.Trial"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var printed []string
			g := gomega.NewGomega(func(message string, _ ...int) { printed = append(printed, message) })
			g.Expect(c.actual).To(matchers.BeAsPredicted())
			g.Expect(c.actual).NotTo(matchers.BeAsPredicted())
			if len(printed) != 2 || !strings.Contains(printed[0], c.want) || !strings.Contains(printed[1], c.want) {
				t.Errorf("said %q, want %q twice", printed, c.want)
			}
		})
	}
}

func ExampleBeAsPredicted() {
	slow := &trial.Trial{ID: "replay-e2-kill-event", Outcome: trial.Refuted, Why: "1 of 2 predictions were observed otherwise", Predictions: []trial.Predicted{
		{Says: "no-acknowledged-loss holds", Observed: "0 of 3,000 lost", Outcome: trial.Confirmed},
		{Says: "catch-up of analytics ≤ 10 s", Observed: "14 s", Outcome: trial.Refuted},
	}}
	// In a spec this is Ginkgo's Expect.
	g := gomega.NewGomega(func(message string, _ ...int) { fmt.Print(message) })
	g.Expect(slow).To(matchers.BeAsPredicted())
	// Output:
	// replay-e2-kill-event is refuted: 1 of 2 predictions were observed otherwise
	//   confirmed  no-acknowledged-loss holds: 0 of 3,000 lost
	//   refuted    catch-up of analytics ≤ 10 s: 14 s
}
