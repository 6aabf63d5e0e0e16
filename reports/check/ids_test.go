package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// Ids that nobody can find prove nothing, and neither do batches that nobody saw.
func TestIDs(t *testing.T) {
	testSmall(t, idCases, culpritCases, misnumberedCases, onceInLogCases, sendingCases, promisedCases)
}

func header(name string) func(*history.Header) {
	return func(h *history.Header) { h.Topic.IDHeader = name }
}

func howEnded(how string, behind int64) func(*history.Header) {
	return func(h *history.Header) {
		h.Drained = &history.Drained{End: how, Behind: behind, Limit: 2 * time.Second}
		h.Require.Deadline = breakwater.Duration(15 * time.Second)
	}
}

func edited(h history.Header, edits ...func(*history.Header)) history.Header {
	for _, e := range edits {
		h = with(h, e)
	}
	return h
}

var (
	two       = events{sent, request("u2", 20*ms, history.OK)}
	bothDone  = events{effect("db", "u1", 30*ms), effect("db", "u2", 31*ms)}
	noIDs     = events{record("", 0), record("", 1)}
	someIDs   = events{record("u1", 0), record("", 1)}
	otherIDs  = events{record("0b1c", 0), record("77aa", 1)}
	promising = analytics(func(s *breakwater.Service) { s.Ledger.Once, s.Ledger.Attempts = true, "attempts" })
)

const (
	noHeader = "no record of orders carries an id in header event-id; set Topic.IDHeader to the header that does"
	noColumn = "no effect in db carries an id; name in its ledger's ID the column or field that does"
)

