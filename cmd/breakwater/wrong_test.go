package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/offline"
	"github.com/breakwater-kit/breakwater/fixtures/images"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Whatever is wrong is one line that says what to do, exit code 3, and makes nothing.
func TestWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		args    string // RUN is a saved run
		env     string
		spoil   func(t *testing.T, run string)
		wording []string
	}{
		"no command":               {args: "", wording: []string{"expected one of", "breakwater --help lists what there is"}},
		"an unknown one":           {args: "bogus", wording: []string{"unexpected argument bogus", "breakwater --help"}},
		"an unknown flag":          {args: "run --bogus", wording: []string{"unknown flag --bogus", "breakwater run --help"}},
		"an argument too many":     {args: "clean all", wording: []string{"unexpected argument all", "breakwater clean --help"}},
		"an unknown world":         {args: "run --world mars", wording: []string{"--world=mars: there is no such world; use docker or local"}},
		"a second one":             {args: "run --world local,mars", wording: []string{"--world=mars: there is no such world"}},
		"a world twice":            {args: "run --world local,local", wording: []string{"--world=local,local: local is named twice", "--repeat"}},
		"skip an unknown world":    {args: "run --world mars --or-skip", wording: []string{"--world=mars: there is no such world"}},
		"one in the environment":   {args: "run", env: "BREAKWATER_WORLD=mars", wording: []string{"BREAKWATER_WORLD=mars: there is no such world; use docker or local"}},
		"an unknown suite":         {args: "run nosuch", wording: []string{`there is no suite "nosuch"; there are cascade,`}},
		"no regular expression":    {args: "run --focus (", wording: []string{`--focus "(" is no regular expression`}},
		"never":                    {args: "run --repeat 0", wording: []string{"--repeat 0: give a whole number from 1"}},
		"less than side by side":   {args: "run --procs=-1", wording: []string{"--procs -1: give a whole number from 1"}},
		"no engine":                {args: "run --world docker", env: "DOCKER_HOST=unix:///nowhere.sock", wording: []string{"--world=docker: no Docker engine answers at DOCKER_HOST=unix:///nowhere.sock", "unset DOCKER_HOST", "BREAKWATER_WORLD=local"}},
		"no engine for images":     {args: "images", env: "DOCKER_HOST=unix:///nowhere.sock", wording: []string{"no Docker engine answers at DOCKER_HOST=unix:///nowhere.sock"}},
		"images from nowhere":      {args: "images", env: "BREAKWATER_IMAGES=mars", wording: []string{`BREAKWATER_IMAGES is "mars": set it to auto, public or build`}},
		"check nothing":            {args: "check", wording: []string{"name the folder of a run: breakwater check out/latest"}},
		"replay nothing":           {args: "replay", wording: []string{"name the folder of a run: breakwater replay out/latest"}},
		"check no folder":          {args: "check RUN-gone", wording: []string{"there is no run at ", "breakwater run makes one"}},
		"replay no folder":         {args: "replay RUN-gone", wording: []string{"there is no run at ", "breakwater run makes one"}},
		"check a file":             {args: "check RUN/replay/kill.trial.json", wording: []string{"is a file: name the folder of a run"}},
		"check another folder":     {args: "check RUN/replay", wording: []string{"is not the folder of a run", "out/latest"}},
		"replay another folder":    {args: "replay RUN/replay", wording: []string{"is not the folder of a run", "out/latest"}},
		"replay an unknown trial":  {args: "replay RUN --trial cut", wording: []string{`has no trial "cut"; it has kill`}},
		"replay in no world":       {args: "replay RUN --world mars", wording: []string{"--world=mars: there is no such world; use docker or local"}},
		"replay in a lost world":   {args: "replay RUN", spoil: another(`"world":"local"`, `"world":"mars"`), wording: []string{"trial kill: world mars: there is no such world"}},
		"replay without engine":    {args: "replay RUN --world docker", env: "DOCKER_HOST=unix:///nowhere.sock", wording: []string{"--world=docker: no Docker engine answers at DOCKER_HOST"}},
		"replay what is invalid":   {args: "replay RUN", spoil: another(`"rate":50`, `"rate":0`), wording: []string{"trial kill: load: rate 0 a second"}},
		"a trial that was cut off": {args: "check RUN", spoil: cutOff("kill.trial.json"), wording: []string{"kill.trial.json: ", "unexpected end of JSON input", "remove it"}},
		"replay one":               {args: "replay RUN", spoil: cutOff("kill.trial.json"), wording: []string{"kill.trial.json: ", "remove it, or choose others with --trial"}},
		"another version's":        {args: "check RUN", spoil: edit("kill.trial.json", trial.Schema, "breakwater.trial/99"), wording: []string{`schema is "breakwater.trial/99", this version reads "` + trial.Schema, "remove it"}},
		"skips that were cut off":  {args: "check RUN", spoil: func(t *testing.T, run string) { put(t, filepath.Join(run, "skipped.jsonl"), "{") }, wording: []string{"skipped.jsonl cannot be read", "remove it"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			livesNowhere(t)
			t.Setenv(session.OutVariable, out)
			t.Setenv(session.WorldVariable, "")
			if variable, value, ok := strings.Cut(test.env, "="); ok {
				t.Setenv(variable, value)
			}
			dir := saved(t)
			if test.spoil != nil {
				test.spoil(t, dir)
			}
			var stdout, errs bytes.Buffer
			code := run(t.Context(), strings.Fields(strings.ReplaceAll(test.args, "RUN", dir)), streams{strings.NewReader(""), &stdout, &errs})
			if code != trial.ExitHarnessError || stdout.Len() > 0 {
				t.Errorf("exit code %d, and on stdout %q", code, stdout.String())
			}
			printed := errs.String()
			for _, want := range test.wording {
				if !strings.HasPrefix(printed, "breakwater: ") || !strings.Contains(printed, want) || strings.Count(printed, "\n") != 1 {
					t.Errorf("said %q\nwant one line with %q", printed, want)
				}
			}
			if made, err := os.ReadDir(out); err != nil || len(made) > 0 {
				t.Errorf("made %v, %v", made, err)
			}
		})
	}
}

