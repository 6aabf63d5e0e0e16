package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// faultLabel is what a fault did and to whom, and which step of the plan it is where
// others did the same.
func faultLabel(f measure.Fault) string {
	label := cmp.Or(strings.TrimSpace(string(f.Fault.Kind)+" "+f.Fault.Target()), f.Name, "unnamed fault")
	if f.Several {
		return fmt.Sprintf("%s, step %d", label, f.Step)
	}
	return label
}

// lanesOf are the faults of a trial in the order in which they came. Those that
// came together, which is in no order, have the same one for every contender.
func lanesOf(faults []measure.Fault) []measure.Fault {
	const together = 100 * time.Millisecond
	lanes := slices.SortedStableFunc(slices.Values(faults), func(a, b measure.Fault) int { return cmp.Compare(a.Injected, b.Injected) })
	for from := 0; from < len(lanes); {
		to := from + 1
		for to < len(lanes) && lanes[to].Injected-lanes[to-1].Injected < together {
			to++
		}
		slices.SortStableFunc(lanes[from:to], func(a, b measure.Fault) int { return cmp.Compare(faultLabel(a), faultLabel(b)) })
		from = to
	}
	return lanes
}

// bandsOf are the spans in which any fault was witnessed, joined where they
// overlap. A fault that was never seen gone lasts to the end.
func bandsOf(faults []measure.Fault, end time.Duration) (bands []period) {
	var all []history.Window
	for _, f := range faults {
		if f.Active > 0 {
			all = append(all, history.Window{From: f.Active, To: cmp.Or(f.Clear, end)})
		}
	}
	for _, w := range history.Joined(all) {
		bands = append(bands, period{w.From, w.To})
	}
	return bands
}

// seen reports when the fault was there, or that nobody saw it.
func seen(f measure.Fault) string {
	switch {
	case f.Active == 0:
		return "not witnessed"
	case f.Clear == 0:
		return fmt.Sprintf("from %s, never seen gone", quantity.Duration(f.Active))
	}
	there := fmt.Sprintf("%s to %s", quantity.Duration(f.Active), quantity.Duration(f.Clear))
	if f.Ready > 0 {
		there += ", ready again at " + quantity.Duration(f.Ready)
	}
	return there
}

// drawLanes draws injected to healed as an outline and witnessed active to
// witnessed clear as a solid bar, a lane for each fault.
func drawLanes(lanes []measure.Fault, over period, bands []period, cv canvas, id string) (drawing, bool) {
	if len(lanes) == 0 || over.length() <= 0 {
		return drawing{}, false
	}
	row, above := 24.0, 0.0 // room for the label above its bar, where none is beside it
	if cv.name != wide.name {
		row, above = 16, cv.font+2
	}
	x0, x1 := cv.plot()
	bottom := padTop + float64(len(lanes))*(row+above)
	x := over.scale(x0, x1)
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + axisRoom), Class: cv.name, Title: "Faults over time"}
	d.over(over, x0, x1)
	drawBands(&d, bands, x, padTop, bottom)
	drawAxes(&d, nil, scale{from: bottom, to: padTop}, timeTicks(over, cv.ticks), x, cv, true)
	var wording []string
	top := padTop
	for _, f := range lanes {
		wording = append(wording, faultLabel(f)+": "+seen(f))
		drawLane(&d, f, x, top+above, over, cv)
		top += row + above
	}
	d.Desc = strings.Join(wording, ". ") + "."
	return d, true
}

func drawLane(d *drawing, f measure.Fault, x scale, top float64, over period, cv canvas) {
	height, y := 12.0, top+6
	if cv.name != wide.name {
		height, y = 8, top+3
	}
	at := func(t time.Duration) float64 { return x.at(over.clamp(t).Seconds()) }
	from, to := at(f.Injected), at(cmp.Or(f.Healed, f.Clear, over.to))
	class, witnessed := "lane", "witnessed "
	if f.Active == 0 {
		class, witnessed = "lane unseen", ""
	}
	tip := fmt.Sprintf("%s: injected %s, %s%s", faultLabel(f), quantity.Duration(f.Injected), witnessed, seen(f))
	d.rect(class+" outline", from, y, math.Max(to-from, 2), height, 2, tip)
	left, right := from, math.Max(to, from+2)
	if f.Active > 0 {
		a, c := at(f.Active), at(cmp.Or(f.Clear, over.to))
		d.rect("lane", a, y, math.Max(c-a, 2), height, 2, tip)
		left, right = math.Min(left, a), math.Max(right, c)
	}
	words := faultLabel(f) + " · " + seen(f)
	if cv.name != wide.name {
		d.text("lab", "", 2, top-1, shorten(words, cv.font, cv.width-4))
		return
	}
	baseline := y + height/2 + cv.font*0.34
	width := textWidth(words, cv.font)
	switch {
	case right+8+width <= cv.width:
		d.text("lab", "", right+8, baseline, words)
	case left-8-width >= 0:
		d.text("lab", "end", left-8, baseline, words)
	case cv.width-right >= left:
		d.text("lab", "", right+8, baseline, shorten(words, cv.font, cv.width-right-8))
	default:
		d.text("lab", "end", left-8, baseline, shorten(words, cv.font, left-8))
	}
}
