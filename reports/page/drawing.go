package page

import (
	"math"
	"strconv"
	"strings"
)

// A drawing is an SVG picture as data. The template writes it, so that whatever
// came from outside is escaped where it lands and nowhere else.
type drawing struct {
	ID    string
	W, H  px
	Class string
	Title string // accessible name
	Desc  string // what there is to see, in a sentence
	Marks []mark

	// The time axis of the plot, for the crosshair: instant 0 is at X0 and
	// instant End, in seconds, at X1. End 0: the picture has no time axis.
	X0, X1 px
	End    float64
}

// mark is one element of a drawing. Which fields count depends on Tag.
type mark struct {
	Tag    string // line, rect, path, circle, text
	Class  string
	X, Y   px // line: start; rect: top left; circle: centre; text: baseline
	X2, Y2 px // line: end; rect: width and height; circle: radius in X2
	R      px // rect: corner radius
	D      string
	Text   string
	Anchor string // text: "" (start), middle, end
	Title  string // tooltip
	Series *axisOf
}

// axisOf lets the crosshair read values off a drawn line.
type axisOf struct {
	Name   string
	Unit   string
	Y0, Y1 px // pixels of V0 and V1
	V0, V1 float64
	Log    bool
}

// px is a length in user units; a tenth is as fine as anyone sees.
type px float64

func (p px) String() string {
	v := math.Round(float64(p)*10) / 10
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

type point struct{ X, Y float64 }

func (d *drawing) add(m mark) { d.Marks = append(d.Marks, m) }

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	d.add(mark{Tag: "line", Class: class, X: px(x1), Y: px(y1), X2: px(x2), Y2: px(y2)})
}

func (d *drawing) rect(class string, x, y, w, h, r float64, title string) {
	d.add(mark{Tag: "rect", Class: class, X: px(x), Y: px(y), X2: px(math.Max(w, 0)), Y2: px(math.Max(h, 0)), R: px(r), Title: title})
}

func (d *drawing) circle(class string, x, y, r float64, title string) {
	d.add(mark{Tag: "circle", Class: class, X: px(x), Y: px(y), X2: px(r), Title: title})
}

func (d *drawing) text(class, anchor string, x, y float64, s string) {
	d.add(mark{Tag: "text", Class: class, Anchor: anchor, X: px(x), Y: px(y), Text: s})
}

func (d *drawing) path(class, data string) {
	d.add(mark{Tag: "path", Class: class, D: data})
}

// polyline is path data through the points: absolute where it starts, then
// relative and rounded to a tenth, which halves the size of a page.
func polyline(points []point) string {
	var b strings.Builder
	tenth := func(v float64) int { return int(math.Round(v * 10)) }
	write := func(n int) {
		b.WriteString(strconv.FormatFloat(float64(n)/10, 'f', -1, 64))
	}
	x, y := 0, 0
	for i, p := range points {
		nx, ny := tenth(p.X), tenth(p.Y)
		switch i {
		case 0:
			b.WriteByte('M')
			write(nx)
			b.WriteByte(' ')
			write(ny)
		default:
			if i == 1 {
				b.WriteByte('l')
			} else if nx-x >= 0 {
				b.WriteByte(' ')
			}
			write(nx - x)
			if ny-y >= 0 {
				b.WriteByte(' ')
			}
			write(ny - y)
		}
		x, y = nx, ny
	}
	return b.String()
}

// canvas is the room that a time chart has. There are two: one for a page as
// wide as a desk's screen or a sheet of paper, one for a phone. The style sheet
// shows one of them.
type canvas struct {
	name        string
	width       float64
	left, right float64 // margins: tick labels, names of the lines
	font        float64
	ticks       int // on the time axis
}

var (
	wide   = canvas{name: "wide", width: 1032, left: 58, right: 128, font: 12, ticks: 12}
	narrow = canvas{name: "narrow", width: 384, left: 52, right: 98, font: 11, ticks: 5}
)

func (c canvas) plot() (from, to float64) { return c.left, c.width - c.right }
