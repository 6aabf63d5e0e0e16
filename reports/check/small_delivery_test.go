package check

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// The smallest histories that break what is promised about deliveries, and the
// nearest that do not, in the words of small_test.go.

func TestSmallDeliveries(t *testing.T) {
	testSmall(t, stuckCases, abortedCases, offsetCases, duplicateCases, onceCases, deliveryCases, replayCases, monotoneCases, ownerCases, keyCases, producerCases, storedCases)
}

func noLedger() history.Header { return analytics(func(s *breakwater.Service) { s.Ledger = nil }) }

func process(client, name string, at time.Duration) history.Event {
	return history.Event{Kind: history.Process, Client: client, Name: name, At: at}
}

func produced(offset int64, count int32, at time.Duration) history.Event {
	return history.Event{Kind: history.Produce, Client: "registration/1", Topic: "orders", Offset: offset, Count: count, At: at, End: at + ms, Outcome: history.OK}
}

// seq stamps an event of the one producer, 7.
func seq(n int32, e history.Event) history.Event { e.ProducerID, e.Sequence = 7, n; return e }

// plain is of a producer that is not idempotent.
func plain(e history.Event) history.Event {
	e.ProducerID, e.Epoch, e.Sequence = -1, -1, -1
	return e
}

func keyed(key string, e history.Event) history.Event { e.Key = key; return e }

func member(id string, e history.Event) history.Event { e.Member = id; return e }

func outcome(o history.Outcome, e history.Event) history.Event { e.Outcome = o; return e }

func fetched(from, to int64, at time.Duration) history.Event {
	return history.Event{Kind: history.Fetched, Client: "analytics/1", Group: "analytics", Topic: "orders", Offset: from, Last: to, Count: int32(to - from + 1), At: at}
}

func assign(client, member, name string, at time.Duration) history.Event {
	return history.Event{Kind: history.Assign, Client: client, Member: member, Name: name, Group: "analytics", Generation: 1, Topic: "orders", At: at}
}

// stored is a position in the sink db.
func kept(offset int64, at time.Duration) history.Event {
	return history.Event{Kind: history.Commit, Sink: "db", Client: "analytics/1", Topic: "orders", Offset: offset, At: at, Outcome: history.OK}
}

// records are u1, u2, … at the offsets.
func records(offsets ...int64) events {
	var all events
	for i, offset := range offsets {
		all = append(all, record(nth(i+1), offset))
	}
	return all
}

func nth(n int) string { return "u" + string(rune('0'+n)) }

// attempts are those of the numbered ids in db, a 5 ms apart from at.
func attempts(at time.Duration, ids ...int) events {
	var all events
	for i, n := range ids {
		all = append(all, attempt("db", nth(n), at+time.Duration(i)*5*ms))
	}
	return all
}

func all(parts ...any) events {
	var joined events
	for _, p := range parts {
		switch p := p.(type) {
		case history.Event:
			joined = append(joined, p)
		case events:
			joined = append(joined, p...)
		}
	}
	return joined
}

var waits = events{sent, record("u1", 7)}

// latecomer is a consumer that the system began without.
func latecomer() history.Header {
	return analytics(func(s *breakwater.Service) { s.Deferred = 2 })
}

var stuckCases = []small{
	{"never tried", breakwater.NoStuck, consumer(), all(waits, commit(5, 50*ms, 51*ms, history.OK)), Broken, []string{"u1"}, "analytics is alive and never tried it, and stands at 5"},
	{"of unknown outcome, but in the log", breakwater.NoStuck, consumer(), events{request("u2", 20*ms, history.Unknown), record("u2", 0)}, Broken, []string{"u2"}, "1 of 1"},
	{"tried", breakwater.NoStuck, consumer(), all(waits, attempt("db", "u1", 20*ms)), Holds, nil, "0 of 1"},
	{"took effect", breakwater.NoStuck, consumer(), all(waits, effect("db", "u1", 20*ms)), Holds, nil, ""},
	{"committed past: lost", breakwater.NoStuck, consumer(), all(waits, commit(8, 50*ms, 51*ms, history.OK)), Holds, nil, ""},
	{"up to it, not past it", breakwater.NoStuck, consumer(), all(waits, commit(7, 50*ms, 51*ms, history.OK)), Broken, []string{"u1"}, ""},
	{"a refused commit goes past nothing", breakwater.NoStuck, consumer(), all(waits, commit(8, 50*ms, 51*ms, history.Failed)), Broken, []string{"u1"}, ""},
	{"a sample saw it passed", breakwater.NoStuck, consumer(), all(waits, sample(50*ms, 8, 8)), Holds, nil, ""},
	{"its own sink says that it was passed", breakwater.NoStuck, keeps(), all(waits, kept(8, 50*ms)), Holds, nil, ""},
	{"taken up above it: lost", breakwater.NoStuck, consumer(), all(waits, resume(50*ms, -1, 8)), Holds, nil, ""},
	{"taken up above it, and then at it", breakwater.NoStuck, consumer(), all(waits, resume(50*ms, -1, 8), resume(60*ms, -1, 7)), Broken, []string{"u1"}, "and stands at 7"},
	{"another group passed it", breakwater.NoStuck, consumer(), all(waits, func() history.Event {
		c := commit(8, 50*ms, 51*ms, history.OK)
		c.Group = "email"
		return c
	}()), Broken, []string{"u1"}, ""},
	{"nobody is there to try it", breakwater.NoStuck, consumer(), all(waits, process("analytics/1", history.Exited, 2*time.Second), process("analytics/2", history.Frozen, 2*time.Second)), Unknown, nil, "1 of 1 acknowledged ids had not taken effect, but wait in the log, and no instance of analytics was alive"},
	{"one of two is there", breakwater.NoStuck, consumer(), all(waits, process("analytics/1", history.Exited, 2*time.Second)), Broken, []string{"u1"}, ""},
	{"restarted, and continued", breakwater.NoStuck, consumer(), all(waits, process("analytics/1", history.Exited, time.Second), process("analytics/1", history.Started, 2*time.Second),
		process("analytics/2", history.Exited, time.Second)), Broken, []string{"u1"}, ""},
	{"stopped when all was over", breakwater.NoStuck, consumer(), all(waits, process("analytics/1", history.Exited, 9500*ms), process("analytics/2", history.Exited, 9500*ms)), Broken, []string{"u1"}, ""},
	{"it was never started", breakwater.NoStuck, latecomer(), waits, Unknown, nil, "1 of 1 acknowledged ids had not taken effect, but wait in the log, and no instance of analytics was alive"},
	{"one of two was", breakwater.NoStuck, analytics(func(s *breakwater.Service) { s.Deferred = 1 }), waits, Broken, []string{"u1"}, ""},
	{"it was started late, and never tried", breakwater.NoStuck, latecomer(), all(waits, process("analytics/2", history.Started, time.Second)), Broken, []string{"u1"}, "analytics is alive and never tried it"},
	{"it was started late, and did it", breakwater.NoStuck, latecomer(), all(waits, process("analytics/2", history.Started, time.Second), effect("db", "u1", 1100*ms)), Holds, nil, ""},
	{"nothing waits for the dead", breakwater.NoStuck, consumer(), all(waits, effect("db", "u1", 20*ms), process("analytics/1", history.Exited, time.Second), process("analytics/2", history.Exited, time.Second)), Holds, nil, ""},
	{"lost by the broker", breakwater.NoStuck, consumer(), events{sent}, Unknown, nil, "no acknowledged id is in the log"},
	{"given up", breakwater.NoStuck, deadLetters(), all(waits, on("dead", record("u1", 0))), Unknown, nil, ""},
	{"put off, and forgotten there", breakwater.NoStuck, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), all(waits, on("again", record("u1", 3)), commit(8, 50*ms, 51*ms, history.OK)), Broken, []string{"u1"}, "stuck at again/0@3"},
	{"published twice, and the first was passed", breakwater.NoStuck, consumer(), all(waits, record("u1", 9), commit(8, 50*ms, 51*ms, history.OK)), Broken, []string{"u1"}, "orders/0@9"},
	{"no ledger", breakwater.NoStuck, noLedger(), waits, NotAsked, nil, "no ledger"},
	{"nobody consumes", breakwater.NoStuck, synchronous(), waits, NotAsked, nil, ""},

	{"the loss is told as stuck", breakwater.NoAcknowledgedLoss, consumer(), waits, Broken, []string{"u1"}, "never took effect in db, stuck: analytics is alive"},
	{"and counted", breakwater.NoAcknowledgedLoss, consumer(), all(waits, request("u2", 20*ms, history.OK)), Broken, []string{"u1", "u2"}, "2 of 2 acknowledged ids never took effect in db, 1 of them stuck"},
	{"what was taken up above is not stuck", breakwater.NoAcknowledgedLoss, consumer(), all(waits, resume(50*ms, -1, 8)), Broken, []string{"u1"}, "though analytics took up at 8"},
	{"what was tried is not stuck", breakwater.NoAcknowledgedLoss, consumer(), all(waits, attempt("db", "u1", 20*ms)), Broken, []string{"u1"}, "analytics had not committed past it"},
	{"nor before who was never started", breakwater.NoAcknowledgedLoss, latecomer(), waits, Broken, []string{"u1"}, "analytics had not committed past it"},
	{"and nothing is before the dead", breakwater.NoAcknowledgedLoss, consumer(), all(waits, process("analytics/1", history.Exited, time.Second), process("analytics/2", history.Exited, time.Second)), Broken, []string{"u1"}, "analytics had not committed past it"},
}

