package page

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

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
	Over   period
	Bands  []period // shaded: a fault was witnessed
	Series []series

	// Values are the lowest and the highest value that the axis must hold: charts
	// that stand side by side share one scale. Without them it holds its series.
	Values *[2]float64
}

// extent is the lowest and highest value of all series in the chart's period; ok
// is false where there is none that can be drawn.
func (c chart) extent() (lo, hi float64, ok bool) {
	var all []measure.Point
	for _, s := range c.Series {
		all = append(all, within(positive(s.Points, c.Log), c.Over)...)
	}
	return extentOf(all)
}

// extentOf is the lowest and highest value of the points; ok is false where there is none.
func extentOf(points []measure.Point) (lo, hi float64, ok bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range finite(points) {
		lo, hi, ok = math.Min(lo, p.Value), math.Max(hi, p.Value), true
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
	if !ok || c.Over.length() <= 0 {
		return drawing{}, false
	}
	desc := c.describe(lo, hi)
	if c.Values != nil {
		lo, hi = c.Values[0], c.Values[1]
	}
	x0, x1 := cv.plot()
	bottom := padTop + c.Height
	room := axisRoom
	if c.Bare {
		room = 4
	}
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + room), Class: cv.name, Title: c.Title, Desc: desc}
	d.over(c.Over, x0, x1)

	ticks := linearTicks(hi, max(2, int(c.Height/30)))
	y := scale{lo: 0, hi: math.Max(hi, ticks[len(ticks)-1].Value) * 1.04, from: bottom, to: padTop}
	if c.Log {
		ticks = logTicks(lo, hi, max(2, int(c.Height/20)))
		y = scale{lo: ticks[0].Value, hi: ticks[len(ticks)-1].Value, from: bottom, to: padTop, log: true}
	}
	x := c.Over.scale(x0, x1)

	drawBands(&d, c.Bands, x, padTop, bottom)
	drawAxes(&d, ticks, y, timeTicks(c.Over, cv.ticks), x, cv, !c.Bare)

	var ends []lineEnd
	for _, s := range c.Series {
		axis := &axisOf{Name: s.Reads, Unit: c.Unit, Y0: px(y.from), Y1: px(y.to), V0: y.lo, V1: y.hi, Log: c.Log}
		var last point
		var drawnPoints []point
		for _, run := range split(positive(s.Points, c.Log), s.Gap) {
			var points []point
			for _, p := range thin(within(run, c.Over), c.Over, columnsOf(x0, x1)) {
				points = append(points, point{x.at(c.Over.clamp(p.At).Seconds()), y.at(math.Max(p.Value, y.lo))})
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
	return fmt.Sprintf("%d %s over %s, from %s to %s.", len(c.Series), quantity.Plural(len(c.Series), "line"), quantity.Duration(c.Over.length()), quantity.Value(lo, c.Unit), quantity.Value(hi, c.Unit))
}

// columnsOf is into how many columns a series is thinned: little wider than a line,
// which keeps its peaks.
func columnsOf(x0, x1 float64) int { return int((x1 - x0) / 4) }

// within is the series from where the period begins on. What comes after its end
// is kept, to be drawn at the end: a picture never hides that something came late.
func within(points []measure.Point, over period) []measure.Point {
	if over.from <= 0 {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), func(p measure.Point) bool { return p.At < over.from })
}

func positive(points []measure.Point, only bool) []measure.Point {
	if !only {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), func(p measure.Point) bool { return !(p.Value > 0) })
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

func drawBands(d *drawing, bands []period, x scale, top, bottom float64) {
	for _, b := range bands {
		from, to := math.Max(x.at(b.from.Seconds()), x.from), math.Min(x.at(b.to.Seconds()), x.to)
		d.rect("band", from, top, math.Max(to-from, 2), bottom-top, 0, "")
	}
}

// drawAxes draws the grid of a chart and labels its axes, y and x. Without labels of the
// second one its lines are there all the same.
func drawAxes(d *drawing, ticks []tick, y scale, across []tick, x scale, cv canvas, labels bool) {
	var xs, ys []float64
	for _, t := range ticks {
		ys = append(ys, y.at(t.Value))
	}
	for _, t := range across {
		xs = append(xs, x.at(t.Value))
	}
	d.grid(xs, ys, x.from, x.to, y.to, y.from)
	for i, t := range ticks {
		d.text("tick", "end", x.from-8, ys[i]+cv.font*0.34, t.Label)
	}
	if !labels {
		return
	}
	for i, t := range across {
		// A label in the middle of its tick must not stick out of the picture.
		half := textWidth(t.Label, cv.font) / 2
		d.text("tick", "middle", math.Min(xs[i], cv.width-half), y.from+cv.font+3, t.Label)
	}
}
