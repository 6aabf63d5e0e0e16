package check

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoAbortedRead, noAbortedRead) }

func noAbortedRead(x *history.Index) Verdict {
	var failed []*history.Event
	for r := range x.Of(history.Request) {
		if r.Outcome == history.Failed || committedAfterAnswer(x, r) {
			failed = append(failed, r)
		}
	}
	return ofSinks(x, func(s breakwater.Service, f *finding) {
		failedTakesEffect(x, s, failed, f)
		open := 0
		if s.Group != "" {
			open = abortedTakesEffect(x, s, f)
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "failed or aborted ids took effect in %s", brief: "failed or aborted took effect"}
		switch nameless := missedIn(x, breakwater.Service{Ledger: s.Ledger}); {
		case f.examined == 0 && open > 0:
			f.count, f.status, f.why = nil, Unknown, quantity.Count(open)+" aborted ids took effect in it by a call, or after the independent reader had looked"
		case f.examined == 0:
			f.count, f.status, f.why = nil, NotAsked, "no request failed and no record was aborted"
		case len(f.anomalies) == 0 && nameless != "":
			f.count, f.status, f.why = nil, Unknown, "no failed or aborted id took effect, "+nameless
		}
	})
}

func failedTakesEffect(x *history.Index, s breakwater.Service, failed []*history.Event, f *finding) {
	for _, r := range failed {
		e := sighting(x.Sink(s.Ledger.Sink), r)
		if e == nil && !x.Asks(r) {
			continue // it asked for no effect, and had none
		}
		f.examined++
		if e == nil {
			continue
		}
		a := Anomaly{
			What: fmt.Sprintf("%s %s at %s (%s), ", r.ID, refusal(r), quantity.Duration(cmp.Or(r.End, r.At)), answer(r)),
			IDs:  []string{r.ID}, Events: []uint64{r.N, e.N},
		}
		if record := x.RecordOf(r, ""); record != nil {
			where, by := provenance(x, record)
			a.What += where + ", "
			a.Events = append(append(a.Events, record.N), by...)
			a.Offsets = []string{record.In().At(record.Offset)}
		}
		a.What += fmt.Sprintf("and %s at %s", became(e), quantity.Duration(e.At))
		f.anomalies = append(f.anomalies, a)
	}
}

// refusal is how it was answered, in words.
func refusal(r *history.Event) string {
	if r.Outcome == history.Failed {
		return "definitely failed"
	}
	return "was answered as failed"
}

// committedAfterAnswer is whether a service that answered a request with 5xx asked only
// afterwards for the commit of the transaction in which it had published the request's
// record. What was not decided by then it could still have aborted: that a commit may have
// gone through without an answer is no reason for what it answered.
func committedAfterAnswer(x *history.Index, r *history.Event) bool {
	if r.Outcome != history.Unknown || r.Status < 500 {
		return false
	}
	record := x.RecordOf(r, "")
	if record == nil {
		return false
	}
	batch := newAppends(x).of(record)
	if batch == nil {
		return false
	}
	by, known := x.Log.Header.ServiceOf(batch.Client)
	end := endsOf(x)[batch.N]
	return known && by.Name == r.To && batch.At < r.End &&
		end != nil && end.Value == history.EndsInCommit && end.Outcome == history.OK && end.At > r.End
}

// provenance is where a committed record stands and, as far as the edges saw that, who
// published it and by which end of a transaction it was committed: with the numbers of
// these events.
func provenance(x *history.Index, record *history.Event) (words string, events []uint64) {
	words = "stands at " + record.In().At(record.Offset)
	batch := newAppends(x).of(record)
	if batch == nil {
		return words, nil
	}
	words += fmt.Sprintf(", published by %s at %s", batch.Client, quantity.Duration(batch.At))
	events = append(events, batch.N)
	if end := endsOf(x)[batch.N]; end != nil && end.Value == history.EndsInCommit && end.Outcome == history.OK {
		words += fmt.Sprintf(" and committed by it at %s", quantity.Duration(end.At))
		events = append(events, end.N)
	}
	return words, events
}

// endsOf are the ends of transactions that were sent next, by the number of each batch
// that was written in one.
func endsOf(x *history.Index) map[uint64]*history.Event {
	return history.Remember(x, derived{what: "ends"}, func() map[uint64]*history.Event {
		ends := map[uint64]*history.Event{}
		for _, t := range newTransactions(x).all {
			for _, w := range t.writes {
				ends[w.N] = t.end
			}
		}
		return ends
	})
}

// abortedTakesEffect returns how many it could not judge.
func abortedTakesEffect(x *history.Index, s breakwater.Service, f *finding) (open int) {
	topics := append([]string{x.Input(s)}, s.DeadLetters().Retry...)
	read := func(r *history.Event) bool { return slices.Contains(topics, r.Topic) }
	called := sync.OnceValue(func() map[string]bool { return callsTo(x, s) })
	for same := range x.Aborted.All() {
		r := same[0]
		if i := slices.IndexFunc(same, read); i >= 0 {
			r = same[i]
		}
		if r.ID == "" || !read(r) || slices.ContainsFunc(x.InLog.Of(r), read) {
			continue
		}
		if q := requestOf(x, r); q != nil && q.Outcome == history.Failed {
			continue // counted among the failed ones
		}
		e := sighting(x.Sink(s.Ledger.Sink), r)
		if e != nil && (e.At+x.Skew(s) > r.At || called()[r.ID]) {
			open++
			continue
		}
		if f.examined++; e == nil {
			continue
		}
		at := r.In().At(r.Offset)
		f.anomalies = append(f.anomalies, Anomaly{
			What: fmt.Sprintf("%s is at %s in no committed transaction, and %s at %s", r.ID, at, became(e), quantity.Duration(e.At)),
			IDs:  []string{r.ID}, Events: []uint64{r.N, e.N}, Offsets: []string{at}, Setting: setting(s, "isolation"),
		})
	}
	return open
}

// sighting is the first effect of the event's id in what a sink holds, or else the
// first attempt; nil when the sink never saw it.
func sighting(held *history.Ledger, of *history.Event) *history.Event {
	if effects := held.Effects.Of(of); len(effects) > 0 {
		return effects[0]
	}
	if attempts := held.Attempts.Of(of); len(attempts) > 0 {
		return attempts[0]
	}
	return nil
}

// requestOf is the request with the event's id, nil when there was none.
func requestOf(x *history.Index, e *history.Event) *history.Event {
	if sent := x.Sent.Of(e); len(sent) > 0 {
		return sent[0]
	}
	return nil
}

func became(e *history.Event) string {
	if e.Kind == history.Attempt {
		return "was brought to " + e.Sink
	}
	return "took effect in " + e.Sink
}

func answer(r *history.Event) string {
	if r.Status > 0 {
		return fmt.Sprintf("status %d", r.Status)
	}
	return cmp.Or(r.Error, "never sent")
}

// callsTo are the ids for which the service was called.
func callsTo(x *history.Index, s breakwater.Service) map[string]bool {
	called := map[string]bool{}
	for c := range x.Of(history.Call) {
		if c.To == s.Name {
			called[c.ID] = true
		}
	}
	return called
}