var idCases = []small{
	// The records carry none.
	{"no record has an id", breakwater.NoLostInLog, with(consumer(), header("event-id")), all(two, noIDs, bothDone), NotAsked, nil, noHeader},
	{"nobody says in which header", breakwater.NoLostInLog, consumer(), all(two, noIDs), NotAsked, nil, "no record of orders carries an id; set Topic.IDHeader"},
	{"in none of several topics", breakwater.NoLostInLog, analytics(func(s *breakwater.Service) { s.Output = "out" }), all(two, noIDs, put("", 0)), NotAsked, nil, "no record carries an id"},
	{"some records have none", breakwater.NoLostInLog, consumer(), all(two, someIDs), Unknown, []string{"u2"}, "1 of 2 acknowledged ids are not in the log, where 1 records carry no id: orders/0@1"},
	{"some records have none, and nothing is missing", breakwater.NoLostInLog, consumer(), all(two, records(0, 1), record("", 2)), Holds, nil, "0 of 2"},
	{"letters without an id hide no acknowledged one", breakwater.NoLostInLog, deadLetters(), all(two, record("u1", 0), on("dead", record("", 0))), Broken, []string{"u2"}, ""},
	{"ids of another kind", breakwater.NoLostInLog, consumer(), all(two, otherIDs), NotAsked, nil, `none of the ids in the log was sent, "0b1c" for one; set Topic.IDHeader`},
	{"ids in other letters", breakwater.NoLostInLog, consumer(), all(two, record("U1", 0), record("U2", 1)), NotAsked, nil, `"U1" for one where "u1" was`},
	{"ids cut short", breakwater.NoLostInLog, consumer(), all(request("user-1", 10*ms, history.OK), record("user", 0)), NotAsked, nil, `"user" for one where "user-1" was`},
	{"one id is enough", breakwater.NoLostInLog, consumer(), all(two, record("u1", 0), record("0b1c", 1)), Broken, []string{"u2"}, ""},
	{"nobody wrote to the topic, but to another", breakwater.NoLostInLog, consumer(), all(two, on("orders-v2", bundle("u1", 5, produced(0, 1, 11*ms)))), Unknown, nil, "services published to orders-v2: set Topic.Name"},
	{"the effects tell, where the records do not", breakwater.NoAcknowledgedLoss, consumer(), all(two, noIDs, bothDone), Holds, nil, "0 of 2"},
	{"and what is lost is lost, wherever", breakwater.NoAcknowledgedLoss, with(consumer(), header("event-id")), all(two, noIDs, bothDone[:1]), Broken, []string{"u2"}, "nothing reports where it was lost: " + noHeader},
	{"positions tell what waits", breakwater.NoStuck, consumer(), all(two, noIDs, bothDone), NotAsked, nil, "no position of it was sampled"},
	{"commits can be held against nothing", breakwater.CommitAfterEffect, with(consumer(), header("event-id")), all(noIDs, bothDone, resume(ms, -1, 0), commit(2, 10*ms, 11*ms, history.OK)), NotAsked, nil, noHeader},
	{"nor can deliveries", breakwater.DeliveryOrder, with(consumer(), header("event-id")), all(noIDs, bothDone, resume(ms, -1, 0), fetched(1, 1, 5*ms)), NotAsked, nil, noHeader},
	{"nor runs", breakwater.ReplayIsContiguous, with(recorded(), header("event-id")), all(noIDs, resume(ms, -1, 0), attempts(5*ms, 1, 2)), NotAsked, nil, noHeader},
	{"nor keys", breakwater.KeyOrder, with(consumer(), header("event-id")), all(keyed("k", record("", 0)), keyed("k", record("", 1)), bothDone), NotAsked, nil, noHeader},
	{"nor transfers", breakwater.ExactlyOnceTransfer, with(transferring(), header("event-id")), all(noIDs, past(2), put("", 0)), NotAsked, nil, noHeader},
	{"nor outputs", breakwater.ExactlyOnceTransfer, with(transferring(), header("event-id")), all(records(0, 1), past(2), put("", 0), put("", 1)), NotAsked, nil, "no record of out carries an id"},
	{"nor outputs under ids of their own", breakwater.ExactlyOnceTransfer, transferring(), all(records(0, 1), past(2), put("0b1c", 0), put("77aa", 1)), NotAsked, nil, "none of the ids in out is one of orders"},
	{"nor letters", breakwater.DeadLetterClosure, with(givingUp(), header("event-id")), all(noIDs, bothDone, commit(2, 10*ms, 11*ms, history.OK)), NotAsked, nil, noHeader},
	{"nor rows", breakwater.Outbox, with(keeping(), header("event-id")), all(noIDs, row("u1", 20*ms)), NotAsked, nil, noHeader},
	{"nor rows under ids of their own", breakwater.Outbox, keeping(), all(records(0, 1), row("17", 20*ms)), NotAsked, nil, "none of the ids in users is one of orders"},
	{"nor counts", breakwater.ProjectionEqualsReplay, with(counting(), header("event-id")), all(noIDs, position0(2, time.Second), holds("", 2)), NotAsked, nil, noHeader},
	{"nor who published what once", breakwater.NoLogDuplicate, edited(publishingOnce(), header("event-id")), all(seq(5, record("", 5)), seq(6, record("", 6)), seq(5, produced(5, 2, ms))), Holds, nil, "0 of 2 sequences"},
	{"a record without an id passed by", breakwater.CommitAfterEffect, consumer(), all(someIDs, bothDone[:1], resume(ms, -1, 0), commit(2, 40*ms, 41*ms, history.OK)), Holds, nil, "0 of 1"},
	{"a row that may be the one without", breakwater.Outbox, keeping(), events{row("u1", 20*ms), row("u2", 3*time.Second), record("u2", 0), record("", 1)}, Unknown, nil, "1 of 2 rows were not found in orders, where 1 records carry no id: orders/0@1"},
	{"a dead letter that may be the one without", breakwater.DeadLetterClosure, givingUp(), all(records(0, 1), bothDone[:1], deadLetter("", 0, 1), commit(2, 40*ms, 41*ms, history.OK)), Unknown, nil, "1 ids have neither an effect nor a dead letter, and 1 records carry no id: dead/0@0"},
	{"given up without an id", breakwater.NoAcknowledgedLoss, deadLetters(), all(two, records(0, 1), bothDone[:1], on("dead", record("", 0)), commit(2, 40*ms, 41*ms, history.OK)), Unknown, []string{"u2"}, "1 of 2 acknowledged ids never took effect in db, and 1 records carry no id: dead/0@0"},

	// The effects carry none.
	{"no effect has an id", breakwater.NoAcknowledgedLoss, consumer(), all(two, records(0, 1), effect("db", "", 30*ms), effect("db", "", 31*ms)), NotAsked, nil, noColumn},
	{"so that none is a phantom", breakwater.NoPhantom, consumer(), all(two, effect("db", "", 30*ms)), NotAsked, nil, noColumn},
	{"nor done twice", breakwater.EffectOnce, promising, all(two, effect("db", "", 30*ms), effect("db", "", 31*ms)), NotAsked, nil, noColumn},
	{"nor committed early", breakwater.CommitAfterEffect, consumer(), all(records(0, 1), effect("db", "", 30*ms), resume(ms, -1, 0), commit(2, 10*ms, 11*ms, history.OK)), NotAsked, nil, noColumn},
	{"nor what failed", breakwater.NoAbortedRead, consumer(), all(failed, effect("db", "", 30*ms)), NotAsked, nil, noColumn},
	{"nor torn", breakwater.NoOrphans, synchronous(), all(two, effect("db", "u1", 12*ms), effect("mail", "", 12*ms)), NotAsked, nil, "no effect in mail carries an id"},
	{"nor skipped", breakwater.DeliveryOrder, consumer(), all(records(0, 1, 2), effect("db", "", 30*ms), resume(ms, -1, 0), fetched(0, 0, 5*ms), fetched(2, 2, 9*ms)), NotAsked, nil, noColumn},
	{"nor a run with gaps", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempt("db", "", 5*ms), attempt("db", "", 6*ms)), NotAsked, nil, "no attempt in db carries an id"},
	{"one of them may be it", breakwater.NoAcknowledgedLoss, consumer(), all(two, records(0, 1), bothDone[:1], effect("db", "", 31*ms)), Unknown, []string{"u2"}, "1 of 2 acknowledged ids never took effect in db, where 1 effects and attempts carry no id"},
	{"one of them may be the other half", breakwater.NoOrphans, synchronous(), all(two, effect("db", "u1", 12*ms), effect("mail", "u1", 12*ms), effect("db", "u2", 22*ms), effect("mail", "", 22*ms)), Unknown, []string{"u2"}, "where 1 effects and attempts carry no id"},
	{"one of them may be the second", breakwater.EffectOnce, promising, all(bothDone, effect("db", "", 31*ms)), Unknown, nil, "1 effects have no id and cannot be counted"},
	{"one of them may have been committed early", breakwater.CommitAfterEffect, consumer(), all(records(0, 1), bothDone[:1], effect("db", "", 5*ms), resume(ms, -1, 0), commit(2, 40*ms, 41*ms, history.OK)), Unknown, []string{"u2"}, "carry no id"},
	{"one of them may be what failed", breakwater.NoAbortedRead, consumer(), all(failed, two[1:], bothDone[1:], effect("db", "", 30*ms)), Unknown, nil, "no failed or aborted id took effect, where 1 effects"},

	// The effects carry others.
	{"another column", breakwater.NoAcknowledgedLoss, consumer(), all(two, records(0, 1), effect("db", "1", 30*ms), effect("db", "2", 31*ms)), NotAsked, nil, `none of the ids in db was sent, "1" for one; name in its ledger's ID the column or field that holds them as they were sent`},
	{"no phantoms, but another column", breakwater.NoPhantom, consumer(), all(two, effect("db", "1", 30*ms), effect("db", "2", 31*ms)), NotAsked, nil, "none of the ids in db was sent"},
	{"in capitals", breakwater.NoPhantom, consumer(), all(two, effect("db", "U1", 30*ms)), NotAsked, nil, `"U1" for one where "u1" was`},
	{"with more around them", breakwater.NoAcknowledgedLoss, consumer(), all(two, effect("db", "order:u1", 30*ms)), NotAsked, nil, `"order:u1" for one where "u1" was`},
	{"another column, of one of two sinks", breakwater.NoOrphans, synchronous(), all(two, effect("db", "u1", 12*ms), effect("mail", "17", 12*ms)), NotAsked, nil, "none of the ids in mail was sent"},
	{"those of the records are not those of the effects", breakwater.CommitAfterEffect, consumer(), all(otherIDs, bothDone, resume(ms, -1, 0), commit(2, 10*ms, 11*ms, history.OK)), NotAsked, nil, "none of the ids in db is one of orders"},
	{"one right id shows the column", breakwater.NoPhantom, consumer(), all(two, bothDone[:1], effect("db", "2", 31*ms)), Broken, []string{"2"}, "nobody sent it"},
	{"nothing at all took effect", breakwater.NoAcknowledgedLoss, consumer(), all(two, records(0, 1)), Broken, []string{"u1", "u2"}, ""},
	{"epochs of what cannot be placed", breakwater.SingleOwner, fencing(), events{given, record("u1", 0), generation(2, effect("db", "x1", 10*ms)), generation(1, effect("db", "x2", 20*ms))}, Unknown, nil, "nothing that db accepted under an epoch can be assigned to its partition"},

	// What was not compared is not examined.
	{"one commit a partition", breakwater.CommittedMonotone, consumer(), events{commit(6, 10*ms, 11*ms, history.OK), in(1, commit(5, 12*ms, 13*ms, history.OK))}, Unknown, nil, "none of 2 positions"},
	{"samples that moved", breakwater.CommittedMonotone, consumer(), events{sample(ms, 9, 1), sample(2*ms, 9, 3)}, Holds, nil, "0 of 1"},
	{"effects of one instant", breakwater.KeyOrder, consumer(), keyedRecords("k", 10*ms, 11*ms, 12*ms), Unknown, nil, "none of the 3 effects of a key can be ordered among the others of it by their instants"},
	{"one of them later", breakwater.KeyOrder, consumer(), keyedRecords("k", 10*ms, 11*ms, 20*ms), Holds, nil, "0 of 3"},
	{"one delivery, from nobody knows where", breakwater.DeliveryOrder, consumer(), all(records(0, 1), fetched(1, 1, 5*ms)), Unknown, nil, "nothing was seen to be fetched"},
	{"nothing had come to an end", breakwater.DeadLetterClosure, givingUp(), all(records(0, 1)), Unknown, nil, "none of 2 records had come to an end"},
	{"a run with nothing to bring", breakwater.ReplayIsContiguous, recorded(), all(five, took1, attempts(5*ms, 1, 2, 3, 4, 5), by("analytics/2", resume(50*ms, 6, 6))), Holds, nil, "1 of 1 runs"},
}

