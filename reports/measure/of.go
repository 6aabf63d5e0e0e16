package measure

import (
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// fold is what the parts of the measurement share.
type fold struct {
	index     *history.Index
	spans     spans
	end       time.Duration
	eras      []era
	consumers []breakwater.Service
	lags      []lag         // by consumer
	arrivals  float64       // requests a second that ask for effects, before the fault
	served    []windowState // by window: were the requests that ask for effects answered ok

	// What a group's catching up does not need.
	requests  requests
	traffic   *traffic
	climbs    [][]*climb           // by consumer
	stale     []stale              // of the consumers that have a sink
	promised  map[string][]promise // by sink
	amplified Amplified
	took      map[string]map[string][]time.Duration // intended latencies by operation and phase, sorted

	m Measurements // so far: the values come last
}

func newFold(x *history.Index) *fold {
	f := &fold{index: x, spans: newSpans(x), end: end(x.Log), consumers: x.Log.Header.Consumers()}
	f.eras = eras(x, f.end)
	for _, s := range f.consumers {
		f.lags = append(f.lags, newLag(f.index, s, f.spans, f.end))
	}
	f.load()
	return f
}

// load measures the arrivals, and by window whether they were served: a lag of
// nothing while nobody can publish is no recovery.
func (f *fold) load() {
	all, ok := newCounts(f.end), newCounts(f.end)
	before := 0
	for r := range f.index.Asking() {
		all.add(r.Scheduled)
		if r.Outcome == history.OK {
			ok.add(r.Scheduled)
		}
		if f.spans.contains(breakwater.Before, r.Scheduled) {
			before++
		}
	}
	var length time.Duration
	for _, w := range f.spans[breakwater.Before] {
		length += w.To - w.From
	}
	if length > 0 {
		f.arrivals = float64(before) / length.Seconds()
	}
	f.served = make([]windowState, len(all))
	for i := range all {
		switch {
		case all[i] == 0:
		case ok[i] >= RecoveredShare*all[i]:
			f.served[i] = fine
		default:
			f.served[i] = breached
		}
	}
}

// Of measures a frozen history. It is a pure function: the same log gives the
// same measurements. A log that does not validate is measured as far as it goes.
func Of(x *history.Index) Measurements {
	f := newFold(x)
	f.requests = newRequests(f.index)
	f.traffic = newTraffic(f.index, f.spans, history.Request, history.Call, history.Produce, history.Commit)
	for _, s := range f.consumers {
		f.climbs = append(f.climbs, newClimbs(f.index, s, f.end))
		if s.Ledger != nil {
			f.stale = append(f.stale, newStale(f.index, s, f.spans, f.end))
		}
	}
	f.promised = map[string][]promise{}
	for _, s := range x.Log.Header.Sinks() {
		f.promised[s.Ledger.Sink] = newPromises(f.index, s, f.end)
	}
	begin, _ := x.Log.Header.Span()
	f.amplified = f.traffic.amplified(f.spans)
	f.m = Measurements{
		Begin:      begin,
		Window:     Window,
		End:        f.end,
		Exercised:  exercised(f.index),
		Operations: f.operations(),
		Faults:     faults(f.index),
		Sinks:      f.sinks(),
		Groups:     groups(f.lags),
		Hops:       f.traffic.hops(f.spans),
		Breaches:   f.traffic.breaches(f.spans),
		Recoveries: f.recoveries(),
		Life:       f.life(),
	}
	for _, climbs := range f.climbs {
		for _, c := range climbs {
			f.m.Ladders = append(f.m.Ladders, c.Ladder)
		}
	}
	f.m.Values = f.values()
	return f.m
}
