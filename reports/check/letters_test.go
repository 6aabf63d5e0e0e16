package check

import (
	"slices"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// The small histories about dead letters speak of analytics/1 as the others do.
// It puts records of orders off to "again" and gives them up to "dead".

func TestDeadLetters(t *testing.T) { testSmall(t, closureCases) }

func givingUp(edit ...func(*breakwater.Service)) history.Header {
	return analytics(func(s *breakwater.Service) {
		s.DeadLetter = &breakwater.DeadLetter{Topic: "dead", Retry: []string{"again"}, MaxAttempts: 3, Backoff: breakwater.Duration(100 * ms), Fatal: []string{"bad address"}}
		s.Ledger = &breakwater.Ledger{Sink: "db", Attempts: "attempts"}
		for _, e := range edit {
			e(s)
		}
	})
}

// deadLetter is a record in the dead letter topic that stands for orders/0@origin.
func deadLetter(id string, offset, origin int64) history.Event {
	e := on("dead", record(id, offset))
	e.DeadLetter = &history.DeadLetterRecord{Topic: "orders", Offset: origin, Error: "full", Attempt: 3}
	return e
}

// putOff is the same in the retry topic, after the first attempt.
func putOff(id string, offset, origin int64) history.Event {
	e := on("again", deadLetter(id, offset, origin))
	e.DeadLetter.Attempt = 1
	return e
}

func saying(edit func(*history.DeadLetterRecord), e history.Event) history.Event {
	l := *e.DeadLetter
	edit(&l)
	e.DeadLetter = &l
	return e
}

// published is how the tap saw a record enter its topic.
func published(record history.Event, at time.Duration) history.Event {
	return history.Event{Kind: history.Produce, ID: record.ID, Client: "analytics/1", Topic: record.Topic, Partition: record.Partition, Offset: record.Offset, Count: 1, At: at, End: at + ms, Outcome: history.OK}
}

func tried(id string, at ...time.Duration) events {
	var all events
	for _, t := range at {
		all = append(all, attempt("db", id, t))
	}
	return all
}

var (
	u0       = events{record("u0", 0), effect("db", "u0", 5*ms)} // and nothing is wrong with it
	u1       = record("u1", 1)
	redriven = record("u1", 7)
)

func after(all ...events) events { return slices.Concat(append([]events{u0}, all...)...) }

var closureCases = []small{
	{"an effect, or a dead letter", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), commit(2, 10*ms, 11*ms, history.OK)}), Holds, nil, "0 of 2"},
	{"neither", breakwater.DeadLetterClosure, givingUp(), after(events{u1, commit(2, 10*ms, 11*ms, history.OK)}), Broken, []string{"u1"}, "it has neither an effect nor a dead letter"},
	{"not committed past yet", breakwater.DeadLetterClosure, givingUp(), after(events{u1, commit(1, 10*ms, 11*ms, history.OK)}), Holds, nil, ""},
	{"skipped by a reset", breakwater.DeadLetterClosure, givingUp(), after(events{u1, by("kit", commit(2, 3*ms, 4*ms, history.OK)), commit(3, 10*ms, 11*ms, history.OK)}), Holds, nil, ""},
	{"put off, and not yet tried again", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), commit(2, 10*ms, 11*ms, history.OK)}), Holds, nil, ""},
	{"put off, and dropped then", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), commit(2, 10*ms, 11*ms, history.OK), on("again", commit(1, 20*ms, 21*ms, history.OK))}), Broken, []string{"u1"}, "neither"},
	{"put off, and successful then", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), commit(2, 10*ms, 11*ms, history.OK), effect("db", "u1", 200*ms), on("again", commit(1, 300*ms, 301*ms, history.OK))}), Holds, nil, ""},
	{"both", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), effect("db", "u1", 20*ms)}), Broken, []string{"u1"}, "has an effect and a dead letter, at dead/0@0 (effect-and-dead-letter)"},
	{"without a sink its output tells", breakwater.DeadLetterClosure, givingUp(func(s *breakwater.Service) { s.Ledger, s.Output = nil, "out" }), events{u1, deadLetter("u1", 0, 1), on("out", record("u1", 0))}, Broken, []string{"u1"}, "an effect and a dead letter"},
	{"nobody tells its effects", breakwater.DeadLetterClosure, givingUp(func(s *breakwater.Service) { s.Ledger = nil }), events{u1, commit(2, 10*ms, 11*ms, history.OK)}, Holds, nil, ""},

	{"two dead letters", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), deadLetter("u1", 1, 1)}), Broken, []string{"u1"}, "two dead letters stand for u1 at orders/0@1: the second is at dead/0@1 (two-dead-letters)"},
	{"two dead letters, of one by way of the retry topic", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 4, 1), deadLetter("u1", 0, 1), saying(func(l *history.DeadLetterRecord) { l.Topic, l.Offset = "again", 4 }, deadLetter("u1", 1, 4))}), Broken, []string{"u1"}, "two dead letters"},
	{"a dead letter for each of two records with one id", breakwater.DeadLetterClosure, givingUp(), after(events{u1, record("u1", 2), deadLetter("u1", 0, 1), deadLetter("u1", 1, 2)}), Holds, nil, ""},
	{"no origin", breakwater.DeadLetterClosure, givingUp(), after(events{u1, saying(func(l *history.DeadLetterRecord) { l.Offset = -1 }, deadLetter("u1", 0, 1))}), Broken, []string{"u1"}, "does not name where the original stood (dead-letter-without-origin)"},
	{"no headers at all", breakwater.DeadLetterClosure, givingUp(), after(events{u1, func() history.Event { l := deadLetter("u1", 0, 1); l.DeadLetter = nil; return l }()}), Broken, []string{"u1"}, "does not name"},
	{"no headers, and no id", breakwater.DeadLetterClosure, givingUp(), after(events{saying(func(l *history.DeadLetterRecord) { l.Topic = "" }, deadLetter("", 0, 1))}), Broken, nil, "an unknown id"},
	{"another's origin", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 0)}), Broken, []string{"u1"}, "names orders/0@0, where u0 stands"},
	{"an origin that is no longer there", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 99)}), Holds, nil, ""},

	{"tried too often", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1)}, tried("u1", 10*ms, 20*ms, 30*ms, 40*ms)), Broken, []string{"u1"}, "u1 was tried 4 times in db, and 3 are allowed"},
	{"tried as often as it may be", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1)}, tried("u1", 10*ms, 20*ms, 30*ms)), Holds, nil, ""},
	{"tried too often, by its dead letter", breakwater.DeadLetterClosure, givingUp(), after(events{u1, saying(func(l *history.DeadLetterRecord) { l.Attempt = 4 }, deadLetter("u1", 0, 1))}), Broken, []string{"u1"}, "by its dead letter"},
	{"delivered again by a rebalance", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), resume(25*ms, 1, 1)}, tried("u1", 10*ms, 20*ms, 30*ms, 40*ms)), Holds, nil, ""},
	{"a rebalance that did not", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), resume(25*ms, 2, 2)}, tried("u1", 10*ms, 20*ms, 30*ms, 40*ms)), Broken, []string{"u1"}, ""},
	{"no limit is promised", breakwater.DeadLetterClosure, givingUp(func(s *breakwater.Service) { s.DeadLetter.MaxAttempts = 0 }), after(events{u1, deadLetter("u1", 0, 1)}, tried("u1", 10*ms, 20*ms, 30*ms, 40*ms)), Holds, nil, ""},

	{"tried again too early", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 11*ms), effect("db", "u1", 60*ms)}, tried("u1", 10*ms, 60*ms)), Broken, []string{"u1"}, "tried again 50 ms after it had failed"},
	{"tried again when its back-off was over", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 11*ms), effect("db", "u1", 110*ms)}, tried("u1", 10*ms, 110*ms)), Holds, nil, ""},
	{"as far as the ledger's clock can tell", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 11*ms), effect("db", "u1", 107*ms)}, tried("u1", 10*ms, 107*ms)), Holds, nil, ""},
	{"tried at once, in place, before it was put off", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 21*ms), effect("db", "u1", 130*ms)}, tried("u1", 10*ms, 20*ms, 130*ms)), Holds, nil, ""},
	{"delivered again from its own topic", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 11*ms), resume(50*ms, 1, 1), effect("db", "u1", 60*ms)}, tried("u1", 10*ms, 60*ms)), Holds, nil, ""},
	{"nobody saw it put off", breakwater.DeadLetterClosure, givingUp(), after(events{u1, putOff("u1", 0, 1), effect("db", "u1", 60*ms)}, tried("u1", 10*ms, 60*ms)), Holds, nil, ""},
	{"put off though it was fatal", breakwater.DeadLetterClosure, givingUp(), after(events{u1, saying(func(l *history.DeadLetterRecord) { l.Error = "bad address" }, putOff("u1", 0, 1)), deadLetter("u1", 0, 1)}), Broken, []string{"u1"}, `failed with "bad address", which is never tried again`},
	{"given up because it was fatal", breakwater.DeadLetterClosure, givingUp(), after(events{u1, saying(func(l *history.DeadLetterRecord) { l.Error, l.Attempt = "bad address", 1 }, deadLetter("u1", 0, 1))}), Holds, nil, ""},

	{"redriven, and successful", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), commit(8, 200*ms, 201*ms, history.OK), effect("db", "u1", 100*ms)}), Holds, nil, ""},
	{"redriven, and dropped", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), commit(8, 200*ms, 201*ms, history.OK)}), Broken, []string{"u1"}, "it still has no effect"},
	{"redriven, and not yet done", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), commit(2, 80*ms, 81*ms, history.OK)}), Holds, nil, ""},
	{"redriven, and given up again", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), deadLetter("u1", 1, 7), commit(8, 200*ms, 201*ms, history.OK)}), Holds, nil, ""},
	{"redriven, and both then", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), deadLetter("u1", 1, 7), effect("db", "u1", 100*ms)}), Broken, []string{"u1"}, "an effect and another dead letter"},
	{"redriven, with two effects", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), effect("db", "u1", 100*ms), effect("db", "u1", 110*ms)}), Broken, []string{"u1"}, "has 2 effects"},
	{"redriven, after an effect beside the dead letter", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), redriven, published(redriven, 90*ms), effect("db", "u1", 40*ms)}), Broken, []string{"u1"}, "had an effect before it was given up"},
	{"redriven with the dead letter's headers", breakwater.DeadLetterClosure, givingUp(), after(events{u1, deadLetter("u1", 0, 1), func() history.Event { r := redriven; r.DeadLetter = deadLetter("u1", 0, 1).DeadLetter; return r }(), effect("db", "u1", 100*ms)}), Holds, nil, ""},
	{"sent twice before it was given up: no redrive", breakwater.DeadLetterClosure, givingUp(), after(events{u1, published(u1, ms), redriven, published(redriven, 9*ms), deadLetter("u1", 0, 1), published(deadLetter("u1", 0, 1), 50*ms), effect("db", "u1", 100*ms)}), Broken, []string{"u1"}, "has an effect and a dead letter"},
	{"a second record, and nobody saw when", breakwater.DeadLetterClosure, givingUp(), after(events{u1, redriven, deadLetter("u1", 0, 1), effect("db", "u1", 100*ms)}), Holds, nil, ""},

	{"stalls behind a poison record", breakwater.DeadLetterClosure, givingUp(func(s *breakwater.Service) { s.DeadLetter.MaxAttempts = 0 }), append(after(events{u1, published(u1, ms), record("u2", 2), commit(1, 10*ms, 11*ms, history.OK)}), poison...), Holds, nil, ""}, // 10 s are not over
	{"for as long as it may take", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.DeadLetter.MaxAttempts = 0 })), append(after(events{u1, published(u1, ms), record("u2", 2), commit(1, 10*ms, 11*ms, history.OK)}), poison...), Broken, []string{"u1"}, "stands still on orders/0 at 1 for 10 s, with 2 records waiting"},
	{"its last record is merely waiting", breakwater.DeadLetterClosure, recovering(givingUp()), after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK)}), Holds, nil, ""},
	{"its last record came late", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.DeadLetter.MaxAttempts = 0 })), append(after(events{u1, published(u1, 7*time.Second), commit(1, 10*ms, 11*ms, history.OK)}), poison...), Holds, nil, ""},
	{"until a fault that was just healed", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.DeadLetter.MaxAttempts = 0 })), append(after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK), fault("analytics/1", time.Second, 7*time.Second)}), poison...), Holds, nil, ""},
	{"a sink without attempts, the other partitions go on", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.Ledger = &breakwater.Ledger{Sink: "db"} })), after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK), in(1, commit(9, 5*time.Second, 5001*ms, history.OK))}), Broken, []string{"u1"}, "stands still"},
	{"a sink without attempts, which has it in hand", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.Ledger = &breakwater.Ledger{Sink: "db"} })), after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK), fetched(1, 1, 20*ms)}), Broken, []string{"u1"}, "stands still"},
	{"a sink without attempts, which had it in hand and is gone", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.Ledger = &breakwater.Ledger{Sink: "db"} })), after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK), fetched(1, 1, 20*ms), process("analytics/1", history.Exited, 30*ms)}), Holds, nil, ""},
	{"a sink without attempts, a group that is gone", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.Ledger = &breakwater.Ledger{Sink: "db"} })), after(events{u1, published(u1, ms), commit(1, 10*ms, 11*ms, history.OK)}), Holds, nil, ""},

	{"what was put off waits for its back-off", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.DeadLetter.Backoff = breakwater.Duration(8 * time.Second) })), backed, Holds, nil, ""},
	{"and longer than that", breakwater.DeadLetterClosure, recovering(givingUp(func(s *breakwater.Service) { s.DeadLetter.Backoff = breakwater.Duration(3 * time.Second) })), backed, Broken, []string{"u1"}, "stands still on again/0 at 0"},
	{"nobody looked", breakwater.DeadLetterClosure, givingUp(), events{sent}, Unknown, nil, ""},
	{"its topic is empty", breakwater.DeadLetterClosure, givingUp(), events{on("else", record("u1", 0))}, Unknown, nil, "no record of its topic"},
	{"nobody gives up", breakwater.DeadLetterClosure, consumer(), u0, NotAsked, nil, ""},
}

// backed is one id that was put off at 11 ms and waits to the end, while the service
// goes on with all others.
var backed = after(events{u1, putOff("u1", 0, 1), published(putOff("u1", 0, 1), 11*ms), on("again", resume(ms, 0, 0)),
	commit(2, 12*ms, 13*ms, history.OK), in(1, commit(9, 5*time.Second, 5001*ms, history.OK))}, tried("u1", 10*ms))

// poison is one id that is tried every second to the end.
var poison = func() events {
	var at []time.Duration
	for t := 100 * ms; t < 10*time.Second; t += time.Second {
		at = append(at, t)
	}
	return tried("u1", at...)
}()

func recovering(h history.Header) history.Header {
	h.Require.Recovery = breakwater.Duration(5 * time.Second)
	return h
}
