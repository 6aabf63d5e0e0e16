package page

import (
	"fmt"
	"math"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// band is a span of time that is shaded through all charts of an experiment: a
// fault was witnessed.
type band struct{ from, to time.Duration }

// series is one line of a chart.
type series struct {
	Name   string // written at its end; "" for a line that another one names
	Reads  string // name in the crosshair's reading
	Class  string // colour and weight
	Points []measure.Point
	Gap    time.Duration // a longer silence than this breaks the line; 0: none does
	Area   bool          // fill down to the axis
}

// chart is one panel over time.
type chart struct {
	Title  string // accessible name
	Unit   string // of the crosshair's reading: "/s", "ms", "count"
	Log    bool
	Height float64 // of the plot
	Bare   bool    // no labels at the time axis: a chart below has them
	End    time.Duration
	Bands  []band
	Series []series
}

// extent is the lowest and highest value of all series; ok is false where there
// is none that can be drawn.
func (c chart) extent() (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for _, p := range s.Points {
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || c.Log && p.Value <= 0 {
				continue
			}
			lo, hi, ok = math.Min(lo, p.Value), math.Max(hi, p.Value), true
		}
	}
	return lo, hi, ok
}

const (
	padTop   = 8.0
	axisRoom = 20.0 // below the plot, for the labels of the time axis
)

// draw renders the chart into the canvas, and false when it has nothing to show.
func (c chart) draw(cv canvas, id string) (drawing, bool) {
	lo, hi, ok := c.extent()
	if !ok || c.End <= 0 {
		return drawing{}, false
	}
	x0, x1 := cv.plot()
	bottom := padTop + c.Height
	room := axisRoom
	if c.Bare {
		room = 4
	}
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + room), Class: cv.name, Title: c.Title, Desc: c.describe(lo, hi), X0: px(x0), X1: px(x1), End: c.End.Seconds()}

	ticks := linearTicks(hi, max(2, int(c.Height/30)))
	y := scale{lo: 0, hi: math.Max(hi, ticks[len(ticks)-1].Value) * 1.04, from: bottom, to: padTop}
	if c.Log {
		ticks = logTicks(lo, hi, max(2, int(c.Height/20)))
		y = scale{lo: ticks[0].Value, hi: ticks[len(ticks)-1].Value, from: bottom, to: padTop, log: true}
	}
	x := scale{lo: 0, hi: c.End.Seconds(), from: x0, to: x1}

	drawBands(&d, c.Bands, x, padTop, bottom)
	for _, t := range ticks {
		d.line("grid", x0, y.at(t.Value), x1, y.at(t.Value))
		d.text("tick", "end", x0-8, y.at(t.Value)+cv.font*0.34, t.Label)
	}
	drawTimeAxis(&d, c.End, cv, x, padTop, bottom, !c.Bare)

	var ends []lineEnd
	for _, s := range c.Series {
		axis := &axisOf{Name: s.Reads, Unit: c.Unit, Y0: px(y.from), Y1: px(y.to), V0: y.lo, V1: y.hi, Log: c.Log}
		var last point
		var drawnPoints []point
		for _, run := range split(positive(s.Points, c.Log), s.Gap) {
			var points []point
			for _, p := range thin(run, c.End, columnsOf(x0, x1)) {
				at := min(max(p.At, 0), c.End)
				points = append(points, point{x.at(at.Seconds()), y.at(math.Max(p.Value, y.lo))})
			}
			if len(points) == 0 {
				continue
			}
			points = straighten(points, 0.15)
			if len(points) == 1 { // a lone window is a dot, not an invisible line
				d.circle(s.Class+" dot", points[0].X, points[0].Y, 1.6, "")
			}
			if s.Area && len(points) > 1 {
				a, b := points[0], points[len(points)-1]
				area := append(append([]point{{a.X, bottom}}, points...), point{b.X, bottom})
				d.path(s.Class+" area", polyline(area)+"z")
			}
			if len(points) > 1 {
				d.add(mark{Tag: "path", Class: "line " + s.Class, D: polyline(points), Series: axis})
			}
			last = points[len(points)-1]
			drawnPoints = append(drawnPoints, points...)
		}
		if len(drawnPoints) > 0 && s.Name != "" {
			ends = append(ends, lineEnd{last, s.Name, s.Class, drawnPoints})
		}
	}

	nameLines(&d, ends, cv, x0, x1, padTop, bottom)
	return d, true
}

func (c chart) describe(lo, hi float64) string {
	return fmt.Sprintf("%d lines over %s, from %s to %s.", len(c.Series), quantity.Duration(c.End), quantity.Value(lo, c.Unit), quantity.Value(hi, c.Unit))
}

// columnsOf is into how many columns a series is thinned: a line is as wide as one.
func columnsOf(x0, x1 float64) int { return int((x1 - x0) / 1.8) }

func positive(points []measure.Point, only bool) []measure.Point {
	if !only {
		return points
	}
	var out []measure.Point
	for _, p := range points {
		if p.Value > 0 {
			out = append(out, p)
		}
	}
	return out
}

// split breaks a series where nothing was measured for longer than gap.
func split(points []measure.Point, gap time.Duration) [][]measure.Point {
	if len(points) == 0 {
		return nil
	}
	if gap <= 0 {
		return [][]measure.Point{points}
	}
	var runs [][]measure.Point
	from := 0
	for i := 1; i < len(points); i++ {
		if points[i].At-points[i-1].At > gap {
			runs = append(runs, points[from:i])
			from = i
		}
	}
	return append(runs, points[from:])
}

func drawBands(d *drawing, bands []band, x scale, top, bottom float64) {
	for _, b := range bands {
		from, to := x.at(b.from.Seconds()), math.Min(x.at(b.to.Seconds()), x.to)
		d.rect("band", from, top, math.Max(to-from, 2), bottom-top, 0, "")
	}
}

func drawTimeAxis(d *drawing, end time.Duration, cv canvas, x scale, top, bottom float64, labels bool) {
	for _, t := range timeTicks(end, cv.ticks) {
		at := x.at(t.Value)
		d.line("grid", at, top, at, bottom)
		if labels {
			d.text("tick", "middle", at, bottom+cv.font+3, t.Label)
		}
	}
}
