package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// The small histories about transactions speak of analytics/1, producer 9 in
// epoch 1, which writes to out/0 and out/1.

func TestTransactions(t *testing.T) {
	testSmall(t, transactionCases, hangingCases, transferCases)
}

func transacting() history.Header {
	return analytics(func(s *breakwater.Service) { s.TransactionTimeout = breakwater.Duration(2 * time.Second) })
}

// analytics is the consumer with its service changed.
func analytics(edit func(*breakwater.Service)) history.Header {
	h := consumer()
	edit(&h.Services[1])
	return h
}

// write is a batch of one record, the n-th that the producer sends.
func write(n, partition int32, offset int64) history.Event {
	at := time.Duration(n) * 10 * ms
	return history.Event{Kind: history.Produce, Client: "analytics/1", Topic: "out", Partition: partition, Offset: offset, Count: 1,
		ProducerID: 9, Epoch: 1, Sequence: n, Transactional: true, At: at, End: at + ms, Outcome: history.OK}
}

func ended(with string, at time.Duration, o history.Outcome) history.Event {
	return history.Event{Kind: history.Transaction, Client: "analytics/1", Name: "txn", Value: with, ProducerID: 9, Epoch: 1, At: at, End: at + ms, Outcome: o}
}

// wrote is the record of a write as the independent reader sees it.
func wrote(id string, w history.Event) history.Event {
	return history.Event{Kind: history.Audit, ID: id, Topic: w.Topic, Partition: w.Partition, Offset: w.Offset, At: 9 * time.Second,
		ProducerID: w.ProducerID, Epoch: w.Epoch, Sequence: w.Sequence, Transactional: true}
}

func aborted(e history.Event) history.Event { e.Kind = history.Aborted; return e }
func epoch(n int16, e history.Event) history.Event {
	e.Epoch = n
	return e
}

// unanswered is a write whose answer was lost, and with it its offset.
func unanswered(e history.Event) history.Event {
	e.Offset, e.End, e.Outcome = -1, 0, history.Unknown
	return e
}

// startedAt is where orders/0 began when it was first looked at.
func startedAt(offset int64) history.Event {
	s := logStart("orders", 0, offset)
	s.At = ms
	return s
}

func logStart(topic string, partition int32, offset int64) history.Event {
	return history.Event{Kind: history.Sample, Topic: topic, Partition: partition, At: 8 * time.Second, LogStart: offset, HighWatermark: 99, LastStable: offset, Committed: -1}
}

func stable(partition int32, at time.Duration, high, stable int64) history.Event {
	return history.Event{Kind: history.Sample, Topic: "out", Partition: partition, At: at, HighWatermark: high, LastStable: stable, Committed: -1}
}

var (
	w1, w2, w3, w4 = write(1, 0, 0), write(2, 1, 5), write(5, 0, 2), write(6, 1, 7)
	committedAt30  = ended(history.EndsInCommit, 30*ms, history.OK)
	abortedAt30    = ended(history.EndsInAbort, 30*ms, history.OK)
	abortedAt70    = ended(history.EndsInAbort, 70*ms, history.OK)
)

