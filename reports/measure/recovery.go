package measure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// RecoveredShare and what follows are what counts as back at the baseline, window by window. The load's requests of
// a window are ok by at least RecoveredShare; an operation's p99 is at most
// recoveredLatency × that of the time before or BreachLatency above it, since of
// the few requests of one window the p99 is the slowest; a group's lag is at most
// its baseline, see [lagBaseline], plus the arrivals of one window, since a
// sample and a commit may lie that far apart. A single window out of bounds is
// noise, two in a row are not: the baseline was left when there is such a pair,
// and back at it and staying there means that none follows.
const (
	RecoveredShare   = 0.95
	recoveredLatency = 1.5
)

// era is one fault with the time that belongs to its recovery: from when it bit,
// through when it and all that overlapped it were gone, until the next one was injected
// or the run ended. To inject one may take a while, in which it already does harm: a
// process that was asked to end answers nobody before it is seen to have ended.
type era struct {
	fault              *history.Event
	from, clear, until time.Duration
	next               bool // it is another fault that ended it
}

func eras(x *history.Index, end time.Duration) []era {
	windows := x.Windows()
	witnessed := func(f *history.FaultRecord) bool { return f != nil && f.Active > 0 && f.Clear > f.Active }
	var all []era
	for e := range x.Of(history.Fault) {
		f := e.Fault
		if !witnessed(f) {
			continue
		}
		for _, w := range windows {
			if !w.Contains(f.Active) {
				continue
			}
			until, ended := end, false
			for next := range x.Of(history.Fault) {
				if witnessed(next.Fault) && next.Fault.Active > w.To {
					until, ended = min(until, next.At), true
				}
			}
			all = append(all, era{e, f.Active, w.To, max(until, w.To), ended})
		}
	}
	return all
}

// Caught is when one subject was back at its baseline after one fault.
type Caught struct {
	Fault   string // its name, see [history.Index.FaultName]
	Event   *history.Event
	Subject string // a group or an operation
	Span
	Measured bool // false: nobody sampled the lag, or nothing was sent, after the fault
}

// CatchUps are the catch-ups of every group after every witnessed fault, as
// [Recovery] has them; without a group those of every operation.
func CatchUps(x *history.Index) []Caught {
	f := newFold(x)
	if len(f.consumers) == 0 {
		f.requests = newRequests(x)
	}
	var all []Caught
	for _, e := range f.eras {
		for i, s := range f.consumers {
			span, _, measured := f.groupCatchUp(e, f.lags[i])
			all = append(all, Caught{f.index.FaultName(e.fault), e.fault, s.Group, span, measured})
		}
		if len(f.consumers) > 0 {
			continue
		}
		for _, name := range f.requests.names() {
			span, measured := f.operationCatchUp(e, name)
			all = append(all, Caught{f.index.FaultName(e.fault), e.fault, name, span, measured})
		}
	}
	return all
}

func (f *fold) recoveries() []Recovery {
	var all []Recovery
	for _, e := range f.eras {
		for i, s := range f.consumers {
			all = append(all, f.groupRecovery(e, s, f.lags[i], f.climbs[i]))
		}
		for _, name := range f.requests.names() {
			all = append(all, f.operationRecovery(e, name))
		}
	}
	return all
}

