package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// interest ranks ladders: something replayed, a resume elsewhere than at the
// commit, many incarnations.
func interest(l measure.Ladder) float64 {
	score := 0.0
	for _, i := range l.Incarnations {
		if n := i.Replayed[1] - i.Replayed[0]; n > 0 {
			score += 100 + math.Log1p(float64(n))
		}
		if i.Committed >= 0 && i.Resumed != i.Committed {
			score += 1000
		}
	}
	return score + 10*float64(len(l.Incarnations))
}

// sortLadders puts the most interesting first; equals keep their order.
func sortLadders(ladders []ladderOf) {
	slices.SortStableFunc(ladders, func(a, b ladderOf) int { return cmp.Compare(interest(b.Ladder), interest(a.Ladder)) })
}

type ladderOf struct {
	measure.Ladder
	c contender
}

// Name, Contender and Replays are for the table of incarnations, too.
func (l ladderOf) Name() string      { return fmt.Sprintf("%s/%d", l.Topic, l.Partition) }
func (l ladderOf) Contender() string { return l.c.Label }

// Replays is "344…403 (60)", "344" for a single one, and "none".
func (l ladderOf) Replays(i measure.Incarnation) string {
	first := quantity.Count(i.Replayed[0])
	switch n := i.Replayed[1] - i.Replayed[0]; {
	case n <= 0:
		return "none"
	case n == 1:
		return first
	default:
		return fmt.Sprintf("%s…%s (%s)", first, quantity.Count(i.Replayed[1]-1), quantity.Count(n))
	}
}

// extent is the range of offsets of the ladder, false when it holds no point.
func (l ladderOf) extent() (lo, hi float64, ok bool) {
	all := slices.Clone(l.LogEnd)
	for _, i := range l.Incarnations {
		all = slices.Concat(all, i.Progress, i.Commits)
		if i.Resumed >= 0 {
			all = append(all, measure.Point{Value: float64(i.Resumed)})
		}
	}
	return extentOf(all)
}

// rangeTicks are round values around [lo, hi]; whole numbers, for offsets.
func rangeTicks(lo, hi float64, n int) []tick {
	step := math.Max(niceStep(math.Max(hi-lo, 1), n), 1)
	var ticks []tick
	for v := math.Floor(lo/step) * step; ; v += step {
		ticks = append(ticks, tick{v, quantity.Count(int64(v))})
		if v >= hi && len(ticks) > 1 {
			return ticks
		}
	}
}

// stand is where the incarnation stood at an instant, by its progress.
func stand(progress []measure.Point, offset float64) (time.Duration, bool) {
	for _, p := range progress {
		if p.Value >= offset {
			return p.At, true
		}
	}
	return 0, false
}

func incarnationName(i measure.Incarnation) string {
	name := cmp.Or(i.Client, i.Member, "consumer")
	if i.Generation > 0 {
		name += fmt.Sprintf(" · generation %d", i.Generation)
	}
	return name
}

// spot is a place for a label: its baseline, and which end of the text is there.
type spot struct {
	x, y   float64
	anchor string
}

// commitGap is how near to each other commits are drawn, in pixels. Of those that
// come more often the first is shown.
const commitGap = 8

