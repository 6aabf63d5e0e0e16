package measure

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// freshEnough is how much staler than at its baseline a sink may be and still is
// back at it. A process that waits for a busy machine, and a group that lets a
// member in, take some hundred milliseconds each, in a run without any fault too.
const freshEnough = time.Second

// gap is a span [from, to) in which the event of a request was not in a sink that
// was to have it, although it was known to its sender.
type gap struct {
	known    time.Duration // since when it is: the request's answer
	from, to time.Duration
	open     bool // the event was still not there when the run ended, at to
	acked    bool // the answer was ok; else the event is in the log all the same
}

// gapsOf are the gaps of a service's sink: of each event from the answer to its
// first effect. Where the service's positions are stored in the sink, and somebody
// outside the group set them back, the event is missing from then until a stored
// position has passed its record again: what is behind the position is no longer
// in what is derived from it.
func gapsOf(x *history.Index, s breakwater.Service, end time.Duration) []gap {
	type key struct{ service string }
	return history.Remember(x, key{s.Name}, func() []gap {
		ledger, resets := x.Sink(s.Ledger.Sink), map[history.Partition][]setBack{}
		for in, positions := range ledger.Positions {
			if all := setBacks(s, positions); in.Topic == x.Input(s) && len(all) > 0 {
				resets[in] = all
			}
		}
		var all []gap
		if !x.KnowsEffects(s.Ledger.Sink) {
			return nil
		}
		for r := range x.Due(s) {
			g := gap{known: max(r.End, r.At), to: end, open: true, acked: r.Outcome == history.OK}
			g.from = g.known
			done := ledger.Effects.Of(r)
			if len(done) > 0 {
				g.to, g.open = done[0].At, false
			}
			if g.open || g.to > g.from {
				all = append(all, g)
			}
			if record := x.RecordOf(r, x.Input(s)); !g.open && record != nil {
				all = append(all, gone(g, record.Offset, resets[record.In()], end)...)
			}
		}
		return all
	})
}

// setBack is a position that somebody outside the group set, and how far the
// group has come again until the next one: positions that were the highest since.
type setBack struct {
	to    *history.Event
	since []*history.Event
}

func setBacks(s breakwater.Service, positions []*history.Event) []setBack {
	var all []setBack
	for _, p := range positions {
		if p.Client != "" && !s.Has(p.Client) {
			all = append(all, setBack{to: p})
			continue
		}
		if len(all) == 0 {
			continue
		}
		b := &all[len(all)-1]
		if n := len(b.since); n == 0 || p.Offset > b.since[n-1].Offset {
			b.since = append(b.since, p)
		}
	}
	return all
}

// gone are the gaps that the event at the offset has after the first.
func gone(first gap, offset int64, resets []setBack, end time.Duration) []gap {
	var all []gap
	there := first.to // since when it is
	for i, b := range resets {
		if b.to.At < there || b.to.Offset > offset {
			continue
		}
		g := gap{known: first.known, from: max(b.to.At, first.known), to: end, open: true, acked: first.acked}
		for _, later := range resets[i:] {
			if n := sort.Search(len(later.since), func(j int) bool { return later.since[j].Offset > offset }); n < len(later.since) {
				g.to, g.open = later.since[n].At, false
				break
			}
		}
		there = g.to
		if g.to > g.from {
			all = append(all, g)
		}
		if g.open {
			break
		}
	}
	return all
}

// stale is how stale one consumer's sink was. Its staleness at an instant is the
// age of the oldest acknowledged event that was not in it then, counted from the
// acknowledgement, and 0 when none was missing.
type stale struct {
	service breakwater.Service
	gaps    []gap           // of acknowledged events
	acked   []time.Duration // when events were acknowledged, in order
	value   []time.Duration // by window, the highest of it
	base    time.Duration   // as lagBaseline, over the windows before the fault
	hasBase bool
}

