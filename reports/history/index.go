package history

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Partition names one partition of one topic.
type Partition struct {
	Topic     string
	Partition int32
}

// String is "user-events/2".
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Partition) }

// At is "user-events/2@88".
func (p Partition) At(offset int64) string { return fmt.Sprintf("%s@%d", p, offset) }

// Compare orders partitions by topic, then number.
func (p Partition) Compare(q Partition) int {
	return cmp.Or(cmp.Compare(p.Topic, q.Topic), cmp.Compare(p.Partition, q.Partition))
}

// In is the partition that the event is about.
func (e *Event) In() Partition { return Partition{e.Topic, e.Partition} }

// Index is a frozen log looked at from the sides that judges and measures
// share. Nothing in it may be changed.
type Index struct {
	Log      Log
	Requests map[string]*Event            // by id
	Records  map[Partition][]*Event       // audit events in order of offset: the visible records
	Found    map[string][]*Event          // audit events by id
	Effects  map[string]map[string]Ledger // by sink, then id
	Attempts map[string]map[string]Ledger // by sink, then id
	Audited  bool                         // the independent reader found at least one record
}

// Ledger is what one sink holds of one id, in order of time.
type Ledger []*Event

// Index builds the index.
func (l Log) Index() *Index {
	x := &Index{
		Log:      l,
		Requests: map[string]*Event{},
		Records:  map[Partition][]*Event{},
		Found:    map[string][]*Event{},
		Effects:  map[string]map[string]Ledger{},
		Attempts: map[string]map[string]Ledger{},
	}
	for i := range l.Events {
		e := &l.Events[i]
		switch e.Kind {
		case Request:
			if x.Requests[e.ID] == nil {
				x.Requests[e.ID] = e
			}
		case Audit:
			x.Audited = true
			x.Records[e.In()] = append(x.Records[e.In()], e)
			if e.ID != "" {
				x.Found[e.ID] = append(x.Found[e.ID], e)
			}
		case Effect:
			put(x.Effects, e)
		case Attempt:
			put(x.Attempts, e)
		}
	}
	for _, records := range x.Records {
		slices.SortStableFunc(records, func(a, b *Event) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return x
}

func put(ledgers map[string]map[string]Ledger, e *Event) {
	if ledgers[e.Sink] == nil {
		ledgers[e.Sink] = map[string]Ledger{}
	}
	ledgers[e.Sink][e.ID] = append(ledgers[e.Sink][e.ID], e)
}

// Between returns the visible records of the partition with from ≤ offset < to.
// Offsets are sparse, so their number says more than to − from.
func (x *Index) Between(p Partition, from, to int64) []*Event {
	records := x.Records[p]
	at := func(offset int64) int {
		return sort.Search(len(records), func(i int) bool { return records[i].Offset >= offset })
	}
	i, j := at(from), at(to)
	return records[min(i, j):j]
}

// Acknowledged yields the requests that were answered ok and must have
// effects, in order of time.
func (x *Index) Acknowledged() func(yield func(*Event) bool) {
	return func(yield func(*Event) bool) {
		for e := range x.Log.Of(Request) {
			if e.Outcome == OK && x.Log.Header.Asks(e.Name) && !yield(e) {
				return
			}
		}
	}
}

// Owed yields the requests whose effect the service owes its sink: the
// acknowledged ones and, when it consumes a topic, those of unknown outcome
// that stand in that topic. What it gave up to its dead letter topic it does not
// owe.
func (x *Index) Owed(s Service) func(yield func(*Event) bool) {
	return func(yield func(*Event) bool) {
		for e := range x.Log.Of(Request) {
			if !x.Log.Header.Asks(e.Name) || e.Outcome == Failed {
				continue
			}
			if e.Outcome != OK && (s.Group == "" || x.InTopic(e.ID, s.Topic) == nil) {
				continue
			}
			if s.DeadLetter != "" && x.InTopic(e.ID, s.DeadLetter) != nil {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}

// InTopic returns the first record of that id in the topic, in any topic when
// topic is "", and nil when there is none.
func (x *Index) InTopic(id, topic string) *Event {
	for _, r := range x.Found[id] {
		if topic == "" || r.Topic == topic {
			return r
		}
	}
	return nil
}

// Logged says whether the system of this log has a Kafka log to be looked into.
func (h Header) Logged() bool {
	return slices.ContainsFunc(h.Services, func(s Service) bool { return s.Topic != "" || s.Group != "" })
}

// Sinks returns the services that have a sink, in the header's order.
func (h Header) Sinks() []Service {
	var with []Service
	for _, s := range h.Services {
		if s.Sink != nil {
			with = append(with, s)
		}
	}
	return with
}

// Consumers returns the services that have a group, in the header's order.
func (h Header) Consumers() []Service {
	var with []Service
	for _, s := range h.Services {
		if s.Group != "" {
			with = append(with, s)
		}
	}
	return with
}

// Window is a span [From, To) in which a fault was witnessed.
type Window struct{ From, To time.Duration }

// Contains says whether t lies in the window.
func (w Window) Contains(t time.Duration) bool { return w.From <= t && t < w.To }

// Windows returns when faults were witnessed to be active, in order; windows
// that overlap are one. A fault without both its witnesses has no window.
func (l Log) Windows() []Window {
	var all []Window
	for e := range l.Of(Fault) {
		if f := e.Fault; f != nil && f.Active > 0 && f.Clear > f.Active {
			all = append(all, Window{f.Active, f.Clear})
		}
	}
	slices.SortFunc(all, func(a, b Window) int { return cmp.Compare(a.From, b.From) })
	var joined []Window
	for _, w := range all {
		if n := len(joined); n > 0 && w.From <= joined[n-1].To {
			joined[n-1].To = max(joined[n-1].To, w.To)
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// Torn returns the sinks in which the id took effect, or whose service gave it
// up to a dead letter topic, and those in which neither happened. A request is
// torn when both are some.
func (x *Index) Torn(id string) (done, missing []string) {
	for _, s := range x.Log.Header.Services {
		switch {
		case s.Sink == nil:
		case len(x.Effects[s.Sink.Name][id]) > 0, s.DeadLetter != "" && x.InTopic(id, s.DeadLetter) != nil:
			done = append(done, s.Sink.Name)
		default:
			missing = append(missing, s.Sink.Name)
		}
	}
	return done, missing
}