// draw renders the ladder: time across, offset up, one line for each
// incarnation, commits as ticks, what was replayed as a shaded box.
func (l ladderOf) draw(cv canvas, id string, over period, bands []period) (drawing, bool) {
	lo, hi, ok := l.extent()
	if !ok || over.length() <= 0 || len(l.Incarnations) == 0 {
		return drawing{}, false
	}
	height := 250.0
	x0, x1 := cv.plot()
	bottom := padTop + height
	ticks := rangeTicks(lo, hi, 5)
	y := scale{lo: ticks[0].Value, hi: ticks[len(ticks)-1].Value, from: bottom, to: padTop}
	x := over.scale(x0, x1)
	d := drawing{ID: id, W: px(cv.width), H: px(bottom + axisRoom), Class: cv.name,
		Title: fmt.Sprintf("Replay ladder of group %s on %s", l.Group, l.Name()), Desc: l.describe()}
	d.over(over, x0, x1)

	drawBands(&d, bands, x, padTop, bottom)
	drawAxes(&d, ticks, y, timeTicks(over, cv.ticks), x, cv, true)
	when := func(t time.Duration) float64 { return x.at(over.clamp(t).Seconds()) }
	at := func(p measure.Point) point { return point{when(p.At), y.at(p.Value)} }
	trace := func(points []measure.Point) []point {
		var out []point
		for _, p := range thin(within(points, over), over, columnsOf(x0, x1)) {
			out = append(out, at(p))
		}
		return straighten(out, 0.15)
	}

	// Labels stand on the line's upper left or lower right, where a ladder that
	// climbs to the right leaves room; a label that finds none is left to the table.
	var placed []box
	place := func(class, s string, spots ...spot) bool {
		w := textWidth(s, cv.font)
		for _, p := range spots {
			b := box{p.x, p.y - cv.font, w, cv.font * 1.3}
			if p.anchor == "end" {
				b.x -= w
			}
			if b.x < x0+2 || b.x+b.w > cv.width || b.y < 0 || b.y+b.h > bottom || slices.ContainsFunc(placed, b.overlaps) {
				continue
			}
			placed = append(placed, b)
			d.text("name inline "+class, p.anchor, p.x, p.y, s)
			return true
		}
		return false
	}

	logEnd := trace(l.LogEnd)
	if len(logEnd) > 1 {
		d.add(mark{Tag: "path", Class: "line logend", D: polyline(logEnd), Series: &axisOf{Name: "log end", Unit: "offset", Y0: px(y.from), Y1: px(y.to), V0: y.lo, V1: y.hi}})
		last := logEnd[len(logEnd)-1]
		place("muted", "log end", spot{last.X + 8, last.Y + 4, ""})
	}
	var earlier *measure.Incarnation
	for k := range l.Incarnations {
		i := &l.Incarnations[k]
		if n := i.Replayed[1] - i.Replayed[0]; n > 0 {
			from, to := when(i.From), when(cmp.Or(i.Until, over.to))
			if passed, ok := stand(i.Progress, float64(i.Replayed[1]-1)); ok {
				to = when(passed)
			}
			top, base := y.at(float64(i.Replayed[1])), y.at(float64(i.Replayed[0]))
			d.rect("replayed", from, top, math.Max(to-from, 3), math.Max(base-top, 2), 0,
				fmt.Sprintf("%s replayed %s to %s, %s records", incarnationName(*i), quantity.Count(i.Replayed[0]), quantity.Count(i.Replayed[1]-1), quantity.Count(n)))
		}
		if earlier != nil && len(earlier.Progress) > 0 && i.Resumed >= 0 {
			p := earlier.Progress[len(earlier.Progress)-1]
			y0, y1 := at(p).Y, y.at(float64(i.Resumed))
			d.path("back", polyline([]point{{at(p).X, y0}, {when(i.From), y1}}))
		}
		earlier = i
	}
	type label struct {
		p    point
		name string
	}
	var names, replays []label
	seen := map[string]bool{}
	for k, i := range l.Incarnations {
		shade := l.c.Class
		if k%2 == 1 {
			shade += " alt"
		}
		points := trace(i.Progress)
		if i.Resumed >= 0 && len(points) > 0 {
			// From where it took up, also when it first had to wait.
			if from := (point{when(i.From), y.at(float64(i.Resumed))}); from != points[0] {
				points = append([]point{from}, points...)
			}
		}
		if len(points) > 1 {
			d.add(mark{Tag: "path", Class: "line strong " + shade, D: polyline(points), Series: &axisOf{Name: incarnationName(i), Unit: "offset", Y0: px(y.from), Y1: px(y.to), V0: y.lo, V1: y.hi}})
		}
		previous, ticks := math.Inf(-1), ""
		for _, p := range within(i.Commits, over) {
			if q := at(p); q.X-previous >= commitGap {
				ticks += "M" + px(q.X).String() + " " + px(q.Y-4).String() + "v8"
				previous = q.X
			}
		}
		if ticks != "" {
			d.path("commit", ticks)
		}
		if i.Resumed >= 0 {
			class, tip := "resume "+shade, fmt.Sprintf("%s resumed at %s", incarnationName(i), quantity.Count(i.Resumed))
			switch {
			case i.Committed < 0:
				tip += "; no offset was committed"
			case i.Committed == i.Resumed:
				tip += ", the committed offset"
			default:
				class = "resume off"
				tip += fmt.Sprintf(", but the committed offset was %s", quantity.Count(i.Committed))
			}
			d.circle(class, when(i.From), y.at(float64(i.Resumed)), 3.5, tip)
		}
		if len(points) > 0 && !seen[incarnationName(i)] {
			seen[incarnationName(i)] = true
			names = append(names, label{points[len(points)/2], incarnationName(i)})
		}
		if n := i.Replayed[1] - i.Replayed[0]; n > 0 {
			replays = append(replays, label{point{when(i.From), y.at(float64(i.Replayed[0]))},
				"replays " + l.Replays(i)})
		}
	}
	for _, r := range replays {
		place("bad", r.name, spot{r.p.X + 10, r.p.Y + 14, ""}, spot{r.p.X + 10, r.p.Y + 30, ""}, spot{r.p.X - 10, r.p.Y + 16, ""})
	}
	for _, n := range names {
		x, y := n.p.X, n.p.Y
		_, short, _ := strings.Cut(n.name, " · ") // the generation
		for _, name := range []string{n.name, short} {
			if name != "" && place(l.c.Class, name, spot{x - 12, y - 8, "end"}, spot{x - 12, y - 24, "end"}, spot{x - 40, y - 12, "end"}, spot{x + 10, y + 18, ""}, spot{x + 10, y + 34, ""}) {
				break
			}
		}
	}
	return d, true
}

