package measure

import (
	"maps"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// A breach is an answer that failed, is unknown, or came later than the p99 of
// the time before the fault plus the larger of that p99 and BreachLatency, and twice as
// much as the load itself was ever behind its schedule: on a machine that kept even that
// waiting, nobody's answer is late for a reason of its own. A
// service is breached when more than BreachShare of the calls to it are
// breaches, beyond the share before the fault: one slow answer on a busy machine is no
// cascade, and neither are several that were all sent within one [Window]: that long a
// machine may stand still.
const (
	BreachLatency = 100 * time.Millisecond
	BreachShare   = 0.10
)

// Late is the threshold above which an answer is a breach, 0 for none.
func Late(x *history.Index, baselineP99 time.Duration) time.Duration {
	if baselineP99 <= 0 {
		return 0
	}
	return baselineP99 + max(baselineP99, BreachLatency) + 2*behind(x)
}

type derivedBehind struct{} // names what is remembered

// behind is by how much the load was sent after its schedule at most.
func behind(x *history.Index) time.Duration {
	return history.Remember(x, derivedBehind{}, func() (most time.Duration) {
		for r := range x.Of(history.Request) {
			most = max(most, r.At-r.Scheduled)
		}
		return most
	})
}

// requests are the root requests of the run by operation name.
type requests map[string][]*history.Event

func newRequests(x *history.Index) requests {
	all := requests{}
	for r := range x.Of(history.Request) {
		all[r.Name] = append(all[r.Name], r)
	}
	return all
}

func (r requests) names() []string { return slices.Sorted(maps.Keys(r)) }

// intended is the latency that a client who kept to the schedule would see.
func intended(r *history.Event) (time.Duration, bool) {
	return r.End - r.Scheduled, r.End > 0
}

func (f *fold) operations() (found []Operation) {
	f.took = map[string]map[string][]time.Duration{}
	for _, name := range f.requests.names() {
		found = append(found, f.operation(name, f.requests[name]))
	}
	return found
}

func (f *fold) operation(name string, all []*history.Event) Operation {
	op := Operation{Name: name, Phases: map[string]Stats{}}
	f.took[name] = map[string][]time.Duration{}
	for _, phase := range breakwater.MeasuredPhases() {
		op.Phases[phase], f.took[name][phase] = stats(all, func(r *history.Event) bool { return f.spans.contains(phase, r.Scheduled) })
	}
	offered, served, failed := newCounts(f.end), newCounts(f.end), newCounts(f.end)
	latency := make([][]time.Duration, len(offered))
	for _, r := range all {
		offered.add(r.Scheduled)
		switch {
		case r.Outcome == history.OK:
			served.add(r.End)
		case r.End > 0:
			failed.add(r.End)
		default:
			failed.add(r.At) // never answered
		}
		if took, done := intended(r); done && r.Scheduled >= 0 && window(r.Scheduled) < len(latency) {
			latency[window(r.Scheduled)] = append(latency[window(r.Scheduled)], took)
		}
	}
	op.Offered, op.Served, op.Failed = offered.rate(), served.rate(), failed.rate()
	op.P50, op.P99 = medians(latency)
	return op
}

// stats are those of some of the operations, with their intended latencies, sorted.
func stats(all []*history.Event, in func(*history.Event) bool) (s Stats, latency []time.Duration) {
	for _, r := range all {
		if !in(r) {
			continue
		}
		s.Scheduled++
		switch r.Outcome {
		case history.OK:
			s.OK++
		case history.Failed:
			s.Failed++
		default:
			s.Unknown++
		}
		if took, done := intended(r); done {
			latency = append(latency, took)
		}
	}
	if s.Scheduled > 0 {
		s.Availability = float64(s.OK) / float64(s.Scheduled)
	}
	slices.Sort(latency)
	s.P50, s.P90, s.P99 = quantile(latency, 0.50), quantile(latency, 0.90), quantile(latency, 0.99)
	if n := len(latency); n > 0 {
		s.Max = latency[n-1]
	}
	return s, latency
}

// Available is the stats of one operation, or of all when it is "", in a phase as
// the values of that phase see it: during is while a fault was witnessed to be
// active.
func Available(x *history.Index, phase, operation string) Stats {
	phases := newSpans(x)
	s, _ := stats(slices.Collect(x.Of(history.Request)), func(r *history.Event) bool {
		return phases.contains(phase, r.Scheduled) && (operation == "" || r.Name == operation)
	})
	return s
}
