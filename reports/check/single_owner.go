package check

import (
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.SingleOwner, singleOwner) }

func singleOwner(x *history.Index) Verdict {
	reported := epochs(x)
	return ofConsumers(x, func(s breakwater.Service) finding {
		f := finding{subject: s.Group}
		heldTwice(x, s, &f)
		placed := 0
		if s.Ledger != nil {
			placed = writtenLate(x, s, reported[s.Ledger.Sink], &f)
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "assignments of %s gave away what another held", brief: "held twice"}
		if s.Ledger != nil && s.Ledger.Fenced {
			f.count.what, f.count.brief = "assignments and writes of %s came while another owned the partition", "owned twice"
		}
		if f.allowed > 0 {
			f.count.note = quantity.Count(f.allowed) + " writes of a former owner came late"
		}
		switch {
		case len(f.anomalies) > 0:
		case s.Ledger != nil && s.Ledger.Fenced && len(reported[s.Ledger.Sink]) == 0:
			f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("%s promises to be fenced and records no epoch", s.Ledger.Sink)
		case s.Ledger != nil && s.Ledger.Fenced && placed == 0:
			f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("nothing that %s accepted under an epoch can be assigned to its partition: the ids of its effects are not those of records", s.Ledger.Sink)
		case f.examined == 0:
			f.count, f.why = nil, "no assignment was recorded"
		}
		return f
	})
}

// heldTwice looks for a member that is given a partition while another holds it at
// the same generation. Whoever keeps a partition over a rebalance is not given it
// again: that its commit of a later generation was accepted says that it holds it
// in that one.
func heldTwice(x *history.Index, s breakwater.Service, f *finding) {
	type hold struct {
		*history.Event
		generation int32 // the latest of which it is known
	}
	holders := map[history.Partition]map[string]*hold{} // by member
	for e := range x.Of(history.Assign, history.Commit) {
		if e.Group != s.Group {
			continue
		}
		of := holders[e.In()]
		did := "was given"
		if e.Kind == history.Commit {
			own := of[e.Member]
			if own == nil || e.Sink != "" || e.Outcome != history.OK || e.Generation <= own.generation {
				continue
			}
			own.generation, did = e.Generation, "committed"
		} else {
			if e.Name != history.Assigned {
				delete(of, e.Member)
				continue
			}
			if of == nil {
				of = map[string]*hold{}
				holders[e.In()] = of
			}
			of[e.Member] = &hold{e, e.Generation}
		}
		f.examined++
		var other *hold // the first, so that the verdict is always the same
		for member, h := range of {
			if member != e.Member && h.Client != e.Client && h.generation == e.Generation && e.Generation > 0 && (other == nil || h.N < other.N) {
				other = h
			}
		}
		if other == nil {
			continue
		}
		f.anomalies = append(f.anomalies, Anomaly{
			What: fmt.Sprintf("%s %s %s at %s in generation %d of %s, in which %s holds it (event %d)",
				e.Client, did, e.In(), quantity.Duration(e.At), e.Generation, e.Group, other.Client, other.N),
			Events: []uint64{other.N, e.N},
		})
	}
}

// epochs are what each sink accepted that told an epoch, in order of time.
func epochs(x *history.Index) map[string][]*history.Event {
	bySink := map[string][]*history.Event{}
	for e := range x.Of(history.Effect, history.Commit) {
		if e.Generation > 0 && e.Sink != "" {
			bySink[e.Sink] = append(bySink[e.Sink], e)
		}
	}
	return bySink
}

// writtenLate looks for what the service's sink accepted under an older epoch of a
// partition after a newer one, and returns of how much of it the partition is known.
func writtenLate(x *history.Index, s breakwater.Service, reported []*history.Event, f *finding) (placed int) {
	type write struct {
		*history.Event
		record *history.Event // nil for a position
	}
	writes := map[history.Partition][]write{}
	for _, e := range reported {
		if e.Kind == history.Commit {
			writes[e.In()] = append(writes[e.In()], write{e, nil})
		} else if record := only(x, e, x.Input(s)); record != nil {
			writes[record.In()] = append(writes[record.In()], write{e, record})
		}
	}
	apart := 2 * x.Skew(s) // each of two instants may be off by as much
	for _, p := range sortedPartitions(writes) {
		before := writes[p]
		var newest *history.Event
		for _, w := range writes[p] {
			placed++
			if s.Ledger.Fenced {
				f.examined++
			}
			for len(before) > 0 && before[0].At < w.At-apart {
				if newest == nil || before[0].Generation > newest.Generation {
					newest = before[0].Event
				}
				before = before[1:]
			}
			if newest == nil || w.Generation >= newest.Generation {
				continue
			}
			compose := func() Anomaly { return lateWrite(s, p, w.Event, w.record, newest) }
			if s.Ledger.Fenced {
				f.anomalies = append(f.anomalies, compose())
			} else {
				f.expect(compose)
			}
		}
	}
	return placed
}

func lateWrite(s breakwater.Service, p history.Partition, e, record, newest *history.Event) Anomaly {
	a := Anomaly{Events: []uint64{newest.N, e.N}, Setting: setting(s, "session", "fenc", "epoch")}
	what := p.At(e.Offset)
	if record != nil {
		what = fmt.Sprintf("%s (%s)", e.ID, p.At(record.Offset))
		a.IDs, a.Offsets = []string{e.ID}, []string{p.At(record.Offset)}
		a.Events = append(a.Events, record.N)
	} else {
		a.Offsets = []string{p.At(e.Offset)}
	}
	a.What = fmt.Sprintf("%s accepted %s under epoch %d at %s, %s after it had accepted epoch %d (event %d)",
		e.Sink, what, e.Generation, quantity.Duration(e.At), quantity.Duration(max(e.At-newest.At, time.Duration(0))), newest.Generation, newest.N)
	if e.Client != "" {
		a.What += ", from " + e.Client
	}
	return a
}
