package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// ProducerOrder is broken when records do not stand in a partition in the order in
// which they were produced: a higher sequence of one epoch of an idempotent
// producer stands before a lower one; or a request that was acknowledged before
// another of the same key was sent stands behind it.
//
// Requests that overlapped have no order, and an epoch has none towards the next:
// the producer numbers afresh. The first record of an id counts, in the topics to
// which requests lead, which retry, dead letter and output topics are not.
const ProducerOrder = "producer-order"

func producerOrder(x *history.Index) Verdict {
	if !x.Log.Header.Logged() {
		return combine(x, nil, "the system has no log to be looked into")
	}
	var f finding
	all := slots(x)
	for _, p := range sortedPartitions(all) {
		bySequence(p, all[p], &f)
	}
	derived := derivedTopics(x)
	for _, p := range sortedPartitions(x.Records) {
		if !derived[p.Topic] {
			byRequest(x, p, &f)
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "records stand in the log out of the order in which they were produced", brief: "out of order in the log"}
	if f.examined == 0 {
		f.count, f.why = nil, "no two records of one producer or of one key were in one partition"
	}
	return combine(x, []finding{f}, "")
}

// derivedTopics are those that services fill from another one.
func derivedTopics(x *history.Index) map[string]bool {
	derived := map[string]bool{}
	for _, s := range x.Log.Header.Services {
		for _, topic := range append(slices.Clone(s.Retry), s.DeadLetter, s.Output) {
			derived[topic] = topic != ""
		}
	}
	return derived
}

// bySequence looks for sequences that stand in the wrong order, and names the
// fewest without which the others are in order.
func bySequence(p history.Partition, slots []slot, f *finding) {
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
		f.examined += n
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
			f.anomalies = append(f.anomalies, a)
		}
	}
}

// byRequest looks for records behind those of requests of the same key that were
// sent only after theirs had been acknowledged.
func byRequest(x *history.Index, p history.Partition, f *finding) {
	type published struct{ record, request *history.Event }
	byKey, keys := map[string][]published{}, []string(nil)
	for _, r := range x.Records[p] {
		q := requestOf(x, r)
		if q == nil || q.Key == "" || !x.Log.Header.Asks(q.Name) || x.RecordOf(r, p.Topic) != r {
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
		f.examined += len(all)
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
			f.anomalies = append(f.anomalies, a)
		}
	}
}
