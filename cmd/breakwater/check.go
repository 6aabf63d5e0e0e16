package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// CheckCmd judges the saved trials of a run again.
type CheckCmd struct {
	Dir string `arg:"" name:"run" help:"Folder of the run: out/latest."`
}

// Run prints the claims as judged now, and names every trial whose saved
// verdicts are others. It needs no engine and no world.
func (c *CheckCmd) Run(std streams) error {
	if err := isRun(c.Dir); err != nil {
		return trouble(err)
	}
	dir, err := filepath.EvalSymlinks(c.Dir)
	if err != nil {
		return trouble(err)
	}
	run, err := session.Load(dir)
	if err != nil {
		return trouble(err)
	}
	if len(run.Trials)+len(run.Skipped) == 0 {
		return trouble(noTrial(c.Dir))
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
			errs = append(errs, errors.Join(err, changed(t, again)))
		}
		run.Trials[i] = again
	}
	if err := session.Table(std.out, run); err != nil {
		return trouble(err)
	}
	if err := errors.Join(errs...); err != nil {
		return trouble(err)
	}
	return exitWith(trial.ExitCode(run.Trials))
}

// changed says in what a trial is not judged as it was.
func changed(saved, again *trial.Trial) error {
	how := fmt.Sprintf("saved as %s, judged now as %s", saved.Outcome, again.Outcome)
	if saved.Outcome == again.Outcome {
		how = fmt.Sprintf("%s as it was saved, but not every verdict and measurement is the same", again.Outcome)
	}
	return fmt.Errorf("%s: %s: the trial or this program was changed since", saved.ID, how)
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

// Help is the end of the command's --help.
func (*CheckCmd) Help() string { return exitCodes }
