package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestClaimsInFewWords(t *testing.T) {
	guarantee := func(g string, o trial.Outcome, observed, brief string) trial.Predicted {
		return trial.Predicted{Prediction: breakwater.Prediction{Guarantee: g, Expect: breakwater.ToHold}, Says: g + " holds", Observed: observed, Brief: brief, Outcome: o}
	}
	counted := func(g, observed string, c check.Count) trial.Predicted {
		p := guarantee(g, trial.Confirmed, observed, c.String())
		p.Count = &c
		return p
	}
	bound := func(wording string, o trial.Outcome, observed, brief string) trial.Predicted {
		return trial.Predicted{Prediction: breakwater.Prediction{Measurement: wording}, Says: wording, Observed: observed, Brief: brief, Outcome: o}
	}
	all := []trial.Predicted{
		counted(breakwater.NoAcknowledgedLoss, "0 of 9 acknowledged ids never took effect in a, b", check.Count{Of: 9, What: "lost", Sinks: 2}),
		counted(breakwater.NoPhantom, "0 of 9 ids in a, b were never sent", check.Count{Of: 9, What: "invented", Sinks: 2}),
		counted(breakwater.ExplainedRedelivery, "0 of 16 resumes of a were below", check.Count{Of: 16, What: "resumes below a commit"}),
		counted(breakwater.CommitAfterEffect, "0 of 30 records were early", check.Count{Of: 30, What: "committed early"}),
		guarantee(breakwater.BoundedRecovery, trial.Confirmed, "a: back", "a catch-up 2 s"),
		bound("catch-up of a ≤ 10 s", trial.Confirmed, "2 s", "catch-up 2 s"),
	}
	run := report.Run{Trials: []*trial.Trial{
		{ID: "1", Claim: "E2", Title: "cut", Contender: "event", Outcome: trial.Confirmed, Predictions: all},
		{ID: "2", Claim: "E2", Title: "slow", Contender: "event", Outcome: trial.Confirmed, Predictions: append(all[:6:6], bound("rejoins of a during the fault ≤ 0", trial.Confirmed, "0", "rejoins 0"))},
		{ID: "3", Claim: "E2", Title: "kill", Contender: "event", Outcome: trial.Undecided, Why: "the run proves nothing: the load was late", Predictions: all},
		{ID: "4", Claim: "E2", Title: "freeze", Contender: "event", Outcome: trial.Refuted, Why: "otherwise", Predictions: []trial.Predicted{
			all[1], guarantee(breakwater.Contained, trial.Confirmed, "", "r breached, p50 +9 ms (1 ms → 10 ms)"), guarantee(breakwater.NoAcknowledgedLoss, trial.Refuted, "broken: 2 of 9 acknowledged ids never took effect in b", "broken: 2 of 9 lost in b"),
			bound("p50 of x rises by ≤ 5 ms", trial.Refuted, "+9 ms (1 ms → 10 ms)", "p50 +9 ms (1 ms → 10 ms)"), bound("p50 of x rises by ≥ 1 ms", trial.Confirmed, "+9 ms (1 ms → 10 ms)", "p50 +9 ms (1 ms → 10 ms)"),
		}},
		{ID: "5", Claim: "E2", Title: "stop", Contender: "other", Predictions: nil},
		{ID: "6", Claim: "E2", Title: "cut off", Contender: "event", Outcome: trial.Confirmed, Predictions: all[3:]},
		{ID: "8", Claim: "E2", Title: "silence", Contender: "third", Outcome: trial.Undecided, Why: "the history is inconsistent", Predictions: []trial.Predicted{
			guarantee(breakwater.NoPhantom, trial.Undecided, "unknown: the history is inconsistent", ""), guarantee(breakwater.NoOrphans, trial.Undecided, "unknown: the history is inconsistent", ""),
		}},
		{ID: "7", Claim: "E2", Title: "cut again", Contender: "event", Outcome: trial.Confirmed, Predictions: all[2:]},
	}}
	claim := report.Summarize(run).Claims[0]
	var got []string
	for _, s := range claim.Scenarios {
		for _, r := range s.Rows {
			var parts []string
			for _, p := range r.Observed() {
				parts = append(parts, string(p.Outcome[0])+" "+p.Text)
			}
			got = append(got, fmt.Sprintf("%s | %s | %s", s.Outcome, claim.Predicted(r), strings.Join(parts, " · ")))
		}
	}
	want := []string{
		"confirmed | loses nothing, invents nothing, repeats only what was not committed, commits after the effect, recovers in time, catch-up of a ≤ 10 s | c 0 of 9 lost in 2 sinks · c 0 invented · c 0 of 16 resumes below a commit · c 0 of 30 committed early · c a catch-up 2 s",
		"confirmed | as above, rejoins of a ≤ 0 | c 0 of 9 lost in 2 sinks · c 0 invented · c 0 of 16 resumes below a commit · c 0 of 30 committed early · c a catch-up 2 s · c rejoins 0",
		"undecided | as above | u the run proves nothing: the load was late · c 0 of 9 lost in 2 sinks · c 0 invented · c 0 of 16 resumes below a commit · c 0 of 30 committed early · c a catch-up 2 s",
		"refuted | invents nothing, contains the failure, loses nothing, p50 of x rises by ≤ 5 ms, p50 of x rises by ≥ 1 ms | r broken: 2 of 9 acknowledged ids never took effect in b · r p50 +9 ms (1 ms → 10 ms) · c 0 of 9 invented in 2 sinks · c r breached",
		"undecided | nothing | ",
		"confirmed | commits after the effect, recovers in time, catch-up of a ≤ 10 s | c 0 of 30 committed early · c a catch-up 2 s",
		"undecided | invents nothing, leaves no orphans | u unknown: the history is inconsistent",
		"confirmed | as above, repeats only what was not committed | c 0 of 16 resumes below a commit · c 0 of 30 committed early · c a catch-up 2 s",
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("%d:\n%s\nwant\n%s", i, got[min(i, len(got)-1)], want[i])
		}
	}
	if claim.Only() != "" || (report.Claim{Scenarios: claim.Scenarios[:4]}).Only() != "event" {
		t.Error("the claim's only contender is not found")
	}
}

// What two verdicts of one run have in common stands there once.
func TestCountsOfARunAreShortened(t *testing.T) {
	tr := &trial.Trial{ID: "1"}
	tr.Judge(historytest.Event(historytest.Options{}), breakwater.Holds(breakwater.NoAcknowledgedLoss, breakwater.ResumeAtCommitted, breakwater.NoPhantom))
	var got []string
	for _, p := range report.RowOf(trial.Rounds{tr}).Observed() {
		got = append(got, p.Text)
	}
	if text := strings.Join(got, " · "); text != "0 of 480 lost in 3 sinks · 15 of 15 resumes at the commit · 0 invented" {
		t.Error(text)
	}
}
