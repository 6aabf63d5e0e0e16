package page

import (
	"fmt"
	"math"
)

// The lines of several contenders in one picture would cover each other where the
// contenders do the same, which is what a comparison is about. So each has a
// picture of its own, side by side and with the same axes: what is higher is more.

// figure is one picture in its two sizes, or one that suits both, or a picture
// for each contender.
type figure struct {
	Caption string
	Note    string
	Fact    string // the number that the picture shows
	Keys    []key
	Pics    []drawing
	Cells   []cell
	Halves  bool // two cells to a row; else three
}

// cell is one contender's picture.
type cell struct {
	Label string
	Class string
	Fact  string
	Pics  []drawing
}

// key explains a mark that no label in the picture can.
type key struct{ Class, Text string }

// sizes are the canvases of one picture of the experiment. Two and four contenders
// stand two to a row, others three.
func (e *experiment) sizes() []canvas {
	switch len(e.Contenders) {
	case 1:
		return []canvas{wide, narrow}
	case 2, 4:
		return []canvas{half, narrow}
	}
	return []canvas{third}
}

// each makes a figure of a picture for each contender, and false when none of
// them has one.
func (e *experiment) each(caption, id string, draw func(n int, cv canvas, id string) (drawing, bool)) (figure, bool) {
	f := figure{Caption: caption, Halves: e.sizes()[0] == half}
	any := false
	for n, c := range e.Contenders {
		cell := cell{Label: c.Label, Class: c.Class}
		for _, cv := range e.sizes() {
			name := id + "-" + cv.name
			if !e.Alone() {
				name = fmt.Sprintf("%s-%d-%s", id, n+1, cv.name)
			}
			if d, ok := draw(n, cv, name); ok {
				if !e.Alone() {
					d.Title += ", " + c.Label
				}
				cell.Pics, any = append(cell.Pics, d), true
			}
		}
		f.Cells = append(f.Cells, cell)
	}
	if e.Alone() {
		f.Pics, f.Cells = f.Cells[0].Pics, nil
	}
	return f, any
}

// drawable is whether any contender has something to show in the panel.
func (e *experiment) drawable(p panel) bool {
	_, ok := e.values(p)
	return ok
}

// values are the lowest and the highest value of the panel, over all contenders.
func (e *experiment) values(p panel) (values [2]float64, ok bool) {
	values = [2]float64{math.Inf(1), math.Inf(-1)}
	for _, c := range e.Contenders {
		p.chart.Series, _ = p.lines(c)
		p.chart.Over = e.over
		if lo, hi, drawn := p.chart.extent(); drawn {
			values, ok = [2]float64{math.Min(values[0], lo), math.Max(values[1], hi)}, true
		}
	}
	return values, ok
}

// figure draws the panel, which must be drawable.
func (e *experiment) figure(p panel, id string) figure {
	values, _ := e.values(p)
	p.chart.Title, p.chart.Over, p.chart.Values = p.caption, e.over, &values
	f, _ := e.each(p.caption, id, func(n int, cv canvas, id string) (drawing, bool) {
		c := e.Contenders[n]
		if e.Alone() && !p.focus && cv.name != wide.name {
			return drawing{}, false // what is folded has one size
		}
		p.chart.Series, _ = p.lines(c)
		p.chart.Bands = bandsOf(c.M.Faults, e.over.to)
		d, ok := p.chart.draw(cv, id)
		if e.Alone() && !p.focus {
			d.Class = "both"
		}
		return d, ok
	})
	f.Note = p.note
	for n, c := range e.Contenders {
		_, fact := p.lines(c)
		f.state(n, fact)
	}
	return f
}

// state sets the number that a contender's picture shows.
func (f *figure) state(n int, fact string) {
	if len(f.Cells) == 0 {
		f.Fact = fact
	} else {
		f.Cells[n].Fact = fact
	}
}

// mostLanes is how many faults are drawn. The table below has more.
const mostLanes = 12

func (e *experiment) faultLanes() (figure, bool) {
	f, ok := e.each("Faults", e.ID+"-faults", func(n int, cv canvas, id string) (drawing, bool) {
		faults := lanesOf(e.Contenders[n].M.Faults)
		return drawLanes(faults[:min(len(faults), mostLanes)], e.over, bandsOf(faults, e.over.to), cv, id)
	})
	f.Note = "outline: injected to healed; solid: witnessed"
	for n, c := range e.Contenders {
		if over := len(c.M.Faults) - mostLanes; over > 0 {
			f.state(n, fmt.Sprintf("%d more in the table", over))
		}
	}
	return f, ok
}

// twice draws a picture for both canvases.
func twice(caption, id string, draw func(canvas, string) (drawing, bool)) (figure, bool) {
	f := figure{Caption: caption}
	for _, cv := range []canvas{wide, narrow} {
		d, ok := draw(cv, id+"-"+cv.name)
		if !ok {
			return f, false
		}
		f.Pics = append(f.Pics, d)
	}
	return f, true
}

// once draws a picture in the one size that a folded one has.
func once(caption, id string, draw func(canvas, string) (drawing, bool)) (figure, bool) {
	d, ok := draw(wide, id)
	d.Class = "both"
	return figure{Caption: caption, Pics: []drawing{d}}, ok
}