var transactionCases = []small{
	{"one of two is not visible", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), aborted(wrote("u2", w2))}, Broken, []string{"u2"}, "1 of 2 writes are visible"},
	{"both are visible", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), wrote("u2", w2)}, Holds, nil, "0 of 1"},
	{"neither is", breakwater.TransactionAtomic, consumer(), events{w1, w2, abortedAt30, aborted(wrote("u1", w1)), aborted(wrote("u2", w2))}, Holds, nil, "0 of 1"},
	{"one of two after an abort", breakwater.TransactionAtomic, consumer(), events{w1, w2, abortedAt30, wrote("u1", w1), aborted(wrote("u2", w2))}, Broken, []string{"u1"}, ""},
	{"one of two after an end whose answer was lost", breakwater.TransactionAtomic, consumer(), events{w1, w2, ended(history.EndsInCommit, 30*ms, history.Unknown), wrote("u1", w1), aborted(wrote("u2", w2))}, Broken, []string{"u2"}, ""},
	{"one of two that never ended", breakwater.TransactionAtomic, consumer(), events{w1, w2, wrote("u1", w1), aborted(wrote("u2", w2))}, Broken, []string{"u2"}, "which never ended"},
	{"visible, though its commit was never sent", breakwater.TransactionAtomic, consumer(), events{w1, w2, wrote("u1", w1), wrote("u2", w2)}, Broken, []string{"u1", "u2"}, "which never ended"},
	{"visible, though its abort was all that was sent", breakwater.TransactionAtomic, consumer(), events{w1, ended(history.EndsInAbort, 30*ms, history.Unknown), wrote("u1", w1)}, Broken, []string{"u1"}, ""},
	{"visible, and the answer to its commit was lost", breakwater.TransactionAtomic, consumer(), events{w1, ended(history.EndsInCommit, 30*ms, history.Unknown), wrote("u1", w1)}, Holds, nil, ""},
	{"aborted by the time-out", breakwater.TransactionAtomic, consumer(), events{w1, w2, aborted(wrote("u1", w1)), aborted(wrote("u2", w2))}, Holds, nil, ""},
	{"an answer to the end that was lost", breakwater.TransactionAtomic, consumer(), events{w1, ended(history.EndsInCommit, 30*ms, history.Unknown), aborted(wrote("u1", w1))}, Holds, nil, ""},
	{"committed, and nothing of it is visible", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, aborted(wrote("u1", w1)), aborted(wrote("u2", w2))}, Broken, []string{"u1", "u2"}, "0 of 2"},
	{"aborted, and all of it is visible", breakwater.TransactionAtomic, consumer(), events{w1, abortedAt30, wrote("u1", w1)}, Broken, []string{"u1"}, ""},
	{"one after the other", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, w3, w4, abortedAt70, wrote("u1", w1), wrote("u2", w2), aborted(wrote("u3", w3)), aborted(wrote("u4", w4))}, Holds, nil, "0 of 2"},
	{"the second is torn", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, w3, w4, abortedAt70, wrote("u1", w1), wrote("u2", w2), wrote("u3", w3), aborted(wrote("u4", w4))}, Broken, []string{"u3"}, "1 of 2 transactions"},
	{"a fence ends nothing of the new epoch", breakwater.TransactionAtomic, consumer(), events{w1, ended(history.Fences, 15*ms, history.OK), epoch(2, w2), epoch(2, committedAt30), aborted(wrote("u1", w1)), wrote("u2", epoch(2, w2))}, Holds, nil, "0 of 2"},
	{"a write that is not in the log", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), wrote("u9", write(9, 1, 6))}, Broken, nil, "1 are not in the log, from out/1@5 on"},
	{"another's record in its place", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), wrote("u2", epoch(3, w2))}, Broken, nil, "are not in the log"},
	{"behind the last stable offset", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1)}, Holds, nil, ""},
	{"all behind the last stable offset", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, record("u0", 0)}, Unknown, nil, "nothing that a transaction wrote"},
	{"once before it, and now gone", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), stable(1, time.Second, 7, 7)}, Broken, nil, "are not in the log"},
	{"deleted by retention", breakwater.TransactionAtomic, consumer(), events{w1, w2, committedAt30, wrote("u1", w1), wrote("u9", write(9, 1, 6)), logStart("out", 1, 6)}, Holds, nil, ""},
	{"refused", breakwater.TransactionAtomic, consumer(), events{w1, func() history.Event { w := w2; w.Outcome = history.Failed; return w }(), committedAt30, wrote("u1", w1), wrote("u9", write(9, 1, 6))}, Holds, nil, ""},
	{"an answer that was lost, not in the log", breakwater.TransactionAtomic, consumer(), events{w1, unanswered(w2), committedAt30, wrote("u1", w1)}, Holds, nil, ""},
	{"an answer that was lost, aborted", breakwater.TransactionAtomic, consumer(), events{w1, unanswered(w2), committedAt30, wrote("u1", w1), aborted(wrote("u2", w2))}, Broken, []string{"u2"}, ""},
	{"an answer that was lost, sent again", breakwater.TransactionAtomic, consumer(), events{w1, unanswered(w2), took(ms, started(25*ms, w2)), committedAt30, wrote("u1", w1), wrote("u2", w2)}, Holds, nil, ""},
	{"nobody looked", breakwater.TransactionAtomic, consumer(), events{w1, committedAt30}, Unknown, nil, "found no record"},
	{"none was seen", breakwater.TransactionAtomic, transacting(), events{record("u1", 0)}, Unknown, nil, "no write in a transaction"},
	{"nobody writes in transactions", breakwater.TransactionAtomic, consumer(), events{sent}, NotAsked, nil, ""},
}

