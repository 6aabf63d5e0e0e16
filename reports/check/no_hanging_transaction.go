package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoHangingTransaction, noHangingTransaction) }

// abortSlack is how much later than its time-out a transaction may be aborted:
// brokers look for those whose time is out every 10 s by default, and then have
// the markers written.
const abortSlack = 11 * time.Second

func noHangingTransaction(x *history.Index) Verdict {
	var of breakwater.Service
	for _, s := range x.Log.Header.Services {
		if s.TransactionTimeout > of.TransactionTimeout {
			of = s
		}
	}
	if of.TransactionTimeout <= 0 {
		return combine(x, nil, "no service reports how long its transactions may stay open")
	}
	limit := time.Duration(of.TransactionTimeout) + abortSlack
	f := finding{}
	stands, order := map[history.Partition]*standstill{}, []history.Partition(nil)
	known := lastStable(x)
	for e := range x.Of(history.Sample) {
		stable, ok := known(e)
		if !ok {
			continue
		}
		f.examined++
		s := stands[e.In()]
		if s == nil {
			s = &standstill{}
			stands[e.In()] = s
			order = append(order, e.In())
		}
		s.see(e, stable)
	}
	slices.SortFunc(order, history.Partition.Compare)
	var longest, ending time.Duration
	for _, p := range order {
		s := stands[p]
		s.close()
		longest = max(longest, s.took())
		switch {
		case s.took() > limit:
			f.anomalies = append(f.anomalies, hanging(x, of, p, s))
		case s.open && s.now() > 0:
			ending = max(ending, s.now())
		}
	}
	switch {
	case f.examined == 0:
		f.why = "nobody sampled the last stable offset"
	case len(f.anomalies) > 0:
		f.why = f.anomalies[0].What
	case ending > 0:
		f.status, f.why = Unknown, fmt.Sprintf("a transaction was open for %s when the run ended, which is sooner than %s", quantity.Duration(ending), quantity.Duration(limit))
	default:
		f.why = fmt.Sprintf("no transaction was seen to be open for longer than %s, %s is allowed", quantity.Duration(longest), quantity.Duration(limit))
		f.brief = "none hanging"
	}
	return combine(x, []finding{f}, "")
}

// standstill follows the last stable offset of one partition.
type standstill struct {
	first, last *history.Event // samples that show the present one below the high watermark
	open        bool           // still at the last sample

	longest [2]*history.Event // the samples between which one stood longest
}

func (s *standstill) see(e *history.Event, stable int64) {
	below := stable < e.HighWatermark
	switch {
	case below && s.open && s.first.LastStable == stable:
		s.last = e
	case below:
		s.close()
		s.first, s.last, s.open = e, e, true
	case s.open:
		s.close()
		s.open = false
	}
}

func (s *standstill) close() {
	if s.open && (s.longest[0] == nil || s.now() > s.took()) {
		s.longest = [2]*history.Event{s.first, s.last}
	}
}

func (s *standstill) now() time.Duration { return s.last.At - s.first.At }

func (s *standstill) took() time.Duration {
	if s.longest[0] == nil {
		return 0
	}
	return s.longest[1].At - s.longest[0].At
}

func hanging(x *history.Index, of breakwater.Service, p history.Partition, s *standstill) Anomaly {
	first, last := s.longest[0], s.longest[1]
	at := p.At(first.LastStable)
	a := Anomaly{
		What: fmt.Sprintf("a transaction hangs at %s: readers of committed records stood there for %s at least, with %s offsets behind it, and a transaction of %s may stay open for %s",
			at, quantity.Duration(s.took()), quantity.Count(last.HighWatermark-last.LastStable), of.Name, quantity.Duration(time.Duration(of.TransactionTimeout))),
		Events:  []uint64{first.N, last.N},
		Offsets: []string{at},
		Setting: setting(of, "transaction"),
	}
	for _, r := range slices.Concat(x.Hidden[p], x.Records[p]) {
		if r.Offset == first.LastStable && r.ID != "" {
			a.IDs = append(a.IDs, r.ID)
			a.Events = append(a.Events, r.N)
			break
		}
	}
	for e := range x.Of(history.Produce) {
		if e.In() == p && e.Transactional && e.Offset == first.LastStable {
			a.What += ", opened by " + e.Client
			a.Events = append(a.Events, e.N)
			break
		}
	}
	return a
}
