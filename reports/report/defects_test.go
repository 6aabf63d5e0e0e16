package report_test

import (
	"testing"

	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Sabotage of the kit has no trial, and is a row of the report all the same: its rounds
// together, and red in every form once it was not caught.
func TestSabotageIsARow(t *testing.T) {
	dir := t.TempDir()
	save := func(name string, caught bool) report.Run {
		t.Helper()
		if err := (report.Sabotage{Name: name, Fault: "it never heals", World: "local", Expected: "exercised unknown", Caught: caught}).Save(dir); err != nil {
			t.Fatal(err)
		}
		run, err := report.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	save("never-heals", true)
	save("wrong-edge", true)
	run := save("never-heals", true)
	s := report.Summarize(run)
	if run.Empty() || run.ExitCode() != trial.ExitAsPredicted || !s.Green || s.Headline != "All 2 planted defects caught" {
		t.Errorf("exit code %d, green %t: %s. %s", run.ExitCode(), s.Green, s.Headline, s.Note)
	}
	if d := s.Defects[0]; len(s.Defects) != 2 || d.Name != "never-heals" || !d.Kit || d.Caught != 2 || d.Rounds != 2 || !d.Proven() {
		t.Errorf("%+v", s.Defects)
	}
	run = save("wrong-edge", false)
	if s := report.Summarize(run); run.ExitCode() != trial.ExitRefuted || s.Green || s.Headline != "1 of 2 planted defects caught" {
		t.Errorf("exit code %d, green %t: %s. %s", run.ExitCode(), s.Green, s.Headline, s.Note)
	}
}
