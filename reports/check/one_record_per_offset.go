package check

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.OneRecordPerOffset, oneRecordPerOffset) }

func oneRecordPerOffset(x *history.Index) Verdict {
	if !logged(x) {
		return combine(x, nil, "the system has no log to be looked into")
	}
	w := witnesses{x: x, stamps: stampsAudited(x), setting: anySetting(x, "acks", "unclean"), reused: misnumberedBatches(x).as}
	batches := appended(x)
	for _, p := range sortedPartitions(batches) {
		w.answers(p, batches[p])
	}
	for _, p := range sortedPartitions(x.Records) {
		records := x.Records[p]
		for i := 1; i < len(records); i++ {
			if records[i-1].Offset == records[i].Offset {
				w.compare(p, records[i-1], records[i])
			}
		}
	}
	for e := range x.Of(history.Aborted) {
		if r := w.at(e.In(), e.Offset); r != nil {
			w.compare(e.In(), r, e)
		}
	}
	for e := range x.Of(history.Audit) {
		if e.DeadLetter != nil {
			w.deadLetter(e)
		}
	}
	f := finding{examined: w.seen, anomalies: w.anomalies}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "offsets that were seen twice held different records", brief: "offsets reused"}
	if f.examined == 0 {
		f.count, f.status, f.why = nil, NotAsked, "no offset was seen by more than one witness"
	}
	return combine(x, append(numbersReused(x), f), "")
}

// numbersReused judges the producers that sent batches under the numbers of others, or
// may have.
func numbersReused(x *history.Index) []finding {
	m := misnumberedBatches(x)
	if m.compared == 0 {
		return nil
	}
	f := finding{examined: m.compared - len(m.open)}
	var clients []string
	for _, e := range m.lost {
		f.anomalies = append(f.anomalies, m.anomaly(e))
		if !slices.Contains(clients, e.Client) {
			clients = append(clients, e.Client)
		}
	}
	f.count = &count{bad: len(m.lost), of: f.examined, what: "batches that were sent again held other records, so that the producer lost them", brief: "sent under another's number"}
	if len(clients) > 0 {
		f.count.what = fmt.Sprintf("batches of %s were sent under the number of another, and so lost by their producer", strings.Join(clip(clients), ", "))
	}
	if len(m.lost) == 0 && len(m.open) > 0 {
		f.count, f.status = nil, Unknown
		f.why = fmt.Sprintf("%s batches were sent again under their number with another checksum, and no id reports whether they held the same (the first is event %d of %s): set Topic.IDHeader",
			quantity.Count(len(m.open)), m.open[0].N, m.open[0].Client)
	}
	return []finding{f}
}

// witnesses compares what several say of one offset.
type witnesses struct {
	x         *history.Index
	stamps    bool // the independent reader told how records were numbered
	setting   string
	reused    map[*history.Event]*history.Event // batches that were sent under the number of another
	seen      int                               // offsets of which two of them spoke
	anomalies []Anomaly
}