// standing samples out/0 every 500 ms in [from, until] with so many offsets below
// its high watermark.
func standing0(from, until time.Duration, high, lso int64) events {
	var all events
	for at := from; at <= until; at += 500 * ms {
		all = append(all, stable(0, at, high, lso))
	}
	return all
}

var hangingCases = []small{
	{"open for ever", breakwater.NoHangingTransaction, transacting(), append(standing0(time.Second, 14500*ms, 9, 3), aborted(wrote("u1", write(1, 0, 3)))), Broken, []string{"u1"}, "a transaction hangs at out/0@3: readers of committed records stood there for 13.5 s"},
	{"open, and aborted in time", breakwater.NoHangingTransaction, transacting(), append(standing0(time.Second, 14*time.Second, 9, 3), stable(0, 14500*ms, 10, 10)), Holds, nil, "13 s, 13 s is allowed"},
	{"open too long, and aborted", breakwater.NoHangingTransaction, transacting(), append(standing0(time.Second, 14500*ms, 9, 3), stable(0, 15*time.Second, 10, 10)), Broken, nil, ""},
	{"one after the other", breakwater.NoHangingTransaction, transacting(), append(standing0(0, 10*time.Second, 9, 3), append(standing0(10*time.Second, 20*time.Second, 19, 13), stable(0, 20500*ms, 20, 20))...), Holds, nil, "10 s, 13 s is allowed"},
	{"still open at the end", breakwater.NoHangingTransaction, transacting(), append(standing0(0, 4*time.Second, 9, 9), standing0(4500*ms, 9*time.Second, 12, 9)...), Unknown, nil, "open for 4.5 s when the run ended"},
	{"another partition goes on", breakwater.NoHangingTransaction, transacting(), append(standing0(0, 14*time.Second, 9, 3), in(1, stable(0, time.Second, 4, 4)), in(1, stable(0, 14*time.Second, 8, 8))), Broken, nil, "out/0@3"},
	{"from the first offset on", breakwater.NoHangingTransaction, transacting(), append(standing0(0, 14*time.Second, 9, 0), stable(1, time.Second, 4, 4)), Broken, nil, "out/0@0"},
	{"a history of before it was recorded", breakwater.NoHangingTransaction, transacting(), standing0(0, 14*time.Second, 9, 0), Unknown, nil, "nobody sampled"},
	{"a sampler that could not tell", breakwater.NoHangingTransaction, transacting(), append(standing0(0, 14*time.Second, 9, -1), stable(1, time.Second, 4, 4)), Holds, nil, ""},
	{"nothing was sampled", breakwater.NoHangingTransaction, transacting(), events{sent}, Unknown, nil, "nobody sampled"},
	{"nobody says how long", breakwater.NoHangingTransaction, consumer(), standing0(0, 14*time.Second, 9, 3), NotAsked, nil, ""},
}

func transferring(edit ...func(*breakwater.Service)) history.Header {
	return analytics(func(s *breakwater.Service) {
		s.Output, s.ExactlyOnce, s.Ledger = "out", true, nil
		for _, e := range edit {
			e(s)
		}
	})
}

// put is a record in the output.
func put(id string, offset int64) history.Event { return on("out", record(id, offset)) }

func past(offset int64) history.Event {
	return transactional(commit(offset, 100*ms, 101*ms, history.OK))
}

