// Package exit is how a command ends whose exit code is a verdict.
package exit

import "github.com/breakwater-kit/breakwater/reports/trial"

// Codes is what the help prints of them; package trial has the numbers.
const Codes = "run, replay and check exit with 0 when all came out as predicted, 1 when something was refuted or a spec failed an assertion of its own, " +
	"2 when something is undecided or there was nothing to judge, and 3 for an error of the kit, " +
	"an invalid scenario, a service that did not start, a spec that was not performed to its end and wrong usage included; " +
	"the other commands with 0 or 3. Of several codes the highest counts."

// Code ends a command with that exit code. What there was to print has been printed; any
// other error is printed, and ends it with [trial.ExitTrouble].
type Code int

func (c Code) Error() string { return "not as predicted" }

// With is the code as an error, nil for [trial.ExitAsPredicted].
func With(code int) error {
	if code == trial.ExitAsPredicted {
		return nil
	}
	return Code(code)
}
