package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// CheckCmd judges the saved trials of a run again.
type CheckCmd struct {
	Dir string `arg:"" name:"run" help:"Folder of the run: out/latest."`
}

// Run prints the claims as judged now, and names every trial whose saved
// verdicts are others, and which. A trial whose history cannot be read is not
// judged, whatever was saved. It needs no engine and no world.
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
	if len(run.Trials)+len(run.Skipped)+len(run.Troubled) == 0 {
		return trouble(noTrial(c.Dir))
	}
	var errs []error
	saved := &store.Run{Dir: dir}
	for i, t := range run.Trials {
		log, err := saved.History(t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.ID, err))
			run.Trials[i] = unjudged(t, err)
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
	return verdict(run)
}

// unjudged is the trial as one that nothing is known of.
func unjudged(t *trial.Trial, err error) *trial.Trial {
	again := *t
	again.Outcome, again.Why, again.Verdicts = trial.Trouble, err.Error(), nil
	again.Predictions = slices.Clone(t.Predictions)
	for i := range again.Predictions {
		p := &again.Predictions[i]
		p.Outcome, p.Observed, p.Brief = trial.Undecided, "its history cannot be read", ""
	}
	return &again
}

// changed says in what a trial is not judged as it was.
func changed(saved, again *trial.Trial) error {
	how := fmt.Sprintf("saved as %s, judged now as %s", saved.Outcome, again.Outcome)
	if saved.Outcome == again.Outcome {
		how = fmt.Sprintf("%s as it was saved, but not every verdict and measurement is the same", again.Outcome)
	}
	if why := "the history is inconsistent"; strings.HasPrefix(again.Why, why) && !strings.HasPrefix(saved.Why, why) {
		return fmt.Errorf("%s: %s: %s", saved.ID, how, again.Why)
	}
	var others []string
	for _, v := range again.Verdicts {
		i := slices.IndexFunc(saved.Verdicts, func(was check.Verdict) bool { return was.Guarantee == v.Guarantee })
		switch {
		case i < 0:
			others = append(others, fmt.Sprintf("\n  %s: not saved, now %s", v.Guarantee, v.Status))
		default:
			if same, err := equal(saved.Verdicts[i], v); err != nil || !same {
				others = append(others, "\n  "+instead(saved.Verdicts[i], v))
			}
		}
	}
	for _, v := range again.Measurements.Values {
		if was, known := saved.Measurements.Lookup(v.Name); known && was != v {
			others = append(others, fmt.Sprintf("\n  %s: %s, now %s", measure.Phrase(v.Name), was, v))
		}
	}
	return fmt.Errorf("%s: %s: the trial or this program was changed since%s", saved.ID, how, strings.Join(others, ""))
}

// instead says how a verdict was saved and how it is now, with the first of its
// anomalies that was not there.
func instead(was, is check.Verdict) string {
	said := fmt.Sprintf("%s: %s, now %s", is.Guarantee, was.Status, is.Status)
	for _, a := range is.Anomalies {
		if !slices.ContainsFunc(was.Anomalies, func(b check.Anomaly) bool { return a.What == b.What }) {
			return fmt.Sprintf("%s: %s (events %s)", said, a.What, strings.Trim(fmt.Sprint(a.Events), "[]"))
		}
	}
	return said + ": " + is.Why
}

// equal is whether both are saved as the same, to the byte.
func equal(a, b any) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}

// Help is the end of the command's --help.
func (*CheckCmd) Help() string { return exitCodes }