// replays is whether any incarnation was sent again what an earlier one had been.
func (l ladderOf) replays() bool {
	return slices.ContainsFunc(l.Incarnations, func(i measure.Incarnation) bool { return i.Replayed[1] > i.Replayed[0] })
}

// tale reports what the incarnations of the ladder's group did, one sentence for
// each membership under which partitions were taken up, over all partitions.
func tale(drawn ladderOf, all []ladderOf) []string {
	type wave struct {
		measure.Incarnation
		number                int // in the order in which they were found
		partitions, committed int
		again                 int64
		where                 string
		last                  time.Duration
	}
	type membership struct {
		client, member string
		generation     int32
	}
	waves := map[membership]*wave{}
	for _, l := range all {
		if l.Group != drawn.Group || l.c.Label != drawn.c.Label {
			continue
		}
		for _, i := range l.Incarnations {
			k := membership{i.Client, i.Member, i.Generation}
			w := cmp.Or(waves[k], &wave{Incarnation: i, number: len(waves)})
			waves[k] = w
			w.partitions++
			w.From = min(w.From, i.From)
			w.again += max(i.Replayed[1]-i.Replayed[0], 0)
			if i.Committed >= 0 && i.Resumed == i.Committed {
				w.committed++
			}
			if n := len(i.Progress); n > 0 {
				w.last = max(w.last, i.Progress[n-1].At)
			}
			if l.Topic == drawn.Topic && l.Partition == drawn.Partition && i.Committed >= 0 {
				w.where = fmt.Sprintf(", %s at %s", l.Name(), quantity.Count(i.Resumed))
			}
		}
	}
	var wording []string
	for k, w := range slices.SortedFunc(maps.Values(waves), func(a, b *wave) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.number, b.number))
	}) {
		who := incarnationName(w.Incarnation)
		if k == 0 {
			wording = append(wording, fmt.Sprintf("%s took up %d %s at %s and was last seen at work at %s.", who, w.partitions, quantity.Plural(w.partitions, "partition"), quantity.Duration(w.From), quantity.Duration(w.last)))
			continue
		}
		sent := "nothing was sent again"
		if w.again > 0 {
			sent = fmt.Sprintf("%s %s sent again", quantity.Count(w.again), wasWere(w.again, "record"))
		}
		wording = append(wording, fmt.Sprintf("%s resumed at %s: %s at the committed offset%s; %s.", who, quantity.Duration(w.From),
			quantity.Of(w.committed, w.partitions)+" "+quantity.Plural(w.partitions, "partition"), w.where, sent))
	}
	return wording
}

func wasWere(n int64, noun string) string {
	if n == 1 {
		return noun + " was"
	}
	return noun + "s were"
}

func (l ladderOf) describe() string {
	replayed := int64(0)
	for _, i := range l.Incarnations {
		replayed += max(i.Replayed[1]-i.Replayed[0], 0)
	}
	return fmt.Sprintf("%d %s; %s records replayed.", len(l.Incarnations), quantity.Plural(len(l.Incarnations), "incarnation"), quantity.Count(replayed))
}