var failed = request("u1", 10*ms, history.Failed)

// committing is a request that was answered at 15 ms with the status, and whose record an
// instance published in a transaction for whose commit it asked at the instant.
func committing(status int, by string, commits time.Duration) events {
	asked, r := request("u1", 10*ms, history.Unknown), record("u1", 7)
	asked.Status = status
	w := transactional(published(r, 12*ms))
	w.Client = by
	end := history.Event{Kind: history.Transaction, Client: by, Value: history.EndsInCommit, ProducerID: w.ProducerID, Epoch: w.Epoch, At: commits, End: commits + ms, Outcome: history.OK}
	return events{asked, w, end, r, effect("db", "u1", 20*ms)}
}

var abortedCases = []small{
	{"a failed request took effect", breakwater.NoAbortedRead, consumer(), events{failed, effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, "u1 definitely failed at 15 ms (never sent), and took effect in db at 20 ms"},
	{"and says who committed it", breakwater.NoAbortedRead, consumer(), func() events {
		r := record("u1", 7)
		w := transactional(by("registration/1", published(r, 12*ms)))
		end := history.Event{Kind: history.Transaction, Client: "registration/1", Value: history.EndsInCommit, ProducerID: w.ProducerID, Epoch: w.Epoch, At: 16 * ms, End: 17 * ms, Outcome: history.OK}
		return events{failed, w, end, r, effect("db", "u1", 20*ms)}
	}(), Broken, []string{"u1"}, "u1 definitely failed at 15 ms (never sent), stands at orders/0@7, published by registration/1 at 12 ms and committed by it at 16 ms, and took effect in db at 20 ms"},
	{"answered with 503 before its commit was asked for", breakwater.NoAbortedRead, consumer(), committing(503, "registration/1", 16*ms), Broken, []string{"u1"},
		"u1 was answered as failed at 15 ms (status 503), stands at orders/0@7, published by registration/1 at 12 ms and committed by it at 16 ms, and took effect in db at 20 ms"},
	{"asked for before, its commit may have gone through", breakwater.NoAbortedRead, consumer(), committing(503, "registration/1", 14*ms), NotAsked, nil, "no request failed"},
	{"another service committed it", breakwater.NoAbortedRead, consumer(), committing(503, "relay/1", 16*ms), NotAsked, nil, "no request failed"},
	{"never answered", breakwater.NoAbortedRead, consumer(), committing(0, "registration/1", 16*ms), NotAsked, nil, "no request failed"},
	{"or was brought to the sink", breakwater.NoAbortedRead, consumer(), events{failed, attempt("db", "u1", 20*ms)}, Broken, []string{"u1"}, "was brought to db"},
	{"in a synchronous system", breakwater.NoAbortedRead, synchronous(), events{failed, effect("mail", "u1", 12*ms)}, Broken, []string{"u1"}, "1 of 1 failed or aborted ids took effect in mail; 0 of 1 in db"},
	{"it had none", breakwater.NoAbortedRead, consumer(), events{failed, request("u2", 12*ms, history.OK), effect("db", "u2", 20*ms)}, Holds, nil, "0 of 1"},
	{"of unknown outcome", breakwater.NoAbortedRead, consumer(), events{request("u1", 10*ms, history.Unknown), effect("db", "u1", 20*ms)}, NotAsked, nil, "no request failed"},
	{"a read that failed", breakwater.NoAbortedRead, consumer(), events{read("c1", 10*ms, history.Failed)}, NotAsked, nil, ""},
	{"a read that failed and took effect", breakwater.NoAbortedRead, consumer(), events{read("c1", 10*ms, history.Failed), effect("db", "c1", 20*ms)}, Broken, []string{"c1"}, ""},
	{"an aborted record took effect", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7)), effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, "u1 is at orders/0@7 in no committed transaction, and took effect in db"},
	{"it was not read", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7))}, Holds, nil, "0 of 1"},
	{"aborted, then committed", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7)), record("u1", 9), effect("db", "u1", 20*ms)}, NotAsked, nil, ""},
	{"committed elsewhere is no excuse", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7)), on("input", record("u1", 9)), effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, ""},
	{"aborted in a topic that it does not read", breakwater.NoAbortedRead, consumer(), events{sent, on("output", aborted(record("u1", 7))), effect("db", "u1", 20*ms)}, NotAsked, nil, ""},
	{"aborted in its retry topic", breakwater.NoAbortedRead, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), events{sent, on("again", aborted(record("u1", 7))), effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, ""},
	{"after the reader had looked", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7)), effect("db", "u1", 9*time.Second)}, Unknown, nil, "1 aborted ids took effect in it by a call, or after"},
	{"it was called as well", breakwater.NoAbortedRead, consumer(), events{sent, aborted(record("u1", 7)), {Kind: history.Call, Client: "registration/1", To: "analytics", ID: "u1", At: 11 * ms, End: 12 * ms, Outcome: history.OK}, effect("db", "u1", 20*ms)}, Unknown, nil, ""},
	{"its sink is not fed from the log", breakwater.NoAbortedRead, synchronous(), events{sent, aborted(record("u1", 7)), effect("db", "u1", 20*ms)}, NotAsked, nil, ""},
	{"nor where it publishes to the log", breakwater.NoAbortedRead, synchronous(), events{sent, aborted(record("u1", 7)), effect("db", "u1", 20*ms)}, NotAsked, nil, ""},
	{"no ledger", breakwater.NoAbortedRead, noLedger(), events{failed}, NotAsked, nil, "no service has a ledger"},
}

func original(id string, of int64) history.Event {
	e := on("dead", record(id, 0))
	e.DeadLetter = &history.DeadLetterRecord{Topic: "orders", Offset: of}
	return e
}