// bundle is a batch that begins with the id, of that checksum, on the first connection.
func bundle(id string, crc uint32, e history.Event) history.Event {
	e.ID, e.CRC, e.Conn = id, crc, 1
	return e
}

// acks is registration with its acknowledgements among its settings.
func acks(h *history.Header) {
	h.Services[0].Settings = map[string]string{"acks": "all"}
}

var withAcks = with(consumer(), acks)

// u1Lost is a log in which u1 is missing and u2 stands at offset 1.
var u1Lost = all(two, record("u2", 1))

var culpritCases = []small{
	{"lost by the broker", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u1", 5, produced(0, 1, 11*ms))), Broken, []string{"u1"}, "u1 was acknowledged at 15 ms and is not in the log: lost by the broker, which acknowledged it at orders/0@0 at 12 ms"},
	{"from the end of the log", breakwater.NoLostInLog, withAcks, all(two, record("u1", 0), bundle("u2", 5, produced(1, 1, 21*ms))), Broken, []string{"u2"}, "lost by the broker, which acknowledged it at orders/0@1"},
	{"from behind what the reader looked at", breakwater.NoLostInLog, withAcks, all(two, record("u1", 0), bundle("u2", 5, produced(1, 1, 21*ms)), stable0("orders", 8*time.Second, 4, 1)), Broken, []string{"u2"}, "at an offset at which nobody looked"},
	{"never published", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u2", 5, produced(1, 1, 21*ms))), Broken, []string{"u1"}, "it never came to the edge, registration acknowledged it and did not publish it"},
	{"not published yet", breakwater.NoLostInLog, edited(consumer(), howEnded(history.DrainDeadline, 0)), all(u1Lost, bundle("u2", 5, produced(1, 1, 21*ms))), Unknown, []string{"u1"}, "where they may still have come when the drain ended: raise Require.Deadline (15 s)"},
	{"not published, and nothing moved any more", breakwater.NoLostInLog, edited(consumer(), howEnded(history.DrainQuiet, 0)), all(u1Lost, bundle("u2", 5, produced(1, 1, 21*ms))), Broken, []string{"u1"}, "never came to the edge"},
	{"lost by the broker, and the deadline is no excuse", breakwater.NoLostInLog, edited(withAcks, howEnded(history.DrainDeadline, 3)), all(u1Lost, request("u3", 30*ms, history.OK), bundle("u1", 5, produced(0, 1, 11*ms))), Broken, []string{"u1"}, "1 of 2 acknowledged ids are missing from the log, 1 more are not in the log, where they may still have come"},
	{"acknowledged before the broker did", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u1", 5, refusedAs("REQUEST_TIMED_OUT", history.Unknown, produced(-1, 1, 11*ms)))), Broken, []string{"u1"}, "registration acknowledged it although the broker never did, which it was sent to by registration/1 (event 2: REQUEST_TIMED_OUT)"},
	{"refused, and acknowledged all the same", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u1", 5, refusedAs("NOT_ENOUGH_REPLICAS", history.Failed, produced(-1, 1, 11*ms)))), Broken, []string{"u1"}, "although the broker never did"},
	{"in a batch of which not all is known", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u9", 5, outcome(history.Unknown, produced(-1, 3, 11*ms)))), Broken, []string{"u1"}, "it may have been in one of 1 batches of which not every id is known"},
	{"in a batch of which all is known", breakwater.NoLostInLog, withAcks, all(two, records(3, 4)[1:], record("u9", 3), bundle("u9", 5, produced(3, 2, 11*ms))), Broken, []string{"u1"}, "never came to the edge"},
	{"deleted, for all that is known", breakwater.NoLostInLog, withAcks, all(u1Lost, bundle("u1", 5, produced(0, 1, 11*ms)), logStart("orders", 0, 1), startedAt(0)), Unknown, []string{"u1"}, "offsets were deleted"},
	{"lost by the broker, though others were deleted", breakwater.NoLostInLog, withAcks, all(two, record("u2", 6), bundle("u1", 5, produced(5, 1, 11*ms)), logStart("orders", 0, 3), startedAt(0)), Broken, []string{"u1"}, "lost by the broker"},
	{"lost by the broker, though some records have no id", breakwater.NoLostInLog, withAcks, all(u1Lost, record("", 2), bundle("u1", 5, produced(0, 1, 11*ms))), Broken, []string{"u1"}, "lost by the broker"},
}

func refusedAs(class string, o history.Outcome, e history.Event) history.Event {
	e.Error, e.Outcome = class, o
	return e
}

// stable0 samples partition 0 of the topic.
func stable0(topic string, at time.Duration, high, stable int64) history.Event {
	return history.Event{Kind: history.Sample, Topic: topic, At: at, HighWatermark: high, LastStable: stable, Committed: -1}
}

// Two records under sequence 5, of which u1 is in the log.
var (
	first5  = bundle("u1", 0xa, seq(5, produced(0, 1, 11*ms)))
	second5 = bundle("u2", 0xb, seq(5, produced(0, 1, 21*ms)))
	third5  = bundle("u3", 0xc, seq(5, produced(0, 1, 31*ms)))
	u1At0   = seq(5, record("u1", 0))
)

var misnumberedCases = []small{
	{"two records under one number", breakwater.OneRecordPerOffset, withAcks, all(two, first5, second5, u1At0), Broken, []string{"u2"}, "registration/1 sent u2 at 21 ms under sequence 5 of producer 7, epoch 0, under which it had sent u1 (event 2): the broker took it for that, and it is not in the log"},
	{"three, and one of them twice", breakwater.OneRecordPerOffset, withAcks, all(two, first5, second5, third5, took(ms, started(40*ms, second5)), u1At0), Broken, []string{"u2", "u3"}, "2 of 3 batches of registration/1 were sent under the number of another, and so lost by their producer"},
	{"answered that it is a duplicate", breakwater.OneRecordPerOffset, withAcks, all(two, first5, func() history.Event { e := second5; e.Offset, e.Error = -1, "DUPLICATE_SEQUENCE_NUMBER"; return e }(), u1At0), Broken, []string{"u2"}, ""},
	{"the second is the one in the log", breakwater.OneRecordPerOffset, withAcks, all(two, outcome(history.Unknown, first5), second5, seq(5, record("u2", 0))), Holds, nil, ""},
	{"the first was refused", breakwater.OneRecordPerOffset, withAcks, all(two, outcome(history.Failed, first5), second5, seq(5, record("u2", 0))), Holds, nil, ""},
	{"the answer to the first was lost, and it is in the log", breakwater.OneRecordPerOffset, withAcks, all(two, outcome(history.Unknown, first5), second5, u1At0), Broken, []string{"u2"}, ""},
	{"the same again", breakwater.OneRecordPerOffset, withAcks, all(two, first5, took(ms, started(20*ms, first5)), u1At0), Holds, nil, "0 of 1"},
	{"the same in other bytes", breakwater.OneRecordPerOffset, withAcks, all(two, first5, bundle("u1", 0xb, seq(5, produced(0, 1, 21*ms))), u1At0), Holds, nil, ""},
	{"other bytes, and no id", breakwater.OneRecordPerOffset, withAcks, all(two, bundle("", 0xa, first5), bundle("", 0xb, second5), u1At0), Unknown, nil, "sent again under their number with another checksum, and no id reports whether they held the same"},
	{"other bytes, no id, and more of them", breakwater.OneRecordPerOffset, withAcks, all(two, bundle("", 0xa, first5), bundle("", 0xb, seq(5, produced(0, 4, 21*ms))), u1At0), Broken, nil, "sent 4 records"},
	{"of two producers", breakwater.OneRecordPerOffset, withAcks, all(two, first5, func() history.Event {
		e := bundle("u2", 0xb, seq(5, produced(1, 1, 21*ms)))
		e.ProducerID = 8
		return e
	}(), u1At0), Holds, nil, ""},
	{"of the next epoch", breakwater.OneRecordPerOffset, withAcks, all(two, first5, epoch(1, bundle("u2", 0xb, seq(5, produced(1, 1, 21*ms)))), u1At0), Holds, nil, ""},
	{"in two partitions", breakwater.OneRecordPerOffset, withAcks, all(two, first5, in(1, second5), u1At0), Holds, nil, ""},
	{"whoever reads tells no numbers", breakwater.OneRecordPerOffset, withAcks, all(two, first5, second5, record("u1", 0)), Broken, []string{"u2"}, ""},
	{"an id where another was acknowledged", breakwater.OneRecordPerOffset, withAcks, all(two, bundle("u1", 0xa, plain(produced(0, 1, 11*ms))), plain(record("u2", 0))), Broken, []string{"u1", "u2"}, "orders/0@0 was given to u1 and holds u2"},
	{"the id that was", breakwater.OneRecordPerOffset, withAcks, all(two, bundle("u1", 0xa, plain(produced(0, 1, 11*ms))), plain(record("u1", 0))), Holds, nil, "0 of 1"},
	{"not idempotent, told twice, of other records", breakwater.OneRecordPerOffset, withAcks, events{bundle("u1", 0xa, plain(produced(7, 1, 10*ms))), bundle("u2", 0xb, plain(produced(7, 1, 20*ms)))}, Broken, []string{"u1", "u2"}, "orders/0@7 was given to a batch of registration/1 and to a batch of registration/1"},

	{"the producer lost it, not the broker", breakwater.NoLostInLog, withAcks, all(two, first5, second5, u1At0), Broken, []string{"u2"}, "u2 was acknowledged at 25 ms and is not in the log: its producer lost it. registration/1 sent u2 at 21 ms under sequence 5"},
	{"nor does the sink's loss blame the broker", breakwater.NoAcknowledgedLoss, withAcks, all(two, first5, second5, u1At0, effect("db", "u1", 30*ms)), Broken, []string{"u2"}, "its producer lost it"},
}

func publishingOnce() history.Header {
	return with(consumer(), func(h *history.Header) { h.Services[0].PublishesOnce = true })
}

// registered is what registration published, seen by its edge.
func registered(e history.Event) events {
	b := produced(e.Offset, 1, 11*ms)
	b.Topic, b.ProducerID, b.Epoch, b.Sequence = e.Topic, e.ProducerID, e.Epoch, e.Sequence
	return events{b, e}
}

var (
	u1At5      = transactional(seq(5, record("u1", 5)))
	u1Again    = transactional(seq(6, record("u1", 9)))
	u1Redriven = func() history.Event { e := u1Again; e.ProducerID, e.Sequence = 8, 0; return e }()
)

var onceInLogCases = []small{
	{"committed twice", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), registered(u1Again)), Broken, []string{"u1"}, "u1 was committed 2 times by registration, and stands at orders/0@5 and orders/0@9"},
	{"counted by ids", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), registered(u1Again), registered(seq(7, record("u2", 10)))), Broken, []string{"u1"}, "1 of 2 ids were committed more than once by registration"},
	{"once aborted, once committed", breakwater.NoLogDuplicate, publishingOnce(), all(registered(aborted(u1At5)), registered(u1Again)), Holds, nil, "0 of 1 ids were committed more than once by registration"},
	{"which promises nothing", breakwater.NoLogDuplicate, consumer(), all(registered(u1At5), registered(u1Again)), Holds, nil, "1 ids were published again by the application"},
	{"the second by somebody else", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), by("redrive/1", registered(u1Redriven)[0]), u1Redriven), Holds, nil, ""},
	{"the second by nobody knows whom", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), u1Redriven, by("redrive/1", seq(9, produced(20, 1, 12*ms)))), Unknown, []string{"u1"}, "nothing shows who published one of their records"},
	{"the answer to the second was lost", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), u1Again, seq(6, outcome(history.Unknown, produced(-1, 1, 12*ms)))), Broken, []string{"u1"}, ""},
	{"in two topics", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), registered(on("audit", u1Again))), Holds, nil, ""},
	{"put off again", breakwater.NoLogDuplicate, edited(publishingOnce(), func(h *history.Header) { h.Services[0].DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), all(registered(u1At5), registered(on("again", u1Again)), registered(on("again", func() history.Event { e := u1Again; e.Offset, e.Sequence = 12, 7; return e }()))), Holds, nil, ""},
	{"appended again by the broker", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), func() history.Event { e := u1At5; e.Offset = 9; return e }()), Broken, []string{"u1"}, "0 of 1 ids were committed more than once by registration"},
	{"by a producer that is not idempotent", breakwater.NoLogDuplicate, publishingOnce(), all(registered(plain(record("u1", 5))), registered(plain(record("u1", 9)))), Broken, []string{"u1"}, "committed 2 times"},
	{"records without an id", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), registered(seq(6, record("", 9)))), Unknown, nil, "1 records carry no id: orders/0@9"},
	{"none but such", breakwater.NoLogDuplicate, edited(publishingOnce(), header("event-id")), all(registered(plain(record("", 9)))), NotAsked, nil, noHeader},
	{"a compacted topic", breakwater.NoLogDuplicate, edited(publishingOnce(), compacted), all(registered(u1At5)), Unknown, nil, "orders is compacted"},
	{"deleted from the start of the log", breakwater.NoLogDuplicate, publishingOnce(), all(registered(u1At5), logStart("orders", 0, 3), startedAt(0)), Unknown, nil, "records were deleted from the start of orders"},
	{"nothing that anybody sees", breakwater.NoLogDuplicate, publishingOnce(), all(on("other", record("u1", 5))), Unknown, nil, "published nothing"},
}

