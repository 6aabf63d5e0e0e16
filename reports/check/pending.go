package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// pending says of what a sink had not got when the run was over whether it may still
// have come: late is not lost.
//
// In the log it waits while the group has not gone past it, unless the group stood
// still: nothing of it moved for Drained.Limit, after every fault and with a consumer
// that was there. Without a log it may have come as long as the drain was ended by its
// deadline. Of a history that does not know how
// its drain ended, all had the time it needed.
type pending struct {
	waiting
	alive  bool
	ended  string
	limit  time.Duration
	work   time.Duration  // the limit where a consumer may be at work
	open   *history.Event // a session that was open at the end, nil for none
	moving map[history.Partition]bool
}

func newPending(x *history.Index, s breakwater.Service) *pending {
	return history.Remember(x, derived{"pending", s.Name}, func() *pending {
		p := &pending{waiting: waiting{x, s, passedPositions(x)}, limit: stillLimit(x.Log.Header), moving: map[history.Partition]bool{}}
		p.alive, p.work = p.waiting.alive(), p.limit
		d := x.Log.Header.Drained
		if d == nil {
			return p
		}
		p.ended, p.work = d.End, max(p.limit, d.AtWork)
		p.open = openSession(x, s)
		for _, at := range sampledStill(x, s.Group, healed(x)) {
			p.moving[at.last.In()] = !p.stood(at, p.sentOf(at))
		}
		return p
	})
}

// stillLimit is for how long nothing must have moved to count as standing still.
func stillLimit(h history.Header) time.Duration {
	if h.Drained != nil && h.Drained.Limit > 0 {
		return h.Drained.Limit
	}
	return objective(h)
}

// openSession is a session of the service's group that may have lasted when the run
// was over, though its member was gone.
func openSession(x *history.Index, s breakwater.Service) *history.Event {
	_, end := x.Log.Header.Span()
	back := map[string]time.Duration{} // when members were last heard of
	for e := range x.Of(history.Assign, history.Commit, history.Resume) {
		if e.Group == s.Group && e.Heard() {
			back[e.Member] = e.At
		}
	}
	for e := range x.Of(history.Session) {
		if e.Group == s.Group && e.Name != history.Closing && e.End > end && back[e.Member] <= e.At {
			return e
		}
	}
	return nil
}

// may says whether the effect of the request, which the sink has not got, may still
// have come.
func (p *pending) may(request *history.Event) bool {
	if p.service.Group == "" {
		return p.ended == history.DrainDeadline
	}
	record := p.last(request)
	return record != nil && p.waits(record)
}

// waits says whether the record waits for a group that may still come to it.
func (p *pending) waits(record *history.Event) bool {
	switch {
	case p.behind(record) || p.ended == "" || p.ended == history.DrainQuiet:
		return false
	case !p.alive || p.open != nil:
		return true
	}
	return p.moving[record.In()]
}

// stood says whether the group stood still there for long enough, given what the broker
// had sent of the records that wait.
func (p *pending) stood(at still, sent *history.Event) bool {
	limit := p.limit
	if sent != nil {
		limit = p.work
	}
	return at.last.At-at.since.At >= limit+backoffOf(p.service, at.last.Topic)
}

// sentOf is what the broker last sent, to who owned the partition at the end, of the records
// on which the group stood still; nil for nothing.
func (p *pending) sentOf(at still) (sent *history.Event) {
	in, since := at.last.In(), at.since.At
	for e := range p.x.Of(history.Assign) {
		if e.Group == p.service.Group && e.In() == in && e.Name == history.Assigned {
			since = max(since, e.At)
		}
	}
	for e := range p.x.Of(history.Fetched) {
		if e.Group == p.service.Group && e.In() == in && e.Last >= at.last.Committed && e.At >= since {
			sent = e
		}
	}
	return sent
}

// why says what kept n of so many things from being judged, and what would decide it.
func (p *pending) why(n, of int, what string) string {
	waits := fmt.Sprintf("%s %s", quantity.Of(n, of), what)
	_, end := p.x.Log.Header.Span()
	switch {
	case p.service.Group == "":
		return fmt.Sprintf("%s when the drain was over, and effects or calls still came: raise Require.Deadline (%s)", waits, quantity.Duration(time.Duration(p.x.Log.Header.Require.Deadline)))
	case !p.alive:
		return fmt.Sprintf("%s, but wait in the log, and no instance of %s was alive at the end", waits, p.service.Name)
	case p.open != nil:
		return fmt.Sprintf("%s, but wait in the log for the session of a member of %s that was open for another %s: raise Require.Deadline (%s)", waits, p.service.Group, quantity.Duration(p.open.End-end), quantity.Duration(time.Duration(p.x.Log.Header.Require.Deadline)))
	}
	return fmt.Sprintf("%s, but wait in the log: not drained, %s behind; raise Require.Deadline (%s)", waits, quantity.Count(int(p.x.Log.Header.Drained.Behind)), quantity.Duration(time.Duration(p.x.Log.Header.Require.Deadline)))
}

// unread is what a group has not read of a partition, by its position and the log alone.
type unread struct {
	still
	records int            // behind the position
	sent    *history.Event // a part of them, which the broker did send since the position last moved; nil when it did not
}

// unread finds, among those whose position was sampled, the partitions of the service's topics on which it stood still to the
// end of the run, though records wait there and a consumer was there to read them.
func (p *pending) unread() (all []unread, examined int) {
	topics := append([]string{p.x.Input(p.service)}, p.service.DeadLetters().Retry...)
	for _, known := range p.x.Positions(p.service.Group) {
		if len(known.Samples) > 0 && slices.Contains(topics, known.Topic) {
			examined += len(p.x.Records[known.Partition])
		}
	}
	for _, at := range sampledStill(p.x, p.service.Group, healed(p.x)) {
		in := at.last.In()
		if !slices.Contains(topics, in.Topic) || at.last.At-at.since.At < p.limit+backoffOf(p.service, in.Topic) {
			continue
		}
		u := unread{still: at, records: len(p.x.Between(in, max(at.last.Committed, 0), at.last.HighWatermark))}
		if u.records == 0 {
			continue // what is left are markers
		}
		u.sent = p.sentOf(at)
		all = append(all, u)
	}
	return all, examined
}
