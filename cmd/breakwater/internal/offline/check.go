package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

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
		if lines, err := differences(t, again); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.ID, err))
		} else if len(lines) > 0 {
			errs = append(errs, changed(t, again, lines))
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

// changed is in what a trial is not judged as it was: its verdicts and values, else what of
// the saved JSON differs.
func changed(saved, again *trial.Trial, differences []string) error {
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
			others = append(others, fmt.Sprintf("%s: not saved, now %s", v.Guarantee, v.Status))
		default:
			if how := instead(saved.Verdicts[i], v); how != "" {
				others = append(others, how)
			}
		}
	}
	for _, v := range again.Measurements.Values {
		if was, known := saved.Measurements.Lookup(v.Name); known && was != v {
			others = append(others, fmt.Sprintf("%s: %s, now %s", breakwater.Phrase(v.Name), was, v))
		}
	}
	if len(others) == 0 {
		others = differences
	}
	return fmt.Errorf("%s: %s: the trial or this program was changed since\n  %s", saved.ID, how, strings.Join(others, "\n  "))
}

// differences names where two trials differ, by the names of the saved JSON:
// "measurements.phases.1.end: 4000000000, now 5000000000". The first few will do.
func differences(saved, again *trial.Trial) (lines []string, err error) {
	const most = 8
	was, err := json.Marshal(saved)
	is, errIs := json.Marshal(again)
	if err = errors.Join(err, errIs); err != nil || bytes.Equal(was, is) {
		return nil, err
	}
	var docs [2]any
	if err := errors.Join(json.Unmarshal(was, &docs[0]), json.Unmarshal(is, &docs[1])); err != nil {
		return nil, err
	}
	lines = differ(nil, "", docs[0], docs[1])
	if over := len(lines) - most; over > 0 {
		lines = append(lines[:most], fmt.Sprintf("and %d more", over))
	}
	return lines, nil
}

// differ adds the leaves below the path in which two JSON values differ.
func differ(lines []string, path string, was, is any) []string {
	of, objects := was.(map[string]any)
	now, also := is.(map[string]any)
	if objects && also {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			lines = differ(lines, path+"."+name, of[name], now[name])
			delete(now, name)
		}
		for _, name := range slices.Sorted(maps.Keys(now)) {
			lines = differ(lines, path+"."+name, nil, now[name])
		}
		return lines
	}
	list, lists := was.([]any)
	other, also := is.([]any)
	if lists && also && len(list) == len(other) {
		for i := range list {
			lines = differ(lines, fmt.Sprintf("%s.%d", path, i), list[i], other[i])
		}
		return lines
	}
	if reflect.DeepEqual(was, is) {
		return lines
	}
	return append(lines, fmt.Sprintf("%s: %s, now %s", path[1:], shortly(was), shortly(is)))
}

func shortly(value any) string {
	if value == nil {
		return "nothing"
	}
	b, _ := json.Marshal(value) // it was decoded
	if text := []rune(string(b)); len(text) > 80 {
		return string(text[:79]) + "…"
	}
	return string(b)
}

// instead reports how a verdict was saved and how it is now, with the first of its
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

// Help is the end of the command's --help.
func (*Check) Help() string { return exit.Codes }
