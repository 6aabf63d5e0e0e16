package trial_test

import (
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// A refutation shows its worst anomalies, each with ids, offsets, times and events.
func TestEvidence(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	gone := 0
	lost := historytest.Without(event, func(e *history.Event) bool {
		if e.Kind != history.Effect || e.Sink != "redis" || gone == 5 {
			return false
		}
		gone++
		return true
	})
	besides := tolerated(breakwater.NoOrphans, breakwater.CommitAfterEffect)
	for name, c := range map[string]struct {
		prediction breakwater.Prediction
		lines      int
		first      string
	}{
		"refuted":             {holds(breakwater.NoAcknowledgedLoss), 4, "was acknowledged, is at user-events/"},
		"refuted with others": {others(breakwater.NoOrphans, breakwater.CommitAfterEffect), 4, "was acknowledged, is at user-events/"},
		"as predicted":        {breakwater.Prediction{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToBreak}, 0, ""},
		"a bound":             {bound(breakwater.Lost("redis"), "<=", 0), 0, ""},
	} {
		tr := judge(lost, append(besides, c.prediction)...)
		lines := tr.Evidence(tr.Predictions[0])
		if len(lines) != c.lines || c.lines > 0 && (!strings.Contains(lines[0], c.first) || !strings.Contains(lines[0], "[events ") || lines[3] != "and 2 more of no-acknowledged-loss") {
			t.Errorf("%s: %q", name, lines)
		}
	}
}

// What did not come out as predicted is listed with what was observed instead; a trial
// that proves nothing is listed as that.
func TestWrong(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	lost := historytest.Without(event, func(e *history.Event) bool {
		return e.Kind == history.Effect && e.ID == "u0-000042" && e.Sink == "redis"
	})
	unseen := historytest.Edit(event, func(e *history.Event) bool {
		if e.Kind == history.Fault {
			e.Fault.Active = 0
		}
		return true
	})
	tolerant := tolerated(breakwater.NoOrphans, breakwater.CommitAfterEffect)
	loss, none := holds(breakwater.NoAcknowledgedLoss), bound(breakwater.Lost("redis"), "<=", 0)
	for name, c := range map[string]struct {
		log         history.Log
		predictions []breakwater.Prediction
		want        []string // the outcome and the beginning of the first line
	}{
		"as predicted":         {event, []breakwater.Prediction{loss, none}, nil},
		"refuted, and a bound": {lost, append(tolerant, loss, none), []string{"refuted no-acknowledged-loss holds: broken: 1 of", "refuted ids lost in redis ≤ 0: 1"}},
		"proves nothing":       {unseen, []breakwater.Prediction{loss}, []string{"undecided the run proves nothing: "}},
	} {
		all := judge(c.log, c.predictions...).Wrong()
		ok := len(all) == len(c.want)
		for i := 0; ok && i < len(all); i++ {
			ok = strings.HasPrefix(string(all[i].Outcome)+" "+all[i].Lines[0], c.want[i])
		}
		if !ok {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}
