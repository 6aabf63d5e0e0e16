package trial

import (
	"cmp"
	"slices"
)

// severity orders outcomes: error over refuted over undecided over confirmed. What was
// observed otherwise in one trial was, whatever another could not decide.
var severity = map[Outcome]int{Confirmed: 1, Undecided: 2, Refuted: 3, Error: 4}

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

// Mark is the sign in front of an outcome's word.
func (o Outcome) Mark() string {
	return cmp.Or(map[Outcome]string{Confirmed: "✓", Refuted: "✗", Error: "!"}[o], "?")
}

// Exit codes of the built breakwater binary.
const (
	ExitAsPredicted  = 0 // known refutations included
	ExitRefuted      = 1 // a prediction was observed otherwise, or a known refutation was not
	ExitUndecided    = 2 // a trial proves nothing, or there was none
	ExitHarnessError = 3 // an error of the kit
)

// ExitCode is the code for a run of these trials: of several the first of 3, 1, 2 and 0.
func ExitCode(trials []*Trial) int {
	if len(trials) == 0 {
		return ExitUndecided
	}
	codes := []int{ExitAsPredicted}
	for _, t := range trials {
		switch {
		case t.Outcome == Error:
			codes = append(codes, ExitHarnessError)
		case t.Outcome != Confirmed && t.Outcome != Refuted || len(t.Predictions) == 0:
			codes = append(codes, ExitUndecided)
		case !t.AsPredicted():
			codes = append(codes, ExitRefuted)
		}
	}
	return WorstExitCode(codes...)
}

// WorstExitCode is the one of several by which a run ends: 3, 1, 2, 0. One that says that
// nothing is decided would hide what was refuted.
func WorstExitCode(codes ...int) int {
	for _, code := range []int{ExitHarnessError, ExitRefuted, ExitUndecided} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return ExitAsPredicted
}
