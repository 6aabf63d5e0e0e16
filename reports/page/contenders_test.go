package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestStandings(t *testing.T) {
	row := func(contender, trialID string, lines ...report.Line) report.ClaimRow {
		r := report.ClaimRow{Trial: trialID, Contender: contender, Lines: lines, Outcome: trial.Confirmed}
		for _, l := range lines {
			r.Outcome = trial.WorstOutcome(r.Outcome, l.Outcome)
		}
		return r
	}
	good := func(wording string) report.Line { return report.Line{Says: wording, Outcome: trial.Confirmed} }
	bad := report.Line{Says: "loses nothing", Brief: "3 of 9 lost", Outcome: trial.Refuted}
	claims := []report.Claim{
		{ID: "S1", Title: "Slow", Scenarios: []report.Scenario{{Rows: []report.ClaimRow{row("sync", "a", good("waits")), row("event", "b", good("goes on"), good("goes on"))}}}},
		{ID: "E2", Title: "Replay", Scenarios: []report.Scenario{{Rows: []report.ClaimRow{row("event", "c", good("resumes"))}}, {Rows: []report.ClaimRow{row("event", "d", good("resumes"), bad)}}}},
		{ID: "E4", Title: "Scale", Scenarios: []report.Scenario{{Rows: []report.ClaimRow{row("one", "e", good("is slow"))}}}},
		{ID: "S5", Title: "Orphans", Scenarios: []report.Scenario{{Rows: []report.ClaimRow{row("sync", "f", good("1"), good("2"), good("3"), good("4"), good("5"))}}}},
	}
	contenders, rows := newStandings(claims, map[string]string{"d": "x4"})
	var got []string
	for _, r := range rows {
		for i, c := range r.Cells {
			did := lists.Collect(c.Did, func(p report.Part) string { return p.Text })
			got = append(got, fmt.Sprintf("%s %s: %s %s %q %d", r.ID, contenders[i], c.Outcome, c.Anchor, strings.Join(did, "; "), max(c.More, 0)))
		}
	}
	want := []string{
		`S1 sync: confirmed  "waits" 0`, `S1 event: confirmed  "goes on" 0`,
		`E2 sync:   "" 0`, `E2 event: refuted x4 "3 of 9 lost; resumes" 0`,
		`S5 sync: confirmed  "1; 2; 3; 4" 1`, `S5 event:   "" 0`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the standings are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if contenders, rows := newStandings(claims[1:3], nil); contenders != nil || rows != nil {
		t.Errorf("of one contender there is nothing to compare: %v", contenders)
	}
}
