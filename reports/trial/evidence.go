package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// shown is how many of a verdict's anomalies are enough to begin with.
const shown = 3

// Wrong is something that did not come out as predicted.
type Wrong struct {
	Outcome Outcome
	Lines   []string // what was observed instead, and the evidence of it
}

// Wrong is what did not come out as predicted: a prediction each or, where the whole
// trial proves nothing, that. A refutation that is known is one too. It is empty for a
// trial that is confirmed.
func (t *Trial) Wrong() (all []Wrong) {
	if t.Outcome == Confirmed {
		return nil
	}
	for _, p := range t.Predictions {
		if p.Outcome != Confirmed {
			all = append(all, Wrong{p.Outcome, append([]string{p.Says + ": " + p.Observed}, t.Evidence(p)...)})
		}
	}
	if !slices.ContainsFunc(all, func(w Wrong) bool { return w.Outcome == t.Outcome }) {
		all = append([]Wrong{{t.Outcome, []string{t.Why}}}, all...)
	}
	return all
}

// Evidence is what a prediction that was observed otherwise rests on: the worst few
// anomalies of its guarantee, a line each, with the numbers of the events that show it,
// and how many more there are. It is empty for a bound on a measurement, and for what was
// observed as predicted.
func (t *Trial) Evidence(p Predicted) (lines []string) {
	if p.Outcome != Refuted || p.Guarantee == "" {
		return nil
	}
	for _, v := range t.Verdicts {
		of := v.Guarantee == p.Guarantee || p.Guarantee == breakwater.Others && v.Status == check.Broken && !slices.Contains(p.Except, v.Guarantee)
		if !of || v.Status != check.Broken {
			continue
		}
		worst := v.Anomalies[:min(shown, len(v.Anomalies))]
		for _, a := range worst {
			line := a.What
			if len(a.Events) > 0 {
				line += fmt.Sprintf(" [events %s]", strings.Trim(fmt.Sprint(a.Events), "[]"))
			}
			if a.Setting != "" {
				line += "; see " + a.Setting
			}
			lines = append(lines, line)
		}
		if more := v.Total - len(worst); more > 0 {
			lines = append(lines, fmt.Sprintf("and %s more of %s", quantity.Count(more), v.Guarantee))
		}
	}
	return lines
}
