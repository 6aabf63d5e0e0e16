package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func judged(id string, log history.Log) *trial.Trial {
	t := &trial.Trial{Schema: trial.Schema, ID: id, Suite: "replay", Claim: "E2", Title: "kill", Contender: log.Header.Contender, World: "local", Started: time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)}
	t.Judge(log, []breakwater.Prediction{{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToHold}})
	return t
}

func encode(t *testing.T, tr *trial.Trial) string {
	t.Helper()
	b, err := tr.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSaveLoadJudgeAgain(t *testing.T) {
	out := t.TempDir()
	run, err := store.Create(out, "20261123T140201Z")
	if err != nil {
		t.Fatal(err)
	}
	logs := map[string]history.Log{"event": historytest.Event(historytest.Options{Seed: 1}), "sync": historytest.Sync(historytest.Options{Seed: 1})}
	saved := map[string]string{}
	for id, log := range logs {
		tr := judged(id, log)
		if err := run.Save(tr, log); err != nil {
			t.Fatal(err)
		}
		saved[id] = encode(t, tr)
		if n := len(saved[id]); n > 200_000 {
			t.Errorf("trial %s is %d bytes of JSON", id, n)
		}
	}
	trials, err := store.Load(run.Dir)
	if err != nil || len(trials) != 2 || trials[0].ID != "event" {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	for _, tr := range trials {
		if encode(t, tr) != saved[tr.ID] {
			t.Errorf("%s changed on its way through the file", tr.ID)
		}
		log, err := run.History(tr)
		if err != nil {
			t.Fatal(err)
		}
		if again := encode(t, trial.Rejudge(tr, log)); again != saved[tr.ID] {
			t.Errorf("%s judged again is another trial:\n%s\n%s", tr.ID, again, saved[tr.ID])
		}
	}
	if err := filepath.WalkDir(out, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), ".") {
			t.Errorf("%s was left behind", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// A trial is never overwritten, whoever comes second.
func TestATrialIsNeverOverwritten(t *testing.T) {
	run, err := store.Create(t.TempDir(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	first, second := historytest.Event(historytest.Options{Seed: 1, Rate: 10}), historytest.Event(historytest.Options{Seed: 2, Rate: 10})
	if _, err := run.Begin("replay", "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Begin("replay", "one"); !errors.Is(err, store.ErrTaken) {
		t.Errorf("a second one begins while the first is performed: %v", err)
	}
	if err := run.Save(judged("one", first), first); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(run.Dir, "replay", "one.logs")); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Begin("replay", "one"); !errors.Is(err, store.ErrTaken) {
		t.Errorf("a second one begins after the first was saved: %v", err)
	}
	if err := run.Save(judged("one", second), second); !errors.Is(err, store.ErrTaken) || !strings.Contains(err.Error(), "one.history") {
		t.Errorf("a second one is saved: %v", err)
	}
	trials, err := store.Load(run.Dir)
	if err != nil || len(trials) != 1 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	if log, err := run.History(trials[0]); err != nil || log.Events[len(log.Events)-1].ID[:2] != "u1" {
		t.Errorf("the first history is gone: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(run.Dir, "replay", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDamage(t *testing.T) {
	run, err := store.Create(t.TempDir(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	log := historytest.Event(historytest.Options{Rate: 10})
	for _, id := range []string{"good", "bad", "old"} {
		if err := run.Save(judged(id, log), log); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(run.Dir, "replay", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("bad.trial.json", `{"schema":`)
	write("old.trial.json", `{"schema":"breakwater.trial/0"}`)
	trials, err := store.Load(run.Dir)
	if len(trials) != 1 || trials[0].ID != "good" || err == nil || !strings.Contains(err.Error(), "bad.trial.json") || !strings.Contains(err.Error(), `schema is "breakwater.trial/0"`) {
		t.Errorf("%d trials, %v", len(trials), err)
	}

	path := filepath.Join(run.Dir, "replay", "good.history.jsonl.zst")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write("good.history.jsonl.zst", string(b[:len(b)-20]))
	readable, err := run.History(trials[0])
	var damaged *history.DamagedError
	if !errors.As(err, &damaged) || damaged.Readable != len(readable.Events) {
		t.Errorf("a torn history gives %v", err)
	}
	again := trial.Rejudge(trials[0], readable)
	if again.Outcome != trial.Undecided {
		t.Errorf("judged from what is left of its history the trial is %s: %s", again.Outcome, again.Why)
	}
}

// Runs that begin in the same second are as many runs.
func TestEveryRunHasAFolderOfItsOwn(t *testing.T) {
	out := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			r, err := store.Create(out, "20261123T140201Z")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[filepath.Base(r.Dir)] = true
		})
	}
	wg.Wait()
	if len(made) != 8 || !made["20261123T140201Z"] || !made["20261123T140201Z-8"] {
		t.Errorf("made %v", made)
	}
	if r, err := store.Join(out, "20261123T140201Z"); err != nil || filepath.Base(r.Dir) != "20261123T140201Z" {
		t.Errorf("joined %v, %v", r, err)
	}
	if r, err := store.Join(out, "nightly"); err != nil || filepath.Base(r.Dir) != "nightly" {
		t.Errorf("joined %v, %v", r, err)
	}
}

func TestLatest(t *testing.T) {
	out := t.TempDir()
	latest := filepath.Join(out, "latest")
	if _, err := os.Readlink(latest); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing was run: %v", err)
	}
	show := func(name string) {
		r, err := store.Create(out, name)
		if err == nil {
			err = r.MakeLatest()
		}
		if err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			show(fmt.Sprintf("run-%d", i))
			if name, err := os.Readlink(latest); err != nil || !strings.HasPrefix(name, "run-") {
				t.Errorf("%s, %v", name, err)
			}
		})
	}
	wg.Wait()
	show("run-9")
	if _, err := store.Create(out, "run-91"); err != nil { // which has nothing to show yet
		t.Fatal(err)
	}
	if name, err := os.Readlink(latest); err != nil || name != "run-9" {
		t.Errorf("%s, %v", name, err)
	}
}

// Only a run that never had anything is discarded.
func TestDiscard(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		gone bool
	}{
		"nothing":          {"", true},
		"a suite's folder": {"replay/", true},
		"a report":         {"index.html", false},
		"a log":            {"replay/one.logs/kafka.log", false},
	} {
		run, err := store.Create(t.TempDir(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(run.Dir, c.file)
		if err := os.MkdirAll(filepath.Join(run.Dir, filepath.Dir(c.file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if !c.gone {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run.Discard()
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) != c.gone {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	out := t.TempDir()
	for _, name := range []string{"", "../up", ".hidden", "a/b", "latest"} {
		_, created := store.Create(out, name)
		_, joined := store.Join(out, name)
		if created == nil || joined == nil {
			t.Errorf("a run may be named %q", name)
		}
	}
	run, err := store.Create(out, "r1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []trial.Trial{{Suite: "..", ID: "a"}, {Suite: "replay", ID: "../../a"}, {Suite: "replay"}} {
		if err := run.Save(&c, history.Log{}); err == nil {
			t.Errorf("a trial may be %q in %q", c.ID, c.Suite)
		}
		if _, err := run.Begin(c.Suite, c.ID); err == nil {
			t.Errorf("a trial may begin as %q in %q", c.ID, c.Suite)
		}
	}
}

func Example() {
	out, err := os.MkdirTemp("", "out")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(out)
	run, err := store.Create(out, "20261123T140201Z")
	if err != nil {
		fmt.Println(err)
		return
	}
	log := historytest.Event(historytest.Options{})
	if err := run.Save(judged("replay-e2-kill-event", log), log); err != nil {
		fmt.Println(err)
		return
	}
	if err := run.MakeLatest(); err != nil {
		fmt.Println(err)
		return
	}
	trials, err := store.Load(filepath.Join(out, "latest"))
	fmt.Println(trials[0].ID, trials[0].Outcome, trials[0].History, err)
	// Output: replay-e2-kill-event confirmed replay-e2-kill-event.history.jsonl.zst <nil>
}
