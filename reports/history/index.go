package history

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// Index is a frozen log looked at from the sides that judges and measures
// share. It is built once for all of them, and nothing in it may be changed.
//
// A log of a million events is some hundred megabytes, so that walking through
// it costs more than most questions about it: the index walks once and keeps
// the events of each kind, and of each id, together.
type Index struct {
	Log     Log
	Audited bool                   // the independent reader found at least one record
	Records map[Partition][]*Event // audit events in order of offset: the visible records
	Hidden  map[Partition][]*Event // aborted ones, in order of offset

	Sent    ByID // requests
	InLog   ByID // audit events
	Aborted ByID // aborted records

	topics    map[string]ByID // audit events
	sinks     map[string]*Ledger
	positions map[string][]*Position // by group, in order of their partitions
	kinds     [kindsKnown][]int32    // places in the log, by kind
	kind      []uint8                // the place in kinds of each event's kind, by place in the log
	ids       map[string]int32       // number of each id
	number    []int32                // of the id of each event, by place in the log
	asking    []*Event               // requests that must have effects
	asks      map[string]bool        // whether those of a name must

	remembered sync.Map
}

// Ledger is what one sink holds.
type Ledger struct {
	Effects   ByID
	Attempts  ByID
	Positions map[Partition][]*Event // commits that stand in the sink, in order of time
}

// Index builds the index. It does so for any log, valid or not.
func (l Log) Index() *Index {
	x := &Index{
		Log:     l,
		Records: map[Partition][]*Event{},
		Hidden:  map[Partition][]*Event{},
		topics:  map[string]ByID{},
		sinks:   map[string]*Ledger{},
		asks:    map[string]bool{},
		ids:     make(map[string]int32, len(l.Events)/6), // most ids have as many events or more
		kind:    make([]uint8, len(l.Events)),
		number:  make([]int32, len(l.Events)),
	}
	effects, attempts, stored, audited := byName{}, byName{}, byName{}, byName{}
	id, n := "", x.numberOf("")
	for i := range l.Events {
		e := &l.Events[i]
		if e.ID != id { // what happens to an id often comes in a row
			id, n = e.ID, x.numberOf(e.ID)
		}
		x.number[i] = n
		k := e.Kind.place()
		x.kind[i] = uint8(k)
		x.kinds[k] = append(x.kinds[k], int32(i))
		switch e.Kind {
		case Effect:
			effects.add(e.Sink, int32(i))
		case Attempt:
			attempts.add(e.Sink, int32(i))
		case Audit:
			audited.add(e.Topic, int32(i))
		case Commit:
			if e.Sink != "" {
				stored.add(e.Sink, int32(i))
			}
		}
	}
	x.Sent = x.byID(x.kinds[Request.place()])
	x.InLog = x.byID(x.kinds[Audit.place()])
	x.Aborted = x.byID(x.kinds[Aborted.place()])
	for topic := range audited {
		x.topics[topic] = x.byID(audited.of(topic))
	}
	for _, of := range []byName{effects, attempts, stored} {
		for sink := range of {
			x.sinks[sink] = &Ledger{Positions: map[Partition][]*Event{}}
		}
	}
	for sink, ledger := range x.sinks {
		ledger.Effects, ledger.Attempts = x.byID(effects.of(sink)), x.byID(attempts.of(sink))
		for _, i := range stored.of(sink) {
			e := &l.Events[i]
			ledger.Positions[e.In()] = append(ledger.Positions[e.In()], e)
		}
	}
	x.Audited = len(x.kinds[Audit.place()]) > 0
	x.place(x.Records, Audit)
	x.place(x.Hidden, Aborted)
	x.ask()
	x.takePositions()
	return x
}

// numberOf is the number of the id, a new one when it was not met before.
func (x *Index) numberOf(id string) int32 {
	n, met := x.ids[id]
	if !met {
		n = int32(len(x.ids))
		x.ids[id] = n
	}
	return n
}

// byName collects the places of one kind of event by sink or topic.
type byName map[string]*[]int32

func (b byName) add(name string, place int32) {
	places := b[name]
	if places == nil {
		places = new([]int32)
		b[name] = places
	}
	*places = append(*places, place)
}

func (b byName) of(name string) []int32 {
	if places := b[name]; places != nil {
		return *places
	}
	return nil
}