func (f *fold) groupRecovery(e era, s breakwater.Service, l lag, climbs []*climb) Recovery {
	r := Recovery{Fault: f.index.FaultName(e.fault), Step: e.fault.Fault.Step, Subject: s.Group, Floors: floors(s)}
	good, byPartition := f.progress(s)
	r.Outage, r.WorkerOutage, r.Ideal = outage(good, e), Span{None: true}, Span{None: true}
	for _, worker := range byPartition {
		if o := outage(worker, e); r.WorkerOutage.None || o.Took > r.WorkerOutage.Took || o.Took == r.WorkerOutage.Took && !o.Reached {
			r.WorkerOutage = o
		}
	}
	r.FirstProgress = firstAfter(good, e)
	if len(good) == 0 {
		r.Unmeasured = append(r.Unmeasured, "outage", "first progress")
	}

	var at int
	var measured bool
	if r.CatchUp, at, measured = f.groupCatchUp(e, l); !measured {
		r.Unmeasured = append(r.Unmeasured, "catch-up")
	}
	if measured && !r.CatchUp.None {
		f.ideal(&r, e, l, s, at)
	}

	r.Detection = f.groupDetection(e, s, noticeable(r.CatchUp, measured, e))
	if i := slices.IndexFunc(l.seen, func(at time.Duration) bool {
		return at >= e.from && at < e.until && l.value[window(at)] > f.limit(l)
	}); i >= 0 && l.hasBase {
		r.Detection = earlier(r.Detection, l.seen[i]-e.from)
	}

	if s.Ledger != nil {
		for entries := range f.index.Sink(s.Ledger.Sink).Attempts.All() {
			for _, a := range entries[1:] {
				if e.from <= a.At && a.At < e.until {
					r.Redelivered++
				}
			}
		}
	}
	for _, c := range climbs {
		for _, t := range c.rungs {
			if e.from <= t.From && t.From < e.until {
				r.ReplayDepth += int64(t.replayed)
			}
		}
	}
	return r
}

// limit is the lag up to which a group is at its baseline.
func (f *fold) limit(l lag) float64 { return l.base + f.arrivals*Window.Seconds() }

// groupCatchUp is when the group's lag was back, the window from which on it was,
// and false when that was not measured. A group that nobody was in yet was not
// disturbed.
func (f *fold) groupCatchUp(e era, l lag) (Span, int, bool) {
	if l.since >= e.until {
		return Span{None: true}, 0, true
	}
	state := make([]windowState, len(l.value))
	for i := range state {
		if l.known[i] && l.hasBase {
			state[i] = fine
			if l.value[i] > f.limit(l) || f.served[i] == breached {
				state[i] = breached
			}
		}
	}
	span, at, measured := catchUp(state, e)
	return span, at, measured && l.last >= e.clear
}

// floorsOf are the settings of the service that the operation is sent to.
func (f *fold) floorsOf(operation string) (found []string) {
	h := f.index.Log.Header
	to := serviceName(h, cmp.Or(f.requests[operation][0].To, entryService(h)))
	for _, s := range h.Services {
		if s.Name == to {
			found = floors(s)
		}
	}
	return found
}

// baseline is the time before the first fault.
func (f *fold) baseline(operation string) Stats {
	s, _ := stats(f.requests[operation], func(q *history.Event) bool { return f.spans.contains(breakwater.Before, q.Scheduled) })
	return s
}

// operationCatchUp is when the operation was answered as before, and false when
// that was not measured.
func (f *fold) operationCatchUp(e era, name string) (Span, bool) {
	base := f.baseline(name)
	state := make([]windowState, len(f.served))
	byWindow := make([][]*history.Event, len(state))
	for _, q := range f.requests[name] {
		if e.next && q.Scheduled < e.until && (q.End == 0 || q.End >= e.until) {
			continue // it was under way when the next fault was injected, whose work its end may be
		}
		if i := window(q.Scheduled); q.Scheduled >= 0 && i < len(state) {
			byWindow[i] = append(byWindow[i], q)
		}
	}
	limit := max(time.Duration(recoveredLatency*float64(base.P99)), base.P99+BreachLatency+2*behind(f.index))
	for i, qs := range byWindow {
		if len(qs) == 0 {
			continue
		}
		s, _ := stats(qs, func(*history.Event) bool { return true })
		state[i] = fine
		if s.Availability < RecoveredShare || base.Scheduled > 0 && s.P99 > limit {
			state[i] = breached
		}
	}
	span, _, measured := catchUp(state, e)
	return span, measured
}

