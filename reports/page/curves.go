package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// curve is a measurement over what was changed from trial to trial of a claim.
type curve struct {
	Claim, World string
	Over, Of     string
	Lines        []curveLine
}

type curveLine struct {
	Name, Class string
	Points      []curvePoint
}

type curvePoint struct {
	At      float64
	Value   float64
	AtLeast bool
	Said    string
}

// newCurves gathers the trials that are points of one; a point of several rounds is
// their median. What has a single point is no curve.
func newCurves(trials []*trial.Trial, classes map[string]string) (all []curve) {
	swept := slices.DeleteFunc(trial.Repeated(trials), func(r trial.Rounds) bool { return r[0].Sweep == nil })
	type id struct{ claim, world, over, of string }
	for _, g := range lists.Group(swept, func(r trial.Rounds) id {
		return id{r[0].Claim, r[0].World, r[0].Sweep.Over, r[0].Sweep.Of}
	}) {
		c := curve{Claim: g.Key.claim, World: g.Key.world, Over: g.Key.over, Of: g.Key.of}
		for _, l := range lists.Group(g.All, func(r trial.Rounds) string { return cmp.Or(r[0].Sweep.Line, r[0].Contender, "system") }) {
			line := curveLine{Name: l.Key}
			for _, rounds := range l.All {
				s := measure.Over(c.Of, lists.Collect(rounds, func(t *trial.Trial) measure.Measurements { return t.Measurements }))
				if s.N > 0 {
					line.Class = cmp.Or(line.Class, classes[rounds[0].Contender], "c0")
					line.Points = append(line.Points, curvePoint{rounds[0].Sweep.At, s.Median, s.AtLeast != "", s.Range()})
				}
			}
			slices.SortStableFunc(line.Points, func(a, b curvePoint) int { return cmp.Compare(a.At, b.At) })
			if len(line.Points) > 1 {
				c.Lines = append(c.Lines, line)
			}
		}
		if len(c.Lines) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// figure draws the curve.
func (c curve) figure(id string, worlds int) (figure, bool) {
	caption := breakwater.Phrase(c.Of) + ", by " + c.Over
	if c.Claim != "" {
		caption = c.Claim + ": " + caption
	}
	f, ok := twice(caption, id, c.draw)
	if worlds > 1 {
		f.Fact = c.World
	}
	if slices.ContainsFunc(c.Lines, func(l curveLine) bool {
		return slices.ContainsFunc(l.Points, func(p curvePoint) bool { return p.AtLeast })
	}) {
		f.Note = "hollow: at least that much"
	}
	return f, ok
}

const curveHeight = 150.0

func (c curve) draw(cv canvas, id string) (drawing, bool) {
	var places []float64
	highest := 0.0
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
				return drawing{}, false
			}
			places, highest = append(places, p.At), math.Max(highest, p.Value)
		}
	}
	slices.Sort(places)
	places = slices.Compact(places)
	if len(places) < 2 {
		return drawing{}, false
	}
	for _, l := range c.Lines { // room for their names
		cv.right = math.Max(cv.right, math.Min(textWidth(l.Name, cv.font)+16, cv.width/4))
	}
	x0, x1 := cv.plot()
	bottom := padTop + curveHeight
	unit := breakwater.UnitOf(c.Of)
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + axisRoom), Class: cv.name, Title: breakwater.Phrase(c.Of) + " by " + c.Over, Desc: c.describe(unit)}
	ticks := linearTicks(highest, 5)
	y := scale{lo: 0, hi: math.Max(highest, ticks[len(ticks)-1].Value) * 1.04, from: bottom, to: padTop}
	x := scale{lo: math.Min(0, places[0]), hi: places[len(places)-1], from: x0, to: x1}
	drawAxes(&d, ticks, y, lists.Collect(places, func(v float64) tick { return tick{v, quantity.Value(v, "ratio")} }), x, cv, true)
	var ends []lineEnd
	for _, l := range c.Lines {
		var points []point
		for _, p := range l.Points {
			points = append(points, point{x.at(p.At), y.at(p.Value)})
		}
		d.path("line "+l.Class, polyline(points))
		for i, p := range l.Points {
			class := l.Class + " dot"
			if p.AtLeast {
				class += " open"
			}
			d.circle(class, points[i].X, points[i].Y, 3, fmt.Sprintf("%s, %s %s: %s", l.Name, quantity.Value(p.At, "ratio"), c.Over, p.Said))
		}
		ends = append(ends, lineEnd{points[len(points)-1], l.Name, l.Class, points})
	}
	nameLines(&d, ends, cv, x0, x1, padTop, bottom)
	return d, true
}

func (c curve) describe(unit string) string {
	var printed []string
	for _, l := range c.Lines {
		first, last := l.Points[0], l.Points[len(l.Points)-1]
		printed = append(printed, fmt.Sprintf("%s from %s at %s to %s at %s", l.Name, quantity.Value(first.Value, unit), quantity.Value(first.At, "ratio"), quantity.Value(last.Value, unit), quantity.Value(last.At, "ratio")))
	}
	return strings.Join(printed, "; ") + "."
}