// unnumbered is a batch of a producer that is not idempotent, over one of its connections.
func unnumbered(id string, offset int64, at time.Duration, conn uint32) history.Event {
	e := bundle(id, uint32(len(id))<<8|uint32(id[len(id)-1]), plain(produced(offset, 1, at)))
	e.Conn = conn
	return e
}

func unheard(e history.Event) history.Event {
	e.Offset, e.End, e.Outcome, e.Error = -1, e.At+ms, history.Failed, "NOT_LEADER_OR_FOLLOWER"
	return e
}

// behind is a log in which u1 stands behind u2.
var behind = events{plain(record("u2", 0)), plain(record("u1", 1))}

var sendingCases = []small{
	{"sent first, and again behind another", breakwater.ProducerOrder, consumer(), all(behind, unheard(unnumbered("u1", -1, 10*ms, 1)), unnumbered("u2", 0, 11*ms, 1), unnumbered("u1", 1, 20*ms, 1)), Broken, []string{"u1", "u2"}, "u1 was first sent by registration/1 at 10 ms, before u2 at 11 ms, and stands behind it at orders/0@1"},
	{"over a new connection", breakwater.ProducerOrder, consumer(), all(behind, unheard(unnumbered("u1", -1, 10*ms, 1)), unnumbered("u2", 0, 15*ms, 2), unnumbered("u1", 1, 20*ms, 2)), Broken, []string{"u1", "u2"}, ""},
	{"sent again before the other", breakwater.ProducerOrder, consumer(), all(events{plain(record("u1", 0)), plain(record("u2", 1))}, unheard(unnumbered("u1", -1, 10*ms, 1)), unnumbered("u1", 0, 11*ms, 1), unnumbered("u2", 1, 20*ms, 1)), Holds, nil, "0 of 1 pairs"},
	{"in the order of their sending on the wire", breakwater.ProducerOrder, consumer(), all(behind, unnumbered("u2", 0, 10*ms, 1), unnumbered("u1", 1, 11*ms, 1)), Holds, nil, "0 of 1 pairs"},
	{"by two producers of one instance", breakwater.ProducerOrder, consumer(), all(behind, unheard(unnumbered("u1", -1, 10*ms, 1)), unnumbered("u2", 0, 11*ms, 2), unnumbered("u1", 1, 20*ms, 1)), Unknown, nil, "no pair of 2 records can be compared"},
	{"of two instances", breakwater.ProducerOrder, consumer(), all(behind, unheard(unnumbered("u1", -1, 10*ms, 1)), by("registration/2", unnumbered("u2", 0, 11*ms, 1)), unnumbered("u1", 1, 20*ms, 1)), Unknown, nil, ""},
	{"published anew by the application", breakwater.ProducerOrder, consumer(), all(behind, bundle("u1", 99, unheard(unnumbered("u1", -1, 10*ms, 1))), unnumbered("u2", 0, 11*ms, 1), unnumbered("u1", 1, 20*ms, 1)), Unknown, nil, "no pair"},
	{"appended at once, and again", breakwater.ProducerOrder, consumer(), all(plain(record("u1", 0)), plain(record("u2", 1)), plain(record("u1", 2)), unheard(unnumbered("u1", -1, 10*ms, 1)), unnumbered("u2", 1, 11*ms, 1), unnumbered("u1", 2, 20*ms, 1)), Unknown, nil, ""},
	{"records of one batch", breakwater.ProducerOrder, consumer(), all(plain(record("u1", 0)), plain(record("u2", 1)), bundle("u1", 9, plain(produced(0, 2, 10*ms)))), Unknown, nil, "no pair"},
	{"in two partitions by one producer", breakwater.ProducerOrder, consumer(), all(plain(record("u2", 0)), in(1, plain(record("u1", 0))), unnumbered("u1", 0, 11*ms, 1), in(1, unnumbered("u2", 0, 10*ms, 1))), Unknown, nil, ""},
	{"without a checksum", breakwater.ProducerOrder, consumer(), all(behind, plain(produced(0, 1, 11*ms)), plain(produced(1, 1, 10*ms))), Unknown, nil, ""},
	{"all requests overlap, and nothing else tells", breakwater.ProducerOrder, consumer(), all(keyed("k", sent), keyed("k", request("u2", 14*ms, history.OK)), keyed("k", request("u3", 14*ms, history.OK)), records(1, 0, 2)), Unknown, nil, "no pair of 3 records can be compared"},
	{"three, of which one pair", breakwater.ProducerOrder, consumer(), all(keyed("k", sent), keyed("k", request("u2", 14*ms, history.OK)), keyed("k", request("u3", 40*ms, history.OK)), records(0, 1, 2)), Holds, nil, "0 of 1 pairs"},
}

