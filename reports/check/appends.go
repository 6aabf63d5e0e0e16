package check

import (
	"cmp"
	"math"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// appends are the batches that the taps saw on their way into some topics, by
// partition in order of their base offset.
type appends map[history.Partition]*batches

type batches struct {
	events []*history.Event
	most   int64 // records in one of them
}

// newAppends takes those that say where they begin.
func newAppends(x *history.Index, topics ...string) appends {
	a := appends{}
	for e := range x.Of(history.Produce) {
		if e.Offset < 0 || !slices.Contains(topics, e.Topic) {
			continue
		}
		b := a[e.In()]
		if b == nil {
			b = &batches{}
			a[e.In()] = b
		}
		b.events = append(b.events, e)
		b.most = max(b.most, count1(e))
	}
	for _, b := range a {
		slices.SortStableFunc(b.events, func(a, b *history.Event) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return a
}

// count1 is how many records the batch has; one that does not say has one.
func count1(e *history.Event) int64 { return int64(max(e.Count, 1)) }

// of is the first batch that held the record, and nil when nobody saw it.
func (a appends) of(record *history.Event) *history.Event {
	b := a[record.In()]
	if b == nil || record.Offset < 0 || record.Offset == math.MaxInt64 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(b.events, record.Offset+1, func(e *history.Event, offset int64) int { return cmp.Compare(e.Offset, offset) })
	var first *history.Event
	for i--; i >= 0 && record.Offset-b.events[i].Offset < b.most; i-- {
		if e := b.events[i]; record.Offset-e.Offset < count1(e) && (first == nil || e.N < first.N) {
			first = e
		}
	}
	return first
}
