package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func inTopic(topic string, match func(*history.Event) bool) func(*history.Event) bool {
	return func(e *history.Event) bool { return e.Topic == topic && match(e) }
}

// copied is an event of the log once more, changed.
func copied(l history.Log, match func(*history.Event) bool, change func(*history.Event)) history.Event {
	e := historytest.Find(l, 0, match)
	change(&e)
	return e
}

// elsewhere puts a record where no other stands, as if of a plain producer.
func elsewhere(e *history.Event) {
	e.Offset, e.ProducerID, e.Epoch, e.Sequence, e.Transactional = 1_000_000, -1, -1, -1, false
}

// An edit of one event of a healthy run of everything breaks exactly the
// guarantees that speak of it, and each names exactly the id that was touched.
func TestPipelineMutations(t *testing.T) {
	const (
		x     = "u3-000101"
		again = "u3-000105" // put off once, and then successful
		full  = "u3-000107" // put off twice, and given up
		fatal = "u3-000119" // given up at once
	)
	run := historytest.Pipeline(historytest.Options{Seed: 3})
	put := historytest.Find(run, 0, func(e *history.Event) bool { return e.Kind == history.Produce && e.Client == "kit" })
	redriven := historytest.Find(run, 0, func(e *history.Event) bool {
		return e.Kind == history.Audit && e.In() == put.In() && e.Offset == put.Offset
	}).ID
	key := historytest.Find(run, 0, is(history.Request, x)).Key
	letterOf := func(id string) func(*history.Event) bool {
		return inTopic(historytest.DeadLetters, is(history.Audit, id))
	}
	invoiceOf := func(id string) func(*history.Event) bool {
		return inTopic(historytest.Invoices, is(history.Audit, id))
	}
	stateOf := func(e *history.Event) bool { return e.Kind == history.State && e.Key == key }
	fewer := func(e *history.Event) { e.Value = "0" }
	second := func(id string) time.Duration {
		return historytest.Find(run, 1, inSink("mailbox", is(history.Attempt, id))).At
	}
	both := func(match func(*history.Event) bool) func(*history.Event) bool {
		return func(e *history.Event) bool { return e.Kind == history.Effect && match(e) }
	}
	open := historytest.Find(run, 0, func(e *history.Event) bool {
		return e.Kind == history.Sample && e.Topic == historytest.Invoices && e.At > 1900*ms && e.HighWatermark > 0
	})
	hangsAt := historytest.Find(run, 0, func(e *history.Event) bool {
		return e.Kind == history.Audit && e.In() == open.In() && e.Offset >= open.HighWatermark
	})

	testMutations(t, map[string]mutation{
		"a registration is published twice": {historytest.With(run, copied(run, inTopic(historytest.Topic, is(history.Audit, x)), func(e *history.Event) {
			e.Offset, e.Sequence = 1_000_000, 1_000_000
		})), map[string][]string{breakwater.NoLogDuplicate: {x}}},
		"an invoice is aborted": {changed(run, invoiceOf(x), func(e *history.Event) { e.Kind = history.Aborted }),
			map[string][]string{breakwater.TransactionAtomic: {x}, breakwater.ExactlyOnceTransfer: {x}}},
		"an invoice is gone": {historytest.Without(run, invoiceOf(x)),
			map[string][]string{breakwater.TransactionAtomic: nil, breakwater.ExactlyOnceTransfer: {x}}},
		"an invoice is there twice": {historytest.With(run, copied(run, invoiceOf(x), elsewhere)),
			map[string][]string{breakwater.ExactlyOnceTransfer: {x}}},
		"an invoice of nothing": {historytest.With(run, copied(run, invoiceOf(x), func(e *history.Event) { elsewhere(e); e.ID = "ghost" })),
			map[string][]string{breakwater.ExactlyOnceTransfer: {"ghost"}}},
		"a transaction hangs": {changed(run, func(e *history.Event) bool {
			return e.Kind == history.Sample && e.In() == hangsAt.In() && e.LastStable > hangsAt.Offset
		}, func(e *history.Event) { e.LastStable = hangsAt.Offset }),
			map[string][]string{breakwater.NoHangingTransaction: {hangsAt.ID}}},

		"the mail of one is lost": {historytest.Without(run, inSink("mailbox", is(history.Effect, x))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}, breakwater.CommitAfterEffect: {x}, breakwater.DeadLetterClosure: {x}}},
		"what was put off is dropped": {historytest.Without(run, inSink("mailbox", is(history.Effect, again))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {again}, breakwater.NoOrphans: {again}, breakwater.CommitAfterEffect: {again}, breakwater.DeadLetterClosure: {again}}},
		"a dead letter is gone": {historytest.Without(run, letterOf(full)),
			map[string][]string{breakwater.NoAcknowledgedLoss: {full}, breakwater.NoOrphans: {full}, breakwater.CommitAfterEffect: {full}, breakwater.DeadLetterClosure: {full}}},
		"a dead letter is there twice": {historytest.With(run, copied(run, letterOf(full), elsewhere)),
			map[string][]string{breakwater.DeadLetterClosure: {full}}},
		"a dead letter does not say what it stands for": {changed(run, letterOf(full), func(e *history.Event) {
			l := *e.DeadLetter
			l.Offset = -1
			e.DeadLetter = &l
		}), map[string][]string{breakwater.DeadLetterClosure: {full}}},
		"a mail was sent and given up": {historytest.With(run, copied(run, inSink("mailbox", is(history.Attempt, fatal)), func(e *history.Event) { e.Kind = history.Effect })),
			map[string][]string{breakwater.DeadLetterClosure: {fatal}}},
		"tried once too often": {historytest.With(run, copied(run, inSink("mailbox", is(history.Attempt, full)), func(e *history.Event) { e.At += 3 * time.Second })),
			map[string][]string{breakwater.DeadLetterClosure: {full}}},
		"tried again too early": {changed(run, func(e *history.Event) bool {
			return e.Sink == "mailbox" && e.ID == again && e.At == second(again)
		}, func(e *history.Event) { e.At -= 150 * ms }), map[string][]string{breakwater.DeadLetterClosure: {again}}},
		"what never succeeds is put off": {changed(run, inTopic(historytest.Retries, is(history.Audit, again)), func(e *history.Event) {
			l := *e.DeadLetter
			l.Error = historytest.Fatal
			e.DeadLetter = &l
		}), map[string][]string{breakwater.DeadLetterClosure: {again}}},
		"what was redriven is dropped": {historytest.Without(run, inSink("mailbox", is(history.Effect, redriven))),
			map[string][]string{breakwater.DeadLetterClosure: {redriven}}},

		"a row was never there": {historytest.Without(run, inSink("users", is(history.Effect, x))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}, breakwater.Outbox: {x}}},
		"a row was not published": {historytest.Without(run, inTopic(historytest.Topic, is(history.Audit, x))),
			map[string][]string{breakwater.Outbox: {x}, breakwater.ExactlyOnceTransfer: {x}, breakwater.ProjectionEqualsReplay: {x}}},

		"a count is off": {changed(run, stateOf, fewer),
			map[string][]string{breakwater.ProjectionEqualsReplay: nil}},
		"an event is not counted": {historytest.Without(changed(run, stateOf, fewer), inSink("stats-db", both(is(history.Effect, x)))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}, breakwater.CommitAfterEffect: {x}, breakwater.ProjectionEqualsReplay: {x}}},
	})
}

// A system that stays down when the fault is gone, and its load goes on.
func TestMetastableMutation(t *testing.T) {
	run := historytest.Sync(historytest.Options{Seed: 3})
	run.Header.Require.Recovery = breakwater.Duration(2 * time.Second)
	var failed []string
	down := changed(run, func(e *history.Event) bool {
		return e.Kind == history.Request && e.Name == "POST /register" && e.Scheduled >= 8*time.Second
	}, func(e *history.Event) {
		e.Outcome = history.Unknown
		if e.Scheduled >= 10*time.Second+20*ms && len(failed) < maxNames { // the fault was seen gone 20 ms after 8 s
			failed = append(failed, e.ID)
		}
	})
	testMutations(t, map[string]mutation{"it stays down": {down, map[string][]string{breakwater.NotMetastable: failed, breakwater.BoundedRecovery: nil}}})
}
