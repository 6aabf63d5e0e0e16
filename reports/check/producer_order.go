package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ProducerOrder, producerOrder) }

func producerOrder(x *history.Index) Verdict {
	if !logged(x) {
		return combine(x, nil, "the system has no log to be looked into")
	}
	o := ordering{x: x, compared: make([]bool, len(x.Log.Events)+1)}
	all := slots(x)
	for _, p := range sortedPartitions(all) {
		o.bySequence(p, all[p])
	}
	derived, wire := derivedTopics(x), newSendings(x)
	for _, p := range sortedPartitions(x.Records) {
		o.bySending(p, wire)
		if !derived[p.Topic] {
			o.byRequest(p)
		}
	}
	f := finding{anomalies: o.anomalies}
	for _, compared := range o.compared {
		if compared {
			f.examined++
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "pairs of records stand in the log out of the order in which they were produced", brief: "out of order in the log"}
	if f.examined == 0 {
		records := 0
		for _, all := range x.Records {
			records += len(all)
		}
		f.count, f.why = nil, fmt.Sprintf("no pair of %s records can be compared: none are of one producer and partition, or of one key and requests that did not overlap", quantity.Count(records))
	}
	return combine(x, []finding{f}, "")
}

// ordering collects what stands out of order.
type ordering struct {
	x         *history.Index
	compared  []bool // by number of the event: records that could be compared to one before them
	anomalies []Anomaly
}

// derivedTopics are those that services fill from another one.
func derivedTopics(x *history.Index) map[string]bool {
	derived := map[string]bool{}
	for _, s := range x.Log.Header.Services {
		for _, topic := range append(s.DeadLetters().Topics(), s.Output) {
			derived[topic] = topic != ""
		}
	}
	return derived
}

// bySequence looks for sequences that stand in the wrong order, and names the
// fewest without which the others are in order.
func (o *ordering) bySequence(p history.Partition, slots []slot) {
	// A sequence that stands twice counts where it stands first.
	slots = slices.CompactFunc(slices.Clone(slots), func(a, b slot) bool { return a.stamp == b.stamp })
	for len(slots) > 0 {
		n := 1
		for n < len(slots) && slots[n].producer == slots[0].producer && slots[n].epoch == slots[0].epoch {
			n++
		}
		own := slots[:n]
		slots = slots[n:]
		if n < 2 {
			continue
		}
		for _, s := range own[1:] {
			o.compared[s.event.N] = true
		}
		if slices.IsSortedFunc(own, func(a, b slot) int { return cmp.Compare(a.offset, b.offset) }) {
			continue
		}
		kept := inOrder(n, func(i, j int) bool { return own[i].offset <= own[j].offset })
		for i, s := range own {
			if kept[i] {
				continue
			}
			a := Anomaly{
				What:   fmt.Sprintf("%s holds %v, out of the order of its sequences", p.At(s.offset), s.stamp),
				Events: []uint64{s.event.N}, Offsets: []string{p.At(s.offset)},
			}
			if s.id != "" {
				a.IDs = []string{s.id}
				a.What = fmt.Sprintf("%s at %s is %v, out of the order of its sequences", s.id, p.At(s.offset), s.stamp)
			}
			for _, near := range []int{i - 1, i + 1} {
				if near >= 0 && near < n {
					a.What += fmt.Sprintf("; sequence %d is at %d", own[near].sequence, own[near].offset)
					a.Offsets = append(a.Offsets, p.At(own[near].offset))
				}
			}
			o.anomalies = append(o.anomalies, a)
		}
	}
}

// byRequest looks for records behind those of requests of the same key that were
// sent only after theirs had been acknowledged.
func (o *ordering) byRequest(p history.Partition) {
	x := o.x
	type published struct{ record, request *history.Event }
	byKey, keys := map[string][]published{}, []string(nil)
	for _, r := range x.Records[p] {
		q := requestOf(x, r)
		if q == nil || q.Key == "" || !x.Asks(q) || x.RecordOf(r, p.Topic) != r {
			continue
		}
		if byKey[q.Key] == nil {
			keys = append(keys, q.Key)
		}
		byKey[q.Key] = append(byKey[q.Key], published{r, q})
	}
	for _, key := range keys {
		all := byKey[key]
		if len(all) < 2 {
			continue
		}
		// The first that was acknowledged of those before, and the last that was sent.
		acknowledged, sent := all[0].request, all[0].request
		for _, q := range all[1:] {
			before := acknowledged.Outcome == history.OK && acknowledged.End <= q.request.At
			after := q.request.Outcome == history.OK && q.request.End <= sent.At
			o.compared[q.record.N] = o.compared[q.record.N] || before || after
			if q.request.Outcome == history.OK && (acknowledged.Outcome != history.OK || q.request.End < acknowledged.End) {
				acknowledged = q.request
			}
			if q.request.At > sent.At {
				sent = q.request
			}
		}
		behind := map[*history.Event][]published{} // by request, those before it that should not be
		first, found := published{}, []published(nil)
		for _, q := range slices.Backward(all) { // from the end of the log
			if first.request != nil && first.request.End <= q.request.At {
				if behind[first.request] == nil {
					found = append(found, first)
				}
				behind[first.request] = append(behind[first.request], q)
			}
			if q.request.Outcome == history.OK && (first.request == nil || q.request.End < first.request.End) {
				first = q
			}
		}
		for _, late := range slices.Backward(found) {
			a := Anomaly{
				IDs:     []string{late.request.ID},
				Events:  []uint64{late.request.N, late.record.N},
				Offsets: []string{p.At(late.record.Offset)},
			}
			var named []string
			for _, q := range behind[late.request] {
				named = append(named, q.request.ID)
			}
			for _, q := range clip(behind[late.request]) {
				a.Events = append(a.Events, q.request.N, q.record.N)
				a.Offsets = append(a.Offsets, p.At(q.record.Offset))
			}
			a.What = fmt.Sprintf("%s was acknowledged at %s, before %s of the same key %s was sent, and stands behind it at %s",
				late.request.ID, quantity.Duration(late.request.End), ids(named), key, p.At(late.record.Offset))
			a.IDs = append(a.IDs, clip(named)...)
			a.Setting = anySetting(x, "in flight", "in.flight", "inflight", "idempot")
			o.anomalies = append(o.anomalies, a)
		}
	}
}
