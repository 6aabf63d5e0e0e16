package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// CheckCmd judges the saved trials of a run again.
type CheckCmd struct {
	Dir string `arg:"" name:"run" type:"existingdir" help:"Folder of the run: out/latest."`
}

// Run prints the claims as judged now, and names every trial whose saved
// verdicts are others. It needs no engine and no world.
func (c *CheckCmd) Run() error {
	dir, err := filepath.EvalSymlinks(c.Dir)
	if err != nil {
		return trouble(err)
	}
	run, err := session.Load(dir)
	if err != nil {
		return trouble(err)
	}
	var errs []error
	saved := &store.Run{Dir: dir}
	for i, t := range run.Trials {
		log, err := saved.History(t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.ID, err))
			continue
		}
		again := trial.Rejudge(t, log)
		if same, err := equal(t, again); err != nil || !same {
			errs = append(errs, errors.Join(err, fmt.Errorf("%s: saved as %s, judged now as %s: the trial or this program was changed since", t.ID, t.Outcome, again.Outcome)))
		}
		run.Trials[i] = again
	}
	if err := session.Table(os.Stdout, run); err != nil {
		return trouble(err)
	}
	if err := errors.Join(errs...); err != nil {
		return trouble(err)
	}
	return exitWith(trial.ExitCode(run.Trials))
}

// equal is whether both trials say the same, to the byte.
func equal(a, b *trial.Trial) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}