func newStale(x *history.Index, s breakwater.Service, phases spans, end time.Duration) stale {
	v := stale{service: s, value: make([]time.Duration, len(newCounts(end)))}
	reported := x.KnowsEffects(s.Ledger.Sink)
	for r := range x.Due(s) {
		if reported && r.Outcome == history.OK {
			v.acked = append(v.acked, max(r.End, r.At))
		}
	}
	slices.Sort(v.acked)
	for _, g := range gapsOf(x, s, end) {
		if g.acked {
			v.gaps = append(v.gaps, g)
		}
	}
	v.fill()
	var before []float64
	for i, age := range v.value {
		if phases.contains(breakwater.Before, time.Duration(i)*Window) {
			before = append(before, float64(age))
		}
	}
	v.base, v.hasBase = time.Duration(lagBaseline(before)), len(before) > 0 && len(v.acked) > 0
	return v
}

// fill finds the highest staleness of each window. It grows while the oldest
// event is missing, so that it is highest where that one's gap ends in the window,
// or at the window's end.
func (v stale) fill() {
	byAge := slices.Clone(v.gaps)
	slices.SortFunc(byAge, func(a, b gap) int { return cmp.Compare(a.known, b.known) })
	through := make([]int, len(v.value)+1) // the next window whose end nobody older reaches
	for i := range through {
		through[i] = i
	}
	next := func(i int) int {
		for through[i] != i {
			through[i] = through[through[i]]
			i = through[i]
		}
		return i
	}
	for _, g := range byAge {
		if last := window(g.to); last < len(v.value) && g.to > time.Duration(last)*Window {
			v.value[last] = max(v.value[last], g.to-g.known)
		}
		for i := next(min(window(g.from), len(v.value))); i < len(v.value) && time.Duration(i+1)*Window <= g.to; i = next(i) {
			v.value[i] = max(v.value[i], time.Duration(i+1)*Window-g.known)
			through[i] = i + 1
		}
	}
}

func (v stale) points() []Point {
	var points []Point
	for i, age := range v.value {
		points = append(points, Point{time.Duration(i) * Window, round(age.Seconds())})
	}
	return points
}

// highest is the highest staleness in the windows; whether it was still growing
// when the run ended; and how many events had been acknowledged by then.
func (v stale) highest(in []history.Window, end time.Duration) (age time.Duration, open bool, acked int) {
	for _, w := range in {
		acked = max(acked, sort.Search(len(v.acked), func(i int) bool { return v.acked[i] >= w.To }))
		for _, g := range v.gaps {
			if g.from >= w.To || g.to <= w.From {
				continue
			}
			if to := min(g.to, w.To); to-g.known > age {
				age, open = to-g.known, g.open && to == end
			}
		}
	}
	return age, open, acked
}

// freshAgain is when, after the fault, the staleness was back at its baseline or
// at most freshEnough above it, and stayed there, as [catchUp] has it; and false
// when that was not measured. While requests are not answered it is not: where
// nothing is acknowledged nothing can be stale.
func (f *fold) freshAgain(e era, v stale) (Span, bool) {
	if !v.hasBase {
		return Span{None: true}, false
	}
	state := make([]windowState, len(v.value))
	for i, age := range v.value {
		state[i] = fine
		if age > v.base+freshEnough || f.served[i] == breached {
			state[i] = breached
		}
	}
	span, _, measured := catchUp(state, e)
	return span, measured
}

// view is how stale the sink of a consuming service was.
func (f *fold) view(service string) stale {
	return f.stale[slices.IndexFunc(f.stale, func(v stale) bool { return v.service.Name == service })]
}

// staleness is the highest of a service's sink in some windows.
func (f *fold) staleness(service string, in ...history.Window) Value {
	age, open, n := f.view(service).highest(in, f.end)
	return Value{Value: round(age.Seconds()), N: n, AtLeast: open}
}

// freshest is the longest that a service's sink took to be fresh again, over all faults.
func (f *fold) freshest(of breakwater.Measured) Value {
	var all []Value
	for _, e := range f.eras {
		if span, measured := f.freshAgain(e, f.view(of.Subject)); measured {
			all = append(all, span.value(true))
		}
	}
	v := worst(all)
	v.N = len(all)
	return v
}
