package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// saved is a run on disk with one healthy trial.
func saved(t *testing.T, needs ...breakwater.Need) (dir string) {
	t.Helper()
	run, err := store.Create(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	log := historytest.Event(historytest.Options{Rate: 5})
	scenario := breakwater.Scenario{
		Title:    "an API is looked at",
		Services: []breakwater.Service{{Name: "api", Program: breakwater.Program{Go: "example.org/api"}, Needs: needs}},
		Requests: []breakwater.Request{{Service: "api", Method: "GET", Path: "/"}},
		Load:     breakwater.Constant(50).For(10 * time.Second),
		Predict:  breakwater.Holds(breakwater.Availability),
	}
	tr := &trial.Trial{Schema: trial.Schema, ID: "kill", Suite: "replay", Contender: "event", World: "local", Scenario: scenario}
	tr.Judge(log, nil)
	if err := run.Save(tr, log); err != nil {
		t.Fatal(err)
	}
	return run.Dir
}

func TestShowAndDump(t *testing.T) {
	dir := saved(t)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
		not  string
	}{
		"life":            {[]string{"show", dir, "--event", "u0-000007"}, 0, "committed past user-events/", ""},
		"neighbourhood":   {[]string{"show", dir, "--event", "u0-000007"}, 0, "this one", ""},
		"nobody":          {[]string{"show", dir, "--event", "nobody"}, trial.ExitHarnessError, `knows the event "nobody"`, ""},
		"no event named":  {[]string{"show", dir}, trial.ExitHarnessError, "--event", ""},
		"no such trial":   {[]string{"show", dir, "--event", "x", "--trial", "cut"}, trial.ExitHarnessError, `has no trial "cut"; it has kill`, ""},
		"everything":      {[]string{"dump", dir}, 0, `{"schema":"` + history.Schema, ""},
		"only the audit":  {[]string{"dump", dir, "--kind", "audit"}, 0, `"kind":"audit"`, `"kind":"request"`},
		"no such kind":    {[]string{"dump", dir, "--kind", "audit,effct"}, trial.ExitHarnessError, `there is no kind of event "effct"; there are request, call, produce, `, `"kind"`},
		"dump: no trial":  {[]string{"dump", dir, "--trial", "cut"}, trial.ExitHarnessError, "it has kill", ""},
		"dump: no folder": {[]string{"dump", dir + "-gone"}, trial.ExitHarnessError, "there is no run at", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), c.args, streams{strings.NewReader(""), &out, &errs})
			printed := out.String() + errs.String()
			if code != c.code || !strings.Contains(printed, c.want) || c.not != "" && strings.Contains(printed, c.not) {
				t.Errorf("exit %d, want %d and %q\n%.2000s", code, c.code, c.want, printed)
			}
		})
	}
}

// What precedes the damage is printed, and where the damage is.
func TestDumpOfATornHistory(t *testing.T) {
	dir := saved(t)
	file := filepath.Join(dir, "replay", "kill"+history.Extension)
	whole, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, whole.Size()-20); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"dump", dir}, streams{strings.NewReader(""), &out, &errs})
	lines := strings.Count(out.String(), "\n")
	want := fmt.Sprintf("history is damaged at line %d ", lines+1)
	if code != trial.ExitHarnessError || lines < 100 || !strings.HasPrefix(out.String(), `{"schema"`) || !strings.Contains(errs.String(), want) || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("exit %d after %d lines, and %q, want %q", code, lines, errs.String(), want)
	}
}

// Whatever stands in a saved run, nothing of it is obeyed by the terminal, and the
// JSON of dump is the same value as before.
func TestSavedTextIsPrintable(t *testing.T) {
	const evil = "\x1b]0;x\x07\u009b31m\x7f\u202e\u200bevil"
	run1, err := store.Create(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	log := historytest.Event(historytest.Options{Rate: 5})
	for i := range log.Events {
		if e := &log.Events[i]; e.Key != "" {
			e.Key = evil
		}
		if log.Events[i].ID == "u0-000007" {
			log.Events[i].ID = evil
		}
	}
	tr := &trial.Trial{Schema: trial.Schema, ID: "kill", Suite: "replay", Title: evil, Spec: evil, Contender: evil, World: evil}
	tr.Judge(log, []breakwater.Prediction{{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToHold}})
	if err := run1.Save(tr, log); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", run1.Dir}, {"show", run1.Dir, "--event", evil}, {"dump", run1.Dir}, {"show", run1.Dir, "--event", "none" + evil}, {"dump", evil}, {evil}} {
		var out, errs bytes.Buffer
		run(t.Context(), args, streams{strings.NewReader(""), &out, &errs})
		printed := out.String() + errs.String()
		for i, r := range printed {
			if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Errorf("%q prints %U: %q", args, r, printed[max(0, i-60):i])
				break
			}
		}
		if !strings.Contains(printed, "evil") {
			t.Errorf("%q: what it was to print is not there: %.500s", args, printed)
		}
	}
}
