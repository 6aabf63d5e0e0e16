package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// The smallest histories of a group that was set elsewhere while its members were
// stopped, as the kit records them: what all guarantees about positions allow, and
// what those do not that it would break had nobody set it.
func TestResets(t *testing.T) {
	both := func(h *history.Header) { h.Services[1].Ledger.Attempts, h.Services[1].Ledger.Once = "attempts", true }
	brought := func(at, n int) events {
		id := nth(n)
		return events{attempt("db", id, time.Duration(at)*ms), effect("db", id, time.Duration(at)*ms)}
	}
	set := func(offset int64) history.Event { return by("breakwater", commit(offset, 30*ms, 31*ms, history.OK)) }
	one, two := request("u1", ms, history.OK), request("u2", 2*ms, history.OK)

	// u1 and u2 are brought and committed; then both are brought again.
	back := func(reset ...history.Event) events {
		return all(one, two, records(0, 1), resume(3*ms, -1, 0), brought(5, 1), brought(6, 2), commit(2, 10*ms, 11*ms, history.OK),
			process("analytics/1", history.Exited, 20*ms), reset, process("analytics/1", history.Started, 40*ms),
			resume(50*ms, 0, 0), attempt("db", "u1", 55*ms), commit(1, 57*ms, 58*ms, history.OK), attempt("db", "u2", 60*ms), commit(2, 62*ms, 63*ms, history.OK))
	}
	// u1 is brought and committed; u2 is left out; u3 is brought.
	on := func(reset ...history.Event) events {
		return all(one, two, request("u3", 3*ms, history.OK), records(0, 1, 2), resume(4*ms, -1, 0), brought(6, 1), commit(1, 10*ms, 11*ms, history.OK),
			process("analytics/1", history.Exited, 20*ms), reset, process("analytics/1", history.Started, 40*ms),
			resume(50*ms, 2, 2), brought(55, 3), commit(3, 57*ms, 58*ms, history.OK), commit(3, 60*ms, 61*ms, history.OK))
	}
	for _, c := range []struct {
		name    string
		with    events
		without events
		holds   []string
		broken  []string // of those, what would be broken had nobody set it
	}{
		{"back to the beginning", back(set(0)), back(),
			[]string{breakwater.ExplainedRedelivery, breakwater.ResumeAtCommitted, breakwater.CommittedMonotone, breakwater.ReplayIsContiguous, breakwater.CommitAfterEffect, breakwater.EffectOnce, breakwater.NoAcknowledgedLoss, breakwater.NoStuck},
			[]string{breakwater.ExplainedRedelivery, breakwater.ResumeAtCommitted, breakwater.CommittedMonotone}},
		{"on, past what nobody has brought", on(set(2)), on(),
			[]string{breakwater.ExplainedRedelivery, breakwater.ResumeAtCommitted, breakwater.CommittedMonotone, breakwater.ReplayIsContiguous, breakwater.CommitAfterEffect, breakwater.EffectOnce},
			[]string{breakwater.ResumeAtCommitted, breakwater.ReplayIsContiguous, breakwater.CommitAfterEffect}},
	} {
		for _, guarantee := range c.holds {
			v := verdict(t, historytest.Log(with(recorded(), both), c.with...), guarantee)
			if v.Status != Holds {
				t.Errorf("%s: %s %s: %s %+v", c.name, guarantee, v.Status, v.Why, v.Anomalies)
			}
		}
		for _, guarantee := range c.broken {
			if v := verdict(t, historytest.Log(with(recorded(), both), c.without...), guarantee); v.Status != Broken {
				t.Errorf("%s, and nobody had set it: %s %s: %s", c.name, guarantee, v.Status, v.Why)
			}
		}
	}
	if v := verdict(t, historytest.Log(with(recorded(), both), on(set(2))...), breakwater.NoAcknowledgedLoss); v.Status != Broken {
		t.Errorf("what was left out is lost all the same: %s %s", v.Status, v.Why)
	}
}
