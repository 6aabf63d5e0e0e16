package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// An idempotent producer numbers what it sends, and sends the same again under the
// same number. One that sends something else under it is answered as if it had repeated
// itself: the broker drops what it takes for known, and it is the producer that lost it.

// misnumbered are the batches that were sent under the number of another.
type misnumbered struct {
	lost     []*history.Event                  // answered with ok, and not in the log; each once
	as       map[*history.Event]*history.Event // what each of them was taken for, sent again or not
	compared int                               // batches that were held against another of their number
	open     []*history.Event                  // of which nothing tells whether they hold the same
}

func misnumberedBatches(x *history.Index) misnumbered {
	return history.Remember(x, derived{what: "misnumbered"}, func() misnumbered { return newMisnumbered(x) })
}

func newMisnumbered(x *history.Index) misnumbered {
	m := misnumbered{as: map[*history.Event]*history.Event{}}
	// In most runs nearly all numbers rise, so that those which do not are found first.
	type line struct {
		producer
		history.Partition
	}
	numberOf := func(e *history.Event) (number, bool) {
		_, ok := stamped(e)
		return number{producer{e.ProducerID, e.Epoch}, e.In(), e.Sequence}, ok && e.CRC != 0 && e.Outcome != history.Failed
	}
	last, again := map[line]int32{}, map[number][]*history.Event{}
	var order []number
	for e := range x.Of(history.Produce) {
		n, ok := numberOf(e)
		if !ok {
			continue
		}
		l := line{n.producer, n.in}
		highest, met := last[l]
		if !met || n.sequence > highest {
			last[l] = n.sequence
		} else if _, known := again[n]; !known {
			again[n], order = nil, append(order, n)
		}
	}
	if len(again) == 0 {
		return m
	}
	for e := range x.Of(history.Produce) {
		if n, ok := numberOf(e); ok {
			if same, wanted := again[n]; wanted {
				again[n] = append(same, e)
			}
		}
	}
	for _, n := range order {
		if len(again[n]) > 1 {
			m.judge(x, n, again[n])
		}
	}
	return m
}

// judge looks at the batches of one number, in order of time.
func (m *misnumbered) judge(x *history.Index, n number, batches []*history.Event) {
	stands := standsUnder(x, n, batches)
	if stands == nil {
		return
	}
	var lost []*history.Event
	for _, e := range batches {
		if e == stands || e.Outcome != history.OK {
			continue
		}
		m.compared++
		switch differs, known := unlike(stands, e); {
		case !known:
			m.open = append(m.open, e)
		case differs:
			m.as[e] = stands
			again := false
			for _, before := range lost {
				differs, known := unlike(before, e)
				again = again || known && !differs
			}
			if !again {
				lost = append(lost, e)
			}
		}
	}
	m.lost = append(m.lost, lost...)
}

// unlike says whether two batches hold different records, as far as that is known: a
// client may put the same records into other bytes when it sends them again.
func unlike(a, b *history.Event) (differs, known bool) {
	switch {
	case a.CRC == b.CRC:
		return false, true
	case a.ID != b.ID:
		return true, true
	case a.ID == "":
		return a.Count != b.Count, a.Count != b.Count
	}
	return false, true
}

// standsUnder is which of the batches is in the log: that whose first record the reader
// found there or, where it found none, the first that was answered with ok, for a broker
// appends a number once. Nil where the reader found a record of another.
func standsUnder(x *history.Index, n number, batches []*history.Event) *history.Event {
	var record *history.Event
	told := stampsAudited(x)
	for _, e := range batches {
		if e.Offset < 0 || record != nil {
			continue
		}
		for _, r := range x.Between(n.in, e.Offset, e.Offset+1) {
			if s, ok := stamped(r); !told || ok && s == (stamp{n.id, n.epoch, n.sequence}) {
				record = r
			}
		}
	}
	named := false
	for _, e := range batches {
		if record != nil && record.ID != "" && e.ID == record.ID {
			return e
		}
		named = named || e.ID != ""
	}
	if named && record != nil && record.ID != "" {
		return nil
	}
	for _, e := range batches {
		if e.Outcome == history.OK {
			return e
		}
	}
	return nil
}

// anomaly says of one of those that are lost how it was.
func (m *misnumbered) anomaly(e *history.Event) Anomaly {
	stands := m.as[e]
	s, _ := stamped(e)
	a := Anomaly{
		What: fmt.Sprintf("%s sent %s at %s under %v, under which it had sent %s (event %d): the broker took it for that, and it is not in the log",
			e.Client, batchOfIDs(e), quantity.Duration(e.At), s, batchOfIDs(stands), stands.N),
		Events: []uint64{e.N, stands.N},
	}
	if e.ID != "" {
		a.IDs = []string{e.ID}
	}
	if stands.Offset >= 0 {
		a.Offsets = []string{stands.In().At(stands.Offset)}
	}
	return a
}

// batchOfIDs names what is known of the ids in a batch: "u1", "u1 and 4 more", "4
// records".
func batchOfIDs(e *history.Event) string {
	switch n := int(count1(e)); {
	case e.ID == "":
		return quantity.Count(n) + " records"
	case n > 1:
		return fmt.Sprintf("%s and %s more", e.ID, quantity.Count(n-1))
	}
	return e.ID
}
