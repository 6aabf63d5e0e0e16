package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// lane is one fault of an experiment. Contenders run the same plan; where the
// fault came at the same time for all of them there is one bar, else one each.
type lane struct {
	Label string
	Bars  []bar
}

type bar struct {
	Contender string // "" where it stands for all
	Class     string
	measure.Fault
}

func faultLabel(f measure.Fault) string {
	return cmp.Or(strings.TrimSpace(f.Kind+" "+f.Target), f.Name, "unnamed fault")
}

// buildLanes pairs the faults of the contenders by what they are and how often
// they came, and joins what lies within tolerance.
func buildLanes(contenders []contender, tolerance time.Duration) []lane {
	type key struct {
		label string
		nth   int
	}
	var lanes []lane
	index := map[key]int{}
	for _, c := range contenders {
		nth := map[string]int{}
		for _, f := range c.M.Faults {
			k := key{faultLabel(f), nth[faultLabel(f)]}
			nth[k.label]++
			i, ok := index[k]
			if !ok {
				i = len(lanes)
				index[k] = i
				lanes = append(lanes, lane{Label: k.label})
			}
			lanes[i].Bars = append(lanes[i].Bars, bar{Contender: c.Label, Class: c.Class, Fault: f})
		}
	}
	for i := range lanes {
		lanes[i].Bars = joinBars(lanes[i].Bars, tolerance, len(contenders))
	}
	slices.SortStableFunc(lanes, func(a, b lane) int { return cmp.Compare(a.Bars[0].Injected, b.Bars[0].Injected) })
	return lanes
}

// joinBars makes one bar of those that every contender shares within tolerance:
// from the earliest beginning to the latest end.
func joinBars(bars []bar, tolerance time.Duration, contenders int) []bar {
	if len(bars) < contenders {
		return bars
	}
	joined := bars[0]
	joined.Contender, joined.Class = "", ""
	for _, b := range bars[1:] {
		for _, pair := range [][2]time.Duration{
			{b.Injected, joined.Injected}, {b.Active, joined.Active}, {b.Healed, joined.Healed}, {b.Clear, joined.Clear},
		} {
			if (pair[0] == 0) != (pair[1] == 0) || (pair[0]-pair[1]).Abs() > tolerance {
				return bars
			}
		}
		joined.Injected, joined.Active = min(joined.Injected, b.Injected), min(joined.Active, b.Active)
		joined.Healed, joined.Clear = max(joined.Healed, b.Healed), max(joined.Clear, b.Clear)
	}
	return []bar{joined}
}

// bandsOf are the spans in which any fault was witnessed, joined where they
// overlap. A fault that was never seen gone lasts to the end.
func bandsOf(lanes []lane, end time.Duration) []band {
	var all []band
	for _, l := range lanes {
		for _, b := range l.Bars {
			if b.Active > 0 {
				all = append(all, band{b.Active, cmp.Or(b.Clear, end)})
			}
		}
	}
	slices.SortFunc(all, func(a, b band) int { return cmp.Compare(a.from, b.from) })
	var out []band
	for _, b := range all {
		if n := len(out); n > 0 && b.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, b.to)
			continue
		}
		out = append(out, b)
	}
	return out
}

// words says when the fault was there, or that nobody saw it.
func (b bar) words() string {
	switch {
	case b.Active == 0:
		return "not witnessed"
	case b.Clear == 0:
		return fmt.Sprintf("from %s, never seen gone", quantity.Duration(b.Active))
	}
	return fmt.Sprintf("%s to %s", quantity.Duration(b.Active), quantity.Duration(b.Clear))
}

// drawLanes draws injected to healed as an outline and witnessed active to
// witnessed clear as a solid bar.
func drawLanes(lanes []lane, end time.Duration, bands []band, cv canvas, id string) (drawing, bool) {
	if len(lanes) == 0 || end <= 0 {
		return drawing{}, false
	}
	x0, x1 := cv.plot()
	x := scale{lo: 0, hi: end.Seconds(), from: x0, to: x1}
	const row = 24.0
	above := 0.0 // on a phone the label has a line of its own
	if cv.name == narrow.name {
		above = 15
	}
	rows := 0
	for _, l := range lanes {
		rows += len(l.Bars)
	}
	bottom := padTop + float64(rows)*(row+above)
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + axisRoom), Class: cv.name, Title: "Faults over time",
		X0: px(x0), X1: px(x1), End: end.Seconds()}
	drawBands(&d, bands, x, padTop, bottom)
	drawTimeAxis(&d, end, cv, x, padTop, bottom, true)
	var says []string
	top := padTop
	for _, l := range lanes {
		for _, b := range l.Bars {
			label := l.Label
			if b.Contender != "" {
				label += " (" + b.Contender + ")"
			}
			says = append(says, label+": "+b.words())
			drawLane(&d, b, label, x, top+above, end, cv)
			top += row + above
		}
	}
	d.Desc = strings.Join(says, ". ") + "."
	return d, true
}

func drawLane(d *drawing, b bar, label string, x scale, top float64, end time.Duration, cv canvas) {
	const height = 12.0
	y := top + 6
	from, to := x.at(b.Injected.Seconds()), x.at(cmp.Or(b.Healed, b.Clear, end).Seconds())
	to = math.Min(to, x.to)
	tip := fmt.Sprintf("%s: injected %s, witnessed %s", label, quantity.Duration(b.Injected), b.words())
	class := "lane"
	if b.Active == 0 {
		class = "lane unseen"
	}
	d.rect(class+" outline", from, y, math.Max(to-from, 2), height, 2, tip)
	left, right := from, math.Max(to, from+2)
	if b.Active > 0 {
		a, c := x.at(b.Active.Seconds()), math.Min(x.at(cmp.Or(b.Clear, end).Seconds()), x.to)
		d.rect("lane", a, y, math.Max(c-a, 2), height, 2, tip)
		left, right = math.Min(left, a), math.Max(right, c)
	}
	words := label + " · " + b.words()
	if cv.name == narrow.name {
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
