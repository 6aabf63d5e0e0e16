package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.DeliveryOrder, deliveryOrder) }

func deliveryOrder(x *history.Index) Verdict {
	a := newAudience(x)
	return ofConsumers(x, func(s breakwater.Service) finding {
		if s.Ledger == nil {
			return notAsked("it has no ledger of its effects")
		}
		if why := apart(x, s); why != "" {
			return notAsked(why)
		}
		f := finding{subject: s.Group}
		held := tenures(x, s)
		fetches(x, s, held)
		jumped := 0
		for _, p := range sortedPartitions(held) {
			if !effectsFrom(x, s, p.Topic) {
				continue
			}
			for _, t := range held[p] {
				if len(t.fetched) == 0 || len(t.fetched) == 1 && t.from < 0 {
					continue // nothing to hold against anything
				}
				f.examined++
				if jumps := a.jumps(s, p, t); len(jumps) > 0 {
					jumped++
					f.anomalies = append(f.anomalies, jumps...)
				}
			}
		}
		f.count = &count{bad: jumped, of: f.examined, sum: true, what: "incarnations of %s were sent later records and not earlier ones", brief: "incarnations skipped records"}
		if f.examined == 0 {
			f.count, f.why = nil, "nothing was seen to be fetched"
		}
		return f.doubted(missedIn(x, s))
	})
}

// jumps are the gaps in what was sent to the incarnation, one anomaly each.
func (a audience) jumps(s breakwater.Service, p history.Partition, t *tenure) []Anomaly {
	sent := sorted(t.fetched, byOffset)
	position := sent[0].Offset
	if t.from >= 0 {
		position = min(position, t.from)
	}
	if r := t.begin; t.from >= 0 && !keepsPositions(s) && r.Committed >= 0 {
		position = min(position, r.Committed)
	}
	var found []Anomaly
	before := t.begin
	for _, e := range sent {
		if e.Offset > position {
			if skipped := a.unseen(s, p, position, e.Offset); len(skipped) > 0 {
				found = append(found, jump(s, p, t, position, before, e, skipped))
			}
		}
		if e.Last >= position {
			position, before = e.Last+1, e
		}
	}
	return found
}

func jump(s breakwater.Service, p history.Partition, t *tenure, position int64, before, after *history.Event, skipped []*history.Event) Anomaly {
	var named []string
	for _, r := range skipped {
		named = append(named, r.ID)
	}
	a := Anomaly{
		What: fmt.Sprintf("%s stood at %s and was sent %d at %s: %s in between never came to %s",
			t.client, p.At(position), after.Offset, quantity.Duration(after.At), ids(named), s.Ledger.Sink),
		IDs: clip(named), Offsets: []string{p.At(position), p.At(after.Offset)},
		Setting: setting(s, "reset", "offset"),
	}
	if before != nil {
		a.Events = append(a.Events, before.N)
	}
	a.Events = append(a.Events, after.N)
	for _, r := range clip(skipped) {
		a.Events = append(a.Events, r.N)
		a.Offsets = append(a.Offsets, p.At(r.Offset))
	}
	return a
}

// unseen returns the records of [from, to) that were meant for the service's sink
// and that nobody ever brought there.
func (a audience) unseen(s breakwater.Service, p history.Partition, from, to int64) []*history.Event {
	var found []*history.Event
	held := a.x.Sink(s.Ledger.Sink)
	for _, r := range a.x.Between(p, from, to) {
		if a.meant(s, r) && sighting(held, r) == nil {
			found = append(found, r)
		}
	}
	return found
}