// answers holds what producers were told against each other and against the log.
func (w *witnesses) answers(p history.Partition, batches []*history.Event) {
	var last *history.Event // of those before, the one that reaches furthest
	records := w.x.Records[p]
	for _, b := range batches {
		s, numbered := stamped(b)
		if last != nil && b.Offset < end(last) {
			before, ok := stamped(last)
			before = before.plus(b.Offset - last.Offset)
			same, known := alikeAt(last, b)
			switch {
			case ok && numbered && before == s:
				continue // the same batch, sent and answered again; whether it held the same is its producer's business
			case !ok && !numbered && last.Client == b.Client && !known:
				continue // the same, as far as one can tell
			}
			if w.seen++; !known || !same {
				w.differ(p, b.Offset, last, b, fmt.Sprintf("was given to %s and to %s", givenTo(last, before), givenTo(b, s)))
			}
		}
		if last == nil || end(b) > end(last) {
			last = b
		}
		for len(records) > 0 && records[0].Offset < b.Offset {
			records = records[1:]
		}
		if b.ID != "" && len(records) > 0 && records[0].Offset == b.Offset && records[0].ID != "" && w.reused[b] == nil {
			if w.seen++; records[0].ID != b.ID {
				w.differ(p, b.Offset, b, records[0], fmt.Sprintf("was given to %s and holds %s", b.ID, records[0].ID))
				continue
			}
		}
		if !w.stamps {
			continue
		}
		for _, r := range records {
			if r.Offset >= end(b) {
				break
			}
			holds, ok := stamped(r)
			if !ok && !numbered {
				continue // nothing tells one from the other
			}
			if r.Offset > b.Offset || b.ID == "" || r.ID == "" { // else it was counted
				w.seen++
			}
			s := s.plus(r.Offset - b.Offset)
			switch {
			case !ok:
				w.differ(p, r.Offset, b, r, fmt.Sprintf("was given to %v and holds a record without a sequence", s))
			case !numbered || holds != s:
				w.differ(p, r.Offset, b, r, fmt.Sprintf("was given to %s and holds %v", givenTo(b, s), holds))
			}
		}
	}
}

// alikeAt reports whether two batches that were given one offset held the same, as far as
// their checksums and ids tell: those of a producer that is not idempotent have no
// number.
func alikeAt(a, b *history.Event) (same, known bool) {
	if a.Offset != b.Offset || a.CRC == 0 || b.CRC == 0 {
		return false, false
	}
	differs, known := unlike(a, b)
	return !differs, known
}

// givenTo is to whom an offset was given: the stamp, or for a batch without the client.
func givenTo(batch *history.Event, s stamp) string {
	if _, ok := stamped(batch); ok {
		return s.String()
	}
	return "a batch of " + batch.Client
}

// end is the offset after the batch.
func end(batch *history.Event) int64 { return batch.Offset + int64(max(batch.Count, 1)) }

// deadLetter holds a dead letter's word about its original against the log. A dead letter with
// an id of its own shows nothing about it.
func (w *witnesses) deadLetter(e *history.Event) {
	from := e.DeadLetter
	p := history.Partition{Topic: from.Topic, Partition: from.Partition}
	r := w.at(p, from.Offset)
	if r == nil || r.ID == "" || requestOf(w.x, e) == nil {
		return
	}
	w.seen++
	if r.ID != e.ID {
		w.differ(p, from.Offset, r, e, fmt.Sprintf("holds %s, and the dead letter at %s records that %s stood there", r.ID, e.In().At(e.Offset), e.ID))
	}
}

// compare holds two records against each other that were found at one offset.
func (w *witnesses) compare(p history.Partition, a, b *history.Event) {
	s, first := stamped(a)
	t, second := stamped(b)
	switch {
	case a.ID != "" && b.ID != "":
		w.seen++
		if a.ID != b.ID {
			w.differ(p, a.Offset, a, b, fmt.Sprintf("holds %s and %s", a.ID, b.ID))
		}
	case w.stamps && first && second:
		w.seen++
		if s != t {
			w.differ(p, a.Offset, a, b, fmt.Sprintf("holds %v and %v", s, t))
		}
	}
}

func (w *witnesses) differ(p history.Partition, offset int64, a, b *history.Event, how string) {
	found := Anomaly{What: p.At(offset) + " " + how, Events: []uint64{a.N, b.N}, Offsets: []string{p.At(offset)}, Setting: w.setting}
	for _, e := range []*history.Event{a, b} {
		if e.ID != "" && !slices.Contains(found.IDs, e.ID) {
			found.IDs = append(found.IDs, e.ID)
		}
	}
	w.anomalies = append(w.anomalies, found)
}

// at returns the record that the independent reader found there, nil for none.
func (w *witnesses) at(p history.Partition, offset int64) *history.Event {
	records := w.x.Records[p]
	i := sort.Search(len(records), func(i int) bool { return records[i].Offset >= offset })
	if i == len(records) || records[i].Offset != offset {
		return nil
	}
	return records[i]
}
