package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
)

// What was changed after it was saved, put elsewhere or is no file is found, named, and
// never waited for.
func TestReadWhatOthersWrote(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dir string) error // of the run
		want   string                 // from Load, or from History
	}{
		{"nothing", func(string) error { return nil }, ""},
		{"a trial under another suite", func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "scaling"), 0o755), os.Rename(filepath.Join(dir, "replay", "a.trial.json"), filepath.Join(dir, "scaling", "a.trial.json")))
		}, "it is the trial of replay/a.trial.json"},
		{"a trial under another id", func(dir string) error {
			return os.Rename(filepath.Join(dir, "replay", "a.trial.json"), filepath.Join(dir, "replay", "c.trial.json"))
		}, "it is the trial of replay/a.trial.json"},
		{"another trial's history", func(dir string) error {
			return os.Rename(filepath.Join(dir, "replay", "b.history.jsonl.zst"), filepath.Join(dir, "replay", "a.history.jsonl.zst"))
		}, store.ErrForeign.Error()},
		{"something behind the history", func(dir string) error {
			f, err := os.OpenFile(filepath.Join(dir, "replay", "a.history.jsonl.zst"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.Write([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'}) // a frame that decoders skip
			return errors.Join(err, f.Close())
		}, store.ErrForeign.Error()},
		{"a suite that is a link to outside", func(dir string) error {
			outside := filepath.Join(filepath.Dir(dir), "outside")
			return errors.Join(os.Rename(filepath.Join(dir, "replay"), outside), os.Symlink(outside, filepath.Join(dir, "replay")))
		}, "escapes"},
		{"a history that is a pipe", func(dir string) error {
			file := filepath.Join(dir, "replay", "a.history.jsonl.zst")
			return errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o644))
		}, "a pipe"},
		{"a trial that is a pipe", func(dir string) error {
			file := filepath.Join(dir, "replay", "a.trial.json")
			return errors.Join(os.Remove(file), syscall.Mkfifo(file, 0o644))
		}, "a pipe"},
		{"a trial that is a device", func(dir string) error {
			file := filepath.Join(dir, "replay", "a.trial.json")
			return errors.Join(os.Remove(file), os.Symlink("/dev/zero", file))
		}, "escapes"},
		{"a trial without an end", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "replay", "a.trial.json"), 1<<40)
		}, "are read"},
		{"a history without an end", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "replay", "a.history.jsonl.zst"), 1<<40)
		}, "are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run, err := store.Create(t.TempDir(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			for seed, id := range []string{"a", "b"} {
				log := historytest.Event(historytest.Options{Rate: 10, Seed: uint64(seed)})
				if err := run.Save(judged(id, log), log); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.change(run.Dir); err != nil {
				t.Fatal(err)
			}
			trials, err := store.Load(run.Dir)
			if err == nil {
				_, err = run.History(trials[0])
				if scanned := run.Scan(trials[0], func(history.Header) error { return nil }, func(*history.Event) error { return nil }); (err == nil) != (scanned == nil) {
					t.Errorf("read: %v, scanned: %v", err, scanned)
				}
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// Nothing is written through a link that leads out of the run.
func TestSaveStaysInside(t *testing.T) {
	out, outside := t.TempDir(), t.TempDir()
	run, err := store.Create(out, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(run.Dir, "replay")); err != nil {
		t.Fatal(err)
	}
	log := historytest.Event(historytest.Options{Rate: 10})
	if err := run.Save(judged("a", log), log); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Error(err)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
