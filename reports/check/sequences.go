package check

import (
	"cmp"
	"fmt"
	"math"
	"sort"

	"github.com/breakwater-kit/breakwater/reports/history"
)

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

// stampsAudited says whether the independent reader told how records were stamped. One
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

// answered says whether one of the batches, in order of their first offset, took
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
