package check

import (
	"cmp"
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// ExactlyOnceTransfer is broken when the ids in a service's Output are not those
// of its Topic, each once, as the independent reader found them:
//   - lost: a record that the service committed past has no record in Output.
//     What it gave up to its dead letter topic it need not transfer, nor what lies
//     before its group's first position or was skipped by a reset from outside;
//   - twice: an id is in Output more often than in Topic. A producer that sent the
//     same event twice has two records there, of which one or both may be
//     transferred;
//   - out of nothing: an id is in Output and not in Topic, though nothing was
//     deleted there.
//
// Records that the service has not committed past are not yet transferred, and
// counted as that. While some of what it wrote stands behind the last stable
// offset of Output nothing is called lost.
const ExactlyOnceTransfer = "exactly-once-transfer"

func exactlyOnceTransfer(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Services {
		if s.Output != "" {
			f := newTransfer(x, s).judge()
			f.subject = s.Name
			all = append(all, f)
		}
	}
	return combine(x, all, "no service transfers a topic to another")
}

// transfer is one service's way from its Topic to its Output.
type transfer struct {
	x       *history.Index
	service history.Service
	past    committed
	behind  bool // some of what it wrote was not looked at
	deleted bool // some of Topic was
}

func newTransfer(x *history.Index, s history.Service) transfer {
	t := transfer{x: x, service: s, past: newCommitted(x, s)}
	seenTo := map[history.Partition]int64{}
	stable := lastStable(x)
	for e := range x.Of(history.Sample) {
		if offset, known := stable(e); known && e.Topic == s.Output {
			seenTo[e.In()] = max(seenTo[e.In()], offset)
		}
		t.deleted = t.deleted || e.Topic == s.Topic && e.LogStart > 0
	}
	for _, stands := range []map[history.Partition][]*history.Event{x.Records, x.Hidden} {
		for p, records := range stands {
			seenTo[p] = max(seenTo[p], records[len(records)-1].Offset+1)
		}
	}
	for e := range x.Of(history.Produce) {
		if e.Topic == s.Output && e.Outcome != history.Failed && e.Offset >= seenTo[e.In()] {
			t.behind = true
			break
		}
	}
	return t
}

func (t transfer) judge() finding {
	f := finding{}
	if !t.x.Audited {
		return finding{status: Unknown, why: "the independent reader found no record at all"}
	}
	s := t.service
	notYet, undecided := 0, 0
	ins, outs, given := t.x.Topic(s.Topic), t.x.Topic(s.Output), t.x.Topic(s.DeadLetter)
	nameless := len(ins.ID("")) + len(outs.ID(""))
	for in := range ins.All() {
		if in[0].ID == "" {
			continue
		}
		switch out := outs.Of(in[0]); {
		case len(out) > len(in):
			f.examined++
			f.anomalies = append(f.anomalies, t.twice(in, out))
			continue
		case len(out) > 0:
			f.examined++
			continue
		}
		var by *history.Event // the first position past one of them
		for _, r := range in {
			by = cmp.Or(by, t.past.past(r))
		}
		switch {
		case by == nil:
			notYet++
		case s.DeadLetter != "" && len(given.Of(in[0])) > 0:
			f.examined++
		case t.behind:
			undecided++
		default:
			f.examined++
			f.anomalies = append(f.anomalies, t.lost(in[0], by))
		}
	}
	for out := range outs.Without(ins) {
		if out[0].ID != "" && !t.deleted {
			f.examined++
			f.anomalies = append(f.anomalies, t.outOfNothing(out))
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "ids were not transferred exactly once by %s", brief: "not transferred once"}
	switch {
	case notYet > 0:
		f.count.note = quantity.Count(notYet) + " were not yet transferred by " + s.Name
	case undecided > 0:
		f.count.note = quantity.Count(undecided) + " may stand behind the last stable offset of " + s.Output
	}
	switch {
	case len(f.anomalies) > 0:
	case nameless > 0:
		f.count, f.status, f.why = nil, Unknown, quantity.Count(nameless)+" records have no id and cannot be matched"
	case undecided > 0:
		f.count, f.status, f.why = nil, Unknown, quantity.Count(undecided)+" ids may stand behind the last stable offset of "+s.Output
	case f.examined == 0:
		f.count, f.why = nil, "nothing was transferred"
	}
	return f
}

func (t transfer) lost(in, by *history.Event) Anomaly {
	at := in.In().At(in.Offset)
	a := Anomaly{
		What: fmt.Sprintf("%s is at %s, %s committed past it (%d, event %d), and it is not in %s", in.ID, at, t.service.Name, by.Offset, by.N, t.service.Output),
		IDs:  []string{in.ID}, Events: []uint64{in.N, by.N}, Offsets: []string{at},
		Setting: setting(t.service, "transaction", "commit", "offset"),
	}
	for _, r := range t.x.Aborted.Of(in) {
		if r.Topic == t.service.Output {
			a.What += ", except at " + r.In().At(r.Offset) + " in an aborted transaction"
			a.Events = append(a.Events, r.N)
			break
		}
	}
	return a
}

func (t transfer) twice(in, out []*history.Event) Anomaly {
	a := Anomaly{
		What: fmt.Sprintf("%s is in %s %s times and in %s %s", in[0].ID, t.service.Output, quantity.Count(len(out)), t.service.Topic, times(len(in))),
		IDs:  []string{in[0].ID}, Events: []uint64{in[0].N},
		Setting: setting(t.service, "transaction", "commit", "offset"),
	}
	for _, r := range clip(out) {
		a.Events = append(a.Events, r.N)
		a.Offsets = append(a.Offsets, r.In().At(r.Offset))
	}
	return a
}

func (t transfer) outOfNothing(out []*history.Event) Anomaly {
	at := out[0].In().At(out[0].Offset)
	a := Anomaly{
		What: fmt.Sprintf("%s is at %s and not in %s", out[0].ID, at, t.service.Topic),
		IDs:  []string{out[0].ID}, Events: []uint64{out[0].N}, Offsets: []string{at},
	}
	for _, r := range t.x.Aborted.Of(out[0]) {
		if r.Topic == t.service.Topic {
			a.What += fmt.Sprintf(", except in a transaction that was aborted (offset %d): the service reads what is not committed", r.Offset)
			a.Events = append(a.Events, r.N)
			a.Setting = setting(t.service, "isolation", "committed")
			break
		}
	}
	return a
}

// times is "once" or "3 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return quantity.Count(n) + " times"
}
