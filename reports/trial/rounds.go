package trial

import (
	"cmp"
	"slices"

	"github.com/breakwater-kit/breakwater"
)

// Rounds are the performances of one trial in a run, in the order of their
// rounds: at least one.
type Rounds []*Trial

// Repeated puts the performances of each trial together: those of the same suite,
// claim, title, contender and world. They come in the order of the first of each.
// A run that has several of them in one round has as many trials.
func Repeated(trials []*Trial) []Rounds {
	type performance struct {
		suite, claim, spec, title, contender, world string
		nth                                         int // of those in its round
	}
	var all []Rounds
	seen := map[performance]map[int]int{} // how many there were in a round
	place := map[performance]int{}
	for _, t := range trials {
		p := performance{suite: t.Suite, claim: t.Claim, title: t.Title, contender: t.Contender, world: t.World}
		if t.Title == "" {
			p.spec = cmp.Or(t.Spec, t.ID)
		}
		if seen[p] == nil {
			seen[p] = map[int]int{}
		}
		in := seen[p]
		in[t.Round]++
		p.nth = in[t.Round]
		i, known := place[p]
		if !known {
			i = len(all)
			place[p] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], t)
	}
	for _, r := range all {
		slices.SortStableFunc(r, func(a, b *Trial) int { return cmp.Compare(a.Round, b.Round) })
	}
	return all
}

// In is the performance of that round, nil where there was none.
func (r Rounds) In(round int) *Trial {
	for _, t := range r {
		if t.Round == round {
			return t
		}
	}
	return nil
}

// Worst is the performance to look at first, see [WorstRound].
func (r Rounds) Worst() *Trial { return r.In(WorstRound(r)) }

// AsPredicted is how many rounds came out as predicted.
func (r Rounds) AsPredicted() int {
	n := 0
	for _, t := range r {
		if t.AsPredicted() {
			n++
		}
	}
	return n
}

// WorstRound is the round of these trials to look at first: where one came out
// worst, where most of them were not as predicted, and where what was measured
// comes nearest to its bound or lies farthest beyond it; of equals the first.
func WorstRound(trials []*Trial) int {
	type badness struct {
		outcome, red int
		margin       float64
	}
	of := map[int]badness{}
	var rounds []int
	for _, t := range trials {
		b, known := of[t.Round]
		if !known {
			rounds = append(rounds, t.Round)
		}
		b.outcome = max(b.outcome, severity[WorstOutcome(t.Outcome)])
		if !t.AsPredicted() {
			b.red++
		}
		for _, p := range t.Predictions {
			b.margin = max(b.margin, t.margin(p.Prediction))
		}
		of[t.Round] = b
	}
	slices.Sort(rounds)
	return slices.MaxFunc(rounds, func(a, b int) int {
		x, y := of[a], of[b]
		return cmp.Or(cmp.Compare(x.outcome, y.outcome), cmp.Compare(x.red, y.red), cmp.Compare(x.margin, y.margin))
	})
}

// margin is how much of a bound what was measured takes up: 1 when it is just met,
// more when it is not.
func (t *Trial) margin(p breakwater.Prediction) float64 {
	v, measured := t.Measurements.Lookup(p.Measurement)
	if !measured || p.Bound <= 0 {
		return 0
	}
	share := v.Value / p.Bound
	if p.Op != breakwater.OpAtLeast {
		return share
	}
	if share <= 0 {
		return 1e9
	}
	return 1 / share
}