// place sorts the records of the kind into their partitions.
func (x *Index) place(into map[Partition][]*Event, kind Kind) {
	for e := range x.Of(kind) {
		into[e.In()] = append(into[e.In()], e)
	}
	byOffset := func(a, b *Event) int { return cmp.Compare(a.Offset, b.Offset) }
	for _, records := range into {
		if !slices.IsSortedFunc(records, byOffset) {
			slices.SortStableFunc(records, byOffset)
		}
	}
}

// Position is what the log says of one group's position on one partition, each in
// order of time.
type Position struct {
	Partition
	Resumes []*Event
	Commits []*Event // sent to Kafka by anyone, with any outcome
	Samples []*Event
	Fetched []*Event // sent to its members
}

// Positions are those of the group, in order of their partitions.
func (x *Index) Positions(group string) []*Position { return x.positions[group] }

func (x *Index) takePositions() {
	type place struct {
		group string
		Partition
	}
	byPlace := map[place]*Position{}
	for e := range x.Of(Resume, Commit, Sample, Fetched) {
		if e.Kind == Commit && e.Sink != "" {
			continue
		}
		here := place{e.Group, e.In()}
		p := byPlace[here]
		if p == nil {
			p = &Position{Partition: here.Partition}
			byPlace[here] = p
		}
		switch e.Kind {
		case Resume:
			p.Resumes = append(p.Resumes, e)
		case Commit:
			p.Commits = append(p.Commits, e)
		case Sample:
			p.Samples = append(p.Samples, e)
		default:
			p.Fetched = append(p.Fetched, e)
		}
	}
	x.positions = map[string][]*Position{}
	for here, p := range byPlace {
		x.positions[here.group] = append(x.positions[here.group], p)
	}
	for _, all := range x.positions {
		slices.SortFunc(all, func(a, b *Position) int { return a.Compare(b.Partition) })
	}
}

// ask finds the requests that must have effects.
func (x *Index) ask() {
	for e := range x.Of(Request) {
		must, met := x.asks[e.Name]
		if !met {
			must = x.Log.Header.Asks(e.Name)
			x.asks[e.Name] = must
		}
		if must {
			x.asking = append(x.asking, e)
		}
	}
}

// Asks is whether the request must have effects.
func (x *Index) Asks(request *Event) bool { return x.asks[request.Name] }

// Of yields the events of the given kinds, in order, as [Log.Of] does.
func (x *Index) Of(kinds ...Kind) iter.Seq[*Event] {
	var wanted [kindsKnown]bool
	first, last := len(x.Log.Events), -1
	for _, k := range kinds {
		place := k.place()
		if place == 0 { // somebody else's kind
			return x.Log.Of(kinds...)
		}
		wanted[place] = true
		if places := x.kinds[place]; len(places) > 0 {
			first, last = min(first, int(places[0])), max(last, int(places[len(places)-1]))
		}
	}
	events := x.Log.Events
	if len(kinds) == 1 {
		places := x.kinds[kinds[0].place()]
		return func(yield func(*Event) bool) {
			for _, i := range places {
				if !yield(&events[i]) {
					return
				}
			}
		}
	}
	return func(yield func(*Event) bool) {
		for i := first; i <= last; i++ {
			if wanted[x.kind[i]] && !yield(&events[i]) {
				return
			}
		}
	}
}

// Remember returns what make returns, which is asked once for each key: what
// several judges derive from the same log they derive once. Nobody may change it.
func Remember[T any](x *Index, key any, make func() T) T {
	if v, known := x.remembered.Load(key); known {
		return v.(T)
	}
	v, _ := x.remembered.LoadOrStore(key, make())
	return v.(T)
}

// Sink is what the sink of that name holds, nothing when no event names it.
func (x *Index) Sink(name string) *Ledger {
	if l := x.sinks[name]; l != nil {
		return l
	}
	return &Ledger{Effects: ByID{x: x}, Attempts: ByID{x: x}}
}

// Topic are the audit events of one topic, none for one that no event names, and
// those of all topics for "".
func (x *Index) Topic(name string) ByID {
	if name == "" {
		return x.InLog
	}
	if b, known := x.topics[name]; known {
		return b
	}
	return ByID{x: x}
}

// Sinks yields what each sink holds that the log names, in no order.
func (x *Index) Sinks() iter.Seq[*Ledger] { return maps.Values(x.sinks) }

