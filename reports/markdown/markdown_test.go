package markdown_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/markdown"
	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	for name, run := range map[string]report.Run{"run.md": pagetest.Run(), "small.md": pagetest.Small(), "large.md": pagetest.Large(26), "selftest.md": pagetest.Selftest(), "rounds.md": pagetest.Repeat(pagetest.Large(21), 10), "empty.md": {ID: "empty"}} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			path := "out/20261123T140201Z/index.html"
			if err := markdown.Write(&b, run, path); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run the test with -update to write it", err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s differs; if that is meant, run the test with -update\n%s", file, b.Bytes())
			}
		})
	}
}

func TestNothingBreaksOut(t *testing.T) {
	var b bytes.Buffer
	run := report.Run{Replay: "breakwater `replay` x", Trials: []*trial.Trial{pagetest.Hostile()}, Skipped: []report.Absent{{Spec: "a|b\nc", Reason: "@everyone ![x](y)"}}}
	if err := markdown.Write(&b, run, "out/`x`.html"); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if strings.ContainsAny(got, "<>") && strings.Contains(strings.ReplaceAll(got, "<br>", ""), "<") {
		t.Errorf("markup came through:\n%s", got)
	}
	for _, bad := range []string{"@everyone", "![x]", "a|b"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q came through:\n%s", bad, got)
		}
	}
	for line := range strings.Lines(got) {
		if columns := strings.Count(line, "|") - strings.Count(line, `\|`); strings.HasPrefix(line, "|") && columns != 7 {
			t.Errorf("a row has %d bars, want 7: %s", columns, line)
		}
	}
}

func TestStaysShort(t *testing.T) {
	var run report.Run
	for i := range 200 {
		tr := pagetest.Hostile()
		tr.ID, tr.Claim, tr.Title, tr.Why = fmt.Sprint(i), "E1", "title", strings.Repeat("long ", 1000)
		tr.Predictions = tr.Predictions[:1]
		tr.Predictions[0].Says, tr.Predictions[0].Observed = "x", strings.Repeat("y", 5000)
		run.Trials = append(run.Trials, tr)
	}
	var b bytes.Buffer
	if err := markdown.Write(&b, run, ""); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 100_000 {
		t.Errorf("200 red trials make %d bytes", b.Len())
	}
	if !strings.Contains(b.String(), "and 188 more, in the report") {
		t.Error("the rest is not counted")
	}
}

// A claim that came out confirmed where it is marked as refuted is no claim as predicted.
func TestSurprisesAreNotShortened(t *testing.T) {
	run := pagetest.Large(26)
	run.Trials[0].Predictions[0].KnownRefuted = "known"
	var b bytes.Buffer
	if err := markdown.Write(&b, run, ""); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "| **E1** | A claim of some length that a scenario or two are to settle, no. E1 | event | 1 scenario") {
		t.Errorf("E1 is shortened:\n%s", b.String())
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrors(t *testing.T) {
	if err := markdown.Write(full{}, pagetest.Small(), ""); !errors.Is(err, errFull) {
		t.Errorf("Write = %v, want the writer's error", err)
	}
	if err := markdown.Write(full{}, report.Run{Trials: []*trial.Trial{nil}}, ""); err == nil || errors.Is(err, errFull) {
		t.Errorf("Write = %v, want what is wrong with the run", err)
	}
}

func ExampleWrite() {
	run := report.Run{Replay: "breakwater replay out/latest", Trials: []*trial.Trial{{
		ID: "replay-e2-kill-event", Claim: "E2", Title: "The consumer is killed", Contender: "event", Outcome: trial.Confirmed,
		Predictions: []trial.Predicted{{Says: "no-acknowledged-loss holds", Observed: "0 of 6,000 lost", Outcome: trial.Confirmed}},
	}}}
	if err := markdown.Write(os.Stdout, run, "out/latest/index.html"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ## ✓ 1 claim confirmed
	//
	// The one trial came out as predicted.
	//
	// | | Claim | Contender | Predicted | Observed | |
	// |---|---|---|---|---|---|
	// | **E2** | The consumer is killed | event | no-acknowledged-loss holds | 0 of 6,000 lost | ✓ confirmed |
	//
	// Report: `out/latest/index.html`
	//
	// Replay: `breakwater replay out/latest`
}
