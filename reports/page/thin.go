package page

import (
	"math"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/measure"
)

// thin reduces a series to at most four points for each of n columns of the
// period: the first, the lowest, the highest and the last, in order. No peak is
// lost and the line looks the same. What is not a number is dropped.
func thin(points []measure.Point, over period, n int) []measure.Point {
	finite := finite(points)
	if len(finite) <= 2*n || over.length() <= 0 || n <= 0 {
		return finite
	}
	column := func(p measure.Point) int {
		return min(max(int(int64(p.At-over.from)*int64(n)/int64(over.length())), 0), n-1)
	}
	var out []measure.Point
	for i := 0; i < len(finite); {
		j, low, high := i, i, i
		for ; j < len(finite) && column(finite[j]) == column(finite[i]); j++ {
			if finite[j].Value < finite[low].Value {
				low = j
			}
			if finite[j].Value > finite[high].Value {
				high = j
			}
		}
		last := -1
		for _, k := range []int{i, min(low, high), max(low, high), j - 1} {
			if k > last {
				out = append(out, finite[k])
				last = k
			}
		}
		i = j
	}
	return out
}

// finite are the points whose value is a number.
func finite(points []measure.Point) []measure.Point {
	return slices.DeleteFunc(slices.Clone(points), func(p measure.Point) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) })
}

// straighten drops points that lie on the line between their neighbours, to
// within slack pixels. A flat series costs two points.
func straighten(points []point, slack float64) []point {
	if len(points) < 3 {
		return points
	}
	out := points[:1:1]
	anchor := 0
	for i := 1; i < len(points)-1; i++ {
		if !onLine(points[anchor:i+2], slack) {
			out = append(out, points[i])
			anchor = i
		}
	}
	return append(out, points[len(points)-1])
}

// onLine is whether all points between the first and the last lie within slack
// of the straight line that joins the two.
func onLine(run []point, slack float64) bool {
	a, b := run[0], run[len(run)-1]
	for _, p := range run[1 : len(run)-1] {
		y := a.Y // a spike that goes up and down in one column lies on no line
		if b.X != a.X {
			y += (p.X - a.X) / (b.X - a.X) * (b.Y - a.Y)
		}
		if math.Abs(p.Y-y) > slack {
			return false
		}
	}
	return true
}
