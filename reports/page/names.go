package page

import (
	"math"
	"slices"
)

// lineEnd is a line that wants its name written.
type lineEnd struct {
	at     point // its last point
	name   string
	class  string
	points []point
}

// nameLines writes the name of each line: behind its end, where the ends lie
// apart; above the line, where it runs clear of all others; and else behind the
// ends, moved apart, with a hair to the line. A canvas without room behind the
// ends names the lines that run clear; the caption reports what the others are.
func nameLines(d *drawing, ends []lineEnd, cv canvas, x0, x1, top, bottom float64) {
	room := cv.font * 1.2
	inline := make([]bool, len(ends))
	var placed []box
	if !cv.names() || crowded(ends, room) {
		for i := range ends {
			at, covers, ok := clearSpot(ends, i, placed, cv.font, x0, x1, top, bottom)
			if ok {
				inline[i], placed = true, append(placed, covers)
				d.text("name inline "+ends[i].class, "middle", at.X, at.Y, ends[i].name)
			}
		}
	}
	if !cv.names() {
		return
	}
	column := x0
	var rest []lineEnd
	var wanted []float64
	for i, e := range ends {
		column = math.Max(column, e.at.X)
		if !inline[i] {
			rest, wanted = append(rest, e), append(wanted, e.at.Y)
		}
	}
	for i, at := range spread(wanted, room, top+cv.font*0.4, bottom-cv.font*0.3) {
		e := rest[i]
		left := column + 8
		if math.Abs(at-e.at.Y) > 2.5 || column-e.at.X > 6 {
			left += 8
			d.path("leader", polyline([]point{{e.at.X + 2, e.at.Y}, {column + 4, e.at.Y}, {column + 13, at}}))
		}
		d.text("name "+e.class, "", left, at+cv.font*0.34, shorten(e.name, cv.font, cv.width-left))
	}
}

func crowded(ends []lineEnd, room float64) bool {
	for i, a := range ends {
		for _, b := range ends[:i] {
			if math.Abs(a.at.Y-b.at.Y) < room {
				return true
			}
		}
	}
	return false
}

// clearSpot finds where on line i its name stands best: above or below the
// line, with the other named lines as far off on that side as can be. It is
// found only where nothing comes near, the names in placed included.
func clearSpot(ends []lineEnd, i int, placed []box, font, x0, x1, top, bottom float64) (at point, covers box, ok bool) {
	width := textWidth(ends[i].name, font)
	half := width/2 + 4
	bestGap := font * 1.7
	const places = 40
	for k := range places + 1 {
		x := x0 + half + float64(k)/places*(x1-x0-2*half)
		low, high, drawn := reach(ends[i].points, x-half, x+half)
		if !drawn {
			continue
		}
		above, below := low-top, bottom-high
		for j := range ends {
			l, h, drawn := reach(ends[j].points, x-half, x+half)
			switch {
			case j == i || !drawn:
			case l > high+4:
				below = math.Min(below, l-high)
			case h < low-4:
				above = math.Min(above, low-h)
			default:
				above, below = 0, 0
			}
		}
		for _, c := range []struct{ gap, baseline float64 }{{above, low - 5}, {below, high + font + 1}} {
			// A name that stands on a slope or a spike stands badly, and more room
			// than a few lines of text is no better than enough.
			gap := math.Min(c.gap, font*4) - (high - low)
			b := box{x - width/2, c.baseline - font, width, font * 1.3}
			if gap > bestGap*1.1 && !slices.ContainsFunc(placed, b.overlaps) {
				at, covers, ok, bestGap = point{x, c.baseline}, b, true, gap
			}
		}
	}
	return at, covers, ok
}

// reach is the highest and lowest place, in pixels, of the line between two x.
func reach(points []point, from, to float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	see := func(y float64) { low, high, ok = math.Min(low, y), math.Max(high, y), true }
	for i, p := range points {
		if p.X >= from && p.X <= to {
			see(p.Y)
		}
		if i == 0 {
			continue
		}
		a := points[i-1]
		for _, x := range []float64{from, to} {
			if a.X < x && x < p.X {
				see(a.Y + (x-a.X)/(p.X-a.X)*(p.Y-a.Y))
			}
		}
	}
	return low, high, ok
}