var transferCases = []small{
	{"lost", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0)}, Broken, []string{"u2"}, "u2 is at orders/0@1, analytics committed past it (2, event 1), and it is not in out"},
	{"each once", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0), put("u2", 1)}, Holds, nil, "0 of 2"},
	{"not yet", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(1), put("u1", 0)}, Unknown, nil, "1 of 2 ids were not yet transferred"},
	{"nothing yet", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0)}, Unknown, nil, "1 of 1 ids were not yet transferred"},
	{"the commit's answer was lost", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(1), transactional(commit(2, 200*ms, 0, history.Unknown)), put("u1", 0)}, Unknown, nil, "1 of 2 ids were not yet"},
	{"the transaction was aborted", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(1), transactional(commit(2, 200*ms, 201*ms, history.Failed)), put("u1", 0), aborted(put("u2", 1))}, Unknown, nil, "1 of 2 ids were not yet"},
	{"lost in an aborted transaction", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0), aborted(put("u2", 1))}, Broken, []string{"u2"}, "except at out/0@1 in an aborted transaction"},
	{"twice", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), past(1), put("u1", 0), put("u1", 1)}, Broken, []string{"u1"}, "u1 is in out 2 times and in orders once"},
	{"once for good and once aborted", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), past(1), aborted(put("u1", 0)), put("u1", 2)}, Holds, nil, ""},
	{"sent twice, transferred twice", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u1", 1), past(2), put("u1", 0), put("u1", 1)}, Holds, nil, ""},
	{"sent twice, transferred once", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u1", 1), past(2), put("u1", 0)}, Holds, nil, ""},
	{"out of nothing", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), past(1), put("u1", 0), put("ghost", 1)}, Broken, []string{"ghost"}, "ghost is at out/0@1 and not in orders"},
	{"from a transaction that was aborted", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), aborted(record("u2", 1)), past(2), put("u1", 0), put("u2", 1)}, Broken, []string{"u2"}, "the service reads what is not committed"},
	{"out of what was deleted since", breakwater.ExactlyOnceTransfer, transferring(), events{record("u2", 1), past(2), put("u1", 0), put("u2", 1), logStart("orders", 0, 1)}, Holds, nil, ""},
	{"given up", breakwater.ExactlyOnceTransfer, transferring(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Topic: "dead"} }), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0), on("dead", record("u2", 0))}, Holds, nil, "0 of 2"},
	{"before the group's first position", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), resume(ms, 1, 1), record("u2", 1), past(2), put("u2", 0)}, Holds, nil, ""},
	{"begun at the end of the log, without a position", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), resume(ms, -1, 1), record("u2", 1), past(2), put("u2", 0)}, Broken, []string{"u1"}, ""},
	{"skipped by a reset", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), by("kit", commit(1, 3*ms, 4*ms, history.OK)), past(2), put("u2", 0)}, Holds, nil, ""},
	{"committed before the reset", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), commit(1, ms, 2*ms, history.OK), by("kit", commit(1, 3*ms, 4*ms, history.OK)), past(2), put("u2", 0)}, Broken, []string{"u1"}, ""},
	{"its output stands behind the last stable offset", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0), write(1, 0, 1)}, Unknown, nil, "1 ids may stand behind"},
	{"positions in its own sink", breakwater.ExactlyOnceTransfer, transferring(func(s *breakwater.Service) { s.Offsets, s.Ledger = "sink", &breakwater.Ledger{Sink: "db"} }),
		events{record("u1", 0), record("u2", 1), {Kind: history.Commit, Sink: "db", Group: "analytics", Topic: "orders", Offset: 2, At: 9 * ms, End: 9 * ms, Outcome: history.OK}, put("u1", 0)}, Broken, []string{"u2"}, ""},
	{"records without an id", breakwater.ExactlyOnceTransfer, transferring(), events{record("u1", 0), record("", 1), past(2), put("u1", 0), put("", 1)}, Unknown, nil, "2 records carry no id: orders/0@1, out/0@1"},
	{"nobody looked", breakwater.ExactlyOnceTransfer, transferring(), events{past(2)}, Unknown, nil, ""},
	{"nobody transfers", breakwater.ExactlyOnceTransfer, consumer(), events{record("u1", 0)}, NotAsked, nil, ""},
}
