package check

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// FuzzCheckers throws arbitrary events at every checker: none panics, none says
// holds over nothing, and each says the same twice.
func FuzzCheckers(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed, uint16(seed*7), seed%2 == 0)
	}
	runs := []history.Log{historytest.Event(historytest.Options{Rate: 4, Phase: time.Second}), historytest.Pipeline(historytest.Options{Rate: 20, Phase: time.Second})}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, onHealthy bool) {
		rng := rand.New(rand.NewPCG(seed, 0))
		header, events := arbitraryHeader(rng), []history.Event(nil)
		if onHealthy {
			healthy := pick(rng, runs...)
			header, events = healthy.Header, healthy.Events[:rng.IntN(len(healthy.Events))]
		}
		for range n % 300 {
			events = append(events[:len(events):len(events)], arbitrary(rng))
		}
		log := historytest.Log(header, events...)
		for _, c := range All() {
			judged := func() Verdict { x := log.Index(); return c.unread(x, c.Check(x)) } // without the net that Judge spreads
			v := judged()
			if v.Status == Holds && v.Examined == 0 {
				t.Errorf("%s holds over nothing: %+v", c.Name, v)
			}
			if v.Status == Broken && v.Total == 0 || v.Why == "" {
				t.Errorf("half a verdict: %+v", v)
			}
			if again := judged(); !reflect.DeepEqual(v, again) {
				t.Errorf("%s judged twice gives %+v, then %+v", c.Name, v, again)
			}
		}
		_ = log.Validate()
	})
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func arbitrary(rng *rand.Rand) history.Event {
	at := func() time.Duration {
		return pick(rng, 0, 1, -1, time.Duration(rng.Int64N(int64(12*time.Second))), time.Duration(rng.Int64N(int64(12*time.Second))), math.MaxInt64, math.MinInt64, 40*time.Hour)
	}
	offset := func() int64 { return pick(rng, -1, 0, 1, 2, rng.Int64N(20), math.MaxInt64, math.MinInt64) }
	name := func(kinds ...string) string { return pick(rng, append(kinds, "", "\x00")...) }
	e := history.Event{
		Kind: pick(rng, history.Request, history.Call, history.Produce, history.Resume, history.Fetched, history.Commit, history.Assign, history.Attempt,
			history.Effect, history.Fault, history.Sample, history.Process, history.Audit, history.Aborted, history.Transaction, history.State, history.HarnessError, "else"),
		At: at(), End: at(), Scheduled: at(), Outcome: pick(rng, history.OK, history.OK, history.Failed, history.Unknown, ""),
		ID: name("a", "b", "c"), Client: name("analytics/1", "email/1", "billing/1", "load"), To: name("registration", "mailbox", "email"), Sink: name("mailbox", "redis", "analytics-db", "db", "users", "stats-db"),
		Name: name("POST /register", "GET /catalog", history.Assigned, history.Lost, history.Exited), Value: name("1", history.EndsInCommit, history.EndsInAbort, history.Fences),
		Topic: name(historytest.Topic, "orders", historytest.Invoices, historytest.DeadLetters, historytest.Retries), Partition: pick[int32](rng, 0, 1, -1, math.MaxInt32), Offset: offset(), Last: offset(), Committed: offset(),
		Count: pick[int32](rng, 0, 1, -1, math.MaxInt32), Group: name("analytics", "email", "billing", "stats"), Member: name("m"), Generation: int32(rng.IntN(4)),
		HighWatermark: offset(), LastStable: offset(), LogStart: offset(), Lag: offset(), Transactional: rng.IntN(9) == 0,
		ProducerID: pick[int64](rng, -1, 0, 7), Epoch: int16(rng.IntN(3) - 1), Sequence: pick[int32](rng, -1, 0, 1, math.MaxInt32),
	}
	if rng.IntN(3) == 0 {
		e.DeadLetter = &history.DeadLetterRecord{Topic: e.Topic, Partition: pick[int32](rng, 0, 1, -1), Offset: offset(), Error: name(historytest.Fatal), Attempt: rng.IntN(5)}
	}
	if e.Kind == history.Fault && rng.IntN(5) > 0 {
		e.Fault = &history.FaultRecord{Fault: pick(rng, breakwater.Kill("analytics/1"), breakwater.Cut(breakwater.Edge("email/1", "mailbox")), breakwater.Fault{}), Instances: pick(rng, nil, []string{"email/1"}, []string{""}), Active: at(), Clear: at()}
	}
	return e
}

var headers = []history.Header{
	consumer(), synchronous(), everything(), {},
	historytest.Event(historytest.Options{Rate: 1, Phase: time.Second}).Header,
	historytest.Pipeline(historytest.Options{Rate: 1, Phase: time.Second}).Header,
}

func arbitraryHeader(rng *rand.Rand) history.Header {
	h := pick(rng, headers...)
	if rng.IntN(3) == 0 {
		h.Phases = nil
	}
	h.Require = breakwater.Require{
		MinOperations: pick(rng, 0, 1, -1), Replay: rng.IntN(2) == 0, Recovery: pick(rng, 0, breakwater.Duration(time.Second)), Availability: pick(rng, 0, 0.5, math.NaN()),
		Operation: pick(rng, "", "POST /register"), Unrelated: pick(rng, "", "GET /catalog"), Amplification: pick(rng, 0, 1.0), MaxLateness: pick(rng, 0, breakwater.Duration(time.Millisecond)),
	}
	return h
}

// everything is a consumer that promises and declares all that one can.
func everything() history.Header {
	return with(consumer(), func(h *history.Header) {
		s := &h.Services[1]
		s.Offsets, s.DeadLetter = "sink", &breakwater.DeadLetter{Retry: []string{historytest.Topic}}
		s.Ledger.Once, s.Ledger.Attempts, s.Ledger.Fenced = true, "attempts", true
	})
}
