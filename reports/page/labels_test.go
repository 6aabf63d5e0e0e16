package page

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		name         string
		wanted, want []float64
	}{
		{"nothing", nil, nil},
		{"one stays", []float64{30}, []float64{30}},
		{"far apart stay", []float64{10, 40}, []float64{10, 40}},
		{"equal part evenly", []float64{50, 50}, []float64{45, 55}},
		{"order of the input is kept for equals", []float64{50, 50, 50}, []float64{40, 50, 60}},
		{"pushed off the edge", []float64{0, 0}, []float64{0, 10}},
		{"pushed off the other edge", []float64{100, 99}, []float64{100, 90}},
		{"unsorted", []float64{60, 20}, []float64{60, 20}},
	} {
		got := spread(c.wanted, 10, 0, 100)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%s: spread(%v) = %v, want %v", c.name, c.wanted, got, c.want)
		}
	}
}

func TestSpreadNeverOverlaps(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		wanted := make([]float64, 1+r.IntN(11))
		for i := range wanted {
			wanted[i] = r.Float64()*140 - 20
		}
		got := slices.Clone(spread(wanted, 10, 0, 100))
		slices.Sort(got)
		for i := range got {
			if got[i] < -1e-9 || got[i] > 100+1e-9 {
				t.Fatalf("spread(%v) leaves [0, 100]: %v", wanted, got)
			}
			if i > 0 && got[i]-got[i-1] < 10-1e-6 {
				t.Fatalf("spread(%v) overlaps: %v", wanted, got)
			}
		}
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("registration", 12, 500); got != "registration" {
		t.Errorf("what fits was shortened to %q", got)
	}
	got := shorten("a-very-long-name-of-a-service-7", 12, 80)
	if textWidth(got, 12) > 80 || []rune(got)[0] != 'a' || got[len(got)-1] != '7' {
		t.Errorf("shorten = %q, want both ends in 80 px", got)
	}
	if got := shorten("日本語のとても長い名前", 12, 50); textWidth(got, 12) > 50 {
		t.Errorf("shorten = %q, %v px", got, textWidth(got, 12))
	}
	if got := shorten("x", 12, 0); got != "…" {
		t.Errorf("shorten to nothing = %q", got)
	}
}

func TestNamesOfLinesDoNotOverlap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		var ends []lineEnd
		for i := range 2 + r.IntN(5) {
			y := 10 + r.Float64()*90
			var points []point
			for x := 60.0; x <= 900; x += 5 {
				if r.IntN(40) == 0 {
					y = 10 + r.Float64()*90
				}
				points = append(points, point{x, y})
			}
			ends = append(ends, lineEnd{points[len(points)-1], []string{"event", "sync-fanout", "sync-hardened", "event-outbox", "sync-sequential", "x"}[i%6], "c0", points})
		}
		var d drawing
		nameLines(&d, ends, wide, 58, 904, 8, 110)
		boxes := textBoxes(d, wide.font)
		if len(boxes) != len(ends) {
			t.Fatalf("round %d: %d of %d lines have a name", round, len(boxes), len(ends))
		}
		for i := range boxes {
			for j := range i {
				// Names at the ends stand a line apart, which lets their boxes touch.
				a, b := boxes[i], boxes[j]
				a.y, a.h = a.y+1, a.h-2
				if a.overlaps(b) {
					t.Fatalf("round %d: %q and %q overlap", round, ends[i].name, ends[j].name)
				}
			}
		}
	}
}

func textBoxes(d drawing, font float64) []box {
	var boxes []box
	for _, m := range d.Marks {
		if m.Tag != "text" {
			continue
		}
		w := textWidth(m.Text, font)
		b := box{float64(m.X), float64(m.Y) - font*0.8, w, font}
		switch m.Anchor {
		case "middle":
			b.x -= w / 2
		case "end":
			b.x -= w
		}
		boxes = append(boxes, b)
	}
	return boxes
}
