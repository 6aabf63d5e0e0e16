package check

import (
	"cmp"
	"fmt"
	"maps"
	"math"
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

// may reports whether the effect of the request, which the sink has not got, may still
// have come.
func (p *pending) may(request *history.Event) bool {
	if p.service.Group == "" {
		return p.ended == history.DrainDeadline
	}
	record := p.last(request)
	return record != nil && p.waits(record)
}

// waits reports whether the record waits for a group that may still come to it.
func (p *pending) waits(record *history.Event) bool {
	switch {
	case p.behind(record) || p.ended == "" || p.ended == history.DrainQuiet:
		return false
	case !p.alive || p.open != nil:
		return true
	}
	return p.moving[record.In()]
}

// stood reports whether the group stood still there for long enough, given what the broker
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

// why reports what kept n of so many things from being judged, and what would decide it.
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

// skipped reports whether the service need never put the record behind it: it lies before
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

// wentOn reports whether the service got on with another partition after the instant.
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

// backoffOf is for how long what is retried later to the topic has to wait there at
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

// waiting reports what waits for a consumer.
type waiting struct {
	x       *history.Index
	service breakwater.Service
	passed  map[place]reach
}

// reach is the highest position known of a group on a partition.
type reach struct {
	offset int64
	by     *history.Event // nil when none is known
}

// last returns where the request's id stands last on its way to the service's sink: in the
// service's topic, or in the retry topic to which it was retried later last. Of several
// records of one id it is one that still waits, if any does. It is nil when the
// id never came into the log.
func (w waiting) last(request *history.Event) *history.Event {
	if request.ID == "" {
		return nil
	}
	var last *history.Event
	for _, topic := range append([]string{w.x.Input(w.service)}, w.service.DeadLetters().Retry...) {
		var here *history.Event
		for _, r := range w.x.InLog.Of(request) {
			if (topic == "" || r.Topic == topic) && (here == nil || !w.behind(r)) {
				here = r
			}
		}
		if here != nil {
			last = here
		}
	}
	return last
}

// behind reports whether a position past the record is known to have been taken.
func (w waiting) behind(record *history.Event) bool {
	at := w.passed[place{w.service.Group, record.In()}]
	return at.by != nil && at.offset > record.Offset
}

// alive reports whether an instance of the service ran when the run was over, as far
// as the history says anything about it.
func (w waiting) alive() bool {
	end, down := over(w.x), map[string]bool{}
	for _, late := range w.service.DeferredInstances() {
		down[late] = true
	}
	for e := range w.x.Of(history.Process) {
		if e.At <= end && w.service.Has(e.Client) {
			down[e.Client] = e.Name == history.Exited || e.Name == history.Frozen
		}
	}
	return slices.ContainsFunc(w.service.InstanceNames(), func(i string) bool { return !down[i] })
}

// over is when the run was over, before what ran was stopped: when the
// independent reader found its first record.
func over(x *history.Index) time.Duration {
	for e := range x.Of(history.Audit) {
		return e.At
	}
	return math.MaxInt64
}

// passedPositions is how far each group is known to have come on each partition,
// by what it committed or stored, by the samples, and by where it took up last.
func passedPositions(x *history.Index) map[place]reach {
	return history.Remember(x, derived{what: "passed"}, func() map[place]reach { return newPassed(x) })
}

func newPassed(x *history.Index) map[place]reach {
	highest := map[place]reach{}
	for _, s := range x.Log.Header.Consumers() {
		for _, p := range positions(x, s) {
			var top reach
			see := func(e *history.Event, offset int64) {
				if offset >= 0 && (top.by == nil || offset > top.offset || offset == top.offset && e.N < top.by.N) {
					top = reach{offset, e}
				}
			}
			for _, c := range slices.Concat(p.commits, p.stored) {
				if c.Outcome == history.OK {
					see(c, c.Offset)
				}
			}
			for _, e := range p.samples {
				see(e, e.Committed)
			}
			if top.by != nil {
				highest[p.place] = top
			}
		}
	}
	taken := map[place]*history.Event{} // the last time
	for r := range x.Of(history.Resume) {
		if r.Offset >= 0 {
			taken[place{r.Group, r.In()}] = r
		}
	}
	for p, r := range taken {
		if h := highest[p]; h.by == nil || r.Offset > h.offset {
			highest[p] = reach{r.Offset, r}
		}
	}
	return highest
}