var offsetCases = []small{
	{"two ids were read at one offset", breakwater.OneRecordPerOffset, consumer(), events{record("u1", 7), record("u2", 7)}, Broken, []string{"u1", "u2"}, "orders/0@7 holds u1 and u2"},
	{"the same was read twice", breakwater.OneRecordPerOffset, consumer(), events{record("u1", 7), record("u1", 7)}, Holds, nil, "0 of 1"},
	{"one committed, one aborted", breakwater.OneRecordPerOffset, consumer(), events{record("u1", 7), aborted(record("u2", 7))}, Broken, []string{"u1", "u2"}, ""},
	{"in two partitions", breakwater.OneRecordPerOffset, consumer(), events{record("u1", 7), in(1, aborted(record("u2", 7)))}, NotAsked, nil, ""},
	{"a dead letter remembers another", breakwater.OneRecordPerOffset, deadLetters(), events{sent, record("u2", 7), original("u1", 7)}, Broken, []string{"u2", "u1"}, "orders/0@7 holds u2, and the dead letter at dead/0@0 records that u1 stood there"},
	{"a dead letter remembers the same", breakwater.OneRecordPerOffset, deadLetters(), events{sent, record("u1", 7), original("u1", 7)}, Holds, nil, "0 of 1"},
	{"a dead letter with an id of its own", breakwater.OneRecordPerOffset, deadLetters(), events{sent, record("u1", 7), original("letter-1", 7)}, NotAsked, nil, ""},
	{"the producer was told so of another", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), seq(6, record("u2", 7))}, Broken, []string{"u2"}, "orders/0@7 was given to sequence 5 of producer 7, epoch 0 and holds sequence 6"},
	{"and of the same", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), seq(5, record("u1", 7))}, Holds, nil, "0 of 1"},
	{"a batch, and the last of it", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 3, 10*ms)), seq(5, record("u1", 7)), seq(6, record("u2", 8)), seq(9, record("u3", 9))}, Broken, []string{"u3"}, "1 of 3"},
	{"sequences begin again", breakwater.OneRecordPerOffset, consumer(), events{seq(math.MaxInt32, produced(7, 2, 10*ms)), seq(math.MaxInt32, record("u1", 7)), seq(0, record("u2", 8))}, Holds, nil, "0 of 2"},
	{"it holds a record without a sequence", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), plain(record("u2", 7))}, Broken, []string{"u2"}, "holds a record without a sequence"},
	{"two were told so", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), seq(6, produced(7, 1, 20*ms))}, Broken, nil, "was given to sequence 5 of producer 7, epoch 0 and to sequence 6"},
	{"in the middle of a batch", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 3, 10*ms)), seq(9, produced(8, 1, 20*ms))}, Broken, nil, "orders/0@8 was given to sequence 6 of producer 7, epoch 0 and to sequence 9"},
	{"sent and answered twice", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), seq(5, produced(7, 1, 20*ms)), seq(5, record("u1", 7))}, Holds, nil, ""},
	{"one after the other", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 2, 10*ms)), seq(7, produced(9, 1, 20*ms))}, NotAsked, nil, ""},
	{"nobody was told", breakwater.OneRecordPerOffset, consumer(), events{seq(5, outcome(history.Unknown, produced(7, 1, 10*ms))), seq(6, record("u2", 7))}, NotAsked, nil, ""},
	{"two producers were told so, and neither is idempotent", breakwater.OneRecordPerOffset, consumer(), events{plain(produced(7, 2, 10*ms)), by("registration/2", plain(produced(8, 1, 20*ms)))}, Broken, nil, "orders/0@8 was given to a batch of registration/1 and to a batch of registration/2"},
	{"one of them is", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), by("registration/2", plain(produced(7, 1, 20*ms)))}, Broken, nil, "was given to sequence 5 of producer 7, epoch 0 and to a batch of registration/2"},
	{"one producer that is not, for it may have sent the same again", breakwater.OneRecordPerOffset, consumer(), events{plain(produced(7, 1, 10*ms)), plain(produced(7, 1, 20*ms))}, NotAsked, nil, ""},
	{"two that are not, one after the other", breakwater.OneRecordPerOffset, consumer(), events{plain(produced(7, 2, 10*ms)), by("registration/2", plain(produced(9, 1, 20*ms)))}, NotAsked, nil, ""},
	{"it holds a record with a sequence, and was given to none", breakwater.OneRecordPerOffset, consumer(), events{plain(produced(7, 1, 10*ms)), seq(5, record("u1", 7))}, Broken, []string{"u1"}, "was given to a batch of registration/1 and holds sequence 5 of producer 7"},
	{"neither has a sequence", breakwater.OneRecordPerOffset, consumer(), events{plain(produced(7, 1, 10*ms)), plain(record("u1", 7))}, NotAsked, nil, ""},
	{"a reader that tells no sequence", breakwater.OneRecordPerOffset, consumer(), events{seq(5, produced(7, 1, 10*ms)), record("u2", 7)}, NotAsked, nil, "more than one witness"},
	{"no log", breakwater.OneRecordPerOffset, synchronous(), nil, NotAsked, nil, ""},
}

var duplicateCases = []small{
	{"appended twice", breakwater.NoLogDuplicate, consumer(), events{seq(4, record("u0", 4)), seq(5, record("u1", 5)), seq(5, record("u1", 9))}, Broken, []string{"u1"}, "u1 stands at orders/0@5 and orders/0@9: sequence 5 of producer 7, epoch 0 was appended 2 times"},
	{"once committed, once aborted", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), seq(5, aborted(record("u1", 9)))}, Broken, []string{"u1"}, ""},
	{"without ids", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("", 5)), seq(5, record("", 9))}, Broken, nil, "a record stands at"},
	{"each once", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u2", 6))}, Holds, nil, "0 of 2"},
	{"of another epoch", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), epoch(1, seq(5, record("u2", 6)))}, Holds, nil, ""},
	{"in another partition", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), in(1, seq(5, record("u2", 5)))}, Holds, nil, ""},
	{"published again", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u1", 6))}, Holds, nil, "0 of 2 sequences stand in the log twice, 1 ids were published again by the application"},
	{"no producer is idempotent", breakwater.NoLogDuplicate, consumer(), events{plain(record("u1", 5)), plain(record("u1", 6))}, NotAsked, nil, "no producer is known to be idempotent, and 1 ids stand in the log again"},
	{"by two answers", breakwater.NoLogDuplicate, consumer(), events{seq(5, produced(5, 1, 10*ms)), seq(5, produced(9, 1, 20*ms)), record("u1", 5), record("u1", 9)}, Broken, []string{"u1"}, ""},
	{"by two answers, of a batch", breakwater.NoLogDuplicate, consumer(), events{seq(5, produced(5, 2, 10*ms)), seq(5, produced(9, 2, 20*ms)), record("u1", 5), record("u2", 6), record("u1", 9), record("u2", 10)}, Broken, []string{"u1", "u2"}, ""},
	{"an answer that the log refutes", breakwater.NoLogDuplicate, consumer(), events{seq(5, produced(5, 1, 10*ms)), seq(5, produced(9, 1, 20*ms)), record("u1", 5), record("u2", 9)}, Holds, nil, ""},
	{"without a reader", breakwater.NoLogDuplicate, consumer(), events{seq(5, produced(5, 1, 10*ms)), seq(5, produced(9, 1, 20*ms))}, Broken, nil, "a record stands at orders/0@5 and orders/0@9"},
	{"answered twice alike", breakwater.NoLogDuplicate, consumer(), events{seq(5, produced(5, 1, 10*ms)), seq(5, produced(5, 1, 20*ms)), record("u1", 5)}, Holds, nil, ""},
	{"the first answer was lost, and the reader told no sequence", breakwater.NoLogDuplicate, consumer(), events{seq(5, outcome(history.Unknown, produced(-1, 1, 10*ms))), seq(5, produced(9, 1, 20*ms)), record("u1", 5), record("u1", 9)}, Unknown, []string{"u1"}, "nothing shows under which sequences"},
	{"nothing says how it was produced", breakwater.NoLogDuplicate, consumer(), events{record("u1", 5)}, NotAsked, nil, ""},
	{"put off, and put off again", breakwater.NoLogDuplicate, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), events{seq(5, record("u1", 5)), on("again", seq(1, record("u1", 0))), on("again", seq(2, record("u1", 1)))}, Holds, nil, "0 of 3 sequences stand in the log twice"},
	{"no log", breakwater.NoLogDuplicate, synchronous(), nil, NotAsked, nil, ""},
	{"nobody consumes what is published twice", breakwater.NoLogDuplicate, publishing1(), func() events {
		first, second := record("u1", 7), record("u1", 8)
		one, again := by("registration/1", published(first, 11*ms)), by("registration/1", published(second, 13*ms))
		second.Sequence, again.Sequence = 1, 1
		return events{sent, one, again, first, second}
	}(), Broken, []string{"u1"}, "u1 was committed 2 times by registration"},
}

func once() history.Header { return analytics(func(s *breakwater.Service) { s.Ledger.Once = true }) }

