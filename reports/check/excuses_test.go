package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func accident(name, client, value string, at, end time.Duration) history.Event {
	return history.Event{Kind: history.Accident, Name: name, Client: client, Value: value, At: at, End: end}
}

// What somebody else did may explain what is missing whenever it came, and what happened
// only from then on; what the system did itself explains nothing.
func TestAccidents(t *testing.T) {
	lost := all(sent, record("u1", 7), commit(8, 50*ms, 51*ms, history.OK))
	twiceDone := all(sent, record("u1", 7), effect("db", "u1", time.Second), effect("db", "u1", 2*time.Second))
	onto := accident(history.EdgeFault, "analytics/1", "latency 300ms", time.Second, 0)
	onto.To = "database"
	testSmall(t, []small{
		{"lost, and nothing happened", breakwater.NoAcknowledgedLoss, consumer(), lost, Broken, []string{"u1"}, "committed up to 8"},
		{"lost, and its process was killed", breakwater.NoAcknowledgedLoss, consumer(), all(lost, accident(history.Killed, "analytics/1", "signal: killed", 1800*ms, 0)), Unknown, []string{"u1"},
			"analytics/1 was killed at 1.8 s (signal: killed), which no step of the plan ordered and which may explain: 1 of 1"},
		{"lost, and it was paused", breakwater.NoAcknowledgedLoss, consumer(), all(lost, accident(history.Paused, "analytics/1", "", time.Second, 3*time.Second)), Unknown, []string{"u1"}, "analytics/1 was paused at 1 s for 2 s, which"},
		{"lost, and it ended as if it was asked to", breakwater.NoAcknowledgedLoss, consumer(), all(lost, accident(history.InOrder, "analytics/1", "", time.Second, 0)), Unknown, []string{"u1"}, "by itself or because a signal asked it to"},
		{"lost, and it was out of memory", breakwater.NoAcknowledgedLoss, consumer(), all(lost, accident(history.OutOfMemory, "analytics/1", "", time.Second, 0)), Unknown, []string{"u1"}, "for want of memory"},
		{"lost, and it ended by itself", breakwater.NoAcknowledgedLoss, consumer(), all(lost, accident(history.Exited, "analytics/1", "exit status 2", time.Second, 0)), Broken, []string{"u1"}, ""},
		{"lost, and somebody put a fault on an edge", breakwater.NoAcknowledgedLoss, consumer(), all(lost, onto), Unknown, []string{"u1"}, "the edge analytics/1→database was changed by somebody else at 1 s (latency 300ms)"},
		{"twice, and then it was killed", breakwater.EffectOnce, analytics(func(s *breakwater.Service) { s.Ledger.Once = true }), all(twiceDone, accident(history.Killed, "analytics/1", "", 3*time.Second, 0)), Broken, []string{"u1"}, ""},
		{"twice, after it was killed", breakwater.EffectOnce, analytics(func(s *breakwater.Service) { s.Ledger.Once = true }), all(twiceDone, accident(history.Killed, "analytics/1", "", 1500*ms, 0)), Unknown, []string{"u1"}, "was killed"},
	})
}

