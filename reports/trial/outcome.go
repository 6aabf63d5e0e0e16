package trial

import "cmp"

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