// livesNowhere gives the test a home of its own: nobody's engine and nobody's
// cache. The go command's telemetry is off in it, because that would go on
// writing there in a process that outlives the command.
func livesNowhere(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	mode := filepath.Join(config, "go", "telemetry", "mode")
	if err := os.MkdirAll(filepath.Dir(mode), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, mode, "off")
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func edit(file, old, new string) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		file := filepath.Join(run, "replay", file)
		b, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(b), old) {
			t.Fatalf("%v; no %s in it", err, old)
		}
		put(t, file, strings.ReplaceAll(string(b), old, new))
	}
}

// another is the trial with the change in it as if it had been saved so.
func another(old, new string) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		edit("kill.trial.json", old, new)(t, run)
		file := filepath.Join(run, "replay", "kill.trial.json")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var changed trial.Trial
		if err := json.Unmarshal(b, &changed); err != nil {
			t.Fatal(err)
		}
		if b, err = changed.Encode(); err != nil {
			t.Fatal(err)
		}
		put(t, file, string(b))
	}
}

func cutOff(file string) func(*testing.T, string) {
	return func(t *testing.T, run string) {
		t.Helper()
		if err := os.Truncate(filepath.Join(run, "replay", file), 100); err != nil {
			t.Fatal(err)
		}
	}
}

