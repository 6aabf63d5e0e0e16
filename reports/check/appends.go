package check

import (
	"math"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// appends are the batches that the taps saw on their way into the log and that
// say where they begin, by partition in order of their base offset.
type appends map[history.Partition]*batches

type batches struct {
	events   []*history.Event
	answered []*history.Event // those of them of which the broker said that it appended them
	most     int64            // records in one of them
}

func newAppends(x *history.Index) appends {
	return history.Remember(x, derived{what: "appends"}, func() appends {
		a := appends{}
		for e := range x.Of(history.Produce) {
			if e.Offset < 0 {
				continue
			}
			p := e.In()
			b := a[p]
			if b == nil {
				b = &batches{}
				a[p] = b
			}
			b.events = append(b.events, e)
			if e.Outcome == history.OK {
				b.answered = append(b.answered, e)
			}
			b.most = max(b.most, count1(e))
		}
		for _, b := range a {
			b.events, b.answered = sorted(b.events, byOffset), sorted(b.answered, byOffset)
		}
		return a
	})
}

// count1 is how many records the batch has; one that does not say has one.
func count1(e *history.Event) int64 { return int64(max(e.Count, 1)) }

// of is the first batch that held the record, and nil when nobody saw it.
func (a appends) of(record *history.Event) *history.Event {
	b := a[record.In()]
	if b == nil || record.Offset < 0 || record.Offset == math.MaxInt64 {
		return nil
	}
	i := fromOffset(b.events, record.Offset+1)
	var first *history.Event
	for i--; i >= 0 && record.Offset-b.events[i].Offset < b.most; i-- {
		if e := b.events[i]; record.Offset-e.Offset < count1(e) && (first == nil || e.N < first.N) {
			first = e
		}
	}
	return first
}
