package store_test

import (
	"bytes"
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

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func judged(id string, log history.Log) *trial.Trial {
	t := &trial.Trial{Schema: trial.Schema, ID: id, Suite: "replay", Claim: "E2", Title: "kill", Contender: log.Header.Contender, World: "local", Started: time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)}
	t.Judge(log, []trial.Prediction{{Guarantee: check.NoAcknowledgedLoss, Expect: check.Holds}})
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

func TestSaveReplaces(t *testing.T) {
	run, err := store.Create(t.TempDir(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range []uint64{1, 2} {
		log := historytest.Event(historytest.Options{Seed: seed, Rate: 10})
		if err := run.Save(judged("one", log), log); err != nil {
			t.Fatal(err)
		}
	}
	trials, err := store.Load(run.Dir)
	if err != nil || len(trials) != 1 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	if log, err := run.History(trials[0]); err != nil || log.Events[len(log.Events)-1].ID[:2] != "u2" {
		t.Errorf("the second history did not replace the first: %v", err)
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

func TestLatest(t *testing.T) {
	out := t.TempDir()
	if _, err := store.Latest(out); !errors.Is(err, store.ErrNoRun) {
		t.Errorf("nothing was run: %v", err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := store.Create(out, fmt.Sprintf("run-%d", i)); err != nil {
				t.Error(err)
			}
			if r, err := store.Latest(out); err != nil || !strings.HasPrefix(filepath.Base(r.Dir), "run-") {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if _, err := store.Create(out, "run-9"); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Latest(out); err != nil || filepath.Base(r.Dir) != "run-9" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestNames(t *testing.T) {
	out := t.TempDir()
	for _, name := range []string{"", "../up", ".hidden", "a/b", "latest"} {
		if _, err := store.Create(out, name); err == nil {
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
	}
	if _, err := run.CreateLog("replay", "a", "../../b"); err == nil {
		t.Error("a log may lie outside")
	}
}

func TestLogs(t *testing.T) {
	run, err := store.Create(filepath.Join(t.TempDir(), "odd[name]"), "r1")
	if err != nil {
		t.Fatal(err)
	}
	for _, instance := range []string{"registration/1", "analytics/2"} {
		f, err := run.CreateLog("replay", "e2", instance)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("hello\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	tr := &trial.Trial{Suite: "replay", ID: "e2"}
	paths, err := run.Logs(tr)
	if err != nil || len(paths) != 2 || filepath.Base(paths[0]) != "analytics-2.log" || filepath.Base(filepath.Dir(paths[0])) != "e2.logs" {
		t.Fatalf("%q, %v", paths, err)
	}
	if b, err := os.ReadFile(paths[1]); err != nil || !bytes.Equal(b, []byte("hello\n")) {
		t.Errorf("%q, %v", b, err)
	}
	if paths, err := run.Logs(&trial.Trial{Suite: "replay", ID: "other"}); err != nil || len(paths) != 0 {
		t.Errorf("%q, %v", paths, err)
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
	newest, err := store.Latest(out)
	if err != nil {
		fmt.Println(err)
		return
	}
	trials, err := store.Load(newest.Dir)
	fmt.Println(trials[0].ID, trials[0].Outcome, trials[0].History, err)
	// Output: replay-e2-kill-event confirmed replay-e2-kill-event.history.jsonl.zst <nil>
}
