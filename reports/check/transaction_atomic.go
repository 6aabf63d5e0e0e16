package check

import (
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.TransactionAtomic, ofWholeLog(transactionAtomic)) }

func transactionAtomic(x *history.Index) Verdict {
	t := newTransactions(x)
	declared := slices.ContainsFunc(x.Log.Header.Services, func(s breakwater.Service) bool { return s.TransactionTimeout > 0 })
	f := finding{}
	switch {
	case len(t.all) == 0 && !declared:
		return combine(x, nil, "nobody writes in transactions")
	case len(t.all) == 0:
		f.why = "no write in a transaction was seen"
	case !x.Audited && x.Aborted.Len() == 0:
		f.why = "the independent reader found no record at all"
	default:
		open := 0
		for _, one := range t.all {
			seen := t.find(one)
			if seen.examined() == 0 {
				if seen.behind > 0 {
					open++
				}
				continue
			}
			f.examined++
			if a, torn := seen.torn(x, one); torn {
				f.anomalies = append(f.anomalies, a)
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "transactions are visible in part, or not as they ended", brief: "torn"}
		if open > 0 {
			f.count.note = quantity.Count(open) + " stand behind the last stable offset"
		}
		if f.examined == 0 {
			f.count, f.why = nil, "nothing that a transaction wrote could be looked at"
		}
	}
	return combine(x, []finding{f}, "")
}

// producer is one producer id under one epoch.
type producer struct {
	id    int64
	epoch int16
}

// transaction is what one producer wrote up to one end.
type transaction struct {
	producer
	writes []*history.Event
	end    *history.Event // nil: it sent none
}

// transactions are all of a log with what is needed to look at them.
type transactions struct {
	x       *history.Index
	all     []transaction
	stands  map[history.Partition]*stands
	numbers map[number]*history.Event // records by their producer's numbers; made when needed
}

// stands are the records of one partition, in order of offset.
type stands struct {
	visible, hidden []*history.Event
	seenTo          int64 // offsets below were looked at by the independent reader
	deleted         int64 // offsets below were deleted
}

// number is what tells a producer's record from all others.
type number struct {
	producer
	in       history.Partition
	sequence int32
}

func newTransactions(x *history.Index) *transactions {
	t := &transactions{x: x, stands: map[history.Partition]*stands{}}
	type work struct{ writes, ends []*history.Event }
	by, order := map[producer]*work{}, []producer(nil)
	for e := range x.Of(history.Produce, history.Transaction) {
		write := e.Kind == history.Produce && e.Transactional && e.Outcome != history.Failed
		if !write && e.Value != history.EndsInCommit && e.Value != history.EndsInAbort {
			continue
		}
		p := producer{e.ProducerID, e.Epoch}
		w := by[p]
		if w == nil {
			w = &work{}
			by[p], order = w, append(order, p)
		}
		if write {
			w.writes = append(w.writes, e)
		} else {
			w.ends = append(w.ends, e)
		}
	}
	for _, p := range order {
		t.all = append(t.all, split(p, by[p].writes, by[p].ends)...)
	}
	if len(t.all) == 0 {
		return t
	}
	for p, l := range lookedAt(x) {
		t.stands[p] = &stands{visible: x.Records[p], hidden: x.Hidden[p], seenTo: l.to, deleted: l.from}
	}
	return t
}

// split cuts a producer's writes at the ends that it sent, whatever became of
// them: what follows an end that failed is at worst half of one transaction, and
// whole where the transaction is.
func split(p producer, writes, ends []*history.Event) []transaction {
	var all []transaction
	for len(writes) > 0 {
		for len(ends) > 0 && ends[0].N < writes[0].N {
			ends = ends[1:]
		}
		if len(ends) == 0 {
			return append(all, transaction{p, writes, nil})
		}
		n := 0
		for n < len(writes) && writes[n].N < ends[0].N {
			n++
		}
		all = append(all, transaction{p, writes[:n], ends[0]})
		writes = writes[n:]
	}
	return all
}

// seen is what the independent reader found of one transaction's writes.
type seen struct {
	visible, hidden []*history.Event // the records
	missing         int64            // records that are not there
	gaps            []string         // where the first few of them must stand
	behind          int64            // records that were not looked at
}

func (s seen) examined() int { return len(s.visible) + len(s.hidden) + int(s.missing) }

func (t *transactions) find(one transaction) seen {
	var s seen
	var unanswered []*history.Event
	for _, w := range one.writes {
		if w.Offset >= 0 && w.Outcome == history.OK {
			t.lookAt(w, &s)
		} else {
			unanswered = append(unanswered, w)
		}
	}
	for i, w := range unanswered {
		again := func(o *history.Event) bool { return o.In() == w.In() && o.Sequence == w.Sequence }
		if !slices.ContainsFunc(unanswered[:i], again) && !slices.ContainsFunc(one.writes, func(o *history.Event) bool {
			return o.Outcome == history.OK && o.Offset >= 0 && again(o)
		}) {
			t.findStamped(w, &s)
		}
	}
	return s
}

// lookAt looks where an acknowledged batch must stand.
func (t *transactions) lookAt(w *history.Event, s *seen) {
	p := w.In()
	in := t.stands[p]
	if in == nil {
		in = &stands{} // nothing of it was looked at
	}
	from, to := max(w.Offset, in.deleted), min(w.Offset+recordCount(w), in.seenTo)
	s.behind += w.Offset + recordCount(w) - max(to, w.Offset)
	if from >= to { // also where an offset is so high that what follows it is negative
		return
	}
	visible, hidden := batchOf(in.visible, from, to, w), batchOf(in.hidden, from, to, w)
	s.visible, s.hidden = append(s.visible, visible...), append(s.hidden, hidden...)
	missing := to - from - int64(len(visible)+len(hidden))
	if missing <= 0 { // less: two stand at one offset
		return
	}
	s.missing += missing
	stands := map[int64]bool{}
	for _, r := range slices.Concat(visible, hidden) {
		stands[r.Offset] = true
	}
	for offset := from; offset < to && len(s.gaps) < maxNames; offset++ {
		if !stands[offset] {
			s.gaps = append(s.gaps, p.At(offset))
		}
	}
}

// batchOf is the records of the batch among those with from ≤ offset < to.
func batchOf(records []*history.Event, from, to int64, w *history.Event) []*history.Event {
	i := fromOffset(records, from)
	n := i
	for n < len(records) && records[n].Offset < to && isOf(records[n], w) {
		n++
	}
	batch := records[i:n:n]
	for ; n < len(records) && records[n].Offset < to; n++ { // another's stand between them: the log was cut
		if isOf(records[n], w) {
			batch = append(batch, records[n])
		}
	}
	return batch
}

// isOf reports whether the record is one of the batch. An audit of before producers
// were recorded has 0 for all of them.
func isOf(r, w *history.Event) bool {
	return r.ProducerID == w.ProducerID && r.Epoch == w.Epoch || r.ProducerID == 0
}

// findStamped looks for a batch of unknown outcome by its producer's numbers. What is
// not there was never appended.
func (t *transactions) findStamped(w *history.Event, s *seen) {
	if t.numbers == nil {
		t.numbers = map[number]*history.Event{}
		for r := range t.x.Of(history.Audit, history.Aborted) {
			if r.Transactional {
				t.numbers[number{producer{r.ProducerID, r.Epoch}, r.In(), r.Sequence}] = r
			}
		}
	}
	for i := range int32(min(recordCount(w), int64(len(t.numbers)))) {
		switch r := t.numbers[number{producer{w.ProducerID, w.Epoch}, w.In(), w.Sequence + i}]; {
		case r == nil:
		case r.Kind == history.Audit:
			s.visible = append(s.visible, r)
		default:
			s.hidden = append(s.hidden, r)
		}
	}
}

// torn reports what is wrong with what was seen of the transaction.
func (s seen) torn(x *history.Index, one transaction) (Anomaly, bool) {
	absent := int64(len(s.hidden)) + s.missing
	asked, certain := "", false
	if one.end != nil {
		asked, certain = one.end.Value, one.end.Outcome == history.OK
	}
	committed, aborted := certain && asked == history.EndsInCommit, certain && asked == history.EndsInAbort
	unsent := asked != history.EndsInCommit // and nobody but its producer sends it
	switch {
	case len(s.visible) > 0 && absent > 0:
	case committed && absent > 0:
	case unsent && len(s.visible) > 0:
	default:
		return Anomaly{}, false
	}
	first := one.writes[0]
	a := Anomaly{Events: []uint64{first.N}}
	ended := "which never ended"
	if one.end != nil {
		ended = fmt.Sprintf("whose %s was sent at %s (%s)", asked, quantity.Duration(one.end.At), one.end.Outcome)
		a.Events = append(a.Events, one.end.N)
	}
	wrong := s.hidden
	if aborted || unsent && absent == 0 {
		wrong = s.visible
	}
	for _, r := range clip(wrong) {
		a.Events = append(a.Events, r.N)
		a.Offsets = append(a.Offsets, r.In().At(r.Offset))
		if r.ID != "" {
			a.IDs = append(a.IDs, r.ID)
		}
	}
	a.What = fmt.Sprintf("of the transaction of %s (producer %d, epoch %d), %s, %s writes are visible",
		first.Client, one.id, one.epoch, ended, quantity.Of(len(s.visible), s.examined()))
	if !aborted && s.missing > 0 {
		a.Offsets = append(a.Offsets, s.gaps...)
		a.What += fmt.Sprintf(", and %s are not in the log, from %s on", quantity.Count(int(s.missing)), s.gaps[0])
	}
	if s, known := x.Log.Header.ServiceOf(first.Client); known {
		a.Setting = setting(s, "transaction", "acks")
	}
	return a, true
}

// lastStable reads the last stable offset of samples. One of 0 is known only in a
// history in which some sample has another: those of before it was recorded have
// 0 throughout. It never lies before the log's start.
func lastStable(x *history.Index) func(*history.Event) (int64, bool) {
	read := false
	for e := range x.Of(history.Sample) {
		if e.LastStable > 0 {
			read = true
			break
		}
	}
	return func(e *history.Event) (int64, bool) {
		return e.LastStable, read && e.LastStable >= max(e.LogStart, 0)
	}
}
