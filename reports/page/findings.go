package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
)

// finding is a verdict that does not simply hold.
type finding struct {
	heldCell
	AsPredicted bool
	Refutes     bool // a prediction
}

// Mark reports whether anybody had predicted it.
func (f finding) Mark() string {
	switch {
	case f.AsPredicted:
		return "as predicted"
	case f.Refutes:
		return "not as predicted"
	}
	return "no prediction"
}

// Says is what the anomaly says beyond the verdict's own sentence.
func (f finding) Says(a check.Anomaly) string {
	if a.What == f.Why {
		return ""
	}
	return a.What
}

// fewAnomalies are listed of a verdict that surprises nobody.
const fewAnomalies = 3

// Shown are the anomalies that are listed.
func (f finding) Shown() []check.Anomaly {
	if f.Refutes {
		return f.Anomalies
	}
	return f.Anomalies[:min(len(f.Anomalies), fewAnomalies)]
}

// More is how many are not.
func (f finding) More() int { return max(f.Total, len(f.Anomalies)) - len(f.Shown()) }

// heldRow is one guarantee in one line for all contenders.
type heldRow struct {
	Guarantee string
	Cells     []heldCell
}

type heldCell struct {
	Contender, Class string
	Many             bool
	check.Verdict
}

func (e *experiment) judge() {
	many := len(e.Contenders) > 1
	var cells []heldCell
	for _, c := range e.Contenders {
		for _, v := range c.T.Verdicts {
			cell := heldCell{Contender: c.Label, Class: c.Class, Many: many, Verdict: v}
			if v.Status != check.Holds && v.Status != check.NotAsked {
				f := finding{heldCell: cell}
				for _, p := range c.T.Predictions {
					f.AsPredicted = f.AsPredicted || p.Guarantee == v.Guarantee && v.Status.Meets(p.Expect)
					f.Refutes = f.Refutes || p.Guarantee == v.Guarantee && !v.Status.Meets(p.Expect)
				}
				e.Findings = append(e.Findings, f)
			}
			cells = append(cells, cell)
		}
	}
	for _, of := range lists.Group(cells, func(c heldCell) string { return c.Guarantee }) {
		e.Held = append(e.Held, heldRow{of.Key, of.All})
	}
	rank := func(f finding) int { return slices.Index([]check.Status{check.Unknown, check.Broken}, f.Status) }
	slices.SortStableFunc(e.Findings, func(a, b finding) int { return cmp.Compare(rank(b), rank(a)) })
}

// Tally is "12 hold, 1 broken, 4 not asked".
func (e experiment) Tally() string {
	counts := map[check.Status]int{}
	for _, r := range e.Held {
		for _, c := range r.Cells {
			counts[c.Status]++
		}
	}
	var parts []string
	for _, s := range []struct {
		s    check.Status
		name string
	}{{check.Holds, "hold"}, {check.Broken, "broken"}, {check.Unknown, "unknown"}, {check.NotAsked, "not asked"}} {
		if n := counts[s.s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.name))
		}
	}
	return strings.Join(parts, ", ")
}
