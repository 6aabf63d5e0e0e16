package measure

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// latencyFloor is the smallest rise of a latency that counts as one, and half of
// the baseline the smallest relative one, see [LatencyExcess].
const latencyFloor = 5 * time.Millisecond

// values names every single number. What nobody observed is there with N = 0.
func (f *fold) values(m Measurements) []Value {
	var all []Value
	add := func(name string, value float64, n int) {
		all = append(all, Value{Name: name, Value: round(value), Unit: breakwater.UnitOf(name), N: n})
	}
	for _, op := range m.Operations {
		all = append(all, f.latencies(op.Name)...)
		for _, phase := range []string{breakwater.Before, breakwater.During, breakwater.After} {
			s := op.Phases[phase]
			// Not rounded: 0.9999 is not 1.
			all = append(all, Value{Name: breakwater.AvailabilityIn(phase, op.Name), Value: s.Availability, Unit: breakwater.UnitOf(breakwater.AvailabilityIn(phase, op.Name)), N: s.Scheduled})
		}
		all = append(all, f.capacityOf(op.Name))
	}
	f.sinkValues(m, add)
	f.topicValues(add)
	f.cascadeValues(m, add)
	faults := slices.Collect(f.index.Of(history.Fault))
	for _, s := range f.consumers {
		depth := 0
		for _, r := range m.Recoveries {
			if r.Subject == s.Group {
				depth += int(r.ReplayDepth)
			}
		}
		var after time.Duration
		if w := f.index.Windows(); len(w) > 0 {
			after = w[0].From
		}
		n, resumes := rejoins(f.index, s.Group, after)
		if len(f.eras) == 0 {
			resumes = 0 // after nothing
		}
		add(breakwater.Rejoins(s.Group), float64(n), resumes)
		add(breakwater.ReplayDepth(s.Group), float64(depth), resumes)
		if len(faults) > 0 {
			missed, changes := unowned(f.index, s, faults[0].At)
			add(breakwater.Unowned(s.Group), missed.Seconds(), changes)
		}
	}
	for _, s := range f.index.Log.Header.Services {
		n, starts := restarts(f.index, s)
		add(breakwater.Restarts(s.Name), float64(n), starts)
	}
	all = append(all, f.recoveryValues(m)...)
	all = append(all, f.stalenessValues()...)
	all = append(all, f.promiseValues()...)
	return append(all, f.traced())
}

// How many standard deviations around its rank a quantile is looked for: so far that it
// is below, and above, with 1 %; and a difference of two that are independent.
const (
	sureOfOne = 2.33
	sureOfTwo = sureOfOne / math.Sqrt2
)

// latencies are the quantiles of an operation, and how they changed with the fault.
func (f *fold) latencies(op string) (all []Value) {
	took := map[string][]time.Duration{}
	for _, r := range f.requests[op] {
		for phase := range f.spans {
			if t, done := intended(r); done && f.spans.contains(phase, r.Scheduled) {
				took[phase] = append(took[phase], t)
			}
		}
	}
	for _, l := range took {
		slices.Sort(l)
	}
	add := func(name string, n int, value, low, high float64) {
		all = append(all, Value{Name: name, Unit: breakwater.UnitOf(name), N: n, Value: round(value), Low: round(low), High: round(high)})
	}
	for _, q := range []string{breakwater.P50, breakwater.P99} {
		share := quantiles[q]
		for _, phase := range []string{breakwater.Before, breakwater.During, breakwater.After} {
			l := took[phase]
			low, high := interval(l, share, sureOfOne)
			add(breakwater.LatencyOf(q, phase, op), len(l), milliseconds(quantile(l, share)), milliseconds(low), milliseconds(high))
		}
		before, during := took[breakwater.Before], took[breakwater.During]
		n := min(len(before), len(during))
		if n == 0 {
			before, during = nil, nil
		}
		was, is := quantile(before, share), quantile(during, share)
		wasLow, wasHigh := interval(before, share, sureOfTwo)
		isLow, isHigh := interval(during, share, sureOfTwo)
		excess := func(was, is time.Duration) float64 { return float64(is-was) / float64(max(was/2, latencyFloor)) }
		add(breakwater.LatencyAdded(q, op), n, milliseconds(is-was), milliseconds(isLow-wasHigh), milliseconds(isHigh-wasLow))
		add(breakwater.LatencyExcess(q, op), n, excess(was, is), excess(wasHigh, isLow), excess(wasLow, isHigh))
	}
	return all
}

// interval is between which of the sorted values a quantile lies, see [Latency].
func interval(sorted []time.Duration, q, deviations float64) (low, high time.Duration) {
	if len(sorted) == 0 {
		return 0, 0
	}
	n := float64(len(sorted))
	around := int(math.Ceil(deviations * math.Sqrt(n*q*(1-q))))
	at := rank(len(sorted), q)
	return sorted[max(0, at-around)], sorted[min(len(sorted)-1, at+around)]
}

