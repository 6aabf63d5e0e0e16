package check

import (
	"fmt"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.KeyOrder, keyOrder) }

func keyOrder(x *history.Index) Verdict {
	a := newAudience(x)
	return ofConsumers(x, func(s breakwater.Service) finding {
		switch {
		case s.Ledger == nil:
			return notAsked("it has no ledger of its effects")
		case len(s.DeadLetters().Retry) > 0:
			return notAsked("it puts records off to retry topics, where others overtake them")
		case apart(x, s) != "":
			return notAsked(apart(x, s))
		}
		return a.keyOrder(s)
	})
}

// done is a record and the first effect of its id.
type done struct{ record, effect *history.Event }

func (a audience) keyOrder(s breakwater.Service) finding {
	x := a.x
	f, met := finding{subject: s.Ledger.Sink}, 0
	from, held := firstTaken(x, s), x.Sink(s.Ledger.Sink).Effects
	topic, given, skew := x.Input(s), s.DeadLetters().Topic, x.Skew(s)
	for _, p := range sortedPartitions(x.Records) {
		if topic != "" && p.Topic != topic || p.Topic == given {
			continue
		}
		byKey, keys := map[string][]done{}, []string(nil)
		for _, r := range x.Between(p, from[p], 1<<62) {
			effects := held.Of(r)
			if len(effects) == 0 || !a.meant(s, r) || x.RecordOf(r, p.Topic) != r {
				continue
			}
			key := r.Key
			if q := requestOf(x, r); key == "" && q != nil {
				key = q.Key
			}
			if key == "" {
				continue
			}
			if byKey[key] == nil {
				keys = append(keys, key)
			}
			byKey[key] = append(byKey[key], done{r, effects[0]})
		}
		for _, key := range keys {
			if len(byKey[key]) < 2 {
				continue
			}
			met += len(byKey[key])
			f.examined += apartInTime(skew, byKey[key])
			f.anomalies = append(f.anomalies, overtaken(s, skew, key, byKey[key])...)
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "records of a key took effect out of order in %s", brief: "out of order by key"}
	switch {
	case f.examined == 0 && met > 0:
		f.count, f.why = nil, fmt.Sprintf("none of the %s effects of a key can be ordered among the others of it by their instants, whose clock is off by up to %s", quantity.Count(met), quantity.Duration(skew))
	case f.examined == 0:
		f.count, f.why = nil, "no key had two effects"
	}
	return f
}

// apartInTime is how many of the effects of one key lie further from another of it than
// the error of the sink's clock, so that they have an order.
func apartInTime(skew time.Duration, all []done) (n int) {
	first, last := all[0].effect.At, all[0].effect.At
	for _, d := range all {
		first, last = min(first, d.effect.At), max(last, d.effect.At)
	}
	for _, d := range all {
		if max(d.effect.At-first, last-d.effect.At) > skew {
			n++
		}
	}
	return n
}

// firstTaken is where the service's group first took up each partition, as far as
// that is known.
func firstTaken(x *history.Index, s breakwater.Service) map[history.Partition]int64 {
	first := map[history.Partition]int64{}
	for r := range x.Of(history.Resume) {
		if r.Group != s.Group {
			continue
		}
		if _, known := first[r.In()]; !known {
			if from, known := start(r); known {
				first[r.In()] = from
			}
		}
	}
	return first
}

// overtaken are the fewest records of one key, given in the order of the log,
// without which the effects of the others are in order.
func overtaken(s breakwater.Service, skew time.Duration, key string, all []done) []Anomaly {
	late, disorder := all[0].effect.At, false
	for _, d := range all {
		disorder = disorder || d.effect.At+skew < late
		late = max(late, d.effect.At)
	}
	if !disorder {
		return nil
	}
	kept := inOrder(len(all), func(i, j int) bool { return all[i].effect.At <= all[j].effect.At })
	after := make([]*done, len(all)) // of those kept above each, the one that took effect first
	for i := len(all) - 2; i >= 0; i-- {
		if after[i] = after[i+1]; kept[i+1] {
			after[i] = &all[i+1]
		}
	}
	var found []Anomaly
	var before *done // of those kept below, the one that took effect last
	for i := range all {
		d := &all[i]
		switch at := d.effect.At; {
		case kept[i]:
			before = d
		case before != nil && at+skew < before.effect.At:
			found = append(found, outOfOrder(s, key, d, before, "before", before.effect.At-at))
		case after[i] != nil && at-skew > after[i].effect.At:
			found = append(found, outOfOrder(s, key, d, after[i], "after", at-after[i].effect.At))
		}
	}
	return found
}

// inOrder marks a longest subsequence of 0 … n-1 in which each element may follow
// the one before it, by an order in which ties may follow each other.
func inOrder(n int, mayFollow func(i, j int) bool) []bool {
	var tails []int // by length less one, where the subsequence that ends lowest ends
	from := make([]int, n)
	for j := range n {
		length := sort.Search(len(tails), func(l int) bool { return !mayFollow(tails[l], j) })
		from[j] = -1
		if length > 0 {
			from[j] = tails[length-1]
		}
		if length == len(tails) {
			tails = append(tails, j)
		} else {
			tails[length] = j
		}
	}
	kept := make([]bool, n)
	if len(tails) > 0 {
		for j := tails[len(tails)-1]; j >= 0; j = from[j] {
			kept[j] = true
		}
	}
	return kept
}

func outOfOrder(s breakwater.Service, key string, d, other *done, how string, by time.Duration) Anomaly {
	at := d.record.In().At(d.record.Offset)
	return Anomaly{
		What: fmt.Sprintf("%s at %s took effect in %s at %s, %s %s %s at %d did, of the same key %s",
			d.record.ID, at, s.Ledger.Sink, quantity.Duration(d.effect.At), quantity.Duration(by), how, other.record.ID, other.record.Offset, key),
		IDs:     []string{d.record.ID},
		Events:  []uint64{d.record.N, d.effect.N, other.record.N, other.effect.N},
		Offsets: []string{at, other.record.In().At(other.record.Offset)},
		Setting: setting(s, "worker", "concurren", "parallel"),
	}
}