// still1 are samples in which the group stands at 1 of 2 to the end.
func still1(from time.Duration) events {
	var all events
	for at := from; at < 9*time.Second; at += 250 * ms {
		all = append(all, sample(at, 2, 1))
	}
	return all
}

var promisedCases = []small{
	{"which promises nothing of the kind", breakwater.ExactlyOnceTransfer, transferring(func(s *breakwater.Service) { s.ExactlyOnce = false }), events{record("u1", 0), record("u2", 1), past(2), put("u1", 0), put("u1", 1)}, NotAsked, nil, "does not promise to transfer each record exactly once; set ExactlyOnce if it does"},
	{"stands still though it is alive", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainStill, 1)), all(records(0, 1), past(1), put("u1", 0), still1(time.Second)), Broken, []string{"u2"}, "u2 is at orders/0@1 and not in out, analytics is alive and has not moved there for 2 s, where it stands at 1"},
	{"stands still, at the deadline", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainDeadline, 1)), all(records(0, 1), past(1), put("u1", 0), still1(time.Second)), Broken, []string{"u2"}, ""},
	{"moved until the deadline", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainDeadline, 1)), all(records(0, 1), past(1), put("u1", 0), still1(7500*ms)), Unknown, nil, "1 of 2 ids had not been transferred, but wait in the log: not drained, 1 behind; raise Require.Deadline (15 s)"},
	{"is dead", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainStill, 1)), all(records(0, 1), past(1), put("u1", 0), still1(time.Second), process("analytics/1", history.Exited, time.Second), process("analytics/2", history.Exited, time.Second)), Unknown, nil, "no instance of analytics was alive"},
	{"is waited for", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainDeadline, 1)), all(records(0, 1), past(1), put("u1", 0), still1(time.Second), history.Event{Kind: history.Session, Client: "analytics/1", Group: "analytics", Member: "m9", At: 2 * time.Second, End: 47 * time.Second}), Unknown, nil, "the session of a member"},
	{"nobody recorded how the run ended", breakwater.ExactlyOnceTransfer, transferring(), all(records(0, 1), past(1), put("u1", 0), still1(time.Second)), Unknown, nil, "1 of 2 ids were not yet transferred, nor committed past"},
	{"all read, and one not there", breakwater.ExactlyOnceTransfer, edited(transferring(), howEnded(history.DrainQuiet, 0)), all(records(0, 1), past(2), put("u1", 0)), Broken, []string{"u2"}, "committed past it"},
}