var onceCases = []small{
	{"twice", breakwater.EffectOnce, once(), events{sent, record("u1", 7), effect("db", "u1", 20*ms), effect("db", "u1", 30*ms)}, Broken, []string{"u1"}, "u1 took effect 2 times in db: at 20 ms, at 30 ms"},
	{"who did it, and after what", breakwater.EffectOnce, once(), events{record("u1", 7), by("analytics/1", effect("db", "u1", 20*ms)), by("analytics/2", resume(25*ms, 5, 5)), by("analytics/2", effect("db", "u1", 30*ms))}, Broken, []string{"u1"},
		"at 20 ms by analytics/1, at 30 ms by analytics/2; in between analytics/2 resumed at orders/0@5"},
	{"once, of two attempts", breakwater.EffectOnce, once(), events{sent, attempt("db", "u1", 20*ms), effect("db", "u1", 20*ms), attempt("db", "u1", 30*ms)}, Holds, nil, "0 of 1"},
	{"two ids once each", breakwater.EffectOnce, once(), events{effect("db", "u1", 20*ms), effect("db", "u2", 20*ms)}, Holds, nil, "0 of 2"},
	{"in two sinks", breakwater.EffectOnce, with(synchronous(), func(h *history.Header) { h.Services[1].Ledger.Once, h.Services[2].Ledger.Once = true, true }), events{effect("db", "u1", 20*ms), effect("mail", "u1", 20*ms)}, Holds, nil, ""},
	{"one sink of two promises", breakwater.EffectOnce, with(synchronous(), func(h *history.Header) { h.Services[1].Ledger.Once = true }), events{effect("db", "u1", 20*ms), effect("mail", "u1", 20*ms), effect("mail", "u1", 30*ms)}, Holds, nil, "0 of 1 ids took effect more than once in db"},
	{"none promises", breakwater.EffectOnce, consumer(), events{effect("db", "u1", 20*ms), effect("db", "u1", 30*ms)}, NotAsked, nil, "does not promise one effect an id, and did 1 ids more than once"},
	{"without an id", breakwater.EffectOnce, once(), events{effect("db", "", 20*ms), effect("db", "", 30*ms)}, NotAsked, nil, "no effect in db carries an id; name in its ledger's ID"},
	{"no ledger", breakwater.EffectOnce, noLedger(), nil, NotAsked, nil, ""},
}

var deliveryCases = []small{
	{"jumped past one", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms), attempts(6*ms, 1, 3)), Broken, []string{"u2"}, "analytics/1 stood at orders/0@1 and was sent 2 at 9 ms: u2 in between never came to db"},
	{"jumped when it took up", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, 1, 2), fetched(2, 2, 9*ms), attempts(0, 1), attempts(10*ms, 3)), Broken, []string{"u2"}, "stood at orders/0@1"},
	{"began there", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 2), fetched(2, 2, 9*ms)), Holds, nil, "0 of 1"},
	{"one after the other", breakwater.DeliveryOrder, consumer(), all(records(0, 1), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(1, 1, 9*ms)), Holds, nil, ""},
	{"a control record between them", breakwater.DeliveryOrder, consumer(), all(records(0, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms)), Holds, nil, ""},
	{"fetched again from further down", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 2, 5*ms), fetched(1, 2, 9*ms)), Holds, nil, ""},
	{"fetched ahead, then what was between", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 6*ms), fetched(1, 2, 9*ms)), Holds, nil, ""},
	{"sent, and never tried", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 2, 5*ms), attempts(6*ms, 1, 3)), Holds, nil, ""},
	{"another had brought it", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms), attempts(6*ms, 2)), Holds, nil, ""},
	{"sent to the incarnation before only", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 2, 5*ms), resume(20*ms, 0, 0), fetched(0, 0, 25*ms), fetched(2, 2, 26*ms)), Broken, []string{"u1", "u2"}[1:], ""},
	{"what was still on its way to the one before", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 1, 5*ms), took(10*ms, resume(20*ms, 0, 0)), fetched(2, 2, 25*ms), fetched(0, 0, 35*ms)), Holds, nil, ""},
	{"two instances, each its own", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), by("analytics/2", resume(10*ms, 1, 1)), by("analytics/2", fetched(1, 1, 15*ms)), by("analytics/2", resume(18*ms, 1, 1)), by("analytics/2", fetched(1, 2, 19*ms))), Holds, nil, "0 of 3"},
	{"the end is not a jump", breakwater.DeliveryOrder, consumer(), all(records(0, 1), resume(ms, -1, 0), fetched(0, 0, 5*ms)), Holds, nil, ""},
	{"put off", breakwater.DeliveryOrder, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), all(records(0, 1, 2), on("again", record("u2", 0)), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms)), Holds, nil, ""},
	{"nothing that asks for effects", breakwater.DeliveryOrder, consumer(), all(read("u2", ms, history.OK), records(0, 1, 2), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms)), Holds, nil, ""},
	{"in another topic that its group reads as well", breakwater.DeliveryOrder, consumer(), all(record("u1", 0), resume(ms, -1, 0), fetched(0, 0, 5*ms), attempts(6*ms, 1), on("settings", record("s1", 0)), on("settings", record("s2", 1)), on("settings", record("s3", 2)),
		on("settings", resume(ms, -1, 0)), on("settings", fetched(0, 0, 5*ms)), on("settings", fetched(2, 2, 9*ms))), Holds, nil, "0 of 1"},
	{"it keeps its own positions", breakwater.DeliveryOrder, keeps(), all(records(0, 1, 2), resume(ms, 0, 2), fetched(2, 2, 9*ms)), Holds, nil, ""},
	{"no resume was seen", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms), attempts(6*ms, 1, 3)), Broken, []string{"u2"}, ""},
	{"nothing was fetched", breakwater.DeliveryOrder, consumer(), all(records(0), resume(ms, -1, 0)), Unknown, nil, "nothing was seen to be fetched"},
	{"no ledger", breakwater.DeliveryOrder, noLedger(), all(records(0), fetched(0, 0, 5*ms)), NotAsked, nil, ""},
	{"nobody consumes", breakwater.DeliveryOrder, synchronous(), nil, NotAsked, nil, ""},
}

// recorded is a consumer whose sink records every attempt.
func recorded() history.Header {
	return analytics(func(s *breakwater.Service) { s.Ledger.Attempts = "attempts" })
}

var (
	five  = records(0, 1, 2, 4, 5) // u1 … u5, with a control record at 3
	took1 = resume(ms, -1, 0)
)