func (f *fold) operationRecovery(e era, name string) Recovery {
	all := f.requests[name]
	r := Recovery{Fault: f.index.FaultName(e.fault), Step: e.fault.Fault.Step, Subject: name, Floors: f.floorsOf(name)}
	base := f.baseline(name)

	var good []time.Duration
	var breaches []*history.Event
	for _, q := range all {
		took, done := intended(q)
		limit := Late(f.index, base.P99)
		if bad := q.Outcome != history.OK || limit > 0 && took > limit; bad && done {
			breaches = append(breaches, q)
		}
		if q.Outcome == history.OK && done {
			good = append(good, q.End)
		}
	}
	slices.Sort(good)
	r.Outage = outage(good, e)
	r.FirstProgress = firstAfter(good, e)

	var measured bool
	if r.CatchUp, measured = f.operationCatchUp(e, name); !measured {
		r.Unmeasured = append(r.Unmeasured, "catch-up")
	}
	r.Ideal, r.WorkerOutage, r.Detection = Span{None: true}, Span{None: true}, Span{None: true}
	for _, q := range breaches {
		if q.End >= e.from && q.End < e.until && q.Scheduled < noticeable(r.CatchUp, measured, e) {
			r.Detection = earlier(r.Detection, q.End-e.from)
		}
	}
	return r
}

// noticeable is until when a sign is still a sign of the fault: until the
// subject had recovered from it, or, if it never suffered, until the fault was
// gone. What comes later is the next fault, or the consumers leaving at the end.
func noticeable(catchUp Span, measured bool, e era) time.Duration {
	switch {
	case !measured || !catchUp.None && !catchUp.Reached:
		return e.until
	case catchUp.None:
		return e.clear
	}
	return e.clear + catchUp.Took
}

// groupDetection is the first sign at the group's own side: a failed commit,
// produce or call of one of its instances, or a change of ownership. (That its
// lag rises is one as well, for the clients' attempts to connect to what is cut
// off are seen by nobody.)
func (f *fold) groupDetection(e era, s breakwater.Service, until time.Duration) Span {
	first := Span{None: true}
	for ev := range f.index.Of(history.Assign, history.Resume, history.Commit, history.Produce, history.Call) {
		at := ev.At
		switch ev.Kind {
		case history.Assign, history.Resume:
			if ev.Group != s.Group {
				continue
			}
		default:
			if !s.Has(ev.Client) || ev.Outcome == history.OK || ev.End == 0 {
				continue
			}
			at = ev.End
		}
		if e.from <= at && at < until {
			first = earlier(first, at-e.from)
		}
	}
	return first
}

func earlier(s Span, took time.Duration) Span {
	if s.None || took < s.Took {
		return Span{Took: took, Reached: true}
	}
	return s
}

// progress is when the service got something done, in order, over all and by
// partition: its sink's first effect of each id, or without a sink the commits
// that were acknowledged.
func (f *fold) progress(s breakwater.Service) (good []time.Duration, byPartition map[history.Partition][]time.Duration) {
	byPartition = map[history.Partition][]time.Duration{}
	if s.Ledger != nil {
		for entries := range f.index.Sink(s.Ledger.Sink).Effects.All() {
			good = append(good, entries[0].At)
			if r := f.index.RecordOf(entries[0], f.index.Input(s)); r != nil {
				byPartition[r.In()] = append(byPartition[r.In()], entries[0].At)
			}
		}
	} else {
		for c := range f.index.Of(history.Commit) {
			if c.Group == s.Group && c.Outcome == history.OK {
				good = append(good, c.End)
				byPartition[c.In()] = append(byPartition[c.In()], c.End)
			}
		}
	}
	slices.Sort(good)
	for _, worker := range byPartition {
		slices.Sort(worker)
	}
	return good, byPartition
}

// outage is the longest gap between two good completions that overlaps the
// fault. One that no completion ended is open.
func outage(good []time.Duration, e era) Span {
	if len(good) == 0 {
		return Span{None: true}
	}
	i := sort.Search(len(good), func(i int) bool { return good[i] > e.from })
	last := e.from
	if i > 0 {
		last = good[i-1]
	}
	longest := time.Duration(0)
	for ; i < len(good) && last < e.clear; i++ {
		longest, last = max(longest, good[i]-last), good[i]
	}
	if last < e.clear {
		return Span{Took: e.until - last}
	}
	return Span{Took: longest, Reached: true}
}

