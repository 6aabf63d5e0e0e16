package measure

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// maxMoments is how many moments of a life are kept with a trial: one that is
// tried for ever has no end of them.
const maxMoments = 60

// Life is what became of one event.
type Life struct {
	ID      string        `json:"id"`
	Took    time.Duration `json:"took"`           // from its acknowledgement to its last first effect
	Moments []Moment      `json:"moments"`        // in order of time, the first of them
	More    int           `json:"more,omitempty"` // moments that are left out
}

// life is that of the acknowledged event that the last sink waited for longest, nil
// where there is none.
func (f *fold) life() *Life {
	var slowest *history.Event
	took := time.Duration(-1)
	for r := range f.index.Acknowledged() {
		last := time.Duration(-1)
		for _, s := range f.index.Log.Header.Sinks() {
			if done := f.index.Sink(s.Ledger.Sink).Effects.Of(r); len(done) > 0 {
				last = max(last, done[0].At-max(r.End, r.At), 0)
			}
		}
		if last > took {
			slowest, took = r, last
		}
	}
	if slowest == nil || slowest.ID == "" {
		return nil
	}
	l := &Life{ID: slowest.ID, Took: took, Moments: LifeOf(f.index.Log, slowest.ID)}
	if l.More = max(0, len(l.Moments)-maxMoments); l.More > 0 {
		l.Moments = l.Moments[:maxMoments]
	}
	return l
}

// traces reports what is known of the lives of events.
type traces struct {
	x         *history.Index
	called    map[string]map[string]bool                 // by service, the ids that it was called for
	delivered map[string]map[history.Partition]stretches // by group, the offsets that were sent to it
	committed map[string]map[history.Partition]int64     // by group, how far it has committed
}

// stretches are spans of offsets [first, last] in order, none of which touch.
type stretches [][2]int64

func (s stretches) hold(offset int64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i][1] >= offset })
	return i < len(s) && s[i][0] <= offset
}

// joined puts spans in order and makes one of those that touch.
func joined(all stretches) stretches {
	slices.SortFunc(all, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	var found stretches
	for _, s := range all {
		if n := len(found); n > 0 && s[0] <= found[n-1][1]+1 {
			found[n-1][1] = max(found[n-1][1], s[1])
			continue
		}
		found = append(found, s)
	}
	return found
}

func newTraces(x *history.Index) traces {
	t := traces{x, map[string]map[string]bool{}, map[string]map[history.Partition]stretches{}, map[string]map[history.Partition]int64{}}
	for e := range x.Of(history.Call, history.Fetched, history.Commit) {
		switch {
		case e.Kind == history.Call && e.ID != "":
			s, known := x.Log.Header.ServiceOf(e.To)
			if !known {
				s.Name = e.To
			}
			if t.called[s.Name] == nil {
				t.called[s.Name] = map[string]bool{}
			}
			t.called[s.Name][e.ID] = true
		case e.Kind == history.Fetched:
			if t.delivered[e.Group] == nil {
				t.delivered[e.Group] = map[history.Partition]stretches{}
			}
			t.delivered[e.Group][e.In()] = append(t.delivered[e.Group][e.In()], [2]int64{e.Offset, e.Last})
		case e.Kind == history.Commit && e.Outcome == history.OK:
			if t.committed[e.Group] == nil {
				t.committed[e.Group] = map[history.Partition]int64{}
			}
			t.committed[e.Group][e.In()] = max(t.committed[e.Group][e.In()], e.Offset)
		}
	}
	for _, of := range t.delivered {
		for p, s := range of {
			of[p] = joined(s)
		}
	}
	return t
}

// whole is whether all that became of the acknowledged event at the service is
// known: it was called for it, or it was delivered to its group, which has
// committed past it; and its sink has the effect.
func (t traces) whole(r *history.Event, s breakwater.Service) bool {
	if s.Ledger != nil && len(t.x.Sink(s.Ledger.Sink).Effects.Of(r)) == 0 {
		return false
	}
	if s.Group == "" {
		return r.To == s.Name || s.Has(r.To) || t.called[s.Name][r.ID]
	}
	record := t.x.RecordOf(r, t.x.Input(s))
	return record != nil && t.delivered[s.Group][record.In()].hold(record.Offset) && t.committed[s.Group][record.In()] > record.Offset
}

// traced is the share of the acknowledged events of which the whole life is known.
func (f *fold) traced(breakwater.Measured) Value {
	t, known, all := newTraces(f.index), 0, 0
	header := f.index.Log.Header
	owing := header.Sinks()
	for _, s := range header.Consumers() {
		if s.Ledger == nil {
			owing = append(owing, s)
		}
	}
	torn := map[*history.Event]bool{} // of which something that is due is not known
	for _, s := range owing {
		for r := range f.index.Due(s) {
			torn[r] = torn[r] || !t.whole(r, s)
		}
	}
	for r := range f.index.Acknowledged() {
		all++
		if header.Logged() && f.index.RecordOf(r, "") == nil || r.ID == "" {
			continue
		}
		if !torn[r] {
			known++
		}
	}
	return Value{Value: float64(known) / float64(max(1, all)), N: all}
}
