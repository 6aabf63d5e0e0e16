package junit_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/junit"
	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// parsed is the document as a CI system reads it.
type parsed struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Cases []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func parse(t *testing.T, b []byte) parsed {
	t.Helper()
	var p parsed
	if err := xml.Unmarshal(b, &p); err != nil {
		t.Fatalf("no valid XML: %v\n%s", err, b)
	}
	return p
}

func render(t *testing.T, run report.Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := junit.Write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	got := render(t, pagetest.Run())
	file := filepath.Join("testdata", "run.xml")
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; if that is meant, run the test with -update\n%s", file, got)
	}
}

func TestCounts(t *testing.T) {
	p := parse(t, render(t, pagetest.Run()))
	if p.Tests != 14 || p.Failures != 2 || p.Errors != 4 || p.Skipped != 1 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped; want 14, 2, 4, 1", p.Tests, p.Failures, p.Errors, p.Skipped)
	}
	cases := 0
	for _, s := range p.Suites {
		cases += len(s.Cases)
		for _, c := range s.Cases {
			if strings.Contains(c.Name, "sync-hardened") && (c.Failure != nil || c.Error != nil) {
				t.Errorf("%s is known to be refuted and does not pass", c.Name)
			}
		}
	}
	if cases != 14 {
		t.Errorf("%d cases, want 14", cases)
	}
}

func TestOutcomes(t *testing.T) {
	p := []trial.Predicted{{Says: "x", Outcome: trial.Confirmed}}
	known := []trial.Predicted{{Prediction: breakwater.Prediction{KnownRefuted: "why"}, Outcome: trial.Confirmed}}
	for _, c := range []struct {
		name string
		t    trial.Trial
		want string
	}{
		{"as predicted", trial.Trial{Outcome: trial.Confirmed, Predictions: p}, "pass"},
		{"nothing predicted", trial.Trial{Outcome: trial.Confirmed}, "error"},
		{"known to be refuted and is not", trial.Trial{Outcome: trial.Confirmed, Predictions: known}, "failure"},
		{"refuted", trial.Trial{Outcome: trial.Refuted, Predictions: p[:0]}, "failure"},
		{"undecided", trial.Trial{Outcome: trial.Undecided, Predictions: p}, "error"},
		{"error", trial.Trial{Outcome: trial.Error, Predictions: p}, "error"},
		{"never judged", trial.Trial{Predictions: []trial.Predicted{{}}}, "error"},
	} {
		c.t.ID = "t"
		got := "pass"
		for _, s := range parse(t, render(t, report.Run{Trials: []*trial.Trial{&c.t}})).Suites {
			switch {
			case s.Cases[0].Failure != nil:
				got = "failure"
			case s.Cases[0].Error != nil:
				got = "error"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	b := render(t, report.Run{ID: "\x00<", Trials: []*trial.Trial{pagetest.Hostile()}})
	parse(t, b)
	if bytes.ContainsAny(b, "\x00\x1b") {
		t.Error("characters that XML cannot hold came through")
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrors(t *testing.T) {
	if err := junit.Write(full{}, pagetest.Small()); !errors.Is(err, errFull) {
		t.Errorf("Write = %v, want the writer's error", err)
	}
	if err := junit.Write(full{}, report.Run{Trials: []*trial.Trial{nil}}); err == nil || errors.Is(err, errFull) {
		t.Errorf("Write = %v, want what is wrong with the run", err)
	}
}

func ExampleWrite() {
	run := report.Run{ID: "20261123T140201Z", Trials: []*trial.Trial{{
		ID: "replay-e2-kill-event", Suite: "replay", Claim: "E2", Title: "The consumer is killed", Contender: "event", World: "local", Outcome: trial.Confirmed,
		Predictions: []trial.Predicted{{Says: "no-acknowledged-loss holds", Outcome: trial.Confirmed}},
	}}}
	if err := junit.Write(os.Stdout, run); err != nil {
		fmt.Println(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <testsuites name="breakwater 20261123T140201Z" tests="1" failures="0" errors="0" skipped="0" time="0.000">
	//   <testsuite name="replay" tests="1" failures="0" errors="0" skipped="0" time="0.000">
	//     <testcase name="The consumer is killed [event]" classname="replay.E2.local" time="0.000"></testcase>
	//   </testsuite>
	// </testsuites>
}
