package main

import (
	"fmt"
	"io"

	"github.com/breakwater-kit/breakwater/reports/report"

	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// exitCodes is what the help says of them; package trial has the numbers.
const exitCodes = "run, replay and check exit with 0 when all came out as predicted, 1 when something was refuted or a spec failed an assertion of its own, " +
	"2 when something is undecided or there was nothing to judge, and 3 for the kit's own trouble, " +
	"an invalid scenario, a service that did not start, a spec that was not performed to its end and wrong usage included; " +
	"the other commands with 0 or 3. Of several codes the highest counts."

// exitError is an error with the exit code that it means.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

func (e exitError) Error() string {
	if e.error == nil {
		return "not as predicted"
	}
	return e.error.Error()
}

// trouble marks an error as the kit's own: exit code 3, whatever was found before.
func trouble(err error) error {
	if err == nil {
		return nil
	}
	return exitError{err, trial.ExitTrouble}
}

// exitWith is nil for 0, else an error that only carries the code: what there
// was to say has been printed.
func exitWith(code int) error {
	if code == trial.ExitAsPredicted {
		return nil
	}
	return exitError{code: code}
}

// conclude prints the claims and the report's path, makes the run the latest, and makes
// the exit code. A run that has nothing to show has no report, and is gone.
func conclude(to io.Writer, made *store.Run) error {
	run, err := session.Load(made.Dir)
	if err != nil {
		return trouble(err)
	}
	if run.Empty() {
		made.Discard()
		if err := session.Table(to, run); err != nil {
			return trouble(err)
		}
		return verdict(run)
	}
	path, err := session.Render(made.Dir)
	if err != nil {
		return trouble(err)
	}
	if err := session.Table(to, run); err != nil {
		return trouble(err)
	}
	if err := made.MakeLatest(); err != nil {
		return trouble(err)
	}
	fmt.Fprintf(to, "report: %s\n", path)
	return verdict(run)
}

// verdict makes the exit code of a run.
func verdict(run report.Run) error { return exitWith(run.ExitCode()) }
