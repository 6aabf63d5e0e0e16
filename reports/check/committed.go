package check

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// committed is what a service put behind it: the positions that it stored for
// good, in Kafka or in its own sink, on every partition of every topic.
type committed struct {
	service breakwater.Service
	on      map[history.Partition]*stored
}

// stored are the positions on one partition, in order of offset. Of those from
// index i on, own[i] is the one that came first, and reset[i] the first that
// somebody outside set; either may be nil.
type stored struct {
	positions  []*history.Event
	own, reset []*history.Event
	last       *history.Event // own, by time
	begin      int64          // where the group took up first, -1 when that is not known
	began      *history.Event // its resume, nil without one
}

func newCommitted(x *history.Index, s breakwater.Service) committed {
	return history.Remember(x, derived{"committed", s.Name}, func() committed { return putBehind(x, s) })
}

func putBehind(x *history.Index, s breakwater.Service) committed {
	c := committed{service: s, on: map[history.Partition]*stored{}}
	for _, at := range positions(x, s) {
		known := at.commits
		if keepsPositions(s) {
			known = at.stored
		}
		p := &stored{begin: -1}
		for _, e := range known {
			if _, certain := since(e); certain {
				p.positions = append(p.positions, e)
			}
		}
		if len(at.resumes) > 0 {
			p.began, p.begin = at.resumes[0], at.resumes[0].Committed
		}
		if len(p.positions) > 0 || p.began != nil {
			p.fold(c.outside)
			c.on[at.Partition] = p
		}
	}
	return c
}

func (c committed) outside(e *history.Event) bool {
	return e.Client != "" && !c.service.Has(e.Client)
}

func (p *stored) fold(outside func(*history.Event) bool) {
	for _, e := range p.positions {
		if !outside(e) && (p.last == nil || e.At >= p.last.At) {
			p.last = e
		}
	}
	p.positions = sorted(p.positions, byOffset)
	p.own, p.reset = make([]*history.Event, len(p.positions)+1), make([]*history.Event, len(p.positions)+1)
	for i := len(p.positions) - 1; i >= 0; i-- {
		e := p.positions[i]
		p.own[i], p.reset[i] = p.own[i+1], p.reset[i+1]
		switch {
		case outside(e):
			p.reset[i] = earlier(e, p.reset[i])
		default:
			p.own[i] = earlier(e, p.own[i])
		}
	}
}

func earlier(e, than *history.Event) *history.Event {
	if than == nil || e.At < than.At {
		return e
	}
	return than
}

// past is the position by which the service first put the record behind it, and
// nil when it did not, or is not known to have: the record lies before where the
// group took up, or somebody outside had set its position past it.
func (c committed) past(record *history.Event) *history.Event {
	p := c.on[record.In()]
	if p == nil || record.Offset < p.begin {
		return nil
	}
	i := fromOffset(p.positions, record.Offset+1)
	own, reset := p.own[i], p.reset[i]
	if own == nil || reset != nil && reset.At <= own.At {
		return nil
	}
	return own
}

// skipped says whether the service need never put the record behind it: it lies before
// where the group took up first, or somebody outside set its position past it before the
// service had come there.
func (c committed) skipped(record *history.Event) bool {
	p := c.on[record.In()]
	if p == nil {
		return false
	}
	i := fromOffset(p.positions, record.Offset+1)
	own, reset := p.own[i], p.reset[i]
	return record.Offset < p.begin || reset != nil && (own == nil || reset.At <= own.At)
}

// stuck is a partition on which records wait behind the service's position.
type stuck struct {
	on       history.Partition
	position int64
	last     *history.Event   // by which it got there: a commit, or the resume before any
	since    time.Duration    // it could have gone on since then: it was there, the first record that waits was, and every fault was gone
	waiting  []*history.Event // not empty
}

// stuck finds them, in order. Where nobody saw the record being published that
// waits first, it is not known since when it does, and the partition is left out.
func (c committed) stuck(x *history.Index, a appends) []stuck {
	var all []stuck
	for _, p := range slices.SortedFunc(maps.Keys(c.on), history.Partition.Compare) {
		on := c.on[p]
		s := stuck{on: p, position: max(on.begin, 0), last: cmp.Or(on.last, on.began)}
		if s.last == nil {
			continue
		}
		if on.last != nil {
			s.position = on.last.Offset
		}
		s.waiting = x.Between(p, s.position, math.MaxInt64)
		if len(s.waiting) == 0 {
			continue
		}
		if put := a.of(s.waiting[0]); put != nil {
			s.since = max(s.last.End, put.End, healed(x))
			all = append(all, s)
		}
	}
	return all
}

// wentOn says whether the service got on with another partition after the instant.
func (c committed) wentOn(but history.Partition, after time.Duration) bool {
	for p, on := range c.on {
		if p != but && on.last != nil && on.last.At > after {
			return true
		}
	}
	return false
}

// patience is how long a system may take after a fault where the scenario states
// no objective for recovery.
const patience = 10 * time.Second

// objective is Require.Recovery, or patience without one.
func objective(h history.Header) time.Duration {
	return cmp.Or(time.Duration(max(h.Require.Recovery, 0)), patience)
}

// backoffOf is for how long what is put off to the topic has to wait there at
// least, 0 in a topic that is none of the service's retry topics.
func backoffOf(s breakwater.Service, topic string) time.Duration {
	if slices.Contains(s.DeadLetters().Retry, topic) {
		return time.Duration(max(s.DeadLetters().Backoff, 0))
	}
	return 0
}

// healed is when the last fault was witnessed to be gone, 0 without any.
func healed(x *history.Index) time.Duration {
	if w := x.Windows(); len(w) > 0 {
		return w[len(w)-1].To
	}
	return 0
}
