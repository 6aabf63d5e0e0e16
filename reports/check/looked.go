package check

import "github.com/breakwater-kit/breakwater/reports/history"

// looked is which offsets of a partition the independent reader looked at, and whether
// what it did not find there was ever in the log.
type looked struct {
	from int64 // offsets below were deleted, by retention or by hand
	to   int64 // offsets from here on were not looked at
	open bool  // a transaction was open when the log was last sampled, so that the log goes on behind to
}

// at says whether the reader would have found what stood at the offset. Where no
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