// Place is where the event stands in the log, and -1 for one that is not of this
// log, or not under its own number.
func (x *Index) Place(e *Event) int {
	if n := e.N - 1; n < uint64(len(x.Log.Events)) && &x.Log.Events[n] == e {
		return int(n)
	}
	return -1
}

// Numbered is the event of that number, and nil where the log has none.
func (x *Index) Numbered(n uint64) *Event {
	if n == 0 || n > uint64(len(x.Log.Events)) || x.Log.Events[n-1].N != n {
		return nil
	}
	return &x.Log.Events[n-1]
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

// Around returns the visible records at the offset, and up to n before and after.
func (x *Index) Around(p Partition, offset int64, n int) []*Event {
	records := x.Records[p]
	i := sort.Search(len(records), func(i int) bool { return records[i].Offset >= offset })
	j := sort.Search(len(records), func(i int) bool { return records[i].Offset > offset })
	return records[max(0, i-n):min(len(records), max(i, j)+n)]
}

// Asking yields the requests that must have effects, in order of time.
func (x *Index) Asking() iter.Seq[*Event] {
	return slices.Values(x.asking)
}

// KnowsEffects reports whether it can be told what a sink has and what it has not: it holds
// nothing, or an id that was sent. Else its effects carry no ids, or ids of another kind.
func (x *Index) KnowsEffects(sink string) bool {
	effects := x.Sink(sink).Effects
	return effects.Count() == 0 || x.Sent.Count() == 0 || effects.Meets(x.Sent)
}

// Acknowledged yields the requests that were answered ok and must have
// effects, in order of time.
func (x *Index) Acknowledged() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for _, e := range x.asking {
			if e.Outcome == OK && !yield(e) {
				return
			}
		}
	}
}

// Due yields the requests whose effect the service must have in its sink: the
// acknowledged ones and, when it consumes a topic, those of unknown outcome
// that stand in that topic. What it gave up to its dead letter topic is not due.
func (x *Index) Due(s breakwater.Service) iter.Seq[*Event] {
	topic, given := x.Log.Header.Input(s), s.DeadLetters().Topic
	return func(yield func(*Event) bool) {
		for _, e := range x.asking {
			if e.Outcome == Failed {
				continue
			}
			if e.Outcome != OK && (s.Group == "" || x.RecordOf(e, topic) == nil) {
				continue
			}
			if given != "" && x.RecordOf(e, given) != nil {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}

// RecordOf returns the first visible record in the topic with the id of the
// given event, in any topic when topic is "". It is nil when there is none, and
// for an event without an id.
func (x *Index) RecordOf(e *Event, topic string) *Event {
	if e.ID == "" {
		return nil
	}
	return first(x.Topic(topic).Of(e))
}

// InTopic is [Index.RecordOf] for an id.
func (x *Index) InTopic(id, topic string) *Event {
	if id == "" {
		return nil
	}
	return first(x.Topic(topic).ID(id))
}

func first(events []*Event) *Event {
	if len(events) == 0 {
		return nil
	}
	return events[0]
}

// Input is the topic that the service consumes, "" for none.
func (x *Index) Input(s breakwater.Service) string { return x.Log.Header.Input(s) }

// Skew bounds how far the instants of the service's ledger can lie from the truth.
func (x *Index) Skew(s breakwater.Service) time.Duration { return x.Log.Header.Reading(s).Skew }

// FaultName is the name of the fault, and where several steps of the plan have the same,
// which of them it is: "silence email→mailbox, step 2".
func (x *Index) FaultName(e *Event) string {
	if e.Fault == nil || e.Fault.Step == 0 {
		return e.Name
	}
	for other := range x.Of(Fault) {
		if other != e && other.Name == e.Name {
			return fmt.Sprintf("%s, step %d", e.Name, e.Fault.Step)
		}
	}
	return e.Name
}

// Torn returns the sinks in which the request took effect, or whose service gave
// it up to a dead letter topic, and those in which neither happened. A request is
// torn when both are some.
func (x *Index) Torn(request *Event) (done, missing []string) {
	for i := range x.Log.Header.Services {
		s := &x.Log.Header.Services[i]
		if s.Ledger == nil {
			continue
		}
		sink, given := s.Ledger.Sink, s.DeadLetters().Topic
		if len(x.Sink(sink).Effects.Of(request)) > 0 || given != "" && x.RecordOf(request, given) != nil {
			done = append(done, sink)
		} else {
			missing = append(missing, sink)
		}
	}
	return done, missing
}
