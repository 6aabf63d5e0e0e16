package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

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
