package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// What the log is known to hold: batches on their way into it and how their producers
// number them, and the offsets at which the independent reader looked.

// appends are the batches that the taps saw on their way into the log and that
// report where they begin, by partition in order of their base offset.
type appends map[history.Partition]*batches

type batches struct {
	events   []*history.Event
	answered []*history.Event // those of them of which the broker said that it appended them
	most     int64            // records in one of them
}

func newAppends(x *history.Index) appends {
	return history.Remember(x, derived{what: "appends"}, func() appends {
		a := appends{}
		for e := range x.Of(history.Produce) {
			if e.Offset < 0 {
				continue
			}
			p := e.In()
			b := a[p]
			if b == nil {
				b = &batches{}
				a[p] = b
			}
			b.events = append(b.events, e)
			if e.Outcome == history.OK {
				b.answered = append(b.answered, e)
			}
			b.most = max(b.most, recordCount(e))
		}
		for _, b := range a {
			b.events, b.answered = sorted(b.events, byOffset), sorted(b.answered, byOffset)
		}
		return a
	})
}

// recordCount is how many records the batch has; one that does not say has one.
func recordCount(e *history.Event) int64 { return int64(max(e.Count, 1)) }

// of is the first batch that held the record, and nil when nobody saw it.
func (a appends) of(record *history.Event) *history.Event {
	b := a[record.In()]
	if b == nil || record.Offset < 0 || record.Offset == math.MaxInt64 {
		return nil
	}
	i := fromOffset(b.events, record.Offset+1)
	var first *history.Event
	for i--; i >= 0 && record.Offset-b.events[i].Offset < b.most; i-- {
		if e := b.events[i]; record.Offset-e.Offset < recordCount(e) && (first == nil || e.N < first.N) {
			first = e
		}
	}
	return first
}

// stamp is how an idempotent producer numbers a record within a partition.
type stamp struct {
	producer int64
	epoch    int16
	sequence int32
}

// stamped returns the stamp of a record, or of the first record of a batch, and
// false when its producer was not idempotent.
func stamped(e *history.Event) (stamp, bool) {
	return stamp{e.ProducerID, e.Epoch, e.Sequence}, e.ProducerID >= 0 && e.Sequence >= 0
}

func (s stamp) compare(t stamp) int {
	return cmp.Or(cmp.Compare(s.producer, t.producer), cmp.Compare(s.epoch, t.epoch), cmp.Compare(s.sequence, t.sequence))
}

// plus is the stamp of the n-th record after. Sequences begin again at 0.
func (s stamp) plus(n int64) stamp {
	return stamp{s.producer, s.epoch, int32((int64(s.sequence) + n) & math.MaxInt32)}
}

// String is "sequence 5 of producer 7, epoch 0".
func (s stamp) String() string {
	return fmt.Sprintf("sequence %d of producer %d, epoch %d", s.sequence, s.producer, s.epoch)
}

// stampsAudited reports whether the independent reader told how records were stamped. One
// that did not left all the fields zero.
func stampsAudited(x *history.Index) bool {
	for e := range x.Of(history.Audit, history.Aborted) {
		if e.ProducerID != 0 || e.Epoch != 0 || e.Sequence != 0 {
			return true
		}
	}
	return false
}

// appended are the batches that a broker says it appended, and where, by partition
// and in order of their first offset.
func appended(x *history.Index) map[history.Partition][]*history.Event {
	all := map[history.Partition][]*history.Event{}
	for p, b := range newAppends(x) {
		if len(b.answered) > 0 {
			all[p] = b.answered
		}
	}
	return all
}

// slot is a place in a partition and the stamp of what stands there.
type slot struct {
	stamp
	offset int64
	id     string         // "" when nobody told
	event  *history.Event // who told of the stamp: the reader's, or the producer's
}

// answered reports whether one of the batches, in order of their first offset, took
// the place and was stamped.
func answered(batches []*history.Event, offset int64) bool {
	after := sort.Search(len(batches), func(i int) bool { return batches[i].Offset > offset })
	if after == 0 {
		return false
	}
	_, ok := stamped(batches[after-1])
	return ok && offset < end(batches[after-1])
}

// slots are the stamped records of each partition, in order of their stamps and
// then of their offsets. The reader's word counts, with what was aborted; where it
// told no stamps, that of the producers' answers, for the records that the reader
// did find. Without a reader they are all that is known, and the first record
// stands for its batch.
func slots(x *history.Index) map[history.Partition][]slot {
	return history.Remember(x, derived{what: "slots"}, func() map[history.Partition][]slot { return newSlots(x) })
}

