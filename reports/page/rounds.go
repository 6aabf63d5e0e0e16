package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// roundRow is one round of an experiment that was repeated.
type roundRow struct {
	Round int
	Shown bool
	Seed  uint64
	Cells []roundCell // one for each contender
	Whys  []string    // of those that are not confirmed
}

type roundCell struct {
	Outcome trial.Outcome // "": not performed
	Trial   string
}

// spreadRow is what one number was over all rounds.
type spreadRow struct {
	Name, Contender, Class string
	N                      int
	Low, Median, High      string
}

// gatherRounds lists the rounds, of which the given one is shown, and what was
// measured in all of them.
func (e *experiment) gatherRounds(shown int) {
	var numbers []int
	for _, c := range e.Contenders {
		for _, t := range c.Rounds {
			numbers = append(numbers, t.Round)
		}
	}
	slices.Sort(numbers)
	if numbers = slices.Compact(numbers); len(numbers) < 2 {
		return
	}
	e.Shown = fmt.Sprintf("Shown is round %d, the worst of %d", shown, len(numbers))
	if !slices.ContainsFunc(e.Contenders, func(c contender) bool { return c.Row.Outcome != trial.Confirmed || c.Row.Red }) {
		e.Shown = fmt.Sprintf("Shown is round %d of %d, in which the least was to spare", shown, len(numbers))
	}
	for _, n := range numbers {
		row := roundRow{Round: n, Shown: n == shown}
		for _, c := range e.Contenders {
			t := c.Rounds.In(n)
			if t == nil {
				row.Cells = append(row.Cells, roundCell{})
				continue
			}
			row.Seed = t.Seed
			row.Cells = append(row.Cells, roundCell{trial.WorstOutcome(t.Outcome), t.ID})
			if t.Outcome != trial.Confirmed && t.Why != "" {
				why := t.Why
				if !e.Alone() {
					why = c.Label + ": " + why
				}
				row.Whys = append(row.Whys, why)
			}
		}
		e.Rounds = append(e.Rounds, row)
	}
	for _, c := range e.Contenders {
		var names []string
		for _, m := range c.measured() {
			names = append(names, lists.Collect(m.Values, func(v measure.Value) string { return v.Name })...)
		}
		for _, name := range lists.Distinct(names) {
			s := measure.Over(name, c.measured())
			if s.N == 0 || strings.Contains(name, ".excess[") { // what was added is there
				continue
			}
			row := spreadRow{Name: breakwater.Phrase(name), Contender: c.Label, Class: c.Class, N: s.N}
			row.Low, row.Median, row.High = s.Numbers()
			e.Spreads = append(e.Spreads, row)
		}
	}
}

// Each is what came of all rounds of all contenders.
func (e experiment) Each() string {
	var outcomes []trial.Outcome
	for _, r := range e.Rounds {
		var of []trial.Outcome
		for _, c := range r.Cells {
			if c.Outcome != "" {
				of = append(of, c.Outcome)
			}
		}
		outcomes = append(outcomes, trial.WorstOutcome(of...))
	}
	return report.Tally(outcomes)
}

// recoveredOver is one recovery over all rounds, by its parts: detection, outage,
// first progress, catch-up.
func (c contender) recoveredOver(r measure.Recovery) []measure.Spread {
	parts := make([][]measure.Value, 4)
	for _, m := range c.measured() {
		i := slices.IndexFunc(m.Recoveries, func(o measure.Recovery) bool { return o.Fault == r.Fault && o.Step == r.Step && o.Subject == r.Subject })
		if i < 0 {
			continue
		}
		for k, v := range m.Recoveries[i].Parts() {
			parts[k] = append(parts[k], v)
		}
	}
	return lists.Collect(parts, func(values []measure.Value) measure.Spread { return measure.SpreadOf(values...) })
}