func (f *fold) sinkValues(m Measurements, add func(string, float64, int)) {
	scheduled, asking := 0, 0
	for r := range f.index.Asking() {
		asking++
		if f.spans.contains(breakwater.During, r.Scheduled) {
			scheduled++
		}
	}
	services := f.index.Log.Header.Sinks()
	for i, k := range m.Sinks {
		held, owed := f.index.Sink(k.Name), 0
		if f.index.Tells(k.Name) { // else nobody knows what is missing
			for range f.index.Owed(services[i]) {
				owed++
			}
		}
		during := 0
		for entries := range held.Effects.All() {
			for _, e := range entries {
				if f.spans.contains(breakwater.During, e.At) {
					during++
				}
			}
		}
		add(breakwater.Lost(k.Name), float64(k.Missing), owed)
		named, distinct := k.Effects, k.IDs
		if nameless := len(held.Effects.ID("")); nameless > 0 {
			named, distinct = named-nameless, distinct-1
		}
		add(breakwater.Duplicates(k.Name), float64(named-distinct), distinct)
		add(breakwater.Redelivered(k.Name), float64(held.Attempts.Count()-held.Attempts.Len()), k.Attempts)
		add(breakwater.EffectsDuring(k.Name), float64(during), max(scheduled, during))
		add(breakwater.EffectsRatio(k.Name), float64(during)/float64(max(scheduled, 1)), scheduled)
	}
	if len(services) < 2 || slices.ContainsFunc(services, func(s breakwater.Service) bool { return !f.index.Tells(s.Ledger.Sink) }) {
		asking = 0
	}
	orphans := 0
	for r := range f.index.Asking() {
		if done, missing := f.index.Torn(r); len(done) > 0 && len(missing) > 0 {
			orphans++
		}
	}
	add(breakwater.Orphans, float64(orphans), asking)
}

// topicValues are those of each topic in which the independent reader found
// something.
func (f *fold) topicValues(add func(string, float64, int)) {
	hidden, topics := map[string]int{}, map[string]bool{}
	for p := range f.index.Records {
		topics[p.Topic] = true
	}
	for p, records := range f.index.Hidden {
		topics[p.Topic] = true
		hidden[p.Topic] += len(records)
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		found := f.index.Topic(topic)
		named := found.Count() - len(found.ID(""))
		distinct := 0
		for records := range found.All() {
			if records[0].ID != "" {
				distinct++
			}
		}
		add(breakwater.LogDuplicates(topic), float64(named-distinct), named)
		add(breakwater.Aborted(topic), float64(hidden[topic]), found.Count()+hidden[topic])
	}
}

func (f *fold) cascadeValues(m Measurements, add func(string, float64, int)) {
	radius, judged := 0, 0
	for _, b := range m.Breaches {
		judged++
		if b.Breached && !b.Faulted {
			radius++
		}
	}
	if len(f.eras) == 0 {
		judged = 0
	}
	add(breakwater.BlastRadius, float64(radius), judged)
	a := f.traffic.amplified(f.spans)
	for _, to := range slices.Sorted(maps.Keys(a.Calls)) {
		add(breakwater.Amplification(to), float64(a.Calls[to])/float64(max(a.Roots, 1)), a.Roots)
	}
}

// recoveryValues are, for each subject, the worst over all faults.
func (f *fold) recoveryValues(m Measurements) []Value {
	worst := map[string]Value{}
	var names []string
	put := func(v Value) {
		old, seen := worst[v.Name]
		if !seen {
			names = append(names, v.Name)
		}
		if !seen || old.N == 0 || v.N > 0 && (v.AtLeast && !old.AtLeast || v.AtLeast == old.AtLeast && v.Value > old.Value) {
			worst[v.Name] = v
		}
	}
	span := func(name string, s Span, measured bool) {
		v := Value{Name: name, Unit: breakwater.UnitOf(name)}
		if measured {
			v.Value, v.N, v.AtLeast = round(s.Took.Seconds()), 1, !s.Reached && !s.None
			if s.None {
				v.Value = 0
			}
		}
		put(v)
	}
	for _, r := range m.Recoveries {
		measured := func(part string) bool { return !slices.Contains(r.Unmeasured, part) }
		span(breakwater.Detection(r.Subject), r.Detection, !r.Detection.None)
		span(breakwater.Outage(r.Subject), r.Outage, measured("outage") && !r.Outage.None)
		if slices.ContainsFunc(f.consumers, func(s breakwater.Service) bool { return s.Group == r.Subject }) {
			span(breakwater.WorkerOutage(r.Subject), r.WorkerOutage, !r.WorkerOutage.None)
		}
		span(breakwater.FirstProgress(r.Subject), r.FirstProgress, measured("first progress"))
		span(breakwater.CatchUp(r.Subject), r.CatchUp, measured("catch-up"))
		if r.Headroom > 0 {
			span(breakwater.IdealCatchUp(r.Subject), r.Ideal, !r.Ideal.None)
			name := breakwater.Headroom(r.Subject)
			if least, seen := worst[name]; !seen || r.Headroom < least.Value {
				delete(worst, name)
				names = slices.DeleteFunc(names, func(n string) bool { return n == name })
				put(Value{Name: name, Value: r.Headroom, Unit: breakwater.UnitOf(name), N: 1})
			}
		}
	}
	var all []Value
	for _, name := range names {
		all = append(all, worst[name])
	}
	return all
}
