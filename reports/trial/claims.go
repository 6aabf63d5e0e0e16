package trial

import (
	"cmp"
	"slices"
	"strings"
)

// Claim is one row of the claims table: what became of one experiment, over
// the trials of all its contenders.
type Claim struct {
	ID       string        `json:"id"`    // row of CLAIMS.md: "E2"
	Title    string        `json:"title"` // the scenario's name
	Rows     []Observation `json:"rows"`  // by contender and world, in the order of the trials
	Outcome  Outcome       `json:"outcome"`
	KnownWhy string        `json:"knownWhy,omitempty"` // the reason of a refutation that is known
	Expected bool          `json:"expected"`           // every trial came out as predicted, known refutations included
}

// Observation is what one trial says about the claim.
type Observation struct {
	Trial     string  `json:"trial"`
	Contender string  `json:"contender"`
	World     string  `json:"world"`
	Predicted string  `json:"predicted"` // "no-orphans holds; catch-up[analytics] ≤ 10 s"
	Observed  string  `json:"observed"`  // in the same order
	Outcome   Outcome `json:"outcome"`
	Why       string  `json:"why"`
}

// severity orders outcomes: trouble over undecided over refuted over confirmed.
var severity = map[Outcome]int{Confirmed: 1, Refuted: 2, Undecided: 3, Trouble: 4}

// WorstOutcome is the most severe of the outcomes. None at all, and a trial that was
// never judged, count as undecided.
func WorstOutcome(outcomes ...Outcome) Outcome {
	worst := Outcome("")
	for _, o := range outcomes {
		if severity[o] == 0 {
			o = Undecided
		}
		if severity[o] > severity[worst] {
			worst = o
		}
	}
	return cmp.Or(worst, Undecided)
}

// Claims makes the rows of the claims table: one for each experiment (a claim and
// a title), in order of claim and then of first appearance. Trials without a
// claim have no row. An experiment's outcome is the worst of its trials.
func Claims(trials []*Trial) []Claim {
	type key struct{ id, title string }
	at := map[key]int{}
	var rows []Claim
	for _, t := range trials {
		if t.Claim == "" {
			continue
		}
		k := key{t.Claim, t.Title}
		i, seen := at[k]
		if !seen {
			i = len(rows)
			at[k] = i
			rows = append(rows, Claim{ID: t.Claim, Title: t.Title, Outcome: Confirmed, Expected: true})
		}
		c := &rows[i]
		c.Outcome = WorstOutcome(c.Outcome, t.Outcome)
		c.Expected = c.Expected && t.AsPredicted()
		o := Observation{Trial: t.ID, Contender: t.Contender, World: t.World, Outcome: t.Outcome, Why: t.Why}
		var says, observed []string
		for _, p := range t.Predictions {
			says, observed = append(says, p.Says), append(observed, p.Observed)
			c.KnownWhy = cmp.Or(c.KnownWhy, p.KnownRefuted)
		}
		o.Predicted, o.Observed = strings.Join(says, "; "), strings.Join(observed, "; ")
		c.Rows = append(c.Rows, o)
	}
	slices.SortStableFunc(rows, func(a, b Claim) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

// Exit codes of the built breakwater binary.
const (
	ExitAsPredicted = 0 // known refutations included
	ExitRefuted     = 1 // a prediction was observed otherwise, or a known refutation was not
	ExitUndecided   = 2 // a trial proves nothing, or there was none
	ExitTrouble     = 3 // the kit's own trouble
)

// ExitCode is the code for a run of these trials: the most severe of theirs.
func ExitCode(trials []*Trial) int {
	if len(trials) == 0 {
		return ExitUndecided
	}
	code := ExitAsPredicted
	for _, t := range trials {
		switch {
		case t.Outcome == Trouble:
			code = max(code, ExitTrouble)
		case t.Outcome != Confirmed && t.Outcome != Refuted || len(t.Predictions) == 0:
			code = max(code, ExitUndecided)
		case !t.AsPredicted():
			code = max(code, ExitRefuted)
		}
	}
	return code
}
