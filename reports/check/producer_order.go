package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ProducerOrder, producerOrder) }

func producerOrder(x *history.Index) Verdict {
	if !logged(x) {
		return combine(x, nil, "the system has no log to be looked into")
	}
	o := ordering{x: x, compared: make([]bool, len(x.Log.Events)+1)}
	all := slots(x)
	for _, p := range sortedPartitions(all) {
		o.bySequence(p, all[p])
	}
	derived, wire := derivedTopics(x), newSendings(x)
	for _, p := range sortedPartitions(x.Records) {
		o.bySending(p, wire)
		if !derived[p.Topic] {
			o.byRequest(p)
		}
	}
	f := finding{anomalies: o.anomalies}
	for _, compared := range o.compared {
		if compared {
			f.examined++
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "pairs of records stand in the log out of the order in which they were produced", brief: "out of order in the log"}
	if f.examined == 0 {
		records := 0
		for _, all := range x.Records {
			records += len(all)
		}
		f.count, f.why = nil, fmt.Sprintf("no pair of %s records can be compared: none are of one producer and partition, or of one key and requests that did not overlap", quantity.Count(records))
	}
	return combine(x, []finding{f}, "")
}

// ordering collects what stands out of order.
type ordering struct {
	x         *history.Index
	compared  []bool // by number of the event: records that could be compared to one before them
	anomalies []Anomaly
}

// derivedTopics are those that services fill from another one.
func derivedTopics(x *history.Index) map[string]bool {
	derived := map[string]bool{}
	for _, s := range x.Log.Header.Services {
		for _, topic := range append(s.DeadLetters().Topics(), s.Output) {
			derived[topic] = topic != ""
		}
	}
	return derived
}

// bySequence looks for sequences that stand in the wrong order, and names the
// fewest without which the others are in order.
func (o *ordering) bySequence(p history.Partition, slots []slot) {
	// A sequence that stands twice counts where it stands first.
	slots = slices.CompactFunc(slices.Clone(slots), func(a, b slot) bool { return a.stamp == b.stamp })
	for len(slots) > 0 {
		n := 1
		for n < len(slots) && slots[n].producer == slots[0].producer && slots[n].epoch == slots[0].epoch {
			n++
		}
		own := slots[:n]
		slots = slots[n:]
		if n < 2 {
			continue
		}
		for _, s := range own[1:] {
			o.compared[s.event.N] = true
		}
		if slices.IsSortedFunc(own, func(a, b slot) int { return cmp.Compare(a.offset, b.offset) }) {
			continue
		}
		kept := inOrder(n, func(i, j int) bool { return own[i].offset <= own[j].offset })
		for i, s := range own {
			if kept[i] {
				continue
			}
			a := Anomaly{
				What:   fmt.Sprintf("%s holds %v, out of the order of its sequences", p.At(s.offset), s.stamp),
				Events: []uint64{s.event.N}, Offsets: []string{p.At(s.offset)},
			}
			if s.id != "" {
				a.IDs = []string{s.id}
				a.What = fmt.Sprintf("%s at %s is %v, out of the order of its sequences", s.id, p.At(s.offset), s.stamp)
			}
			for _, near := range []int{i - 1, i + 1} {
				if near >= 0 && near < n {
					a.What += fmt.Sprintf("; sequence %d is at %d", own[near].sequence, own[near].offset)
					a.Offsets = append(a.Offsets, p.At(own[near].offset))
				}
			}
			o.anomalies = append(o.anomalies, a)
		}
	}
}

// byRequest looks for records behind those of requests of the same key that were
// sent only after theirs had been acknowledged.
func (o *ordering) byRequest(p history.Partition) {
	x := o.x
	type published struct{ record, request *history.Event }
	byKey, keys := map[string][]published{}, []string(nil)
	for _, r := range x.Records[p] {
		q := requestOf(x, r)
		if q == nil || q.Key == "" || !x.Asks(q) || x.RecordOf(r, p.Topic) != r {
			continue
		}
		if byKey[q.Key] == nil {
			keys = append(keys, q.Key)
		}
		byKey[q.Key] = append(byKey[q.Key], published{r, q})
	}
	for _, key := range keys {
		all := byKey[key]
		if len(all) < 2 {
			continue
		}
		// The first that was acknowledged of those before, and the last that was sent.
		acknowledged, sent := all[0].request, all[0].request
		for _, q := range all[1:] {
			before := acknowledged.Outcome == history.OK && acknowledged.End <= q.request.At
			after := q.request.Outcome == history.OK && q.request.End <= sent.At
			o.compared[q.record.N] = o.compared[q.record.N] || before || after
			if q.request.Outcome == history.OK && (acknowledged.Outcome != history.OK || q.request.End < acknowledged.End) {
				acknowledged = q.request
			}
			if q.request.At > sent.At {
				sent = q.request
			}
		}
		behind := map[*history.Event][]published{} // by request, those before it that should not be
		first, found := published{}, []published(nil)
		for _, q := range slices.Backward(all) { // from the end of the log
			if first.request != nil && first.request.End <= q.request.At {
				if behind[first.request] == nil {
					found = append(found, first)
				}
				behind[first.request] = append(behind[first.request], q)
			}
			if q.request.Outcome == history.OK && (first.request == nil || q.request.End < first.request.End) {
				first = q
			}
		}
		for _, late := range slices.Backward(found) {
			a := Anomaly{
				IDs:     []string{late.request.ID},
				Events:  []uint64{late.request.N, late.record.N},
				Offsets: []string{p.At(late.record.Offset)},
			}
			var named []string
			for _, q := range behind[late.request] {
				named = append(named, q.request.ID)
			}
			for _, q := range clip(behind[late.request]) {
				a.Events = append(a.Events, q.request.N, q.record.N)
				a.Offsets = append(a.Offsets, p.At(q.record.Offset))
			}
			a.What = fmt.Sprintf("%s was acknowledged at %s, before %s of the same key %s was sent, and stands behind it at %s",
				late.request.ID, quantity.Duration(late.request.End), ids(named), key, p.At(late.record.Offset))
			a.IDs = append(a.IDs, clip(named)...)
			a.Setting = anySetting(x, "in flight", "in.flight", "inflight", "idempot")
			o.anomalies = append(o.anomalies, a)
		}
	}
}

// sendings are the batches of producers that are not idempotent, as they went over the
// wire: which of them are one, sent again, and which producer sent them. An idempotent
// one says both itself.
type sendings struct {
	first    map[sending]*history.Event // how each batch was sent first
	again    map[sending]bool           // batches that were sent more than once
	unheard  map[began]*history.Event   // by an id without its client, the batch that began with it and may have been appended, as first sent; nil for several
	began    map[began]*history.Event   // the first batch that began with an id
	producer map[wire]wire              // connections, each with one further up in the tree of its producer
}

// sending is what a batch can be told by: its checksum, for it is sent again as it is.
type sending struct {
	client string
	in     history.Partition
	crc    uint32
}

// began is an id as the first of a client's batch.
type began struct {
	client string
	in     history.Partition
	id     string
}

// wire is one connection of a client.
type wire struct {
	client string
	conn   uint32
}

func newSendings(x *history.Index) *sendings {
	s := &sendings{first: map[sending]*history.Event{}, again: map[sending]bool{}, unheard: map[began]*history.Event{}, began: map[began]*history.Event{}, producer: map[wire]wire{}}
	for e := range x.Of(history.Produce) {
		if e.CRC == 0 || e.Conn == 0 || e.ProducerID >= 0 {
			continue
		}
		if b := (began{e.Client, e.In(), e.ID}); e.ID != "" && s.began[b] == nil {
			s.began[b] = e
		}
		key := sending{e.Client, e.In(), e.CRC}
		if b := (began{"", e.In(), e.ID}); e.ID != "" && e.Outcome == history.Unknown {
			if known, met := s.unheard[b]; !met {
				s.unheard[b] = e
			} else if known != nil && (known.Client != e.Client || known.CRC != e.CRC) {
				s.unheard[b] = nil
			}
		}
		first := s.first[key]
		if first == nil {
			s.first[key] = e
			continue
		}
		s.again[key] = true
		// Who sends it again over another connection is the same producer.
		if a, b := s.of(first), s.of(e); a != b {
			s.producer[b] = a
		}
	}
	return s
}

// of is the connection that stands for the producer of the batch.
func (s *sendings) of(e *history.Event) wire {
	w := wire{e.Client, e.Conn}
	for {
		up, joined := s.producer[w]
		if !joined {
			return w
		}
		w = up
	}
}

// sent is how the record's batch was sent first, nil where that cannot be told: somebody
// may have sent its id in another batch before, as clients do that put together anew what
// they send again, and so do applications.
func (s *sendings) sent(record, batch *history.Event) *history.Event {
	if batch == nil || batch.CRC == 0 || batch.Conn == 0 || batch.ProducerID >= 0 {
		return nil
	}
	first := s.first[sending{batch.Client, batch.In(), batch.CRC}]
	if b := s.began[began{batch.Client, batch.In(), record.ID}]; b != nil && b.At < first.At {
		return nil
	}
	return first
}

// stand is a record, and how its batch was sent first.
type stand struct {
	record, sent *history.Event
	again        bool // it may stand there by another sending than that
}

// before says that one was first sent before another that stands in front of it. Two that
// went over two connections may have crossed, unless it was sent again.
func (s stand) before(front stand) bool {
	return s.sent.At < front.sent.At && (s.again || s.sent.Conn == front.sent.Conn)
}

// bySending looks for batches that stand behind others of their producer that were first
// sent after them, and names the fewest records without which the others are in order.
// One whose id stands there before was not sent first when its batch was.
func (o *ordering) bySending(p history.Partition, wires *sendings) {
	if len(wires.first) == 0 {
		return
	}
	by, order := map[wire][]stand{}, []wire(nil)
	batches := newAppends(o.x)
	for _, r := range o.x.Records[p] {
		if r.ID == "" || o.x.RecordOf(r, p.Topic) != r {
			continue
		}
		batch := batches.of(r)
		observed := batch != nil
		if !observed {
			batch = wires.unheard[began{"", p, r.ID}]
		}
		sent := wires.sent(r, batch)
		if sent == nil {
			continue
		}
		again := batch != sent || !observed && wires.again[sending{sent.Client, p, sent.CRC}]
		producer := wires.of(batch)
		if by[producer] == nil {
			order = append(order, producer)
		}
		by[producer] = append(by[producer], stand{r, sent, again})
	}
	for _, producer := range order {
		own := by[producer]
		inPlace := true
		for i := 1; i < len(own); i++ {
			if own[i].sent != own[i-1].sent { // what is in one batch was sent at once
				o.compared[own[i].record.N] = true
			}
			inPlace = inPlace && own[i-1].sent.At <= own[i].sent.At
		}
		if inPlace {
			continue
		}
		kept := inOrder(len(own), func(i, j int) bool { return own[i].sent.At <= own[j].sent.At })
		reported := map[*history.Event]bool{}
		for i := range own {
			if kept[i] {
				continue
			}
			late, front, found := misplacedBy(own, kept, i)
			if found && !reported[late.record] {
				reported[late.record] = true
				o.anomalies = append(o.anomalies, misplaced(o.x, p, late, front))
			}
		}
	}
}

// misplacedBy finds, among the next few on either side that are in order, one that shows
// that the record is not, and which of the two stands behind the other that was sent after
// it: the nearer, the more was sent between them.
func misplacedBy(own []stand, kept []bool, at int) (late, front stand, found bool) {
	for i, n := at-1, 0; i >= 0 && n < maxNames; i-- {
		if !kept[i] {
			continue
		}
		if n++; own[at].before(own[i]) {
			return own[at], own[i], true
		}
	}
	for i, n := at+1, 0; i < len(own) && n < maxNames; i++ {
		if !kept[i] {
			continue
		}
		if n++; own[i].before(own[at]) {
			return own[i], own[at], true
		}
	}
	return stand{}, stand{}, false
}

func misplaced(x *history.Index, p history.Partition, late, front stand) Anomaly {
	at := p.At(late.record.Offset)
	service, _ := x.Log.Header.ServiceOf(late.sent.Client)
	return Anomaly{
		What: fmt.Sprintf("%s was first sent by %s at %s, before %s at %s, and stands behind it at %s",
			late.record.ID, late.sent.Client, quantity.Duration(late.sent.At), front.record.ID, quantity.Duration(front.sent.At), at),
		IDs:     []string{late.record.ID, front.record.ID},
		Events:  []uint64{late.sent.N, late.record.N, front.sent.N, front.record.N},
		Offsets: []string{at, p.At(front.record.Offset)},
		Setting: setting(service, "in flight", "in.flight", "inflight", "idempot"),
	}
}
