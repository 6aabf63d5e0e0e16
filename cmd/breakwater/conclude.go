package main

import (
	"fmt"
	"io"

	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/reports/render"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/store"
)

// conclude writes the report, prints the claims and the report's path, makes the run the
// latest, and returns the exit code. A run that has nothing to show is removed.
func conclude(to io.Writer, made *store.Run) error {
	run, err := report.Load(made.Dir)
	if err != nil {
		return err
	}
	path := ""
	if run.Empty() {
		made.Discard()
	} else if path, err = render.Write(made.Dir, run); err != nil {
		return err
	}
	if err := report.WriteTable(to, run); err != nil {
		return err
	}
	if path != "" {
		if err := made.MakeLatest(); err != nil {
			return err
		}
		fmt.Fprintf(to, "report: %s\n", path)
	}
	return exit.With(run.ExitCode())
}
