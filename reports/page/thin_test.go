package page

import (
	"math"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
)

func TestThinKeepsEveryPeak(t *testing.T) {
	const n = 10_000
	var points []measure.Point
	for i := range n {
		points = append(points, measure.Point{At: time.Duration(i), Value: math.Sin(float64(i) / 50)})
	}
	points[4_321].Value = 99
	points[7_777].Value = -99
	got := thin(points, period{to: n}, 100)
	if len(got) > 400 {
		t.Errorf("thinned to %d points, want at most 4 for each of 100 columns", len(got))
	}
	peaks := map[float64]bool{}
	last := time.Duration(-1)
	for _, p := range got {
		peaks[p.Value] = true
		if p.At <= last {
			t.Fatalf("point at %d comes after %d", p.At, last)
		}
		last = p.At
	}
	if !peaks[99] || !peaks[-99] {
		t.Error("a peak is lost")
	}
	if got[0] != points[0] || got[len(got)-1] != points[n-1] {
		t.Error("the ends have moved")
	}
}

func TestThinDropsWhatIsNoNumber(t *testing.T) {
	got := thin([]measure.Point{{At: 1, Value: math.NaN()}, {At: 2, Value: 5}, {At: 3, Value: math.Inf(1)}}, period{to: 10}, 100)
	if len(got) != 1 || got[0].Value != 5 {
		t.Errorf("thin = %v, want the one number", got)
	}
	if got := thin(nil, period{}, 0); len(got) != 0 {
		t.Errorf("thin of nothing = %v", got)
	}
}

func TestStraighten(t *testing.T) {
	flat := []point{{0, 5}, {1, 5}, {2, 5}, {3, 5}}
	if got := straighten(flat, .1); len(got) != 2 {
		t.Errorf("a flat line costs %d points, want 2", len(got))
	}
	spike := []point{{0, 5}, {1, 5}, {1, 0}, {1, 5}, {2, 5}}
	if got := straighten(spike, .1); len(got) != 5 && len(got) != 4 {
		t.Errorf("a spike was straightened to %v", got)
	} else {
		low := math.Inf(1)
		for _, p := range got {
			low = math.Min(low, p.Y)
		}
		if low != 0 {
			t.Errorf("the spike is lost: %v", got)
		}
	}
}

func TestPolyline(t *testing.T) {
	for _, c := range []struct {
		points []point
		want   string
	}{
		{nil, ""},
		{[]point{{1, 2}}, "M1 2"},
		{[]point{{1, 2}, {2.04, 1}, {3, 1.26}}, "M1 2l1-1 1 0.3"},
		{[]point{{0, 0}, {-1, -1}}, "M0 0l-1-1"},
	} {
		if got := polyline(c.points); got != c.want {
			t.Errorf("polyline(%v) = %q, want %q", c.points, got, c.want)
		}
	}
}