func firstAfter(good []time.Duration, e era) Span {
	i := sort.Search(len(good), func(i int) bool { return good[i] >= e.clear })
	if i < len(good) && good[i] < e.until {
		return Span{Took: good[i] - e.clear, Reached: true}
	}
	return Span{Took: e.until - e.clear}
}

// windowState is what is known of one window.
type windowState byte

const (
	noData windowState = iota
	fine
	breached
)

// catchUp finds the first window after the heal that is fine and after which no
// two windows in a row are breached, and its index. Windows without data neither
// break nor make a pair. It is not measured when no window after the heal has data.
// What it took is rounded up to whole windows: nothing is known more finely.
func catchUp(state []windowState, e era) (Span, int, bool) {
	// The window in which the next fault is injected is not judged. The one before it may
	// hold requests that were under way by then: alone it is no pair.
	last := min(len(state), window(e.until))
	first := min(last, windowFrom(e.clear))
	from := min(first, window(e.from))
	found, bad, seen := -1, false, false // walking back: bad is whether the window after is breached
	for i := last - 1; i >= first; i-- {
		if state[i] == noData {
			continue
		}
		if state[i] == breached && (bad || !seen && !e.next) {
			break // a pair, or the run ends out of bounds
		}
		seen, bad = true, state[i] == breached
		if state[i] == fine {
			found = i
		}
	}
	if found < 0 {
		if !slices.ContainsFunc(state[first:last], func(s windowState) bool { return s != noData }) {
			return Span{None: true}, 0, false
		}
		return Span{Took: e.until - e.clear}, last, true
	}
	if !left(state[from:last]) {
		return Span{None: true}, found, true
	}
	took := max(0, time.Duration(found)*Window-e.clear)
	return Span{Took: (took + Window - 1) / Window * Window, Reached: true}, found, true
}

// left is whether two windows in a row are breached; those without data do not
// come between.
func left(state []windowState) bool {
	previous := noData
	for _, s := range state {
		if s == breached && previous == breached {
			return true
		}
		if s != noData {
			previous = s
		}
	}
	return false
}

// ideal compares the catch-up with the best that the group's own capacity
// allows: the highest rate at which its sink took effects on the way.
func (f *fold) ideal(r *Recovery, e era, l lag, s breakwater.Service, caughtUp int) {
	first := min(windowFrom(e.clear), len(l.value)-1)
	if s.Ledger == nil || first < 0 || f.arrivals == 0 {
		return
	}
	done := newCounts(f.end)
	for entries := range f.index.Sink(s.Ledger.Sink).Effects.All() {
		done.add(entries[0].At)
	}
	replay := 0.0
	for i := window(e.from); i < min(caughtUp+1, len(done)); i++ {
		replay = max(replay, done[i]/Window.Seconds())
	}
	r.Headroom = round(replay / f.arrivals)
	backlog := max(0, l.value[first]-l.base, l.value[min(window(e.clear), first)]-l.base)
	if spare := replay - f.arrivals; spare > 0 {
		r.Ideal = Span{Took: time.Duration(math.Round(backlog / spare * float64(time.Second))), Reached: true}
	} else {
		r.Ideal = Span{Took: e.until - e.clear}
	}
}

// floors are the settings that bound a recovery from below.
func floors(s breakwater.Service) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		for _, word := range []string{"time-out", "timeout", "back-off", "backoff", "heartbeat", "interval", "max.age", "max age"} {
			if strings.Contains(strings.ToLower(name), word) {
				value := s.Settings[name]
				if d, err := time.ParseDuration(value); err == nil {
					value = quantity.Duration(d)
				}
				found = append(found, name+" "+value)
				break
			}
		}
	}
	return found
}
