package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Absent is a spec that has no trial, or that failed beside its trials, and why. It is
// shown and never counted as green.
type Absent struct {
	Suite     string `json:"suite"`
	Spec      string `json:"spec"`
	Claim     string `json:"claim,omitempty"`
	Title     string `json:"title,omitempty"`
	Contender string `json:"contender,omitempty"`
	World     string `json:"world"`
	Round     int    `json:"round,omitempty"` // in which round of its run, from 1; 0: there is one
	Ended     Ending `json:"ended,omitempty"`
	Reason    string `json:"reason"`

	// Blame is whose fault it is that it could not be performed; default the kit's.
	Blame trial.Blame `json:"blame,omitempty"`
}

// Ending is what ended a spec.
type Ending string

// What can end a spec that has no verdict of its own.
const (
	SpecFailed      Ending = "failed"      // an assertion that is about no trial
	SpecPanicked    Ending = "panicked"    // its own code did
	SpecTimedOut    Ending = "timed out"   // it took longer than it may
	SpecInterrupted Ending = "interrupted" // somebody ended the run
	SpecKilled      Ending = "killed"      // a signal ended its process
	SpecExited      Ending = "exited"      // its process ended by itself, before the spec did
	SpecErrored     Ending = "error"       // it could not be performed; the default
	SpecSkipped     Ending = "skipped"     // its world cannot do what it needs
)

// endings are those that are red, in the order in which they are counted, and the verb
// for it.
var endings = []struct {
	how  Ending
	verb string
}{
	{SpecFailed, "failed"}, {SpecPanicked, "panicked"}, {SpecTimedOut, "timed out"}, {SpecInterrupted, "interrupted"},
	{SpecKilled, "killed"}, {SpecExited, "ended with the process"}, {SpecErrored, "could not be performed"},
}

// How is what ended it, with its default.
func (a Absent) How() Ending { return cmp.Or(a.Ended, SpecErrored) }

// Outcome is what it counts as: a failed assertion as a refutation, for what was
// expected was observed otherwise, all else as failure.
func (a Absent) Outcome() trial.Outcome {
	if a.How() == SpecFailed {
		return trial.Refuted
	}
	return trial.Error
}

// Why is the reason, and whose fault it is where the spec could not be performed:
// somebody has to mend something before there can be a verdict.
func (a Absent) Why() string {
	if a.How() != SpecErrored {
		return a.Reason
	}
	return a.Blame.Because() + ": " + a.Reason
}

// Where is the world, and of several rounds the round.
func (a Absent) Where() string {
	if a.Round > 1 {
		return fmt.Sprintf("%s, round %d", a.World, a.Round)
	}
	return a.World
}

// ExitCode is the code for the run: the most severe of its trials' and of what the
// specs that are [Run].Troubled count as. It is 0 if and only if the run is green.
// Sabotage that was not caught is a refutation.
func (r Run) ExitCode() int {
	code := trial.ExitAsPredicted
	if len(r.Trials) > 0 || len(r.Sabotage) == 0 {
		code = trial.ExitCode(r.Trials)
	}
	if slices.ContainsFunc(r.Sabotage, func(s Sabotage) bool { return !s.Caught }) {
		code = trial.WorstExitCode(code, trial.ExitRefuted)
	}
	for _, a := range r.Errored {
		switch a.Outcome() {
		case trial.Refuted:
			code = trial.WorstExitCode(code, trial.ExitRefuted)
		default:
			code = trial.WorstExitCode(code, trial.ExitHarnessError)
		}
	}
	return code
}

// countAbsent is "1 spec failed, 2 specs could not be performed", "" of none.
func countAbsent(absent []Absent) string {
	var parts []string
	for _, e := range endings {
		n := 0
		for _, a := range absent {
			if a.How() == e.how {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s %s", n, quantity.Plural(n, "spec"), e.verb))
		}
	}
	return strings.Join(parts, ", ")
}
