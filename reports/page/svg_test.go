package page

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

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
	bands := []band{{2 * time.Second, 4 * time.Second}}
	faults := []measure.Fault{
		{Kind: "cut", Target: "analytics/1→kafka", Injected: 2 * time.Second, Active: 2100 * time.Millisecond, Healed: 4 * time.Second, Clear: 4 * time.Second},
		{Kind: "kill", Target: "analytics/1", Injected: 8 * time.Second},
	}
	c := contender{Label: "event", Class: "c0", M: &measure.Measurements{Faults: faults}}
	ladder := ladderOf{measure.Ladder{Group: "analytics", Topic: "user-events", Partition: 2, LogEnd: points(0, time.Second, 0, 10, 20, 30, 40, 50, 60),
		Incarnations: []measure.Incarnation{
			{Client: "analytics/1", Generation: 1, Until: 2 * time.Second, Committed: -1, Progress: points(0, time.Second, 0, 10, 20), Commits: points(time.Second, time.Second, 10)},
			{Client: "analytics/1", Generation: 2, From: 4 * time.Second, Until: 6 * time.Second, Resumed: 10, Committed: 10, Progress: points(4*time.Second, time.Second, 10, 50, 60), Replayed: [2]int64{10, 20}},
		}}, c}
	pictures := map[string]func(canvas, string) (drawing, bool){
		"latency": chart{Title: "Latency", Unit: "ms", Log: true, Height: 100, End: 10 * time.Second, Bands: bands, Series: []series{
			{Name: "event", Reads: "event", Class: "c0 strong", Points: points(0, time.Second, 2, 2, 3, 2, 2)},
			{Name: "sync", Reads: "sync", Class: "c1", Points: points(0, time.Second, 2, 2, 900, 900, 2), Gap: time.Minute},
		}}.draw,
		"rates": chart{Title: "Rates", Unit: "/s", Height: 80, Bare: true, End: 10 * time.Second, Series: []series{
			{Name: "served", Class: "c0", Points: points(0, time.Second, 100, 100, 0, 100), Area: true},
			{Class: "c1 dot", Points: points(5*time.Second, 0, 50)},
		}}.draw,
		"lanes": func(cv canvas, id string) (drawing, bool) {
			lanes := buildLanes([]contender{c}, time.Second)
			return drawLanes(lanes, 10*time.Second, bandsOf(lanes, 10*time.Second), cv, id)
		},
		"ladder": func(cv canvas, id string) (drawing, bool) { return ladder.draw(cv, id, 10*time.Second, bands) },
		"cascade": func(_ canvas, id string) (drawing, bool) {
			m := newCascade(eventHops, faults)
			return m.drawing(id, "Cascade", m.describe())
		},
	}
	for name, draw := range pictures {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, cv := range []canvas{wide, narrow} {
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
	empty := chart{Height: 50, End: time.Second, Series: []series{{Name: "x"}}}
	if _, ok := empty.draw(wide, "x"); ok {
		t.Error("a chart without a point was drawn")
	}
	zeros := chart{Height: 50, End: time.Second, Log: true, Series: []series{{Points: points(0, 1, 0, 0)}}}
	if _, ok := zeros.draw(wide, "x"); ok {
		t.Error("a log chart without a positive value was drawn")
	}
	if _, ok := drawLanes(nil, time.Second, nil, wide, "x"); ok {
		t.Error("lanes without a fault were drawn")
	}
	if _, ok := (ladderOf{}).draw(wide, "x", time.Second, nil); ok {
		t.Error("a ladder without an incarnation was drawn")
	}
}

func TestLanesJoinWhatIsShared(t *testing.T) {
	at := func(active time.Duration) contender {
		return contender{Label: active.String(), M: &measure.Measurements{Faults: []measure.Fault{{Kind: "kill", Target: "a", Injected: time.Second, Active: active, Healed: 3 * time.Second, Clear: 3 * time.Second}}}}
	}
	if got := buildLanes([]contender{at(1100 * time.Millisecond), at(1200 * time.Millisecond)}, 200*time.Millisecond); len(got) != 1 || len(got[0].Bars) != 1 {
		t.Errorf("two faults 100 ms apart make %+v, want one bar", got)
	}
	if got := buildLanes([]contender{at(1100 * time.Millisecond), at(2 * time.Second)}, 200*time.Millisecond); len(got) != 1 || len(got[0].Bars) != 2 {
		t.Errorf("two faults 900 ms apart make %+v, want a bar each", got)
	}
	if got := buildLanes([]contender{at(1100 * time.Millisecond), at(0)}, 2*time.Second); len(got[0].Bars) != 2 {
		t.Errorf("a fault that one contender never saw is joined: %+v", got)
	}
}

func TestBandsJoinAndLast(t *testing.T) {
	lanes := []lane{{Bars: []bar{{Fault: measure.Fault{Active: 1, Clear: 5}}, {Fault: measure.Fault{Active: 4, Clear: 6}}, {Fault: measure.Fault{Injected: 7}}, {Fault: measure.Fault{Active: 8}}}}}
	got := bandsOf(lanes, 10)
	if len(got) != 2 || got[0] != (band{1, 6}) || got[1] != (band{8, 10}) {
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
		if got := spanText(c.s); got != c.want {
			t.Errorf("spanText(%+v) = %q, want %q", c.s, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	if got := tail("first line\nsecond\x1b[31m red\x1b[0m\x00\xff\n", 100); got != "first line\nsecond red�\n" {
		t.Errorf("tail = %q", got)
	}
	if got := tail("one\ntwo\nthree", 7); got != "three" {
		t.Errorf("tail = %q, want whole lines", got)
	}
}
