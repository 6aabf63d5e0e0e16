package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// ExplainedRedelivery is broken when an incarnation's processing starts below an
// offset whose commit had been acknowledged before its OffsetFetch was sent, so
// that records are delivered again which no lost commit explains. Offsets
// without a visible record between them are the same place.
//
// A reset explains it: a later commit from outside the group, or a sample that
// showed the committed offset fall. So does a lower commit that was on the way
// together with the higher one, since either may have been applied last, and
// one of a member that had itself taken up the partition further down: that
// member's own resume is what is judged then.
const ExplainedRedelivery = "explained-redelivery"

func explainedRedelivery(x *history.Index) Verdict {
	return combine(eachConsumer(x, func(s history.Service, all []*position) finding {
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
	}), "no service has a consumer group")
}

// unexplained returns the highest commit above from that was certainly in force
// when the incarnation asked for its offset, and nil when there is none.
func (p *position) unexplained(r *history.Event, from int64) *history.Event {
	var highest *history.Event
	for _, c := range p.commits {
		done, certain := since(c)
		if !certain || done > r.At || c.Offset <= from || highest != nil && c.Offset <= highest.Offset {
			continue
		}
		if !p.overruled(c, r) {
			highest = c
		}
	}
	return highest
}

// overruled says whether something may have lowered the offset after the commit.
func (p *position) overruled(c, r *history.Event) bool {
	for _, d := range p.commits {
		if d == c || d.Offset >= c.Offset || d.Outcome == history.Failed || d.At > max(r.End, r.At) {
			continue
		}
		if _, certain := since(d); !certain && fenced(d, c) {
			continue
		}
		together := d.At < c.End && (d.End == 0 || d.End > c.At || d.Outcome == history.Unknown)
		after := d.End == 0 || d.End > c.At
		if together || after && (p.outside(d) || p.tookUpBelow(d, c.Offset)) {
			return true
		}
	}
	for i := 1; i < len(p.samples); i++ {
		before, after := p.samples[i-1], p.samples[i]
		if after.At >= c.End && after.At <= max(r.End, r.At) && after.Committed < c.Offset && after.Committed < before.Committed && !p.committedByMember(after.Committed) {
			return true
		}
	}
	return false
}

// tookUpBelow says whether the client that sent the commit had last taken up the
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

// committedByMember says whether a member of the group ever committed the offset. If
// so, a sample that fell back to it shows the broker or a member going back,
// not a reset from outside.
func (p *position) committedByMember(offset int64) bool {
	for _, c := range p.commits {
		if c.Offset == offset && !p.outside(c) {
			return true
		}
	}
	return false
}
