package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Check judges the saved trials of a run again.
type Check struct {
	Dir string `arg:"" name:"run" help:"Folder of the run: out/latest."`
}

// Run prints the claims as judged now, and names every trial whose saved
// verdicts are others, and which. A trial whose history cannot be read is not
// judged, whatever was saved. It needs no engine and no world.
func (c *Check) Run(k *kong.Kong) error {
	limitMemory()
	if err := isRun(c.Dir); err != nil {
		return err
	}
	dir, err := filepath.EvalSymlinks(c.Dir)
	if err != nil {
		return err
	}
	run, err := report.Load(dir)
	if err != nil {
		return err
	}
	saved := &store.Run{Dir: dir}
	widowed, err := saved.Widowed()
	if err != nil {
		return err
	}
	if run.Empty() && len(widowed) == 0 {
		return noTrial(c.Dir)
	}
	var errs []error
	for _, id := range widowed {
		errs = append(errs, fmt.Errorf("%s has a history and no trial: that was removed, or its run was killed while it was saved", id))
	}
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
	if err := report.WriteTable(k.Stdout, run); err != nil {
		return err
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return exit.With(run.ExitCode())
}

// unjudged is the trial as one that nothing is known of.
func unjudged(t *trial.Trial, err error) *trial.Trial {
	again := *t
	again.Outcome, again.Why, again.Verdicts = trial.Error, err.Error(), nil
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
			if how := instead(saved.Verdicts[i], v); how != "" {
				others = append(others, "\n  "+how)
			}
		}
	}
	for _, v := range again.Measurements.Values {
		if was, known := saved.Measurements.Lookup(v.Name); known && was != v {
			others = append(others, fmt.Sprintf("\n  %s: %s, now %s", breakwater.Phrase(v.Name), was, v))
		}
	}
	if len(others) == 0 {
		for _, d := range differences(saved, again) {
			others = append(others, "\n  "+d)
		}
	}
	return fmt.Errorf("%s: %s: the trial or this program was changed since%s", saved.ID, how, strings.Join(others, ""))
}

// differences names where two trials differ, by the names of the saved JSON:
// "measurements.phases.1.end: 4000000000, now 5000000000". The first few will do.
func differences(saved, again *trial.Trial) []string {
	const most = 8
	var docs [2]any
	for i, t := range []*trial.Trial{saved, again} {
		b, err := json.Marshal(t)
		if err == nil {
			err = json.Unmarshal(b, &docs[i])
		}
		if err != nil {
			return []string{err.Error()}
		}
	}
	found := &reporter{}
	cmp.Equal(docs[0], docs[1], cmp.Reporter(found))
	if over := len(found.lines) - most; over > 0 {
		return append(found.lines[:most], fmt.Sprintf("and %d more", over))
	}
	return found.lines
}

// reporter collects the leaves in which two JSON documents differ.
type reporter struct {
	path  cmp.Path
	lines []string
}

func (r *reporter) PushStep(s cmp.PathStep) { r.path = append(r.path, s) }

func (r *reporter) PopStep() { r.path = r.path[:len(r.path)-1] }

func (r *reporter) Report(result cmp.Result) {
	if result.Equal() {
		return
	}
	var names []string
	for _, step := range r.path {
		switch step := step.(type) {
		case cmp.MapIndex:
			names = append(names, fmt.Sprint(step.Key()))
		case cmp.SliceIndex:
			from, to := step.SplitKeys()
			names = append(names, strconv.Itoa(max(from, to)))
		}
	}
	value := func(v reflect.Value) string {
		if !v.IsValid() {
			return "nothing"
		}
		b, err := json.Marshal(v.Interface())
		if err != nil {
			return err.Error()
		}
		if text := []rune(string(b)); len(text) > 80 {
			return string(text[:79]) + "…"
		}
		return string(b)
	}
	was, is := r.path.Last().Values()
	r.lines = append(r.lines, fmt.Sprintf("%s: %s, now %s", strings.Join(names, "."), value(was), value(is)))
}

// instead says how a verdict was saved and how it is now, with the first of its
// anomalies that was not there. It is "" where at most the words differ.
func instead(was, is check.Verdict) string {
	status := fmt.Sprintf("%s: %s, now %s", is.Guarantee, was.Status, is.Status)
	for _, a := range is.Anomalies {
		if !slices.ContainsFunc(was.Anomalies, func(b check.Anomaly) bool { return a.What == b.What }) {
			return fmt.Sprintf("%s: %s (events %s)", status, a.What, strings.Trim(fmt.Sprint(a.Events), "[]"))
		}
	}
	if was.Status == is.Status {
		return ""
	}
	return status + ": " + is.Why
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
func (*Check) Help() string { return exit.Codes }
