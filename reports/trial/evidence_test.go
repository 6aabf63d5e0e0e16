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
