package check

import (
	"cmp"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// tenure is one incarnation's hold on a partition: from where a process of the
// group took it up until it takes it up again, or somebody else does.
type tenure struct {
	client  string
	at      time.Duration
	from    int64            // the first offset that it asked for; -1: not known
	begin   *history.Event   // its resume, or its assignment where no resume was seen; nil for neither
	fetched []*history.Event // what was sent to it, in order of time
}

// tenures returns those of the service's group by partition, in order of time. A
// resume that never came to a fetch is none. Where no resume of the group was
// seen at all, assignments have to do.
func tenures(x *history.Index, s breakwater.Service) map[history.Partition][]*tenure {
	all, assigned := map[history.Partition][]*tenure{}, map[history.Partition][]*tenure{}
	resumed := false
	for e := range x.Of(history.Resume, history.Assign) {
		switch {
		case e.Group != s.Group:
		case e.Kind == history.Assign && e.Name == history.Assigned:
			assigned[e.In()] = append(assigned[e.In()], &tenure{client: e.Client, at: e.At, from: -1, begin: e})
		case e.Kind == history.Resume && e.Offset >= 0:
			all[e.In()] = append(all[e.In()], &tenure{client: e.Client, at: e.At, from: e.Offset, begin: e})
			resumed = true
		case e.Kind == history.Resume:
			resumed = true
		}
	}
	if !resumed {
		return assigned
	}
	return all
}

// ready is from when on what a client is sent belongs to the tenure.
func (t *tenure) ready() time.Duration {
	if t.begin == nil {
		return t.at
	}
	return max(t.at, t.begin.End)
}

// fetches gives the tenures what was sent to them. What a client was sent before
// it had any goes to one whose start is not known.
func fetches(x *history.Index, s breakwater.Service, of map[history.Partition][]*tenure) {
	for _, at := range x.Positions(s.Group) {
		give(at.Fetched, at.Partition, of)
	}
	if s.Group == "" {
		return
	}
	for _, at := range x.Positions("") { // a tap that did not know the group
		give(slices.DeleteFunc(slices.Clone(at.Fetched), func(e *history.Event) bool {
			return !s.Has(e.Client)
		}), at.Partition, of)
	}
}

func give(fetched []*history.Event, p history.Partition, of map[history.Partition][]*tenure) {
	if len(fetched) == 0 {
		return
	}
	type cursor struct {
		now  *tenure
		next []*tenure
	}
	at := map[string]*cursor{} // by client
	for _, t := range of[p] {
		if at[t.client] == nil {
			at[t.client] = &cursor{}
		}
		at[t.client].next = append(at[t.client].next, t)
	}
	for _, e := range fetched {
		c := at[e.Client]
		if c == nil {
			c = &cursor{}
			at[e.Client] = c
		}
		for len(c.next) > 0 && c.next[0].ready() <= e.At {
			c.now, c.next = c.next[0], c.next[1:]
		}
		if c.now == nil {
			c.now = &tenure{client: e.Client, at: e.At, from: -1}
			of[p] = append(of[p], c.now)
		}
		c.now.fetched = append(c.now.fetched, e)
	}
	slices.SortStableFunc(of[p], func(a, b *tenure) int { return cmp.Compare(a.at, b.at) })
}

// audience knows which records were meant for a service's sink.
type audience struct {
	x *history.Index

	// unasked are the records of requests that asked for no effect: few, mostly none.
	unasked map[*history.Event]bool
}

func newAudience(x *history.Index) audience {
	return history.Remember(x, derived{what: "audience"}, func() audience { return audienceOf(x) })
}

func audienceOf(x *history.Index) audience {
	unasked := map[*history.Event]bool{}
	for r := range x.Of(history.Request) {
		if records := x.InLog.Of(r); len(records) > 0 && !x.Asks(r) {
			for _, record := range records {
				unasked[record] = true
			}
		}
	}
	return audience{x, unasked}
}

// meant reports whether a record was meant for the service's sink: it can be told by
// its id, its request, if there was one, asked for effects, and the service neither
// gave it up nor retry it later to another topic.
func (a audience) meant(s breakwater.Service, record *history.Event) bool {
	if record.ID == "" || a.unasked[record] {
		return false
	}
	for _, topic := range s.DeadLetters().Topics() {
		if topic != record.Topic && len(a.x.Topic(topic).Of(record)) > 0 {
			return false
		}
	}
	return true
}