var replayCases = []small{
	{"all in order", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3, 4, 5)), Holds, nil, "1 of 1 runs of analytics were contiguous"},
	{"in any order", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 2, 1, 4, 5, 3)), Holds, nil, ""},
	{"one is left out", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 4, 5)), Broken, []string{"u3"}, "analytics/1 brought orders/0@1 and then 4 to db, and not u3 in between"},
	{"what was left out may have been superseded", breakwater.ReplayIsContiguous, with(recorded(), compacted), all(five, took1, attempts(5*ms, 1, 2, 4, 5)), Unknown, nil, "orders is compacted"},
	{"it began too late", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 2, 3, 4, 5)), Broken, []string{"u1"}, "took up orders/0@0 and began with 1"},
	{"it stopped too early", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3)), Broken, []string{"u4", "u5"}, "analytics/1 was the last to take up orders/0, and never brought u4, u5 at its end"},
	{"it stopped for it was dead", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 3), process("analytics/1", history.Exited, 50*ms), process("analytics/2", history.Exited, 50*ms)), Holds, nil, ""},
	{"the uncommitted tail comes again", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3), by("analytics/2", resume(50*ms, 1, 1)), attempts(60*ms, 2, 3, 4, 5)), Holds, nil, "2 of 2"},
	{"with one left out that had been brought before", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3), by("analytics/2", resume(50*ms, 1, 1)), attempts(60*ms, 2, 4, 5)), Broken, []string{"u3"}, "analytics/2 brought orders/0@1 and then 4"},
	{"the next one took up too far on", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5)), Broken, []string{"u3"}, "analytics/2 took up orders/0 at 4, and nobody had brought u3 to db before"},
	{"and another came back for it", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5), resume(90*ms, 2, 2), attempts(95*ms, 3, 4, 5)), Broken, []string{"u3"}, "analytics/2 took up"},
	{"where somebody had set it", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("kit", commit(4, 40*ms, 41*ms, history.OK)), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5)), Holds, nil, ""},
	{"where a sample says that it was set", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), sample(40*ms, 6, 4), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5)), Holds, nil, ""},
	{"where somebody had set it, with a gap before that", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 3), by("kit", commit(4, 40*ms, 41*ms, history.OK)), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5)), Broken, []string{"u2"}, "analytics/1 brought orders/0@0 and then 2 to db, and not u2 in between"},
	{"where somebody had set it, and it had committed itself", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), commit(4, 30*ms, 31*ms, history.OK), by("kit", commit(4, 40*ms, 41*ms, history.OK)), by("analytics/2", resume(50*ms, 4, 4)), attempts(60*ms, 4, 5)), Broken, []string{"u3"}, "nobody had brought u3"},
	{"set back to the beginning", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3, 4, 5), resume(90*ms, 0, 0), attempts(95*ms, 1, 2, 3, 4, 5)), Holds, nil, ""},
	{"workers had not finished one when the next took up", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 3, 4), by("analytics/2", resume(50*ms, 1, 1)), attempts(60*ms, 2, 3, 4, 5)), Holds, nil, ""},
	{"and the next took up above it", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 3, 4), by("analytics/2", resume(50*ms, 5, 5)), attempts(60*ms, 5)), Broken, []string{"u2"}, ""},
	{"a frozen owner finishes late, below", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1), by("analytics/2", resume(50*ms, 2, 2)), attempts(60*ms, 3, 4), attempts(70*ms, 2), attempts(80*ms, 5)), Holds, nil, ""},
	{"a frozen owner finishes late, above", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("analytics/2", resume(50*ms, 2, 2)), attempts(52*ms, 5), attempts(60*ms, 3, 4, 5)), Holds, nil, ""},
	{"a worker of a former owner finishes late", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 3), by("analytics/2", resume(50*ms, 2, 2)), attempts(52*ms, 2), attempts(60*ms, 3, 4, 5)), Holds, nil, ""},
	{"the sink's clock puts one before the resume", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1), by("analytics/2", resume(50*ms, 1, 1)), attempts(49*ms, 3), attempts(51*ms, 2), attempts(60*ms, 4, 5)), Holds, nil, ""},
	{"attempts go by who made them", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("analytics/2", resume(50*ms, 1, 1)),
		by("analytics/2", attempt("db", "u2", 60*ms)), by("analytics/1", attempt("db", "u3", 62*ms)), by("analytics/2", attempt("db", "u4", 64*ms)), by("analytics/2", attempt("db", "u5", 66*ms))), Broken, []string{"u3"}, "analytics/2 brought orders/0@1 and then 4"},
	{"or else by the time", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2), by("analytics/2", resume(50*ms, 1, 1)), attempts(60*ms, 2, 3, 4, 5)), Holds, nil, ""},
	{"a resume that came to nothing", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3), by("analytics/2", resume(20*ms, 5, -1)), attempts(30*ms, 4, 5)), Holds, nil, "1 of 1"},
	{"assignments have to do", breakwater.ReplayIsContiguous, recorded(), all(five, assign("analytics/1", "m1", history.Assigned, ms), attempts(5*ms, 1, 2, 3), assign("analytics/2", "m2", history.Assigned, 50*ms), attempts(60*ms, 3, 4, 5)), Holds, nil, "2 of 2"},
	{"assignments, and one is left out", breakwater.ReplayIsContiguous, recorded(), all(five, assign("analytics/1", "m1", history.Assigned, ms), attempts(5*ms, 1, 2), assign("analytics/2", "m2", history.Assigned, 50*ms), attempts(60*ms, 4, 5)), Broken, []string{"u3"}, ""},
	{"nothing shows who owned it", breakwater.ReplayIsContiguous, recorded(), all(five, attempts(5*ms, 1, 2, 4, 5)), Broken, []string{"u3"}, ""},
	{"records before it first took up", breakwater.ReplayIsContiguous, recorded(), all(five, resume(ms, 2, 2), attempts(5*ms, 3, 4, 5)), Holds, nil, ""},
	{"given up", breakwater.ReplayIsContiguous, analytics(func(s *breakwater.Service) {
		s.Ledger.Attempts, s.DeadLetter = "attempts", &breakwater.DeadLetter{Topic: "dead"}
	}), all(five, on("dead", record("u3", 0)), took1, attempts(5*ms, 1, 2, 4, 5)), Holds, nil, ""},
	{"an id with two records", breakwater.ReplayIsContiguous, recorded(), all(five, record("u3", 9), took1, attempts(5*ms, 1, 2, 4, 5)), Holds, nil, ""},
	{"a transferred id has one in the topic", breakwater.ReplayIsContiguous, recorded(), all(five, on("output", record("u3", 0)), took1, attempts(5*ms, 1, 2, 4, 5)), Broken, []string{"u3"}, ""},
	{"taken up when all was over", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3, 4, 5), by("analytics/2", resume(9500*ms, 9, 9))), Holds, nil, "1 of 1"},
	{"the start of the log moved", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 4, 5), sample(2*ms, 6, -1), func() history.Event { s := sample(3*ms, 6, -1); s.LogStart = 4; return s }()), Unknown, nil, "the start of orders/0 moved"},
	{"no attempt", breakwater.ReplayIsContiguous, recorded(), all(five, took1, effect("db", "u1", 5*ms)), Unknown, nil, "recorded no attempt"},
	{"its sink records none", breakwater.ReplayIsContiguous, consumer(), all(five, took1, attempts(5*ms, 1, 3)), NotAsked, nil, "does not record every attempt"},
	{"nobody consumes", breakwater.ReplayIsContiguous, synchronous(), nil, NotAsked, nil, ""},
}

var monotoneCases = []small{
	{"a lower commit after a higher", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK)), Broken, []string{"u2"}, "analytics/1 committed orders/0@5 at 12 ms, after analytics/1 had committed 6"},
	{"after it had been acknowledged, by another member", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), by("analytics/2", commit(5, 11*ms, 13*ms, history.OK))), Broken, []string{"u2"}, "after analytics/1"},
	{"higher and higher", breakwater.CommittedMonotone, consumer(), events{commit(5, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK), commit(6, 14*ms, 15*ms, history.OK)}, Holds, nil, "0 of 2"},
	{"both were on the way", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 15*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK)}, Unknown, nil, "came after another"},
	{"the lower was sent before the higher was answered", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 13*ms, history.OK), commit(5, 12*ms, 15*ms, history.OK)}, Unknown, nil, "came after another"},
	{"the broker refused it", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), generation(0, commit(5, 12*ms, 13*ms, history.Failed))}, Unknown, nil, "none of 1 positions came after another"},
	{"nobody knows of it", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 0, history.Unknown)}, Unknown, nil, "none of 1 positions came after another"},
	{"the higher one was never acknowledged", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 0, history.Unknown), commit(5, 12*ms, 13*ms, history.OK)}, Unknown, nil, "none of 1 positions came after another"},
	{"two falls of one are one", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK), commit(5, 14*ms, 15*ms, history.OK), commit(6, 16*ms, 17*ms, history.OK)), Broken, []string{"u2"}, "1 of 3"},
	{"two falls", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK), commit(4, 14*ms, 15*ms, history.OK)), Broken, []string{"u2", "u1"}, "2 of 2"},
	{"set from outside", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), by("kit", commit(0, 12*ms, 13*ms, history.OK)), commit(1, 14*ms, 15*ms, history.OK)}, Unknown, nil, "none of 2 positions"},
	{"and fallen after that", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), by("kit", commit(0, 12*ms, 13*ms, history.OK)), commit(6, 14*ms, 15*ms, history.OK), commit(5, 16*ms, 17*ms, history.OK)), Broken, []string{"u2"}, ""},
	{"set by nobody knows whom", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(14*ms, 9, 2), commit(3, 15*ms, 16*ms, history.OK)}, Holds, nil, ""},
	{"a sample went back", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(5, ms, 2*ms, history.OK), commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(13*ms, 9, 6), sample(14*ms, 9, 5)), Broken, []string{"u2"}, "a sample found analytics at orders/0@5 at 14 ms, and the one before at 6"},
	{"to a commit that was on its way", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(5, ms, 0, history.Unknown), commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(13*ms, 9, 6), sample(14*ms, 9, 5)), Holds, nil, "1 times to a commit that was on its way"},
	{"to nothing at all", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(14*ms, 9, -1), sample(15*ms, 9, 6)}, Unknown, nil, "came after another"},
	{"by way of nothing at all", breakwater.CommittedMonotone, consumer(), all(records(4, 5), commit(5, ms, 2*ms, history.OK), commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(13*ms, 9, 6), sample(14*ms, 9, -1), sample(15*ms, 9, 5)), Broken, []string{"u2"}, ""},
	{"other partitions are other positions", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), in(1, commit(5, 12*ms, 13*ms, history.OK))}, Unknown, nil, "came after another"},
	{"a lower position in the sink", breakwater.CommittedMonotone, keeps(), all(records(4, 5), kept(6, 10*ms), kept(5, 20*ms)), Broken, []string{"u2"}, "db held orders/0@5 at 20 ms, after it had held 6"},
	{"higher positions in the sink", breakwater.CommittedMonotone, keeps(), events{kept(5, 10*ms), kept(6, 20*ms)}, Holds, nil, "0 of 1"},
	{"positions of one instant", breakwater.CommittedMonotone, keeps(), events{kept(6, 10*ms), kept(5, 11*ms), kept(7, 20*ms)}, Holds, nil, ""},
	{"samples of a sink that could not be read", breakwater.CommittedMonotone, keeps(), events{commit(1, ms, 2*ms, history.OK), kept(6, 10*ms), sample(12*ms, 9, 6), sample(13*ms, 9, 6), sample(14*ms, 9, 1), sample(15*ms, 9, 6)}, Unknown, nil, "came after another"},
	{"the sink was set from outside", breakwater.CommittedMonotone, keeps(), events{kept(6, 10*ms), by("kit", kept(0, 20*ms)), kept(1, 30*ms)}, Holds, nil, ""},
	{"the sink tells none", breakwater.CommittedMonotone, keeps(), events{sent}, NotAsked, nil, "nothing records them there"},
	{"nothing was committed", breakwater.CommittedMonotone, consumer(), events{sent}, Unknown, nil, "no commit"},
	{"without a ledger", breakwater.CommittedMonotone, noLedger(), all(records(4, 5), commit(6, 10*ms, 11*ms, history.OK), commit(5, 12*ms, 13*ms, history.OK)), Broken, []string{"u2"}, ""},
	{"nobody consumes", breakwater.CommittedMonotone, synchronous(), nil, NotAsked, nil, ""},
}

