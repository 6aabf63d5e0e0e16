package check

import (
	"fmt"
	"slices"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func verdict(t *testing.T, log history.Log, guarantee string) Verdict {
	t.Helper()
	for _, v := range Judge(log.Index(), All()) {
		if v.Guarantee == guarantee {
			return v
		}
	}
	t.Fatalf("there is no guarantee %q", guarantee)
	return Verdict{}
}

// healthy are the runs in which nothing is wrong, and what is not asked in each.
var healthy = map[string]struct {
	run      func(historytest.Options) history.Log
	notAsked []string
}{
	"event": {historytest.Event, []string{
		breakwater.NoAbortedRead, breakwater.TransactionAtomic, breakwater.ExactlyOnceTransfer, breakwater.NoHangingTransaction, breakwater.DeadLetterClosure, breakwater.Outbox, breakwater.ProjectionEqualsReplay}},
	"sync": {historytest.Sync, []string{
		breakwater.NoLostInLog, breakwater.NoStuck, breakwater.NoAbortedRead, breakwater.OneRecordPerOffset, breakwater.NoLogDuplicate, breakwater.ResumeAtCommitted, breakwater.ExplainedRedelivery,
		breakwater.DeliveryOrder, breakwater.ReplayIsContiguous, breakwater.CommitAfterEffect, breakwater.CommittedMonotone, breakwater.SingleOwner, breakwater.KeyOrder, breakwater.ProducerOrder,
		breakwater.TransactionAtomic, breakwater.ExactlyOnceTransfer, breakwater.NoHangingTransaction, breakwater.DeadLetterClosure, breakwater.Outbox, breakwater.ProjectionEqualsReplay}},
	"pipeline": {historytest.Pipeline, []string{breakwater.NoAbortedRead}},
}

// A healthy run satisfies every guarantee that is asked of it: no false alarm.
func TestHealthy(t *testing.T) {
	for name, h := range healthy {
		for seed := range uint64(12) {
			for _, v := range Judge(h.run(historytest.Options{Seed: seed, Rate: 20 + 10*int(seed%5), Partitions: 1 + int32(seed%4)}).Index(), All()) {
				want := Holds
				if slices.Contains(h.notAsked, v.Guarantee) {
					want = NotAsked
				}
				if v.Status != want {
					t.Errorf("%s, seed %d: %s is %s, want %s: %s %+v", name, seed, v.Guarantee, v.Status, want, v.Why, v.Anomalies)
				}
				if seed == 0 {
					t.Logf("%s: %s %s: %s", name, v.Guarantee, v.Status, v.Why)
				}
			}
		}
	}
}

// There is a run of which each guarantee is asked.
func TestEverythingIsAsked(t *testing.T) {
	for _, v := range Judge(historytest.Pipeline(historytest.Options{Rate: 200, Refused: 200}).Index(), All()) {
		if v.Status != Holds {
			t.Errorf("%s is %s: %s", v.Guarantee, v.Status, v.Why)
		}
	}
}

// finds is a checker that finds the same in any history.
func finds(v Verdict) Checker {
	return Checker{breakwater.Guarantee{Name: "planted"}, func(*history.Index) Verdict { return v }}
}

// A checker that always passes, or falls over, passes nothing.
func TestJudgeTrustsNoChecker(t *testing.T) {
	log := historytest.Event(historytest.Options{})
	for _, c := range []struct {
		checker Checker
		log     history.Log
		want    Status
	}{
		{finds(Verdict{Status: Holds}), log, Unknown},
		{finds(Verdict{Status: Holds, Examined: 1}), log, Holds},
		{Checker{breakwater.Guarantee{Name: "planted"}, nil}, log, Unknown},
		{finds(Verdict{Status: Holds, Examined: 1}), historytest.With(log, history.Event{Kind: history.HarnessError}), Unknown},
	} {
		if v := Judge(c.log.Index(), []Checker{c.checker})[0]; v.Status != c.want || v.Guarantee != "planted" {
			t.Errorf("%+v, want %s", v, c.want)
		}
	}
}

// An anomaly shows what stands around its place in the log.
func TestAround(t *testing.T) {
	five := records(0, 1, 2, 4, 5)
	one := verdict(t, historytest.Log(consumer(), all(five, request("u3", ms, history.OK))...), breakwater.NoAcknowledgedLoss)
	if got, want := one.Anomalies[0].Around, []string{"orders/0@0 u1", "orders/0@1 u2", "orders/0@2 u3", "orders/0@4 u4", "orders/0@5 u5"}; !slices.Equal(got, want) {
		t.Errorf("around u3: %q, want %q", got, want)
	}
	between := verdict(t, historytest.Log(consumer(), all(five, commit(5, 10*ms, 11*ms, history.OK), commit(3, 12*ms, 13*ms, history.OK))...), breakwater.CommittedMonotone)
	if got, want := between.Anomalies[0].Around, []string{"orders/0@2 u3", "orders/0@4 u4", "orders/0@5 u5"}; !slices.Equal(got, want) {
		t.Errorf("around offset 5: %q, want %q", got, want)
	}
	if nowhere := verdict(t, historytest.Log(consumer(), sent, request("u2", 20*ms, history.OK), record("u2", 0)), breakwater.NoLostInLog); nowhere.Anomalies[0].Around != nil {
		t.Errorf("around nothing: %+v", nowhere)
	}
}

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		statuses []Status
		want     Status
	}{
		{nil, NotAsked}, {[]Status{NotAsked, Holds}, Holds}, {[]Status{Holds, Unknown}, Unknown}, {[]Status{Broken, Unknown, Holds, NotAsked}, Broken},
	} {
		if got := Worst(c.statuses...); got != c.want {
			t.Errorf("Worst(%q) = %s, want %s", c.statuses, got, c.want)
		}
	}
}

func ExampleJudge() {
	log := historytest.Event(historytest.Options{})
	lossy := historytest.Without(log, func(e *history.Event) bool {
		return e.Kind == history.Effect && e.Sink == "redis" && e.ID == "u0-000042"
	})
	for _, v := range Judge(lossy.Index(), All()) {
		if v.Guarantee == breakwater.NoAcknowledgedLoss {
			fmt.Println(v.Status, v.Anomalies[0].What)
		}
	}
	// Output: broken u0-000042 was acknowledged, is at user-events/0@19: in the log, never took effect in redis, though cache committed up to 165
}
