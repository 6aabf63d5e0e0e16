package check

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// A service that keeps its positions in its own sink asks that sink where to
// begin, which nothing on the wire shows. It did so after it was given the
// partition, and before the first records came.

// taking is the span in which an incarnation asked its sink.
type taking struct{ from, to time.Duration }

// takings returns the span of each resume of the service.
func takings(x *history.Index, s breakwater.Service) map[*history.Event]taking {
	type owner struct {
		client string
		history.Partition
	}
	spans := map[*history.Event]taking{}
	assigned := map[owner]time.Duration{}
	open := map[owner]*history.Event{} // the resume that waits for its first records
	for e := range x.Of(history.Assign, history.Resume, history.Fetched) {
		if e.Group != s.Group && (e.Group != "" || !s.Has(e.Client)) {
			continue
		}
		o := owner{e.Client, e.In()}
		switch {
		case e.Kind == history.Assign && e.Name == history.Assigned:
			assigned[o] = e.At
		case e.Kind == history.Resume:
			t := taking{from: e.At, to: math.MaxInt64}
			if at, known := assigned[o]; known {
				t.from = at
			}
			delete(assigned, o)
			spans[e], open[o] = t, e
		case e.Kind == history.Fetched && open[o] != nil:
			spans[open[o]] = taking{spans[open[o]].from, e.At}
			delete(open, o)
		}
	}
	return spans
}

// storedAt returns the positions that the sink may have answered with in the
// span: those that stood in it at some instant of it, give or take the error of
// its clock. There are none when it may have had none to tell.
func (p *position) storedAt(t taking) []*history.Event {
	skew := p.skew
	first := sort.Search(len(p.stored), func(i int) bool {
		return i+1 == len(p.stored) || p.stored[i+1].At >= t.from-skew
	})
	if first == len(p.stored) || p.stored[first].At > t.from-skew {
		return nil
	}
	end := first
	for end < len(p.stored) && p.stored[end].At-skew <= t.to {
		end++
	}
	return p.stored[first:end]
}

// same says whether no visible record lies between the offsets, so that it makes
// no difference which of them is fetched.
func (p *position) same(x *history.Index, a, b int64) bool {
	return a == b || len(x.Records[p.Partition]) > 0 && len(x.Between(p.Partition, min(a, b), max(a, b))) == 0
}

// wrongTakeUp is a resume at none of the positions that the sink held.
func wrongTakeUp(x *history.Index, p *position, r *history.Event) (Anomaly, bool) {
	if r.Offset < 0 {
		return Anomaly{}, false
	}
	held := p.storedAt(p.takings()[r])
	if len(held) == 0 || slices.ContainsFunc(held, func(c *history.Event) bool { return p.same(x, c.Offset, r.Offset) }) {
		return Anomaly{}, false
	}
	c := held[0]
	a := Anomaly{
		What:    fmt.Sprintf("%s resumed %s at %s, its sink %s held %d (event %d)", r.Client, p.group, p.At(r.Offset), c.Sink, c.Offset, c.N),
		Events:  []uint64{r.N, c.N},
		Offsets: []string{p.At(c.Offset), p.At(r.Offset)},
		Setting: setting(p.service, "reset", "offset"),
	}
	for _, record := range clip(x.Between(p.Partition, min(r.Offset, c.Offset), max(r.Offset, c.Offset))) {
		a.IDs = append(a.IDs, record.ID)
	}
	if n := len(x.Between(p.Partition, c.Offset, r.Offset)); n > 0 {
		a.What += fmt.Sprintf(" and %s records were skipped", quantity.Count(n))
	}
	return a, true
}

// unexplainedStored returns the lowest position that the sink may have answered
// with, where the resume lies below all of them, and nil where it does not.
func (p *position) unexplainedStored(r *history.Event) *history.Event {
	held := p.storedAt(p.takings()[r])
	if len(held) == 0 {
		return nil
	}
	lowest := slices.MinFunc(held, byOffset)
	if r.Offset >= lowest.Offset {
		return nil
	}
	return lowest
}
