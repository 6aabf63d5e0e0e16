// Package exit makes the exit code of a command of what came of it.
package exit

import (
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Codes is what the help says of them; package trial has the numbers.
const Codes = "run, replay and check exit with 0 when all came out as predicted, 1 when something was refuted or a spec failed an assertion of its own, " +
	"2 when something is undecided or there was nothing to judge, and 3 for the kit's own trouble, " +
	"an invalid scenario, a service that did not start, a spec that was not performed to its end and wrong usage included; " +
	"the other commands with 0 or 3. Of several codes the highest counts."

// Error is an error with the exit code that it means. Without an error in it all that is to
// be printed has been.
type Error struct {
	error
	Code int
}

func (e Error) Unwrap() error { return e.error }

func (e Error) Error() string {
	if e.error == nil {
		return "not as predicted"
	}
	return e.error.Error()
}

// Silent is whether there is nothing to print besides.
func (e Error) Silent() bool { return e.error == nil }

// Failed marks an error as one of the command itself: exit code 3, whatever was found
// before. It is nil for nil.
func Failed(err error) error {
	if err == nil {
		return nil
	}
	return Error{err, trial.ExitTrouble}
}

// With only carries the code; it is nil for 0.
func With(code int) error {
	if code == trial.ExitAsPredicted {
		return nil
	}
	return Error{Code: code}
}