// The exit code says what became of the predictions.
func TestExitCodesOfCheck(t *testing.T) {
	holds := breakwater.Prediction{Guarantee: "no-acknowledged-loss", Expect: "holds"}
	broken := breakwater.Prediction{Guarantee: "no-acknowledged-loss", Expect: "broken"}
	for name, test := range map[string]struct {
		predict []breakwater.Prediction
		spoil   func(t *testing.T, run string)
		want    int
		wording string
	}{
		"as predicted":             {[]breakwater.Prediction{holds}, nil, trial.ExitAsPredicted, ""},
		"refuted":                  {[]breakwater.Prediction{broken}, nil, trial.ExitRefuted, ""},
		"undecided":                {nil, nil, trial.ExitUndecided, ""},
		"its history was cut off":  {[]breakwater.Prediction{holds}, cutOff("kill" + history.Extension), trial.ExitHarnessError, "history is damaged"},
		"its history is gone":      {[]breakwater.Prediction{holds}, func(t *testing.T, run string) { _ = os.Remove(filepath.Join(run, "replay", "kill"+history.Extension)) }, trial.ExitHarnessError, "no such file"},
		"the trial is gone":        {[]breakwater.Prediction{broken}, func(t *testing.T, run string) { _ = os.Remove(filepath.Join(run, "replay", "kill.trial.json")) }, trial.ExitHarnessError, "replay/kill has a history and no trial"},
		"its verdict was improved": {[]breakwater.Prediction{broken}, another(`"outcome":"refuted"`, `"outcome":"confirmed"`), trial.ExitHarnessError, "kill: saved as confirmed, judged now as refuted"},
		"its outcome was edited":   {[]breakwater.Prediction{broken}, edit("kill.trial.json", `"outcome":"refuted"`, `"outcome":"confirmed"`), trial.ExitHarnessError, "it was edited: outcome changed"},
		"its verdict was retold":   {[]breakwater.Prediction{holds}, another(`"why":"`, `"why":"indeed: `), trial.ExitHarnessError, `verdicts.0.why: "indeed: `},
		"a number was changed":     {[]breakwater.Prediction{holds}, another(`"scheduled":120`, `"scheduled":121`), trial.ExitHarnessError, "measurements.exercised.scheduled: 121, now 120"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := predicted(t, test.predict)
			if test.spoil != nil {
				test.spoil(t, dir)
			}
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"check", dir}, streams{strings.NewReader(""), &out, &errs}); code != test.want || !strings.Contains(errs.String(), test.wording) {
				t.Errorf("exit code %d, %s; want %d, %q", code, errs.String(), test.want, test.wording)
			}
			if strings.HasPrefix(name, "its history") && strings.Contains(out.String(), "confirmed") {
				t.Errorf("confirmed without its history:\n%s", out.String())
			}
		})
	}
}

// The help names the exit codes, wherever they matter.
func TestHelpNamesTheExitCodes(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"check", "--help"}, {"replay", "--help"}} {
		var out bytes.Buffer
		code := run(t.Context(), args, streams{strings.NewReader(""), &out, io.Discard})
		printed := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range []string{"0 when all came out as predicted", "1 when something was refuted", "2 when something is undecided", "3 for an error of the kit"} {
			if code != 0 || !strings.Contains(printed, want) {
				t.Errorf("%q: exit code %d, and nothing says %q: %s", args, code, want, printed)
			}
		}
	}
}

// What was changed by hand is named: an effect that is gone, an offset that is another.
func TestCheckNamesWhatWasChanged(t *testing.T) {
	for name, test := range map[string]struct {
		edit    func(*history.Event) bool
		wording []string
	}{
		"an effect is gone": {func(e *history.Event) bool {
			return e.Kind != history.Effect || e.Sink != "redis" || e.ID != "u0-000007"
		},
			[]string{"judged now as refuted", "no-acknowledged-loss: holds, now broken: u0-000007 was acknowledged", "no-orphans: holds, now broken: u0-000007", "ids lost in redis: 0, now 1"}},
		"an offset is another": {func(e *history.Event) bool {
			if e.Kind == history.Resume && e.Group == "analytics" && e.Generation == 3 && e.Partition == 0 {
				e.Offset++
			}
			return true
		}, []string{"saved as confirmed, judged now as refuted", "resume-at-committed: holds, now broken: analytics/1 resumed analytics at "}},
		"a number is wrong": {nil, []string{"history is damaged at line 101", "event 101 stands where event 100 was"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := predicted(t, []breakwater.Prediction{{Guarantee: "no-acknowledged-loss", Expect: "holds"}})
			saved := &store.Run{Dir: dir}
			trials, err := store.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			log, err := saved.History(trials[0])
			if err != nil {
				t.Fatal(err)
			}
			if test.edit != nil {
				log = historytest.Edit(log, test.edit)
			} else {
				log.Events[99].N++
			}
			for _, file := range []string{"kill.trial.json", "kill" + history.Extension} { // a trial is never overwritten
				if err := os.Remove(filepath.Join(dir, "replay", file)); err != nil {
					t.Fatal(err)
				}
			}
			if err := saved.Save(trials[0], log); err != nil {
				t.Fatal(err)
			}
			var errs bytes.Buffer
			code := run(t.Context(), []string{"check", dir}, streams{strings.NewReader(""), io.Discard, &errs})
			for _, want := range test.wording {
				if code != trial.ExitHarnessError || !strings.Contains(errs.String(), want) {
					t.Errorf("exit code %d, and nothing says %q:\n%s", code, want, errs.String())
				}
			}
		})
	}
}