func fencing() history.Header {
	return analytics(func(s *breakwater.Service) { s.Ledger.Fenced = true })
}

var given = assign("analytics/1", "m1", history.Assigned, ms)

var ownerCases = []small{
	{"two at one generation", breakwater.SingleOwner, consumer(), events{given, assign("analytics/2", "m2", history.Assigned, 2*ms)}, Broken, nil, "analytics/2 was given orders/0 at 2 ms in generation 1 of analytics, in which analytics/1 holds it (event 1)"},
	{"at the next generation", breakwater.SingleOwner, consumer(), events{given, generation(2, assign("analytics/2", "m2", history.Assigned, 2*ms))}, Holds, nil, "0 of 2"},
	{"kept into the next generation, and given to another in it", breakwater.SingleOwner, consumer(), events{given, generation(2, by("analytics/1", member("m1", commit(5, 10*ms, 11*ms, history.OK)))), generation(2, assign("analytics/2", "m2", history.Assigned, 20*ms))}, Broken, nil, "analytics/2 was given orders/0 at 20 ms in generation 2 of analytics, in which analytics/1 holds it"},
	{"given to another, and still committed by the one before", breakwater.SingleOwner, consumer(), events{given, generation(2, assign("analytics/2", "m2", history.Assigned, 20*ms)), generation(2, by("analytics/1", member("m1", commit(5, 30*ms, 31*ms, history.OK))))}, Broken, nil, "analytics/1 committed orders/0 at 30 ms in generation 2 of analytics, in which analytics/2 holds it"},
	{"kept into the next generation, and then given up", breakwater.SingleOwner, consumer(), events{given, generation(2, member("m1", commit(5, 10*ms, 11*ms, history.OK))), assign("analytics/1", "m1", history.Revoked, 12*ms), generation(2, assign("analytics/2", "m2", history.Assigned, 20*ms)), generation(2, member("m1", commit(5, 30*ms, 31*ms, history.OK)))}, Holds, nil, "0 of 3"},
	{"a commit of the generation before", breakwater.SingleOwner, consumer(), events{given, member("m1", commit(5, 10*ms, 11*ms, history.OK)), generation(2, assign("analytics/2", "m2", history.Assigned, 20*ms)), member("m1", commit(6, 30*ms, 31*ms, history.OK))}, Holds, nil, ""},
	{"a commit that was refused", breakwater.SingleOwner, consumer(), events{given, generation(2, assign("analytics/2", "m2", history.Assigned, 20*ms)), generation(2, member("m1", commit(5, 30*ms, 31*ms, history.Failed)))}, Holds, nil, ""},
	{"after it was given up", breakwater.SingleOwner, consumer(), events{given, assign("analytics/1", "m1", history.Revoked, 2*ms), assign("analytics/2", "m2", history.Assigned, 3*ms)}, Holds, nil, ""},
	{"after it was lost", breakwater.SingleOwner, consumer(), events{given, assign("analytics/1", "m1", history.Lost, 2*ms), assign("analytics/2", "m2", history.Assigned, 3*ms)}, Holds, nil, ""},
	{"given up by another only", breakwater.SingleOwner, consumer(), events{given, assign("analytics/2", "m2", history.Revoked, 2*ms), assign("analytics/2", "m3", history.Assigned, 3*ms)}, Broken, nil, ""},
	{"the same instance as a new member", breakwater.SingleOwner, consumer(), events{given, assign("analytics/1", "m2", history.Assigned, 2*ms)}, Holds, nil, ""},
	{"of another partition", breakwater.SingleOwner, consumer(), events{given, in(1, assign("analytics/2", "m2", history.Assigned, 2*ms))}, Holds, nil, ""},
	{"of another group", breakwater.SingleOwner, consumer(), events{given, func() history.Event {
		e := assign("email/1", "m2", history.Assigned, 2*ms)
		e.Group = "email"
		return e
	}()}, Holds, nil, "0 of 1"},
	{"nothing was assigned", breakwater.SingleOwner, consumer(), nil, Unknown, nil, "no assignment"},
	{"an older epoch's position after a newer one's", breakwater.SingleOwner, fencing(), events{given, generation(2, kept(5, 10*ms)), generation(1, kept(6, 20*ms))}, Broken, nil, "db accepted orders/0@6 under epoch 1 at 20 ms, 10 ms after it had accepted epoch 2"},
	{"an older epoch's effect", breakwater.SingleOwner, fencing(), events{record("u1", 0), record("u2", 1), generation(2, effect("db", "u1", 10*ms)), generation(1, by("analytics/1", effect("db", "u2", 20*ms)))}, Broken, []string{"u2"}, "u2 (orders/0@1) under epoch 1 at 20 ms, 10 ms after it had accepted epoch 2 (event 1), from analytics/1"},
	{"newer and newer", breakwater.SingleOwner, fencing(), events{generation(1, kept(5, 10*ms)), generation(2, kept(6, 20*ms)), generation(2, kept(7, 30*ms))}, Holds, nil, "0 of 3"},
	{"of another partition's epoch", breakwater.SingleOwner, fencing(), events{generation(2, kept(5, 10*ms)), in(1, generation(1, kept(6, 20*ms)))}, Holds, nil, ""},
	{"within the clock's error", breakwater.SingleOwner, fencing(), events{generation(2, kept(5, 10*ms)), generation(1, kept(6, 14*ms))}, Holds, nil, ""},
	{"an attempt is nothing that it accepted", breakwater.SingleOwner, fencing(), events{record("u1", 0), generation(2, kept(5, 10*ms)), generation(1, attempt("db", "u1", 20*ms))}, Holds, nil, ""},
	{"not fenced", breakwater.SingleOwner, consumer(), events{given, generation(2, kept(5, 10*ms)), generation(1, kept(6, 20*ms))}, Holds, nil, "1 writes of a former owner came late"},
	{"fenced, and silent about it", breakwater.SingleOwner, fencing(), events{given, record("u1", 0), effect("db", "u1", 10*ms)}, Unknown, nil, "db promises to be fenced and records no epoch"},
	{"nobody consumes", breakwater.SingleOwner, synchronous(), nil, NotAsked, nil, ""},
}