func newSlots(x *history.Index) map[history.Partition][]slot {
	all := map[history.Partition][]slot{}
	if stampsAudited(x) {
		for e := range x.Of(history.Audit, history.Aborted) {
			if s, ok := stamped(e); ok {
				all[e.In()] = append(all[e.In()], slot{s, e.Offset, e.ID, e})
			}
		}
	} else {
		for p, batches := range appended(x) {
			for _, e := range batches {
				s, ok := stamped(e)
				switch {
				case !ok:
				case !x.Audited:
					all[p] = append(all[p], slot{s, e.Offset, "", e})
				default:
					for _, r := range x.Between(p, e.Offset, e.Offset+int64(max(e.Count, 1))) {
						all[p] = append(all[p], slot{s.plus(r.Offset - e.Offset), r.Offset, r.ID, e})
					}
				}
			}
		}
	}
	for p, s := range all {
		all[p] = sorted(s, func(a, b slot) int { return cmp.Or(a.compare(b.stamp), cmp.Compare(a.offset, b.offset)) })
	}
	return all
}

// An idempotent producer numbers what it sends, and sends the same again under the
// same number. One that sends something else under it is answered as if it had repeated
// itself: the broker drops what it takes for known, and it is the producer that lost it.

// misnumbered are the batches that were sent under the number of another.
type misnumbered struct {
	lost     []*history.Event                  // answered with ok, and not in the log; each once
	as       map[*history.Event]*history.Event // what each of them was taken for, sent again or not
	compared int                               // batches that were held against another of their number
	open     []*history.Event                  // of which nothing shows whether they hold the same
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

// unlike reports whether two batches hold different records, as far as that is known: a
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
	reported := stampsAudited(x)
	for _, e := range batches {
		if e.Offset < 0 || record != nil {
			continue
		}
		for _, r := range x.Between(n.in, e.Offset, e.Offset+1) {
			if s, ok := stamped(r); !reported || ok && s == (stamp{n.id, n.epoch, n.sequence}) {
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
	switch n := int(recordCount(e)); {
	case e.ID == "":
		return quantity.Count(n) + " records"
	case n > 1:
		return fmt.Sprintf("%s and %s more", e.ID, quantity.Count(n-1))
	}
	return e.ID
}

// looked is which offsets of a partition the independent reader looked at, and whether
// what it did not find there was ever in the log.
type looked struct {
	from int64 // offsets below were deleted, by retention or by hand
	to   int64 // offsets from here on were not looked at
	open bool  // a transaction was open when the log was last sampled, so that the log goes on behind to
}

// at reports whether the reader would have found what stood at the offset. Where no
// transaction was open it read the log to its end, so that nothing stood behind that.
func (l looked) at(offset int64) bool {
	return offset >= l.from && (offset < l.to || !l.open)
}

func lookedAt(x *history.Index) map[history.Partition]looked {
	return history.Remember(x, derived{what: "looked"}, func() map[history.Partition]looked {
		all := map[history.Partition]looked{}
		for _, stands := range []map[history.Partition][]*history.Event{x.Records, x.Hidden} {
			for p, records := range stands {
				l := all[p]
				l.to = max(l.to, records[len(records)-1].Offset+1)
				all[p] = l
			}
		}
		stable := lastStable(x)
		for e := range x.Of(history.Sample) {
			l := all[e.In()]
			if offset, known := stable(e); known {
				l.to = max(l.to, offset)
				l.open = offset < e.HighWatermark
			}
			l.from = max(l.from, e.LogStart)
			all[e.In()] = l
		}
		return all
	})
}

// logged reports whether the system has a Kafka log to be looked into: a service consumes
// one, or what requests sent was seen to be published to one.
func logged(x *history.Index) bool {
	if x.Log.Header.Logged() {
		return true
	}
	for e := range x.Of(history.Produce) {
		if e.ID != "" && len(x.Sent.Of(e)) > 0 {
			return true
		}
	}
	return false
}

// sorted returns the elements in order, ties as they stood. What is in order
// already, as most of a history is, is returned as it is.
func sorted[T any](all []T, order func(a, b T) int) []T {
	if slices.IsSortedFunc(all, order) {
		return all
	}
	return slices.SortedStableFunc(slices.Values(all), order)
}

func byOffset(a, b *history.Event) int { return cmp.Compare(a.Offset, b.Offset) }

func byEnd(a, b *history.Event) int { return cmp.Compare(a.End, b.End) }

// fromOffset is the index of the first of the events, which are in order of their
// offsets, that is at the offset or above.
func fromOffset(all []*history.Event, offset int64) int {
	i, _ := slices.BinarySearchFunc(all, offset, func(e *history.Event, offset int64) int { return cmp.Compare(e.Offset, offset) })
	return i
}
