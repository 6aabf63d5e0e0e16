package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ExplainedRedelivery, explainedRedelivery) }

func explainedRedelivery(x *history.Index) Verdict {
	return eachConsumer(x, func(s breakwater.Service, all []*position) finding {
		var f finding
		for _, p := range all {
			for _, r := range p.resumes {
				from := r.Offset
				if from < 0 {
					continue // it never fetched, so nothing was delivered to it
				}
				f.examined++
				c := p.unexplained(r, from)
				if keepsPositions(s) {
					c = p.unexplainedStored(r)
				}
				if c == nil {
					continue
				}
				again := x.Between(p.Partition, from, c.Offset)
				if len(again) == 0 && len(x.Records[p.Partition]) > 0 {
					continue
				}
				done, ago := "committed", r.At-c.End
				if c.Sink != "" {
					done, ago = "stored in "+c.Sink, r.At-c.At
				}
				a := Anomaly{
					What: fmt.Sprintf("%s resumed %s at %s, though %d had been %s %s before (event %d): %s records are delivered again without cause",
						r.Client, p.group, p.At(from), c.Offset, done, quantity.Duration(ago), c.N, quantity.Count(len(again))),
					Events:  []uint64{r.N, c.N},
					Offsets: []string{p.At(from), p.At(c.Offset)},
				}
				for _, record := range clip(again) {
					a.IDs = append(a.IDs, record.ID)
				}
				f.anomalies = append(f.anomalies, a)
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "resumes of %s were below a committed offset", brief: "resumes below a commit"}
		if f.examined == 0 {
			f.count, f.why = nil, "no resume was recorded"
		}
		return f
	})
}

// unexplained returns the highest commit above from that was certainly in force
// when the incarnation asked for its offset, and nil when there is none.
func (p *position) unexplained(r *history.Event, from int64) *history.Event {
	f := p.facts()
	n := f.doneBy(r.At)
	if n == 0 || f.highest[n-1] <= from {
		return nil
	}
	var above []*history.Event
	for _, c := range f.done[:n] {
		if c.Offset > from {
			above = append(above, c)
		}
	}
	slices.SortFunc(above, func(a, b *history.Event) int { return cmp.Or(cmp.Compare(b.Offset, a.Offset), cmp.Compare(a.N, b.N)) })
	for _, c := range above {
		if !p.overruled(c, r) {
			return c
		}
	}
	return nil
}

// overruled reports whether something may have lowered the offset after the commit.
func (p *position) overruled(c, r *history.Event) bool {
	f, until := p.facts(), max(r.End, r.At)
	if slices.ContainsFunc(f.falls, func(s *history.Event) bool {
		return s.At >= c.End && s.At <= until && s.Committed < c.Offset
	}) {
		return true
	}
	lowers := func(d *history.Event) bool { return d != c && d.Offset < c.Offset && d.At <= until }
	after := func(d *history.Event) bool { return d.End == 0 || d.End > c.At }
	for d := range f.lastSent(c.End-1, c.At+1) { // on the way together
		if lowers(d) && d.End > c.At {
			return true
		}
	}
	for _, d := range f.open {
		if lowers(d) && !fenced(d, c) && (d.At < c.End && (after(d) || d.Outcome == history.Unknown) || after(d) && p.tookUpBelow(d, c.Offset)) {
			return true
		}
	}
	for _, d := range f.resets {
		if _, certain := since(d); lowers(d) && after(d) && (certain || !fenced(d, c)) {
			return true
		}
	}
	for _, d := range f.done[f.doneBy(c.At):] {
		if lowers(d) && p.tookUpBelow(d, c.Offset) {
			return true
		}
	}
	return false
}

// tookUpBelow reports whether the client that sent the commit had last taken up the
// partition below the offset.
func (p *position) tookUpBelow(commit *history.Event, offset int64) bool {
	below := false
	for _, r := range p.resumes {
		if from, known := start(r); known && r.Client == commit.Client && r.At <= commit.At {
			below = from < offset
		}
	}
	return below
}
