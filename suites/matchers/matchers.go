// Package matchers lets a spec read a trial's verdict. A matcher judges nothing:
// what came of each prediction is in the trial.
package matchers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// BeAsPredicted succeeds when every prediction of the trial, or of all the
// trials of an experiment, was confirmed, or refuted where it is known to be.
// Undecided is a failure: a run that proves nothing is not green. No trial at
// all is an error, with Not too.
func BeAsPredicted() types.GomegaMatcher { return asPredicted{} }

type asPredicted struct{}

func (asPredicted) Match(actual any) (bool, error) {
	trials, err := trialsOf(actual)
	if err != nil {
		return false, err
	}
	for _, t := range trials {
		if !t.AsPredicted() {
			return false, nil
		}
	}
	return true, nil
}

// FailureMessage says, for each trial, what was predicted and what was seen, with the
// evidence of what was observed otherwise.
func (asPredicted) FailureMessage(actual any) string {
	trials, _ := trialsOf(actual)
	var b strings.Builder
	for _, t := range trials {
		if t.AsPredicted() {
			continue
		}
		fmt.Fprintf(&b, "%s is %s: %s\n", t.ID, t.Outcome, t.Why)
		for _, p := range t.Predictions {
			fmt.Fprintf(&b, "  %-10s %s", p.Outcome, p.Says)
			if !strings.Contains(t.Why, p.Observed) { // else it stands above
				fmt.Fprintf(&b, ": %s", p.Observed)
			}
			if p.KnownRefuted != "" {
				fmt.Fprintf(&b, " (known to be refuted: %s)", p.KnownRefuted)
			}
			b.WriteByte('\n')
			for _, line := range t.Evidence(p) {
				fmt.Fprintf(&b, "             %s\n", line)
			}
		}
	}
	return printable.Text(b.String())
}

// NegatedFailureMessage is for a spec that expects a refutation.
func (asPredicted) NegatedFailureMessage(any) string {
	return "every prediction was confirmed, or refuted where it is known to be"
}

func trialsOf(actual any) ([]*trial.Trial, error) {
	var trials []*trial.Trial
	switch actual := actual.(type) {
	case *trial.Trial:
		trials = []*trial.Trial{actual}
	case []*trial.Trial:
		trials = actual
	default:
		return nil, fmt.Errorf("BeAsPredicted is about a trial, or the trials of an experiment, not %T", actual)
	}
	if len(trials) == 0 || slices.Contains(trials, nil) {
		return nil, errors.New("BeAsPredicted is about a trial, and there is none")
	}
	return trials, nil
}
