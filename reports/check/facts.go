package check

import (
	"iter"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// facts are a position's commits in the orders in which they are asked about. In
// a rebalance storm thousands of resumes ask about thousands of commits.
type facts struct {
	// done are those that certainly stand, by their end, with the latest instant
	// at which one up to each was sent, and their highest generation and offset.
	done       []*history.Event
	latest     []time.Duration
	generation []int32
	highest    []int64

	// sent are the same by the instant at which they were sent, with the latest
	// instant at which one up to each had returned.
	sent     []*history.Event
	returned []time.Duration

	open   []*history.Event // those that may stand: their answer was lost
	resets []*history.Event // those from outside that may
	falls  []*history.Event // samples in which the committed offset fell to where no member had set it
}

func (p *position) facts() *facts {
	if p.known != nil {
		return p.known
	}
	f := &facts{}
	p.known = f
	for _, c := range p.commits { // in order of the instants at which they were sent
		if c.Outcome == history.Failed {
			continue
		}
		if p.outside(c) {
			f.resets = append(f.resets, c)
		}
		done, certain := since(c)
		if !certain {
			f.open = append(f.open, c)
			continue
		}
		f.sent = append(f.sent, c)
		if n := len(f.returned); n > 0 {
			done = max(done, f.returned[n-1])
		}
		f.returned = append(f.returned, done)
	}
	f.done = sorted(f.sent, byEnd)
	for i, c := range f.done {
		latest, generation, highest := c.At, c.Generation, c.Offset
		if i > 0 {
			latest, generation, highest = max(latest, f.latest[i-1]), max(generation, f.generation[i-1]), max(highest, f.highest[i-1])
		}
		f.latest, f.generation, f.highest = append(f.latest, latest), append(f.generation, generation), append(f.highest, highest)
	}
	var members map[int64]bool // offsets that members set
	for i := 1; i < len(p.samples); i++ {
		after := p.samples[i]
		if after.Committed >= p.samples[i-1].Committed {
			continue
		}
		if members == nil {
			members = map[int64]bool{}
			for _, c := range p.commits {
				members[c.Offset] = members[c.Offset] || !p.outside(c)
			}
		}
		if !members[after.Committed] {
			f.falls = append(f.falls, after)
		}
	}
	return f
}

// doneBy is how many of done had returned by then.
func (f *facts) doneBy(t time.Duration) int {
	return sort.Search(len(f.done), func(i int) bool { return f.done[i].End > t })
}

// lastSent yields those of sent that were sent by then, the last first, as long as
// one of what remains returned at or after the other instant.
func (f *facts) lastSent(by, returned time.Duration) iter.Seq[*history.Event] {
	return func(yield func(*history.Event) bool) {
		i := sort.Search(len(f.sent), func(i int) bool { return f.sent[i].At > by })
		for i--; i >= 0 && f.returned[i] >= returned; i-- {
			if !yield(f.sent[i]) {
				return
			}
		}
	}
}
