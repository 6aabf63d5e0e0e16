package measure

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
)

// row is how one measure is taken.
type row struct {
	subjects func(*fold) []string // what it is about; nil: the whole system

	// value is that of one subject, quantile and phase, without its name and unit. Where
	// nobody observed it N is 0.
	value func(*fold, breakwater.Measured) Value
}

// rows are all of them, by the keys under which the language declares the measures.
var rows = map[string]row{
	"latency.QUANTILE.PHASE":  {operationNames, (*fold).latency},
	"latency.QUANTILE.added":  {operationNames, (*fold).latencyAdded},
	"latency.QUANTILE.excess": {operationNames, (*fold).latencyExcess},
	"availability.PHASE": {operationNames, func(f *fold, of breakwater.Measured) Value {
		i := slices.IndexFunc(f.m.Operations, func(o Operation) bool { return o.Name == of.Subject })
		s := f.m.Operations[i].Phases[of.Phase]
		return Value{Value: s.Availability, N: s.Scheduled} // not rounded: 0.9999 is not 1
	}},
	"capacity": {operationNames, (*fold).capacity},

	"lost": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		k, s := f.sink(of.Subject)
		due := 0
		if f.index.KnowsEffects(k.Name) { // else nobody knows what is missing
			for range f.index.Due(s) {
				due++
			}
		}
		return number(k.Missing, due)
	}},
	"duplicates": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		return number(beyondFirst(f.index.Sink(of.Subject).Effects))
	}},
	"redelivered": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		attempts := f.index.Sink(of.Subject).Attempts
		return number(attempts.Count()-attempts.Len(), attempts.Count())
	}},
	"effects.during": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		n := f.effectsDuring(of.Subject)
		return number(n, max(f.amplified.Roots, n))
	}},
	"effects.ratio": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		return ratio(f.effectsDuring(of.Subject), f.amplified.Roots)
	}},
	"consistency.QUANTILE.PHASE": {sinkNames, (*fold).consistency},
	"stale-reads.PHASE":          {sinkNames, (*fold).staleReads},
	"overtaken": {sinkNames, func(f *fold, of breakwater.Measured) Value {
		return number(overtaken(f.promised[of.Subject], f.skewOf(of.Subject)))
	}},
	"overtaken.key":    {sinkNames, (*fold).overtakenInKey},
	breakwater.Orphans: {nil, (*fold).orphans},

	"log-duplicates": {topicNames, func(f *fold, of breakwater.Measured) Value {
		found := f.index.Topic(of.Subject)
		n, _ := beyondFirst(found)
		return number(n, found.Count()-len(found.ID("")))
	}},
	"aborted": {topicNames, func(f *fold, of breakwater.Measured) Value {
		hidden := 0
		for p, records := range f.index.Hidden {
			if p.Topic == of.Subject {
				hidden += len(records)
			}
		}
		return number(hidden, f.index.Topic(of.Subject).Count()+hidden)
	}},

	breakwater.BlastRadius: {nil, func(f *fold, _ breakwater.Measured) Value {
		radius, judged := 0, 0
		for _, b := range f.m.Breaches {
			if b.Breached && !b.Faulted {
				radius++
			}
		}
		if len(f.eras) > 0 {
			judged = len(f.m.Breaches)
		}
		return number(radius, judged)
	}},
	"amplification": {func(f *fold) []string { return slices.Sorted(maps.Keys(f.amplified.Calls)) }, func(f *fold, of breakwater.Measured) Value {
		return ratio(f.amplified.Calls[of.Subject], f.amplified.Roots)
	}},
	breakwater.Traced: {nil, (*fold).traced},
	"restarts": {serviceNames, func(f *fold, of breakwater.Measured) Value {
		s, _ := f.index.Log.Header.Service(of.Subject)
		return number(restarts(f.index, s))
	}},

	"rejoins": {groupNames, func(f *fold, of breakwater.Measured) Value {
		return number(f.rejoins(of.Subject))
	}},
	"replay-depth": {groupNames, func(f *fold, of breakwater.Measured) Value {
		depth := 0
		for _, r := range f.m.Recoveries {
			if r.Subject == of.Subject {
				depth += int(r.ReplayDepth)
			}
		}
		_, resumes := f.rejoins(of.Subject)
		return number(depth, resumes)
	}},
	"unowned": {groupNames, (*fold).unowned},

	"staleness": {viewNames, func(f *fold, of breakwater.Measured) Value {
		return f.staleness(of.Subject, history.Window{To: f.end})
	}},
	"staleness.PHASE": {viewNames, func(f *fold, of breakwater.Measured) Value {
		return f.staleness(of.Subject, f.spans[of.Phase]...)
	}},
	"fresh-again": {viewNames, (*fold).freshest},

	"detection":      {recovering, worstOf(func(r Recovery) Value { return r.Detection.value(!r.Detection.None) })},
	"outage":         {recovering, worstOf(func(r Recovery) Value { return r.Outage.value(r.measured("outage") && !r.Outage.None) })},
	"outage.worker":  {groupNames, worstOf(func(r Recovery) Value { return r.WorkerOutage.value(!r.WorkerOutage.None) })},
	"first-progress": {recovering, worstOf(func(r Recovery) Value { return r.FirstProgress.value(r.measured("first progress")) })},
	"catch-up":       {recovering, worstOf(func(r Recovery) Value { return r.CatchUp.value(r.measured("catch-up")) })},
	"ideal":          {groupNames, worstOf(func(r Recovery) Value { return r.Ideal.value(r.Headroom > 0 && !r.Ideal.None) })},
	"headroom": {groupNames, func(f *fold, of breakwater.Measured) (least Value) {
		for _, r := range f.m.Recoveries {
			if r.Subject == of.Subject && r.Headroom > 0 && (least.N == 0 || r.Headroom < least.Value) {
				least = Value{Value: r.Headroom, N: 1}
			}
		}
		return least
	}},
}

