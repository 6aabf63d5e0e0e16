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

	// The time axis of the plot, for the crosshair: instant From, in seconds, is
	// at X0 and instant End at X1. End 0: the picture has no time axis.
	X0, X1    px
	From, End float64
}

// mark is one element of a drawing. Which fields count depends on Tag.
type mark struct {
	Tag    string // rect, path, circle, text
	Class  string
	X, Y   px // rect: top left; circle: centre; text: baseline
	X2, Y2 px // rect: width and height; circle: radius in X2
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

// over lets the crosshair read instants off the picture.
func (d *drawing) over(p period, x0, x1 float64) {
	d.X0, d.X1, d.From, d.End = px(x0), px(x1), p.from.Seconds(), p.to.Seconds()
}

// grid is all lines of a grid in one mark, for there are many of them in a page:
// upright ones at xs, level ones at ys.
func (d *drawing) grid(xs, ys []float64, x0, x1, top, bottom float64) {
	var b strings.Builder
	for _, y := range ys {
		b.WriteString("M" + px(x0).String() + " " + px(y).String() + "H" + px(x1).String())
	}
	for _, x := range xs {
		b.WriteString("M" + px(x).String() + " " + px(top).String() + "V" + px(bottom).String())
	}
	if b.Len() > 0 {
		d.path("grid", b.String())
	}
}

// polyline is path data through the points: absolute where it starts, then
// relative and rounded to a tenth, which halves the size of a page.
func polyline(points []point) string {
	var b strings.Builder
	tenth := func(v float64) int { return int(math.Round(v * 10)) }
	write := func(before string, n int) {
		if before != " " || n >= 0 { // a sign separates, too
			b.WriteString(before)
		}
		b.WriteString(strconv.FormatFloat(float64(n)/10, 'f', -1, 64))
	}
	x, y := 0, 0
	for i, p := range points {
		nx, ny := tenth(p.X), tenth(p.Y)
		write([]string{"M", "l", " "}[min(i, 2)], nx-x)
		write(" ", ny-y)
		x, y = nx, ny
	}
	return b.String()
}

// canvas is the room that a time chart has. A chart of its own is drawn twice:
// for a page as wide as a desk's screen or a sheet of paper, and for a phone; the
// style sheet shows one of them. The charts of several contenders stand side by
// side, two or three to a row, and below each other on a phone.
type canvas struct {
	name        string // the class that shows it
	width       float64
	left, right float64 // margins: tick labels, names of the lines
	font        float64
	ticks       int // on the time axis
}

var (
	wide   = canvas{name: "wide", width: 1032, left: 58, right: 78, font: 12, ticks: 12}
	narrow = canvas{name: "narrow", width: 384, left: 52, right: 66, font: 11, ticks: 5}
	half   = canvas{name: "half", width: 506, left: 52, right: 10, font: 12, ticks: 6}
	third  = canvas{name: "third", width: 333, left: 48, right: 12, font: 11, ticks: 5}
)

func (c canvas) plot() (from, to float64) { return c.left, c.width - c.right }

// names is whether there is room for names behind the ends of the lines.
func (c canvas) names() bool { return c.right >= 60 }
