package check

import (
	"cmp"
	"slices"
	"time"

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
func tenures(x *history.Index, s history.Service) map[history.Partition][]*tenure {
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
func fetches(x *history.Index, s history.Service, of map[history.Partition][]*tenure) {
	type owner struct {
		client string
		history.Partition
	}
	type cursor struct {
		now  *tenure
		next []*tenure
	}
	at := map[owner]*cursor{}
	for p, held := range of {
		for _, t := range held {
			o := owner{t.client, p}
			if at[o] == nil {
				at[o] = &cursor{}
			}
			at[o].next = append(at[o].next, t)
		}
	}
	for e := range x.Of(history.Fetched) {
		if e.Group != s.Group && (e.Group != "" || !slices.Contains(s.Instances, e.Client)) {
			continue
		}
		o := owner{e.Client, e.In()}
		c := at[o]
		if c == nil {
			c = &cursor{}
			at[o] = c
		}
		for len(c.next) > 0 && c.next[0].ready() <= e.At {
			c.now, c.next = c.next[0], c.next[1:]
		}
		if c.now == nil {
			c.now = &tenure{client: e.Client, at: e.At, from: -1}
			of[o.Partition] = append(of[o.Partition], c.now)
		}
		c.now.fetched = append(c.now.fetched, e)
	}
	for _, held := range of {
		slices.SortStableFunc(held, func(a, b *tenure) int { return cmp.Compare(a.at, b.at) })
	}
}

// audience knows which records were meant for a service's sink.
type audience struct {
	x *history.Index

	// unasked are the records of requests that asked for no effect: few, mostly none.
	unasked map[*history.Event]bool
}

func newAudience(x *history.Index) audience {
	unasked := map[*history.Event]bool{}
	for r := range x.Of(history.Request) {
		if records := x.InLog.Of(r); len(records) > 0 && !x.Log.Header.Asks(r.Name) {
			for _, record := range records {
				unasked[record] = true
			}
		}
	}
	return audience{x, unasked}
}

// meant says whether a record was meant for the service's sink: it can be told by
// its id, its request, if there was one, asked for effects, and the service neither
// gave it up nor put it off to another topic.
func (a audience) meant(s history.Service, record *history.Event) bool {
	if record.ID == "" || a.unasked[record] {
		return false
	}
	if s.DeadLetter == "" && len(s.Retry) == 0 {
		return true
	}
	return !slices.ContainsFunc(a.x.InLog.Of(record), func(r *history.Event) bool {
		return r.Topic != record.Topic && (r.Topic == s.DeadLetter || slices.Contains(s.Retry, r.Topic))
	})
}