// What was started in mid-run and is not ready again is named, and is the system's own.
func TestUnready(t *testing.T) {
	const s = time.Second
	x := func(e ...history.Event) (own []string) {
		h := history.Header{Phases: []history.Phase{{Name: breakwater.Before, Start: s, End: 5 * s}, {Name: breakwater.Drain, Start: 5 * s, End: 30 * s}}}
		var r history.Recorder
		if err := r.Add(e...); err != nil {
			t.Fatal(err)
		}
		log := r.Freeze(h)
		_, own = Accidents(log.Index())
		return own
	}
	one := func(name string, at time.Duration) history.Event { return process("analytics/1", name, at) }
	for _, c := range []struct {
		name   string
		events events
		want   string
	}{
		{"with the system", events{one(history.Started, 10*ms)}, "[]"},
		{"ready again", events{one(history.Exited, 2*s), one(history.Started, 3*s), one(history.Ready, 4*s), one(history.Exited, 29*s)}, "[]"},
		{"not ready again", events{one(history.Started, 3*s)}, "[analytics/1, started at 3 s, was not ready in the 27 s that it had]"},
		{"until it was stopped with the world", events{one(history.Started, 3*s), one(history.Exited, 29*s)}, "[analytics/1, started at 3 s, was not ready in the 26 s that it had]"},
		{"started once more, and ready", events{one(history.Started, 3*s), one(history.Exited, 4*s), one(history.Started, 5*s), one(history.Ready, 6*s)}, "[]"},
		{"another one is ready", events{one(history.Started, 3*s), process("analytics/2", history.Ready, 4*s)}, "[analytics/1, started at 3 s, was not ready in the 27 s that it had]"},
		{"it ended by itself", events{one(history.Started, 3*s), one(history.Exited, 4*s), accident(history.Exited, "analytics/1", "exit status 2", 4*s, 0)},
			"[analytics/1 ended by itself at 4 s (exit status 2)]"},
		{"it was paused too", events{one(history.Started, 3*s), accident(history.Paused, "analytics/1", "", 4*s, 5*s)},
			"[analytics/1, started at 3 s, was not ready in the 27 s that it had]"},
		{"somebody else started it again", events{accident(history.Restarted, "analytics/1", "", 2*s, 3*s), one(history.Started, 3*s)},
			"[analytics/1, started at 3 s, was not ready in the 27 s that it had]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(x(c.events...)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A load that was late far from any fault, and hardly ever, says nothing against a run.
func TestLateLoad(t *testing.T) {
	long := with(asks(func(r *breakwater.Require) { r.MaxLateness = breakwater.Duration(10 * ms) }), func(h *history.Header) {
		h.Phases = []history.Phase{
			{Name: breakwater.Before, End: 60 * time.Second}, {Name: breakwater.During, Start: 60 * time.Second, End: 62 * time.Second},
			{Name: breakwater.After, Start: 62 * time.Second, End: 120 * time.Second}, {Name: breakwater.Drain, Start: 120 * time.Second, End: 130 * time.Second},
		}
	})
	load := func(late func(at time.Duration) bool) (sent events) {
		for at := time.Duration(0); at < 120*time.Second; at += 100 * ms {
			r := request(fmt.Sprint("r", at), at, history.OK)
			if late(at) {
				r = took(20*ms, started(at+50*ms, r))
			}
			sent = append(sent, r)
		}
		return append(sent, fault("analytics/1", 60*time.Second, 62*time.Second))
	}
	at := func(instants ...time.Duration) func(time.Duration) bool {
		return func(t time.Duration) bool {
			for _, i := range instants {
				if t == i {
					return true
				}
			}
			return false
		}
	}
	testSmall(t, []small{
		{"never", breakwater.Exercised, long, load(at()), Holds, nil, ""},
		{"far from the fault", breakwater.Exercised, long, load(at(20*time.Second, 100*time.Second)), Holds, nil, ""},
		{"shortly before the fault", breakwater.Exercised, long, load(at(56 * time.Second)), Unknown, []string{"r56s"}, "50 ms behind its schedule"},
		{"during the fault", breakwater.Exercised, long, load(at(61 * time.Second)), Unknown, []string{"r1m1s"}, "or raise Require.MaxLateness"},
		{"in the time to recover", breakwater.Exercised, long, load(at(70 * time.Second)), Unknown, []string{"r1m10s"}, "50 ms behind its schedule"},
		{"far from the fault, but often", breakwater.Exercised, long, load(func(t time.Duration) bool { return t < 5*time.Second }), Unknown, []string{"r0s"}, "50 ms behind its schedule"},
	})
}

const hung = "the ledger of redis did not answer within 30 s"

// unreadRun is a healthy run of which one ledger could not be read.
func unreadRun() history.Log {
	log := historytest.Event(historytest.Options{Seed: 3})
	log.Events = slices.DeleteFunc(log.Events, func(e history.Event) bool { return e.Sink == "redis" })
	log.Header.Ledgers["redis"] = history.Reading{Unread: hung}
	return historytest.Log(log.Header, log.Events...)
}

// What needs a ledger that could not be read is unknown, for that reason; the rest is
// judged as if nothing had been.
func TestALedgerThatWasNotReadIsNoLoss(t *testing.T) {
	healthy, unread := Judge(historytest.Event(historytest.Options{Seed: 3}).Index(), All()), Judge(unreadRun().Index(), All())
	unknown := 0
	for i, v := range unread {
		switch {
		case v.Status == Unknown && strings.Contains(v.Why, hung):
			unknown++
			if v.Brief != hung || len(v.Anomalies) > 0 {
				t.Errorf("%s: %q, %v", v.Guarantee, v.Brief, v.Anomalies)
			}
		case v.Status != healthy[i].Status:
			t.Errorf("%s was %s (%s) and is %s (%s)", v.Guarantee, healthy[i].Status, healthy[i].Why, v.Status, v.Why)
		}
	}
	for _, name := range []string{breakwater.NoAcknowledgedLoss, breakwater.NoPhantom, breakwater.EffectOnce, breakwater.CommitAfterEffect, breakwater.KeyOrder} {
		if v := find(unread, name); v.Status != Unknown {
			t.Errorf("%s is %s: %s", name, v.Status, v.Why)
		}
	}
	for _, name := range []string{breakwater.Exercised, breakwater.NoLostInLog, breakwater.ResumeAtCommitted, breakwater.SingleOwner, breakwater.BoundedRecovery, breakwater.Availability} {
		if v := find(unread, name); v.Status == Unknown {
			t.Errorf("%s is unknown: %s", name, v.Why)
		}
	}
	if unknown == len(unread) {
		t.Error("nothing was judged")
	}
}

// What another sink lost is lost.
func TestALedgerThatWasNotReadExcusesNoOther(t *testing.T) {
	log := unreadRun()
	lost := ""
	log.Events = slices.DeleteFunc(log.Events, func(e history.Event) bool {
		if lost == "" && e.Kind == history.Effect && e.Sink == "mailbox" {
			lost = e.ID
		}
		return e.ID == lost && e.Sink == "mailbox"
	})
	log = historytest.Log(log.Header, log.Events...)
	v := find(Judge(log.Index(), All()), breakwater.NoAcknowledgedLoss)
	if v.Status != Broken || !strings.Contains(v.Why, hung) || len(v.Anomalies) != 1 || !slices.Contains(v.Anomalies[0].IDs, lost) {
		t.Errorf("%s: %s %v", v.Status, v.Why, v.Anomalies)
	}
}

func find(all []Verdict, name string) Verdict {
	return all[slices.IndexFunc(all, func(v Verdict) bool { return v.Guarantee == name })]
}
