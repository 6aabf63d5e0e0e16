package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A saved run that somebody made, or changed, is refused by every command that reads
// one: at once, and before anything is made or performed.
func TestRunsFromOutside(t *testing.T) {
	resaved := func(change func(*trial.Trial)) func(string) error {
		return func(dir string) error {
			file := filepath.Join(dir, "replay", "kill.trial.json")
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			var t trial.Trial
			if err := json.Unmarshal(b, &t); err != nil {
				return err
			}
			change(&t)
			if b, err = t.Encode(); err != nil {
				return err
			}
			return os.WriteFile(file, b, 0o644)
		}
	}
	in := func(dir, name string) string { return filepath.Join(dir, "replay", name) }
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string
		only   []string // commands; all
	}{
		{"a suite that leads elsewhere", resaved(func(t *trial.Trial) { t.Suite = "../../../../victim" }), "must begin with a letter or digit", nil},
		{"an absolute one", resaved(func(t *trial.Trial) { t.Suite = "/victim" }), "must begin with a letter or digit", nil},
		{"an id that leads elsewhere", resaved(func(t *trial.Trial) { t.ID = "../victim" }), "must begin with a letter or digit", nil},
		{"an id with a NUL", resaved(func(t *trial.Trial) { t.ID = "kill\x00" }), "must begin with a letter or digit", nil},
		{"another suite's", resaved(func(t *trial.Trial) { t.Suite = "scaling" }), "it is the trial of scaling/kill", nil},
		{"a service that leads elsewhere", resaved(func(t *trial.Trial) { t.Scenario.Services[0].Name = "../api" }), `service "../api"`, []string{"replay"}},
		{"secrets that nobody gives", resaved(func(t *trial.Trial) {
			t.Scenario.Requests[0].Header = map[string]string{"Authorization": "Bearer " + breakwater.Secret("NO_SUCH_SECRET")}
		}), "its secrets were not saved; set NO_SUCH_SECRET in the environment", []string{"replay"}},
		{"a seed that was edited", func(dir string) error {
			b, err := os.ReadFile(in(dir, "kill.trial.json"))
			return errors.Join(err, os.WriteFile(in(dir, "kill.trial.json"), bytes.Replace(b, []byte(`"seed":0`), []byte(`"seed":1`), 1), 0o644))
		}, "it was edited: seed changed", nil},
		{"a trial that is a pipe", func(dir string) error {
			return errors.Join(os.Remove(in(dir, "kill.trial.json")), syscall.Mkfifo(in(dir, "kill.trial.json"), 0o644))
		}, "no plain file but a pipe", nil},
		{"a trial that is a device", func(dir string) error {
			return errors.Join(os.Remove(in(dir, "kill.trial.json")), os.Symlink("/dev/zero", in(dir, "kill.trial.json")))
		}, "escapes", nil},
		{"a history that is a pipe", func(dir string) error {
			return errors.Join(os.Remove(in(dir, "kill"+history.Extension)), syscall.Mkfifo(in(dir, "kill"+history.Extension), 0o644))
		}, "no plain file but a pipe", []string{"check", "show", "dump"}},
		{"a history without an end", func(dir string) error { return os.Truncate(in(dir, "kill"+history.Extension), 1<<40) }, "are read", []string{"check", "show", "dump"}},
		{"a list that is a pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "errors.jsonl"), 0o644) }, "no plain file but a pipe", []string{"check"}},
	} {
		for _, command := range []string{"check", "show", "dump", "replay"} {
			if c.only != nil && !strings.Contains(strings.Join(c.only, " "), command) {
				continue
			}
			t.Run(c.name+"/"+command, func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out")
				t.Setenv(session.OutVariable, out)
				dir := saved(t)
				if err := c.change(dir); err != nil {
					t.Fatal(err)
				}
				args := []string{command, dir}
				if command == "show" {
					args = append(args, "--event", "u0-000007")
				}
				var printed bytes.Buffer
				code := run(t.Context(), args, streams{strings.NewReader(""), &printed, &printed})
				if code != trial.ExitHarnessError || !strings.Contains(printed.String(), c.want) {
					t.Errorf("exit code %d, want %q: %.1000s", code, c.want, printed.String())
				}
				if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("something was made: %v", err)
				}
			})
		}
	}
}

// A run of a module that registers a system of its own is read where nobody does; to
// perform it again, somebody has to.
func TestARunWithASystemOfAnotherModule(t *testing.T) {
	t.Setenv(session.OutVariable, filepath.Join(t.TempDir(), "out"))
	dir := saved(t, breakwater.Need{To: "vault"})
	var printed bytes.Buffer
	if code := run(t.Context(), []string{"check", dir}, streams{strings.NewReader(""), &printed, &printed}); code == trial.ExitHarnessError {
		t.Errorf("check: exit code %d: %s", code, printed.String())
	}
	printed.Reset()
	code := run(t.Context(), []string{"replay", dir}, streams{strings.NewReader(""), &printed, &printed})
	if want := `"vault", which is no service of the scenario (api) and nothing that a world provides`; code != trial.ExitHarnessError || !strings.Contains(printed.String(), want) {
		t.Errorf("replay: exit code %d: %s", code, printed.String())
	}
}