// predicted is a run on disk with one trial of a healthy history.
func predicted(t *testing.T, predictions []breakwater.Prediction) (dir string) {
	t.Helper()
	run, err := store.Create(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	log := historytest.Event(historytest.Options{Rate: 5})
	tr := &trial.Trial{Schema: trial.Schema, ID: "kill", Suite: "replay", Contender: "event"}
	tr.Judge(log, predictions)
	if err := run.Save(tr, log); err != nil {
		t.Fatal(err)
	}
	return run.Dir
}

// A trial that cannot be read is in nobody's way who wants another.
func TestOthersCanBeChosen(t *testing.T) {
	dir := saved(t)
	put(t, filepath.Join(dir, "replay", "cut.trial.json"), "{")
	trials, err := offline.Trials(dir, []string{"kill"})
	if err != nil || len(trials) != 1 || trials[0].ID != "kill" {
		t.Errorf("got %v, %v", trials, err)
	}
	if _, err := offline.Trials(dir, []string{"cut"}); err == nil || !strings.Contains(err.Error(), "it has kill") || !strings.Contains(err.Error(), "cut.trial.json") {
		t.Errorf("got %v", err)
	}
}

// What could not be performed is said again at the end, and is exit code 3.
func TestTroubleIsTold(t *testing.T) {
	dir := predicted(t, []breakwater.Prediction{{Guarantee: "no-acknowledged-loss", Expect: "holds"}})
	if code := codeOf(conclude(io.Discard, &store.Run{Dir: dir})); code != trial.ExitAsPredicted {
		t.Errorf("exit code %d", code)
	}
	put(t, filepath.Join(dir, "errors.jsonl"), `{"suite":"replay","spec":"It recovers","world":"local","reason":"api ended before it was ready"}`)
	var printed bytes.Buffer
	if code := codeOf(conclude(&printed, &store.Run{Dir: dir})); code != trial.ExitHarnessError || !strings.Contains(printed.String(), "api ended before it was ready") || !strings.Contains(printed.String(), "1 spec could not be performed") {
		t.Errorf("exit code %d, and it says\n%s", code, printed.String())
	}
	printed.Reset()
	if code := run(t.Context(), []string{"check", dir}, streams{strings.NewReader(""), &printed, io.Discard}); code != trial.ExitHarnessError || !strings.Contains(printed.String(), "api ended before it was ready") {
		t.Errorf("judged again: exit code %d, and it says\n%s", code, printed.String())
	}
}

func codeOf(err error) int {
	if code, ok := err.(exit.Code); ok { //nolint:errorlint // it is never wrapped
		return int(code)
	}
	return trial.ExitAsPredicted
}

func TestTellsWhatWasPruned(t *testing.T) {
	var out bytes.Buffer
	printPruned(&out, []images.Pruned{{Name: "services", Ref: "breakwater/services:1", Size: 30e6}, {Name: "breakwater", Size: 68e6}, {Name: "services", Size: 32e6}})
	if want := "removed 3 images of earlier builds, 130 MB\n  breakwater: 1\n  services: 2\n"; out.String() != want {
		t.Errorf("got %s", out.String())
	}
}
