package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ExactlyOnceTransfer, ofWholeLog(exactlyOnceTransfer)) }

func exactlyOnceTransfer(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Services {
		if s.Output == "" {
			continue
		}
		f := notAsked("it does not promise to transfer each record exactly once; set ExactlyOnce if it does")
		if s.ExactlyOnce {
			f = newTransfer(x, s).judge()
		}
		f.subject = s.Name
		all = append(all, f)
	}
	return combine(x, all, "no service transfers a topic to another")
}

// transfer is one service's way from its Topic to its Output.
type transfer struct {
	x       *history.Index
	service breakwater.Service
	past    committed
	pending *pending
	behind  bool // some of what it wrote was not looked at
	deleted bool // some of Topic was
}

func newTransfer(x *history.Index, s breakwater.Service) transfer {
	t := transfer{x: x, service: s, past: newCommitted(x, s), pending: newPending(x, s)}
	seen := lookedAt(x)
	for p, l := range seen {
		t.deleted = t.deleted || p.Topic == x.Input(s) && l.from > 0
	}
	for e := range x.Of(history.Produce) {
		if e.Topic == s.Output && e.Outcome != history.Failed && e.Offset >= seen[e.In()].to {
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
	input, deadLetterRecords := t.x.Input(s), s.DeadLetters().Topic
	ins, outs, given := t.x.Topic(input), t.x.Topic(s.Output), t.x.Topic(deadLetterRecords)
	for _, topic := range []string{input, s.Output} {
		if why := unnamed(t.x, topic); why != "" {
			return notAsked(why)
		}
	}
	if how, strange := strangers(outs, ins); strange {
		return notAsked(fmt.Sprintf("none of the ids in %s is one of %s, %s; pass records on under their ids", s.Output, input, how))
	}
	none := withoutID(t.x, func(topic string) bool {
		return topic == input || topic == s.Output || topic != "" && topic == deadLetterRecords
	})
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
		case by == nil && !slices.ContainsFunc(in, func(r *history.Event) bool { return !t.past.skipped(r) }):
		case by == nil && t.stuck(in[0]):
			f.examined++
			f.anomalies = append(f.anomalies, t.standsStill(in[0]))
		case by == nil:
			notYet++
		case deadLetterRecords != "" && len(given.Of(in[0])) > 0:
			f.examined++
		case t.behind:
			undecided++
		case len(none) > 0:
			undecided++
		default:
			f.examined++
			f.anomalies = append(f.anomalies, t.lost(in[0], by))
		}
	}
	for out := range outs.Without(ins) {
		if out[0].ID != "" && !t.deleted && len(none) == 0 {
			f.examined++
			f.anomalies = append(f.anomalies, t.outOfNothing(out))
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "ids were not transferred exactly once by %s", brief: "not transferred once"}
	switch {
	case notYet > 0:
		f.count.note = quantity.Count(notYet) + " were not yet transferred by " + s.Name
	case undecided > 0 && t.behind:
		f.count.note = quantity.Count(undecided) + " may stand behind the last stable offset of " + s.Output
	}
	switch {
	case len(f.anomalies) > 0:
	case len(none) > 0:
		f.count, f.status, f.why = nil, Unknown, nameless(none)+", so that they cannot be matched"
	case undecided > 0:
		f.count, f.status, f.why = nil, Unknown, quantity.Count(undecided)+" ids may stand behind the last stable offset of "+s.Output
	case notYet > 0:
		f.count, f.status, f.why = nil, Unknown, t.notYet(notYet, notYet+f.examined)
	case f.examined == 0:
		f.count, f.why = nil, "nothing was transferred"
	}
	return f
}

// stuck reports whether the record that the service has not committed past never would
// have been: it stood still there, alive, and nobody was waited for.
func (t transfer) stuck(in *history.Event) bool {
	p := t.pending
	if p.ended == "" || !p.alive || p.open != nil || p.behind(in) {
		return false
	}
	moving, sampled := p.moving[in.In()]
	return sampled && !moving
}

func (t transfer) standsStill(in *history.Event) Anomaly {
	at := in.In().At(in.Offset)
	a := Anomaly{
		What: fmt.Sprintf("%s is at %s and not in %s, %s is alive and has not moved there for %s", in.ID, at, t.service.Output, t.service.Name, quantity.Duration(t.pending.limit)),
		IDs:  []string{in.ID}, Events: []uint64{in.N}, Offsets: []string{at},
		Setting: setting(t.service, "max.poll", "poll", "session"),
	}
	if reach := t.pending.passed[place{t.service.Group, in.In()}]; reach.by != nil {
		a.What += fmt.Sprintf(", where it stands at %d", reach.offset)
		a.Events = append(a.Events, reach.by.N)
	}
	return a
}

// notYet reports what kept n of so many ids from being judged.
func (t transfer) notYet(n, of int) string {
	if p := t.pending; p.ended == history.DrainStill || p.ended == history.DrainDeadline || !p.alive {
		return p.why(n, of, "ids had not been transferred")
	}
	return quantity.Of(n, of) + " ids were not yet transferred, nor committed past"
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
		What: fmt.Sprintf("%s is in %s %s times and in %s %s", in[0].ID, t.service.Output, quantity.Count(len(out)), t.x.Input(t.service), times(len(in))),
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
		What: fmt.Sprintf("%s is at %s and not in %s", out[0].ID, at, t.x.Input(t.service)),
		IDs:  []string{out[0].ID}, Events: []uint64{out[0].N}, Offsets: []string{at},
	}
	for _, r := range t.x.Aborted.Of(out[0]) {
		if r.Topic == t.x.Input(t.service) {
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
