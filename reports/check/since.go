package check

import (
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// first is when the first of the anomalies was there to be seen, if the history
// tells of any when that was.
func first(x *history.Index, anomalies []Anomaly) (time.Duration, bool) {
	earliest, seen := time.Duration(0), false
	see := func(at time.Duration) {
		if at > 0 && (!seen || at < earliest) {
			earliest, seen = at, true
		}
	}
	for _, a := range anomalies {
		see(complete(x, a))
	}
	if seen {
		return earliest, true
	}
	// Where all evidence is what the audit found, it was there from when it was
	// published.
	for _, a := range anomalies[:min(len(anomalies), maxAnomalies)] {
		for _, n := range a.Events {
			if e := x.Numbered(n); e != nil && e.Kind == history.Audit {
				see(publishedAt(x, e))
			}
		}
	}
	return earliest, seen
}

// complete is when the last of what the anomaly is made of had happened, and 0
// where none of it tells: a fault is no evidence, and what the audit or a ledger
// holds at the end says nothing of when it came there.
func complete(x *history.Index, a Anomaly) time.Duration {
	var last time.Duration
	for _, n := range a.Events {
		e := x.Numbered(n)
		if e == nil {
			continue
		}
		switch e.Kind {
		case history.Fault, history.Audit, history.Aborted, history.State:
		default:
			last = max(last, e.At, e.End)
		}
	}
	return last
}

// publishedAt is when the record was, and 0 where no edge saw it.
func publishedAt(x *history.Index, record *history.Event) time.Duration {
	for p := range x.Of(history.Produce) {
		if p.In() == record.In() && p.Offset >= 0 && p.Offset <= record.Offset && record.Offset < p.Offset+int64(p.Count) {
			return max(p.At, p.End)
		}
	}
	return 0
}
