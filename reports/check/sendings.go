package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

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
		heard := batch != nil
		if !heard {
			batch = wires.unheard[began{"", p, r.ID}]
		}
		sent := wires.sent(r, batch)
		if sent == nil {
			continue
		}
		again := batch != sent || !heard && wires.again[sending{sent.Client, p, sent.CRC}]
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
		told := map[*history.Event]bool{}
		for i := range own {
			if kept[i] {
				continue
			}
			late, front, found := misplacedBy(own, kept, i)
			if found && !told[late.record] {
				told[late.record] = true
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
