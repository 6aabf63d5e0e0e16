package page

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

func points(from, step time.Duration, values ...float64) []measure.Point {
	var out []measure.Point
	for i, v := range values {
		out = append(out, measure.Point{At: from + time.Duration(i)*step, Value: v})
	}
	return out
}

func TestPictures(t *testing.T) {
	bands := []period{{2 * time.Second, 4 * time.Second}}
	faults := []measure.Fault{
		{Fault: breakwater.Cut(breakwater.Edge("analytics/1", "kafka")), Service: "analytics", Injected: 2 * time.Second, Active: 2100 * time.Millisecond, Healed: 4 * time.Second, Clear: 4 * time.Second},
		{Fault: breakwater.Kill("analytics/1"), Service: "analytics", Injected: 8 * time.Second},
	}
	c := contender{Label: "event", Class: "c0", M: &measure.Measurements{Faults: faults}}
	ladder := ladderOf{measure.Ladder{Group: "analytics", Topic: "user-events", Partition: 2, LogEnd: points(0, time.Second, 0, 10, 20, 30, 40, 50, 60),
		Incarnations: []measure.Incarnation{
			{Client: "analytics/1", Generation: 1, Until: 2 * time.Second, Committed: -1, Progress: points(0, time.Second, 0, 10, 20), Commits: points(time.Second, time.Second, 10)},
			{Client: "analytics/1", Generation: 2, From: 4 * time.Second, Until: 6 * time.Second, Resumed: 10, Committed: 10, Progress: points(4*time.Second, time.Second, 10, 50, 60), Replayed: [2]int64{10, 20}},
		}}, c}
	pictures := map[string]func(canvas, string) (drawing, bool){
		"latency": chart{Title: "Latency", Unit: "ms", Log: true, Height: 100, Over: period{to: 10 * time.Second}, Bands: bands, Series: []series{
			{Name: "event", Reads: "event", Class: "c0 strong", Points: points(0, time.Second, 2, 2, 3, 2, 2)},
			{Name: "sync", Reads: "sync", Class: "c1", Points: points(0, time.Second, 2, 2, 900, 900, 2), Gap: time.Minute},
		}}.draw,
		"rates": chart{Title: "Rates", Unit: "/s", Height: 80, Bare: true, Over: period{to: 10 * time.Second}, Series: []series{
			{Name: "served", Class: "c0", Points: points(0, time.Second, 100, 100, 0, 100), Area: true},
			{Class: "c1 dot", Points: points(5*time.Second, 0, 50)},
		}}.draw,
		"lanes": func(cv canvas, id string) (drawing, bool) {
			return drawLanes(lanesOf(c.M.Faults), period{to: 10 * time.Second}, bandsOf(c.M.Faults, 10*time.Second), cv, id)
		},
		"ladder": func(cv canvas, id string) (drawing, bool) {
			return ladder.draw(cv, id, period{to: 10 * time.Second}, bands)
		},
		"cascade": func(_ canvas, id string) (drawing, bool) {
			m := newCascade(eventHops, faults)
			return m.drawing(id, "Cascade", m.describe())
		},
	}
	for name, draw := range pictures {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, cv := range []canvas{wide, narrow, third} {
				d, ok := draw(cv, name+"-"+cv.name)
				if !ok {
					t.Fatal("nothing was drawn")
				}
				if err := layout.ExecuteTemplate(&b, "svg", d); err != nil {
					t.Fatal(err)
				}
				b.WriteString("\n")
				if name == "cascade" {
					break // it has one size
				}
			}
			goldenPicture(t, name+".svg", b.Bytes())
		})
	}
}

func goldenPicture(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is drawn otherwise; look at it, and if that is meant, run the test with -update\n%s", file, got)
	}
}

func TestNothingToDraw(t *testing.T) {
	empty := chart{Height: 50, Over: period{to: time.Second}, Series: []series{{Name: "x"}}}
	if _, ok := empty.draw(wide, "x"); ok {
		t.Error("a chart without a point was drawn")
	}
	zeros := chart{Height: 50, Over: period{to: time.Second}, Log: true, Series: []series{{Points: points(0, 1, 0, 0)}}}
	if _, ok := zeros.draw(wide, "x"); ok {
		t.Error("a log chart without a positive value was drawn")
	}
	if _, ok := drawLanes(nil, period{to: time.Second}, nil, wide, "x"); ok {
		t.Error("lanes without a fault were drawn")
	}
	if _, ok := (ladderOf{}).draw(wide, "x", period{to: time.Second}, nil); ok {
		t.Error("a ladder without an incarnation was drawn")
	}
}

func TestBandsJoinAndLast(t *testing.T) {
	got := bandsOf([]measure.Fault{{Active: 1, Clear: 5}, {Active: 4, Clear: 6}, {Injected: 7}, {Active: 8}}, 10)
	if len(got) != 2 || got[0] != (period{1, 6}) || got[1] != (period{8, 10}) {
		t.Errorf("bands = %v, want 1 to 6 and 8 to the end", got)
	}
}

func TestInterestPrefersReplays(t *testing.T) {
	calm := ladderOf{Ladder: measure.Ladder{Partition: 0, Incarnations: []measure.Incarnation{{}, {}}}}
	replays := ladderOf{Ladder: measure.Ladder{Partition: 1, Incarnations: []measure.Incarnation{{Replayed: [2]int64{5, 9}}}}}
	astray := ladderOf{Ladder: measure.Ladder{Partition: 2, Incarnations: []measure.Incarnation{{Committed: 3, Resumed: 7}}}}
	all := []ladderOf{calm, replays, astray}
	sortLadders(all)
	if all[0].Partition != 2 || all[1].Partition != 1 {
		t.Errorf("ladders come as %d, %d, %d; want the resume astray first, then the replay", all[0].Partition, all[1].Partition, all[2].Partition)
	}
}

func TestSpanText(t *testing.T) {
	for _, c := range []struct {
		s    measure.Span
		want string
	}{{measure.Span{Took: 4800 * time.Millisecond, Reached: true}, "4.8 s"}, {measure.Span{Took: 12 * time.Second}, "> 12 s"}, {measure.Span{None: true}, "none"}} {
		if got := c.s.String(); got != c.want {
			t.Errorf("%+v.String() = %q, want %q", c.s, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	if got := tail("first line\nsecond\x1b[31m red\x1b[0m\n", 100); got != "first line\nsecond red\n" {
		t.Errorf("tail = %q", got)
	}
	if got := tail("one\ntwo\nthree", 7); got != "three" {
		t.Errorf("tail = %q, want whole lines", got)
	}
}
