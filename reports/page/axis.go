package page

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// tick is one labelled place on an axis. A minor tick has a line and no label.
type tick struct {
	Value float64
	Label string
}

// scale maps values of an axis to pixels. On a log scale everything at or below
// lo is drawn at lo.
type scale struct {
	lo, hi   float64 // values, lo < hi
	from, to float64 // pixels
	log      bool
}

func (s scale) at(v float64) float64 {
	lo, hi := s.lo, s.hi
	if s.log {
		lo, hi, v = math.Log10(lo), math.Log10(hi), math.Log10(math.Max(v, s.lo))
	}
	return s.from + (v-lo)/(hi-lo)*(s.to-s.from)
}

// niceStep is the smallest of 1, 2, 5 × 10ⁿ that covers span in at most n steps.
func niceStep(span float64, n int) float64 {
	raw := span / float64(max(n, 1))
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= raw*(1-1e-9) {
			return m * unit
		}
	}
	return 10 * unit
}

// linearTicks are round values from 0 up to top, about n of them above 0. A top
// that is no positive number counts as 1.
func linearTicks(top float64, n int) []tick {
	if !(top > 0) || math.IsInf(top, 0) {
		top = 1
	}
	step := niceStep(top, n)
	if step > top { // one tick above 0 at least
		step /= 2
	}
	var ticks []tick
	for i := 0; ; i++ {
		v := float64(i) * step
		if v > top*(1+1e-9) {
			return ticks
		}
		label := quantity.Value(v, "ratio")
		if step >= 1 && v == math.Trunc(v) {
			label = quantity.Count(int64(math.Round(v)))
		} else if step < 0.01 {
			label = strconv.FormatFloat(v, 'g', 3, 64)
		}
		ticks = append(ticks, tick{v, label})
	}
}

// logTicks are the powers of ten around [lo, hi], which are milliseconds. An
// axis of less than one decade still spans one. Where there are more than most
// decades only every second or third is kept, and always both ends.
func logTicks(lo, hi float64, most int) []tick {
	if !(lo > 0) {
		lo = 1
	}
	if !(hi > lo) || math.IsInf(hi, 0) {
		hi = lo
	}
	first, last := int(math.Floor(math.Log10(lo)+1e-9)), int(math.Ceil(math.Log10(hi)-1e-9))
	if first == last {
		last++
	}
	every := (last - first + most - 1) / max(most, 1)
	every = max(every, 1)
	last = first + (last-first+every-1)/every*every
	var ticks []tick
	for e := first; e <= last; e += every {
		v := math.Pow(10, float64(e))
		ticks = append(ticks, tick{v, quantity.Value(v, "ms")})
	}
	return ticks
}

// timeSteps are the distances between time ticks that one would choose by hand.
var timeSteps = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// period is a span of the run's time: what a time axis shows.
type period struct{ from, to time.Duration }

func (p period) length() time.Duration { return p.to - p.from }

// clamp is the instant of the period that lies nearest.
func (p period) clamp(at time.Duration) time.Duration { return min(max(at, p.from), p.to) }

// scale maps the seconds of the period to pixels.
func (p period) scale(from, to float64) scale {
	return scale{lo: p.from.Seconds(), hi: p.to.Seconds(), from: from, to: to}
}

// timeTicks are at most n+1 round instants of the period. The unit is one for the
// whole axis, so that labels can be compared.
func timeTicks(over period, n int) []tick {
	length := over.length()
	if length <= 0 {
		return []tick{{over.from.Seconds(), quantity.Value(over.from.Seconds(), "ratio") + " s"}}
	}
	i := slices.IndexFunc(timeSteps, func(s time.Duration) bool { return length/s <= time.Duration(n) })
	if i < 0 {
		i = len(timeSteps) - 1
	}
	step := timeSteps[i]
	for length/step > time.Duration(n) {
		step *= 2
	}
	unit, name := time.Second, " s"
	switch {
	case step < 100*time.Millisecond:
		unit, name = time.Millisecond, " ms"
	case step >= time.Hour:
		unit, name = time.Hour, " h"
	case step >= time.Minute:
		unit, name = time.Minute, " min"
	}
	var ticks []tick
	for t := (over.from + step - 1) / step * step; t <= over.to; t += step {
		ticks = append(ticks, tick{t.Seconds(), quantity.Value(float64(t)/float64(unit), "ratio") + name})
	}
	return ticks
}
