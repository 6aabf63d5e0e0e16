package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "20261123T120000Z")
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, x := range []*trial.Trial{
		{ID: "a", Claim: "S1", Title: "slow", World: "docker", Started: start, Took: 5 * time.Second, Statement: "A slow callee"},
		{ID: "b", Claim: "E2", Title: "kill", World: "local", Started: start.Add(30 * time.Second), Took: 40 * time.Second, Statement: "A consumer recovers"},
		{ID: "c", Claim: "E2", Title: "cut", World: "local", Started: start.Add(10 * time.Second), Took: 10 * time.Second, Order: 1},
		{ID: "d", Claim: "E2", Title: "cut", World: "local", Started: start.Add(35 * time.Second), Took: 10 * time.Second},
	} {
		x.Suite = "replay"
		if err := (&store.Run{Dir: dir}).Save(x, history.Log{}); err != nil {
			t.Fatal(err)
		}
	}
	run, err := report.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.ID != "20261123T120000Z" || run.Replay != "breakwater replay "+dir {
		t.Errorf("run %s, replayed by %s", run.ID, run.Replay)
	}
	if !run.Started.Equal(start) || run.Took != 70*time.Second {
		t.Errorf("it began at %s and took %s", run.Started, run.Took)
	}
	if run.World != "local, docker" || run.Claims["S1"] != "A slow callee" || run.Claims["E2"] != "A consumer recovers" {
		t.Errorf("world %s, claims %v", run.World, run.Claims)
	}
	var order string
	for _, x := range run.Trials {
		order += x.ID
	}
	if order != "dcba" {
		t.Errorf("by claim, then by experiment, then by contender the trials come as %s", order)
	}
}

// What is printed as the command to replay a run names where the run is.
func TestReplayNamesTheFolder(t *testing.T) {
	module := t.TempDir()
	if err := os.WriteFile(filepath.Join(module, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	for dir, want := range map[string]string{
		filepath.Join(module, "out", "r1"):        "breakwater replay out/r1",
		filepath.Join(module, "other", "r1"):      "breakwater replay " + filepath.Join(module, "other", "r1"),
		filepath.Join(elsewhere, "out", "r1"):     "breakwater replay " + filepath.Join(elsewhere, "out", "r1"),
		filepath.Join(elsewhere, "my runs", "r1"): "breakwater replay '" + filepath.Join(elsewhere, "my runs", "r1") + "'",
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		run, err := report.Load(dir)
		if err != nil || run.Replay != want {
			t.Errorf("%s, %v; want %s", run.Replay, err, want)
		}
	}
	t.Chdir(module)
	if run, err := report.Load("out/r1"); err != nil || run.Replay != "breakwater replay out/r1" {
		t.Errorf("%s, %v", run.Replay, err)
	}
}

func TestContendersKeepTheirOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	now := time.Now()
	for i, name := range []string{"event", "sync-fanout", "sync-sequential"} { // as they happen to be saved
		x := &trial.Trial{ID: "s1-" + name, Suite: "cascade", Claim: "S1", Title: "slow", Contender: name, Order: 2 - i, Started: now.Add(time.Duration(i))}
		if err := (&store.Run{Dir: dir}).Save(x, history.Log{}); err != nil {
			t.Fatal(err)
		}
	}
	run, err := report.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, x := range run.Trials {
		order = append(order, x.Contender)
	}
	if got := strings.Join(order, " "); got != "sync-sequential sync-fanout event" {
		t.Errorf("contenders come as %s", got)
	}
}
