package measure

import (
	"math"
	"slices"
	"time"
)

// Window is the width of the windows of all series.
const Window = 250 * time.Millisecond

// maxRun is how much of a run is measured by window. No run is longer; a history
// that reports it is broken, and must not take the memory of the judge with it.
const maxRun = 24 * time.Hour

// maxThinned is how many points a thinned series keeps at most.
const maxThinned = 80

// window is the index of the window that t lies in. Instants before the run are
// in the first, and those after the longest run in one that no series has.
func window(t time.Duration) int { return int(min(max(t, 0), maxRun) / Window) }

// windowFrom is the index of the first window that starts at or after t.
func windowFrom(t time.Duration) int { return window(min(t, maxRun) + Window - 1) }

// counts is one number per window, 0 where nothing was added.
type counts []float64

func newCounts(end time.Duration) counts {
	return make(counts, windowFrom(end))
}

// add counts one at t. What lies outside the run is left out.
func (c counts) add(t time.Duration) {
	if i := window(t); t >= 0 && i < len(c) {
		c[i]++
	}
}

// rate is the counts per second.
func (c counts) rate() []Point {
	points := make([]Point, len(c))
	for i, n := range c {
		points[i] = Point{At: time.Duration(i) * Window, Value: round(n / Window.Seconds())}
	}
	return points
}

// round keeps three decimals, which is finer than anything here is measured
// and keeps a saved trial small.
func round(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return math.Round(v*1000)/1000 + 0 // no −0
}

func milliseconds(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

// quantile is the nearest-rank quantile of sorted values, 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[rank(len(sorted), q)]
}

// medians are the median and the p99 of each window in which there is something, in ms.
func medians(byWindow [][]time.Duration) (p50, p99 []Point) {
	for i, w := range byWindow {
		if len(w) == 0 {
			continue
		}
		slices.Sort(w)
		at := time.Duration(i) * Window
		p50 = append(p50, Point{at, milliseconds(quantile(w, 0.50))})
		p99 = append(p99, Point{at, milliseconds(quantile(w, 0.99))})
	}
	return p50, p99
}

// rank is where the nearest-rank quantile of n sorted values stands.
func rank(n int, q float64) int {
	return min(max(int(math.Ceil(q*float64(n)))-1, 0), n-1)
}

// thin drops the points that a straight line between their neighbours shows as
// well, then, if there are still too many, all but evenly spaced ones.
func thin(points []Point) []Point {
	var kept []Point
	for _, p := range points {
		if n := len(kept); n >= 2 {
			a, b := kept[n-2], kept[n-1]
			if along := float64(b.At-a.At) / float64(max(1, p.At-a.At)); math.Abs(a.Value+along*(p.Value-a.Value)-b.Value) < 0.5 {
				kept[n-1] = p
				continue
			}
		}
		kept = append(kept, p)
	}
	if len(kept) <= maxThinned {
		return kept
	}
	var few []Point
	for i := range maxThinned {
		few = append(few, kept[i*(len(kept)-1)/(maxThinned-1)])
	}
	return slices.Compact(few)
}