// Measure is one that another module adds, see [Register].
type Measure struct {
	breakwater.MeasureKind

	// Subjects are what it is about in a history; nil: the whole system, and its name has no
	// subject.
	Subjects func(*history.Index) []string

	// Value is that of one subject and, where the key has several, one quantile and phase.
	// Its N is of how many observations it is made; 0: it was not measured. Name and unit
	// are filled in.
	Value func(*history.Index, breakwater.Measured) Value
}

// Register declares a measure of one's own and adds it to what [Of] measures, so that
// scenarios can set a bound on it. Call it from an init function. It panics where the key
// is empty or taken, or the unit is none. A measure that panics over a history was not
// measured in it: what was recorded is judged all the same.
func Register(m Measure) {
	breakwater.DeclareMeasure(m.MeasureKind)
	r := row{value: func(f *fold, of breakwater.Measured) (v Value) {
		defer func() {
			if recover() != nil {
				v = Value{}
			}
		}()
		return m.Value(f.index, of)
	}}
	if m.Subjects != nil {
		r.subjects = func(f *fold) []string {
			defer func() { _ = recover() }()
			return m.Subjects(f.index)
		}
	}
	rows[m.Key] = r
}

// values names every single number. What nobody observed is there with N = 0.
func (f *fold) values() []Value {
	var all []Value
	for _, kind := range breakwater.Measures() {
		r := rows[kind.Key]
		subjects, quantiles, phases := []string{""}, []string{""}, []string{""}
		if r.subjects != nil {
			subjects = r.subjects(f)
		}
		if strings.Contains(kind.Key, "QUANTILE") {
			quantiles = []string{breakwater.P50, breakwater.P99}
		}
		if strings.Contains(kind.Key, "PHASE") {
			phases = breakwater.MeasuredPhases()
		}
		for _, subject := range subjects {
			for _, quantile := range quantiles {
				for _, phase := range phases {
					of := breakwater.Measured{MeasureKind: kind, Quantile: quantile, Phase: phase, Subject: subject}
					v := r.value(f, of)
					v.Name, v.Unit = of.Name(), kind.Unit
					all = append(all, v)
				}
			}
		}
	}
	return all
}

func number(n, of int) Value { return Value{Value: float64(n), N: of} }

func ratio(n, of int) Value { return Value{Value: round(float64(n) / float64(max(of, 1))), N: of} }

// What measures are about.

func operationNames(f *fold) []string { return f.requests.names() }

func sinkNames(f *fold) []string {
	return lists.Collect(f.m.Sinks, func(s Sink) string { return s.Name })
}

func groupNames(f *fold) []string {
	return lists.Collect(f.consumers, func(s breakwater.Service) string { return s.Group })
}

func serviceNames(f *fold) []string {
	return lists.Collect(f.index.Log.Header.Services, func(s breakwater.Service) string { return s.Name })
}

// viewNames are the services that consume and have a sink.
func viewNames(f *fold) []string {
	return lists.Collect(f.stale, func(v stale) string { return v.service.Name })
}

// topicNames are those in which the independent reader found something.
func topicNames(f *fold) []string {
	topics := map[string]bool{}
	for _, found := range []map[history.Partition][]*history.Event{f.index.Records, f.index.Hidden} {
		for p := range found {
			topics[p.Topic] = true
		}
	}
	return slices.Sorted(maps.Keys(topics))
}

// recovering are the groups and operations that recovered from a fault, or had to.
func recovering(f *fold) []string {
	return lists.Distinct(lists.Collect(f.m.Recoveries, func(r Recovery) string { return r.Subject }))
}

// latencyFloor is the smallest rise of a latency that counts as one, and half of
// the baseline the smallest relative one, see [LatencyExcess].
const latencyFloor = 5 * time.Millisecond

// How many standard deviations around its rank a quantile is looked for: so far that it
// is below, and above, with 1 %; and a difference of two that are independent.
const (
	sureOfOne = 2.33
	sureOfTwo = sureOfOne / math.Sqrt2
)

// estimate is a quantile, and between what it lies.
type estimate struct {
	n                int
	value, low, high time.Duration
}