// keyedRecords are u1, u2, … at 0, 1, … under one key, each taking effect when it is said.
func keyedRecords(key string, effects ...time.Duration) events {
	var all events
	for i, at := range effects {
		all = append(all, keyed(key, record(nth(i+1), int64(i))), effect("db", nth(i+1), at))
	}
	return all
}

var keyCases = []small{
	{"the second first", breakwater.KeyOrder, consumer(), keyedRecords("k", 20*ms, 10*ms), Broken, []string{"u1"}, "took effect in db"},
	{"one came late", breakwater.KeyOrder, consumer(), keyedRecords("k", 50*ms, 20*ms, 30*ms, 40*ms), Broken, []string{"u1"}, "u1 at orders/0@0 took effect in db at 50 ms, 30 ms after u2 at 1 did, of the same key k"},
	{"one came early", breakwater.KeyOrder, consumer(), keyedRecords("k", 20*ms, 30*ms, 40*ms, 10*ms), Broken, []string{"u4"}, "u4 at orders/0@3 took effect in db at 10 ms, 30 ms before u3 at 2 did"},
	{"in order", breakwater.KeyOrder, consumer(), keyedRecords("k", 10*ms, 20*ms, 30*ms), Holds, nil, "0 of 3"},
	{"at once, as far as the clock knows", breakwater.KeyOrder, consumer(), keyedRecords("k", 12*ms, 10*ms, 30*ms), Holds, nil, ""},
	{"one came late, two others at once", breakwater.KeyOrder, consumer(), keyedRecords("k", 50*ms, 20*ms, 19*ms, 30*ms), Broken, []string{"u1"}, ""},
	{"one came late, the last at once with another", breakwater.KeyOrder, consumer(), keyedRecords("k", 50*ms, 10*ms, 30*ms, 31*ms, 29500*time.Microsecond), Broken, []string{"u1"}, ""},
	{"one came early, after two at once", breakwater.KeyOrder, consumer(), keyedRecords("k", 21*ms, 20*ms, 30*ms, 10*ms), Broken, []string{"u4"}, ""},
	{"the second time does not count", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 10*ms, 20*ms), effect("db", "u1", 30*ms)), Holds, nil, ""},
	{"other keys may overtake", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 20*ms, 30*ms), keyed("other", record("u3", 2)), effect("db", "u3", 10*ms)), Holds, nil, "0 of 2"},
	{"so may other partitions", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 20*ms, 30*ms), in(1, keyed("k", record("u3", 2))), effect("db", "u3", 10*ms)), Holds, nil, ""},
	{"without an effect", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 10*ms, 20*ms), keyed("k", record("u3", 2))), Holds, nil, ""},
	{"the key is the request's", breakwater.KeyOrder, consumer(), all(keyed("k", sent), keyed("k", request("u2", 12*ms, history.OK)), record("u1", 0), record("u2", 1), effect("db", "u2", 20*ms), effect("db", "u1", 30*ms)), Broken, []string{"u1"}, ""},
	{"no key comes twice", breakwater.KeyOrder, consumer(), keyedRecords("k", 10*ms), Unknown, nil, "no key had two effects"},
	{"an id's further records", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 10*ms, 20*ms), keyed("k", record("u1", 9))), Holds, nil, ""},
	{"before it first took up", breakwater.KeyOrder, consumer(), all(keyedRecords("k", 50*ms, 20*ms, 30*ms), resume(ms, 1, 1)), Holds, nil, "0 of 2"},
	{"given up, then redriven", breakwater.KeyOrder, deadLetters(), all(keyedRecords("k", 50*ms, 20*ms, 30*ms), on("dead", record("u1", 0))), Holds, nil, ""},
	{"with retry topics", breakwater.KeyOrder, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), keyedRecords("k", 20*ms, 10*ms), NotAsked, nil, "others overtake them"},
	{"no ledger", breakwater.KeyOrder, noLedger(), records(0, 1), NotAsked, nil, ""},
	{"nobody consumes", breakwater.KeyOrder, synchronous(), nil, NotAsked, nil, ""},
}

var producerCases = []small{
	{"sequences out of order", breakwater.ProducerOrder, consumer(), events{seq(5, record("u1", 9)), seq(6, record("u2", 6)), seq(7, record("u3", 7))}, Broken, []string{"u1"}, "u1 at orders/0@9 is sequence 5 of producer 7, epoch 0, out of the order of its sequences; sequence 6 is at 6"},
	{"by the producer's answers", breakwater.ProducerOrder, consumer(), events{seq(5, produced(9, 1, 10*ms)), seq(6, produced(6, 1, 11*ms)), seq(7, produced(7, 1, 12*ms))}, Broken, nil, "orders/0@9 holds sequence 5"},
	{"in order", breakwater.ProducerOrder, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u2", 7))}, Holds, nil, "0 of 1 pairs"},
	{"appended again at the end", breakwater.ProducerOrder, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u2", 6)), seq(5, record("u1", 7))}, Holds, nil, ""},
	{"another producer's", breakwater.ProducerOrder, consumer(), events{seq(6, record("u1", 5)), seq(7, record("u2", 6)), func() history.Event { e := seq(0, record("u3", 7)); e.ProducerID = 8; return e }()}, Holds, nil, "0 of 1"},
	{"the next epoch begins afresh", breakwater.ProducerOrder, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u2", 6)), epoch(1, seq(0, record("u3", 7)))}, Holds, nil, ""},
	{"wherever it begins", breakwater.ProducerOrder, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u2", 6)), epoch(1, seq(0, record("u3", 4)))}, Holds, nil, ""},
	{"acknowledged first, and behind", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), record("u2", 0), record("u1", 1)}, Broken, []string{"u1", "u2"}, "u1 was acknowledged at 15 ms, before u2 of the same key k was sent, and stands behind it at orders/0@1"},
	{"behind several", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), keyed("k", request("u3", 22*ms, history.Unknown)), record("u2", 0), record("u3", 1), record("u1", 2)}, Broken, []string{"u1", "u3", "u2"}, "1 of 1"},
	{"in the order of their sending", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), record("u1", 0), record("u2", 1)}, Holds, nil, "0 of 1"},
	{"they overlapped", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 14*ms, history.OK)), record("u2", 0), record("u1", 1)}, Unknown, nil, "no pair of 2 records can be compared"},
	{"the first was never acknowledged", breakwater.ProducerOrder, consumer(), events{keyed("k", request("u1", 10*ms, history.Unknown)), keyed("k", request("u2", 20*ms, history.OK)), record("u2", 0), record("u1", 1)}, Unknown, nil, "no pair of 2 records"},
	{"published again behind it", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), record("u1", 0), record("u2", 1), record("u1", 2)}, Holds, nil, ""},
	{"of another key", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("other", request("u2", 20*ms, history.OK)), record("u2", 0), record("u1", 1)}, Unknown, nil, "no pair of 2 records"},
	{"of another partition", breakwater.ProducerOrder, consumer(), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), record("u2", 0), in(1, record("u1", 1))}, Unknown, nil, ""},
	{"in a topic that a service fills", breakwater.ProducerOrder, analytics(func(s *breakwater.Service) { s.Output = "output" }), events{keyed("k", sent), keyed("k", request("u2", 20*ms, history.OK)), record("u1", 0), record("u2", 1), on("output", record("u2", 0)), on("output", record("u1", 1))}, Holds, nil, ""},
	{"no log", breakwater.ProducerOrder, synchronous(), nil, NotAsked, nil, ""},
}

// keeps is a consumer that keeps its positions in its own sink.
func keeps() history.Header { return analytics(func(s *breakwater.Service) { s.Offsets = "sink" }) }

