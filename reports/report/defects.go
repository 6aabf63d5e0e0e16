package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// inService begins the claim of trials of a service that has a defect on purpose.
const inService = "defect: "

// Sabotage is a defect that was planted in the kit itself, and whether it was caught in one
// round. Its trial is about no system and is not kept. Rounds of one name, fault and world
// are one row of the report.
type Sabotage struct {
	Name     string        `json:"name"`
	Fault    string        `json:"fault"` // under which it must show
	World    string        `json:"world"`
	Expected string        `json:"expected"` // what must not hold: "effect-once"
	After    measure.Value `json:"after,omitzero"`
	Caught   bool          `json:"caught"`
}

// Save records it in the run's folder. Several processes may do so at once.
func (s Sabotage) Save(dir string) error { return appendLine(filepath.Join(dir, sabotageFile), s) }

// Defect is a defect that was planted, and what the kit made of it: the proof that
// a check can fail.
type Defect struct {
	Name       string         `json:"name"`
	Kit        bool           `json:"kit,omitempty"` // in the kit itself, not in a service
	Fault      string         `json:"fault"`         // under which it must show
	World      string         `json:"world"`
	Guarantees []string       `json:"guarantees"` // predicted not to hold
	After      measure.Spread `json:"after"`      // seconds from the fault's witnessed start until the first of them was broken
	Caught     int            `json:"caught"`     // rounds that prove something, and in which all of them were found as predicted
	Rounds     int            `json:"rounds"`
	Green      int            `json:"green"`  // of the right services beside it those that came out as predicted
	Beside     int            `json:"beside"` // how many there were, over all rounds
	Trial      string         `json:"trial"`  // that with the defect; of several rounds the worst; "" in the kit
}

// Proven is whether it was caught whenever it was there, and no right service was
// found broken.
func (d Defect) Proven() bool { return d.Caught == d.Rounds && d.Green == d.Beside }

// Outcome is confirmed when it is proven, else refuted.
func (d Defect) Outcome() trial.Outcome {
	if d.Proven() {
		return trial.Confirmed
	}
	return trial.Refuted
}

// faulty is what is predicted of a trial not to hold.
func faulty(t *trial.Trial) []trial.Predicted {
	var all []trial.Predicted
	for _, p := range t.Predictions {
		if p.Expect == breakwater.ToBreak {
			all = append(all, p)
		}
	}
	return all
}

// caught is whether all that was predicted not to hold was found so, in a run that
// proves something.
func caught(t *trial.Trial, predicted []trial.Predicted) bool {
	return (t.Outcome == trial.Confirmed || t.Outcome == trial.Refuted) &&
		!slices.ContainsFunc(predicted, func(p trial.Predicted) bool { return p.Outcome != trial.Confirmed })
}

// TakeApart takes the experiments with planted defects from the others: those that
// are named so, and of which something is predicted not to hold.
func TakeApart(trials []*trial.Trial) (others, defects []*trial.Trial) {
	type experiment struct{ claim, title string }
	of := func(t *trial.Trial) experiment { return experiment{t.Claim, t.Heading()} }
	has := map[experiment]bool{}
	for _, t := range trials {
		if strings.HasPrefix(t.Claim, inService) && len(faulty(t)) > 0 {
			has[of(t)] = true
		}
	}
	for _, t := range trials {
		if has[of(t)] {
			defects = append(defects, t)
		} else {
			others = append(others, t)
		}
	}
	return others, defects
}

// defects has one of each, those of services first.
func defects(trials []*trial.Trial, sabotage []Sabotage) []Defect {
	type key struct {
		claim, title, world string
	}
	var order []key
	of := map[key][]*trial.Trial{}
	for _, t := range trials {
		k := key{t.Claim, t.Heading(), t.World}
		if of[k] == nil {
			order = append(order, k)
		}
		of[k] = append(of[k], t)
	}
	var all []Defect
	for _, k := range order {
		d := Defect{Fault: k.title, World: k.world, Guarantees: []string{}}
		var with []*trial.Trial
		var after []measure.Value
		for _, t := range of[k] {
			d.Name = strings.TrimPrefix(t.Claim, inService)
			predicted := faulty(t)
			if len(predicted) == 0 {
				d.Beside++
				d.Green += btoi(t.AsPredicted())
				continue
			}
			with = append(with, t)
			after = append(after, t.Caught())
			d.Caught += btoi(caught(t, predicted))
			d.Guarantees = lists.Distinct(append(d.Guarantees, lists.Collect(predicted, func(p trial.Predicted) string { return p.Guarantee })...))
		}
		if d.Rounds = len(with); d.Rounds == 0 {
			continue // in this world
		}
		d.After = measure.SpreadOf(after...)
		d.Trial = trial.Rounds(with).Worst().ID
		all = append(all, d)
	}
	after := map[int][]measure.Value{}
	for _, s := range sabotage {
		i := slices.IndexFunc(all, func(d Defect) bool { return d.Kit && d.Name == s.Name && d.Fault == s.Fault && d.World == s.World })
		if i < 0 {
			i = len(all)
			all = append(all, Defect{Name: s.Name, Kit: true, Fault: s.Fault, World: s.World, Guarantees: []string{s.Expected}})
		}
		all[i].Rounds++
		all[i].Caught += btoi(s.Caught)
		after[i] = append(after[i], s.After)
		all[i].After = measure.SpreadOf(after[i]...)
	}
	return all
}

// DefectHeadline is "All 20 planted defects caught", and "" where there is none.
func DefectHeadline(all []Defect) string {
	n, caught, wrong := len(all), 0, 0
	for _, d := range all {
		caught += btoi(d.Caught == d.Rounds)
		wrong += btoi(d.Green < d.Beside)
	}
	wording := fmt.Sprintf("%d of %d planted defects caught", caught, n)
	switch {
	case n == 0:
		return ""
	case n == 1 && caught == 1:
		wording = "The planted defect caught"
	case caught == n:
		wording = fmt.Sprintf("All %d planted defects caught", n)
	}
	if wrong > 0 {
		wording += fmt.Sprintf(", %d with a right service that is not as predicted", wrong)
	}
	return wording
}

// Said is what the table of planted defects says of one.
type Said struct {
	After  string // how long it took until it was caught
	Caught string // in how many rounds: "10 of 10"
	Green  string // in how many of them the right service beside it was right
}

// Said is what the table says, "–" where there is nothing to say.
func (d Defect) Said() Said {
	s := Said{"–", quantity.Of(d.Caught, d.Rounds), "–"}
	if d.After.N > 0 {
		s.After = d.After.Range()
		if d.After.N < d.Rounds {
			s.After += fmt.Sprintf(", n %d", d.After.N)
		}
	}
	if d.Beside > 0 {
		s.Green = quantity.Of(d.Green, d.Beside)
	}
	return s
}
