package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// Goodput is what one root operation of the load got done: of how many that were
// scheduled how many were answered ok.
type Goodput struct {
	Operation string
	Before    Share   // before the first fault was witnessed
	After     []Share // from when the last was witnessed to be gone, each of a second and of leastShare requests, or longer
}

// Share is a span of the schedule. Its last request was scheduled before End.
type Share struct {
	At, End       time.Duration
	Scheduled, OK int
}

// leastShare is of how many requests a share is taken at least: of two or three
// one that is ok by chance shows nothing.
const leastShare = 10

// OfScheduled is ok ÷ scheduled, 0 of none.
func (s Share) OfScheduled() float64 {
	if s.Scheduled == 0 {
		return 0
	}
	return float64(s.OK) / float64(s.Scheduled)
}

func (s *Share) add(r *history.Event) {
	s.Scheduled++
	if r.Outcome == history.OK {
		s.OK++
	}
}

// Goodputs is the goodput of every operation, in order of their names. What is
// left over at the end of the load, and is no whole share, is left out.
func Goodputs(x *history.Index) []Goodput {
	phases := newSpans(x)
	var healed time.Duration
	if w := x.Windows(); len(w) > 0 {
		healed = w[len(w)-1].To
	}
	all := newRequests(x)
	var found []Goodput
	for _, name := range all.names() {
		g := Goodput{Operation: name}
		open := Share{At: healed}
		for _, r := range bySchedule(all[name]) {
			if phases.contains(breakwater.Before, r.Scheduled) {
				g.Before.add(r)
			}
			if r.Scheduled < healed {
				continue
			}
			if open.Scheduled >= leastShare && r.Scheduled-open.At >= time.Second {
				open.End = r.Scheduled
				g.After = append(g.After, open)
				open = Share{At: r.Scheduled}
			}
			open.add(r)
		}
		found = append(found, g)
	}
	return found
}

func bySchedule(all []*history.Event) []*history.Event {
	order := func(a, b *history.Event) int { return cmp.Compare(a.Scheduled, b.Scheduled) }
	if slices.IsSortedFunc(all, order) {
		return all
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, order)
	return all
}