// The three guarantees about positions, of a consumer that keeps them itself.
var storedCases = []small{
	{"it took up elsewhere than its sink held", breakwater.ResumeAtCommitted, keeps(), all(five, kept(4, 10*ms), resume(50*ms, -1, 1)), Broken, []string{"u2", "u3"}, "analytics/1 resumed analytics at orders/0@1, its sink db held 4"},
	{"it skipped", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), resume(50*ms, -1, 4)), Broken, []string{"u2", "u3"}, "and 2 records were skipped"},
	{"it took up where its sink stood", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), kept(4, 20*ms), resume(50*ms, -1, 4)), Holds, nil, "1 of 1"},
	{"or at what makes no difference", breakwater.ResumeAtCommitted, keeps(), all(five, kept(3, 20*ms), resume(50*ms, -1, 4)), Holds, nil, ""},
	{"what Kafka holds does not count", breakwater.ResumeAtCommitted, keeps(), all(five, commit(2, ms, 2*ms, history.OK), kept(4, 20*ms), resume(50*ms, 2, 4)), Holds, nil, ""},
	{"not at what it held before", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), kept(4, 20*ms), resume(50*ms, -1, 1)), Broken, []string{"u2", "u3"}, ""},
	{"the sink moved while it took up", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), assign("analytics/1", "m", history.Assigned, 40*ms), kept(4, 45*ms), resume(50*ms, -1, 1)), Holds, nil, ""},
	{"or before it was sent anything", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), resume(50*ms, -1, 4), kept(4, 60*ms), fetched(4, 5, 80*ms)), Holds, nil, ""},
	{"but not after", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), resume(50*ms, -1, 4), fetched(4, 5, 60*ms), kept(4, 80*ms)), Broken, []string{"u2", "u3"}, ""},
	{"it moved just then, by its clock", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), kept(4, 49*ms), resume(50*ms, -1, 1)), Holds, nil, ""},
	{"and never was where it took up", breakwater.ResumeAtCommitted, keeps(), all(five, kept(1, 10*ms), kept(4, 49*ms), resume(50*ms, -1, 2)), Broken, []string{"u2"}, ""},
	{"the sink held nothing", breakwater.ResumeAtCommitted, keeps(), all(five, resume(5*ms, -1, 0), kept(4, 20*ms)), NotAsked, nil, "its sink held no position"},
	{"the sink tells nothing", breakwater.ResumeAtCommitted, keeps(), all(five, resume(50*ms, -1, 1)), NotAsked, nil, "nothing records them there"},
	{"another sink's positions", breakwater.ResumeAtCommitted, with(keeps(), func(h *history.Header) { h.Services[0].Ledger = &breakwater.Ledger{Sink: "other"} }),
		all(five, func() history.Event { e := kept(4, 10*ms); e.Sink = "other"; return e }(), resume(50*ms, -1, 1)), NotAsked, nil, ""},

	{"below what its sink held", breakwater.ExplainedRedelivery, keeps(), all(five, kept(4, 10*ms), resume(50*ms, -1, 1)), Broken, []string{"u2", "u3"}, "though 4 had been stored in db 40 ms before"},
	{"at what its sink held", breakwater.ExplainedRedelivery, keeps(), all(five, kept(4, 10*ms), resume(50*ms, -1, 4)), Holds, nil, "0 of 1"},
	{"above it", breakwater.ExplainedRedelivery, keeps(), all(five, kept(1, 10*ms), resume(50*ms, -1, 4)), Holds, nil, ""},
	{"no visible record between", breakwater.ExplainedRedelivery, keeps(), all(five, kept(4, 10*ms), resume(50*ms, -1, 3)), Holds, nil, ""},
	{"its sink had gone back", breakwater.ExplainedRedelivery, keeps(), all(five, kept(4, 10*ms), kept(1, 20*ms), resume(50*ms, -1, 1)), Holds, nil, ""},
	{"what Kafka holds explains nothing", breakwater.ExplainedRedelivery, keeps(), all(five, commit(1, ms, 2*ms, history.OK), kept(4, 10*ms), resume(50*ms, 1, 1)), Broken, []string{"u2", "u3"}, ""},
	{"the sink tells nothing", breakwater.ExplainedRedelivery, keeps(), all(five, resume(50*ms, -1, 1)), NotAsked, nil, ""},

	{"stored, then processed", breakwater.CommitAfterEffect, keeps(), all(resume(ms, -1, 0), record("u1", 0), kept(1, 10*ms), effect("db", "u1", 20*ms)), Broken, []string{"u1"}, "analytics/1 stored orders/0@1 at 10 ms, before the effect of u1 in db, which took effect 10 ms later"},
	{"stored with it", breakwater.CommitAfterEffect, keeps(), all(resume(ms, -1, 0), record("u1", 0), effect("db", "u1", 10*ms), kept(1, 10*ms)), Holds, nil, "0 of 1"},
	{"within the clock error", breakwater.CommitAfterEffect, keeps(), all(resume(ms, -1, 0), record("u1", 0), kept(1, 10*ms), effect("db", "u1", 11*ms)), Unknown, nil, "within the clock error"},
	{"what goes to Kafka does not count", breakwater.CommitAfterEffect, keeps(), all(resume(ms, -1, 0), record("u1", 0), commit(1, 5*ms, 6*ms, history.OK), effect("db", "u1", 10*ms), kept(1, 10*ms)), Holds, nil, ""},
	{"nor the sink's positions of one that commits", breakwater.CommitAfterEffect, consumer(), all(resume(ms, -1, 0), record("u1", 0), kept(1, 5*ms), effect("db", "u1", 10*ms), commit(1, 20*ms, 21*ms, history.OK)), Holds, nil, ""},
}

// What the scenario allows is told, and decides nothing.
func TestExpected(t *testing.T) {
	for _, c := range []struct {
		small
		expected []string // ids
		what     string
	}{
		{small{"a second effect where none is promised", breakwater.EffectOnce, consumer(), events{record("u1", 7), effect("db", "u1", 20*ms), effect("db", "u1", 30*ms), effect("db", "u2", 30*ms)}, NotAsked, nil, ""}, []string{"u1"}, "u1 took effect 2 times in db"},
		{small{"published again", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), seq(6, record("u1", 6)), seq(7, record("u2", 7))}, Holds, nil, ""}, []string{"u1"}, "u1 was published 2 times, and stands at orders/0@5 and orders/0@6"},
		{small{"appended again", breakwater.NoLogDuplicate, consumer(), events{seq(5, record("u1", 5)), seq(5, record("u1", 6))}, Broken, nil, ""}, nil, ""},
		{small{"put off again", breakwater.NoLogDuplicate, analytics(func(s *breakwater.Service) { s.DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), events{seq(5, record("u1", 5)), on("again", seq(1, record("u1", 0))), on("again", seq(2, record("u1", 1)))}, Holds, nil, ""}, nil, ""},
		{small{"by a producer that is not idempotent", breakwater.NoLogDuplicate, consumer(), events{plain(record("u1", 5)), plain(record("u1", 6))}, NotAsked, nil, ""}, []string{"u1"}, ""},
		{small{"a former owner's late effect", breakwater.SingleOwner, consumer(), events{given, record("u1", 0), generation(2, kept(5, 10*ms)), generation(1, effect("db", "u1", 20*ms))}, Holds, nil, ""}, []string{"u1"}, "under epoch 1"},
		{small{"a commit that was on its way", breakwater.CommittedMonotone, consumer(), events{commit(5, ms, 0, history.Unknown), commit(6, 10*ms, 11*ms, history.OK), sample(12*ms, 9, 6), sample(14*ms, 9, 5)}, Holds, nil, ""}, nil, "that commit was on its way (event 1)"},
		{small{"nothing", breakwater.EffectOnce, consumer(), events{effect("db", "u1", 20*ms)}, NotAsked, nil, ""}, nil, ""},
	} {
		v := verdict(t, historytest.Log(c.header, c.events...), c.guarantee)
		if v.Status != c.want || c.want != Broken && v.Total != 0 {
			t.Errorf("%s: %s, want %s: %+v", c.name, v.Status, c.want, v)
		}
		var ids []string
		text := ""
		for _, a := range v.Expected {
			ids = append(ids, a.IDs...)
			text += a.What
		}
		if !slices.Equal(ids, c.expected) || v.ExpectedTotal != len(v.Expected) || !strings.Contains(text, c.what) || (text == "") != (c.what == "" && c.expected == nil) {
			t.Errorf("%s: %q, want %q: %+v", c.name, ids, c.expected, v.Expected)
		}
	}

	// Of many, the first few are told and all are counted.
	var many events
	for range 30 {
		id := "u" + time.Duration(len(many)).String()
		many = append(many, effect("db", id, 20*ms), effect("db", id, 30*ms))
	}
	if v := verdict(t, historytest.Log(consumer(), many...), breakwater.EffectOnce); v.ExpectedTotal != 30 || len(v.Expected) != maxAnomalies {
		t.Errorf("%d of %d are told", len(v.Expected), v.ExpectedTotal)
	}
}