// estimateOf is that of sorted values, by the interval that [Latency] describes.
func estimateOf(sorted []time.Duration, q, deviations float64) estimate {
	if len(sorted) == 0 {
		return estimate{}
	}
	n := float64(len(sorted))
	around := int(math.Ceil(deviations * math.Sqrt(n*q*(1-q))))
	at := rank(len(sorted), q)
	return estimate{len(sorted), sorted[at], sorted[max(0, at-around)], sorted[min(len(sorted)-1, at+around)]}
}

func (f *fold) latency(of breakwater.Measured) Value {
	e := estimateOf(f.took[of.Subject][of.Phase], quantiles[of.Quantile], sureOfOne)
	return Value{N: e.n, Value: milliseconds(e.value), Low: milliseconds(e.low), High: milliseconds(e.high)}
}

// risen are a quantile before and during the fault, of nothing where either is missing.
func (f *fold) risen(of breakwater.Measured) (was, is estimate, n int) {
	took := f.took[of.Subject]
	before, during := took[breakwater.Before], took[breakwater.During]
	if n = min(len(before), len(during)); n == 0 {
		return was, is, 0
	}
	q := quantiles[of.Quantile]
	return estimateOf(before, q, sureOfTwo), estimateOf(during, q, sureOfTwo), n
}

func (f *fold) latencyAdded(of breakwater.Measured) Value {
	was, is, n := f.risen(of)
	return Value{N: n, Value: milliseconds(is.value - was.value), Low: milliseconds(is.low - was.high), High: milliseconds(is.high - was.low)}
}

func (f *fold) latencyExcess(of breakwater.Measured) Value {
	was, is, n := f.risen(of)
	excess := func(was, is time.Duration) float64 { return round(float64(is-was) / float64(max(was/2, latencyFloor))) }
	return Value{N: n, Value: excess(was.value, is.value), Low: excess(was.high, is.low), High: excess(was.low, is.high)}
}

// beyondFirst counts the events beyond the first of each id, and the ids.
func beyondFirst(of history.ByID) (n, ids int) {
	nameless := len(of.ID(""))
	ids = of.Len()
	if nameless > 0 {
		ids--
	}
	return of.Count() - nameless - ids, ids
}

// sink is what was measured of a sink, and the service whose it is.
func (f *fold) sink(name string) (Sink, breakwater.Service) {
	i := slices.IndexFunc(f.m.Sinks, func(s Sink) bool { return s.Name == name })
	return f.m.Sinks[i], f.index.Log.Header.Sinks()[i]
}

// skewOf bounds the error of a sink's clock.
func (f *fold) skewOf(sink string) time.Duration {
	_, s := f.sink(sink)
	return f.index.Skew(s)
}

// effectsDuring counts the effects in a sink while a fault was active.
func (f *fold) effectsDuring(sink string) (n int) {
	for entries := range f.index.Sink(sink).Effects.All() {
		for _, e := range entries {
			if f.spans.contains(breakwater.During, e.At) {
				n++
			}
		}
	}
	return n
}

func (f *fold) orphans(breakwater.Measured) Value {
	orphans, asking := 0, 0
	for r := range f.index.Asking() {
		asking++
		if done, missing := f.index.Torn(r); len(done) > 0 && len(missing) > 0 {
			orphans++
		}
	}
	sinks := f.index.Log.Header.Sinks()
	if len(sinks) < 2 || slices.ContainsFunc(sinks, func(s breakwater.Service) bool { return !f.index.KnowsEffects(s.Ledger.Sink) }) {
		asking = 0
	}
	return number(orphans, asking)
}

// rejoins counts those of a group since the first fault, and its resumes; 0 without one.
func (f *fold) rejoins(group string) (n, resumes int) {
	var after time.Duration
	if w := f.index.Windows(); len(w) > 0 {
		after = w[0].From
	}
	n, resumes = rejoins(f.index, group, after)
	if len(f.eras) == 0 {
		resumes = 0 // after nothing
	}
	return n, resumes
}

// worstOf is the worst over all faults of what a subject's recovery took.
func worstOf(part func(Recovery) Value) func(*fold, breakwater.Measured) Value {
	return func(f *fold, of breakwater.Measured) Value {
		var all []Value
		for _, r := range f.m.Recoveries {
			if r.Subject == of.Subject {
				all = append(all, part(r))
			}
		}
		return worst(all)
	}
}

// worst is the longest of the times that were measured; one that is known only to be at
// least something is worse than any that is known.
func worst(all []Value) (w Value) {
	for _, v := range all {
		if w.N == 0 || v.N > 0 && (v.AtLeast && !w.AtLeast || v.AtLeast == w.AtLeast && v.Value > w.Value) {
			w = v
		}
	}
	return w
}

// value is the span in seconds, 0 where there is none.
func (s Span) value(measured bool) (v Value) {
	if measured {
		v.N, v.AtLeast = 1, !s.Reached && !s.None
		if !s.None {
			v.Value = round(s.Took.Seconds())
		}
	}
	return v
}

func (r Recovery) measured(part string) bool { return !slices.Contains(r.Unmeasured, part) }