// What is known of one's own log by its ids is not known of another's.
func TestStrangers(t *testing.T) {
	ids := func(kind history.Kind, ids ...string) (all events) {
		for _, id := range ids {
			all = append(all, history.Event{Kind: kind, ID: id, Topic: "orders"})
		}
		return all
	}
	for _, c := range []struct {
		these, those []string
		how          string
		strange      bool
	}{
		{nil, []string{"u1"}, "", false},
		{[]string{"u1"}, nil, "", false},
		{[]string{""}, []string{"u1"}, "", false},
		{[]string{"x", "u1"}, []string{"u1"}, "", false},
		{[]string{"x"}, []string{"u1"}, `"x" for one`, true},
		{[]string{"", "AB-2"}, []string{"ab-1", "ab-2"}, `"AB-2" for one where "ab-2" was`, true},
		{[]string{"ab"}, []string{"zz", "ab-1"}, `"ab" for one where "ab-1" was`, true},
		{[]string{"evt(ab-1)"}, []string{"zz", "ab-1"}, `"evt(ab-1)" for one where "ab-1" was`, true},
	} {
		x := historytest.Log(history.Header{}, all(ids(history.Audit, c.these...), ids(history.Request, c.those...))...).Index()
		if how, strange := strangers(x.InLog, x.Sent); how != c.how || strange != c.strange {
			t.Errorf("%q beside %q: %q, %v", c.these, c.those, how, strange)
		}
	}
}
