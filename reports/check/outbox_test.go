package check

import (
	"strconv"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestOutboxAndProjection(t *testing.T) { testSmall(t, outboxCases, projectionCases) }

// keeping is registration with rows in "users" that it publishes to orders.
func keeping(edit ...func(*history.Header)) history.Header {
	h := consumer()
	h.Services[0].Ledger, h.Services[0].Outbox = &breakwater.Ledger{Sink: "users"}, "orders"
	h.Ledgers["users"] = history.Reading{Skew: 2 * ms}
	for _, e := range edit {
		e(&h)
	}
	return h
}

func row(id string, at time.Duration) history.Event { return effect("users", id, at) }

func sentTo(service, id string) history.Event {
	e := request(id, 10*ms, history.OK)
	e.To = service
	return e
}

func called(service, id string) history.Event {
	return history.Event{Kind: history.Call, Client: "analytics/1", To: service, ID: id, At: 20 * ms, End: 21 * ms, Outcome: history.OK}
}

var outboxCases = []small{
	{"lost", breakwater.Outbox, keeping(), events{row("u1", 20*ms), row("u2", 3*time.Second), record("u2", 0)}, Broken, []string{"u1"}, "never published to orders, and one committed 3 s later was published: lost (outbox-lost)"},
	{"published", breakwater.Outbox, keeping(), events{row("u1", 20*ms), row("u2", 3*time.Second), record("u2", 0), record("u1", 1)}, Holds, nil, "0 of 2"},
	{"published twice", breakwater.Outbox, keeping(), events{row("u1", 20*ms), record("u1", 0), record("u1", 1)}, Holds, nil, ""},
	{"not published yet", breakwater.Outbox, keeping(), events{row("u1", time.Second), row("u2", 2*time.Second), record("u2", 0)}, Unknown, nil, "1 of 2 rows were not published yet"},
	{"not for a long time", breakwater.Outbox, keeping(func(h *history.Header) { h.Require.Recovery = breakwater.Duration(5 * time.Second) }), events{row("u1", time.Second), record("u9", 0), row("u9", time.Second)}, Broken, []string{"u1"}, "and has waited for 8 s"},
	{"not since a fault that was just healed", breakwater.Outbox, keeping(func(h *history.Header) { h.Require.Recovery = breakwater.Duration(5 * time.Second) }), events{row("u1", time.Second), record("u9", 0), row("u9", time.Second), fault("registration/1", time.Second, 8*time.Second)}, Unknown, nil, ""},
	{"a ghost", breakwater.Outbox, keeping(), events{sentTo("registration", "u1"), sentTo("registration", "u2"), row("u1", 20*ms), record("u1", 0), record("u2", 1)}, Broken, []string{"u2"}, "u2 (answered ok) was published at orders/0@1 and has no row in users: a ghost (outbox-ghost)"},
	{"a ghost that another service called for", breakwater.Outbox, keeping(), events{sentTo("analytics", "u2"), called("registration", "u2"), row("u1", 20*ms), record("u1", 0), record("u2", 1)}, Broken, []string{"u2"}, "a ghost"},
	{"what another service publishes there", breakwater.Outbox, keeping(), events{sentTo("analytics", "u2"), row("u1", 20*ms), record("u1", 0), record("u2", 1)}, Holds, nil, ""},
	{"what another service has in its own outbox", breakwater.Outbox, keeping(func(h *history.Header) { h.Services[1].Outbox = "orders" }), events{sentTo("", "u2"), row("u1", 20*ms), record("u1", 0), effect("db", "u2", 20*ms), record("u2", 1)}, Holds, nil, ""},
	{"in an aborted transaction nothing is published", breakwater.Outbox, keeping(), events{sentTo("registration", "u2"), row("u1", 20*ms), record("u1", 0), aborted(record("u2", 1))}, Holds, nil, ""},
	{"rows without an id", breakwater.Outbox, keeping(), events{row("u1", 20*ms), row("", 20*ms), record("u1", 0)}, Unknown, nil, "1 rows have no id"},
	{"nobody looked", breakwater.Outbox, keeping(), events{row("u1", 20*ms)}, Unknown, nil, "found no record"},
	{"the ledger was not read", breakwater.Outbox, keeping(), events{sentTo("registration", "u1"), record("u1", 0)}, Unknown, nil, "holds no row"},
	{"no ledger", breakwater.Outbox, keeping(func(h *history.Header) { h.Services[0].Ledger = nil }), events{record("u1", 0)}, NotAsked, nil, "no ledger of its rows"},
	{"no outbox", breakwater.Outbox, consumer(), events{record("u1", 0)}, NotAsked, nil, ""},
}

// counting is analytics with counts by key in "db", and its positions beside them.
func counting() history.Header {
	return analytics(func(s *breakwater.Service) {
		s.Offsets, s.Ledger = "sink", &breakwater.Ledger{Sink: "db", Projection: breakwater.CountByKey}
	})
}

func of(key string, e history.Event) history.Event { e.Key = key; return e }

func position0(offset int64, at time.Duration) history.Event {
	return history.Event{Kind: history.Commit, Client: "analytics/1", Sink: "db", Group: "analytics", Topic: "orders", Offset: offset, At: at, End: at, Outcome: history.OK}
}

func holds(key string, n int) history.Event {
	return history.Event{Kind: history.State, Sink: "db", Key: key, Value: strconv.Itoa(n), At: 9 * time.Second}
}

var ofAnn = events{of("ann", record("u1", 0)), of("bob", record("u2", 1)), of("ann", record("u3", 3)), position0(4, time.Second)}

func plus(all events, more ...history.Event) events {
	return append(append(events(nil), all...), more...)
}

// asked is what was answered of the state as of 5 s, and upTo where the log was then.
func asked(key string, n int) history.Event {
	e := holds(key, n)
	e.Name, e.At = history.AsOf, 5*time.Second
	return e
}

func upTo(offset int64) history.Event {
	return history.Event{Kind: history.State, Sink: "db", Name: history.AsOf, Topic: "orders", Offset: offset, At: 5 * time.Second}
}

func answering() history.Header {
	return with(counting(), func(h *history.Header) { h.Services[1].Ledger.AsOf = &breakwater.AsOf{} })
}

// held is what the sink holds rightly.
var held = plus(ofAnn, holds("ann", 2), holds("bob", 1))

var projectionCases = []small{
	{"answered rightly", breakwater.ProjectionEqualsReplay, answering(), plus(held, upTo(3), asked("ann", 1), asked("bob", 1)), Holds, nil, "0 of 2"},
	{"answered as of now", breakwater.ProjectionEqualsReplay, answering(), plus(held, upTo(3), asked("ann", 2), asked("bob", 1)), Broken, nil, `db, asked for its state as of 5 s, answers 2 for key "ann", and the log replayed to the same positions gives 1`},
	{"answered without a key", breakwater.ProjectionEqualsReplay, answering(), plus(held, upTo(3), asked("ann", 1)), Broken, nil, `answers nothing for key "bob"`},
	{"answered with a key of later", breakwater.ProjectionEqualsReplay, answering(), plus(held, upTo(1), asked("ann", 1), asked("bob", 1)), Broken, nil, `answers 1 for key "bob"`},
	{"an answer does not stand for what is held", breakwater.ProjectionEqualsReplay, answering(), plus(ofAnn, holds("ann", 1), holds("bob", 1), upTo(3), asked("ann", 1), asked("bob", 1)), Broken, nil, `db holds 1 for key "ann"`},
	{"what took effect later is no suspect", breakwater.ProjectionEqualsReplay, answering(), plus(held, effect("db", "u3", 20*ms), upTo(3), asked("ann", 2), asked("bob", 1)), Broken, nil, `gives 1`},
	{"never asked", breakwater.ProjectionEqualsReplay, answering(), held, Unknown, nil, "nobody asked what the state was"},
	{"one too few", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 1), holds("bob", 1)), Broken, nil, `db holds 1 for key "ann", and the log replayed to the same positions gives 2`},
	{"one too few, and which", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 1), holds("bob", 1), effect("db", "u1", 20*ms), effect("db", "u2", 20*ms)), Broken, []string{"u3"}, "u3, at orders/0@3, took effect 0 times"},
	{"one too many, and which", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 3), holds("bob", 1), effect("db", "u1", 20*ms), effect("db", "u1", 30*ms), effect("db", "u2", 20*ms), effect("db", "u3", 20*ms)), Broken, []string{"u1"}, "took effect 2 times"},
	{"as the log gives", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 2), holds("bob", 1)), Holds, nil, "0 of 2"},
	{"an id that stands twice counts once", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, of("ann", record("u1", 2)), holds("ann", 2), holds("bob", 1)), Holds, nil, ""},
	{"up to the position", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn[:3], position0(2, time.Second), holds("ann", 1), holds("bob", 1)), Holds, nil, ""},
	{"past the position", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn[:3], position0(2, time.Second), holds("ann", 2), holds("bob", 1)), Broken, nil, ""},
	{"the last position counts, not the highest", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, position0(2, 2*time.Second), holds("ann", 2), holds("bob", 1)), Broken, nil, ""},
	{"a partition that was not read", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, in(1, of("cat", record("u4", 0))), holds("ann", 2), holds("bob", 1)), Holds, nil, ""},
	{"a key that is not held", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 2)), Broken, nil, `holds nothing for key "bob"`},
	{"a key that the log does not have", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 2), holds("bob", 1), holds("eve", 1)), Broken, nil, `for key "eve"`},
	{"a key of which nothing is left", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("ann", 2), holds("bob", 1), holds("eve", 0)), Holds, nil, ""},
	{"what is aborted does not count", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, aborted(of("ann", record("u4", 2))), holds("ann", 2), holds("bob", 1)), Holds, nil, ""},
	{"given up", breakwater.ProjectionEqualsReplay, with(counting(), func(h *history.Header) { h.Services[1].DeadLetter = &breakwater.DeadLetter{Topic: "dead"} }), plus(ofAnn, deadLetter("u3", 0, 3), holds("ann", 1), holds("bob", 1)), Holds, nil, ""},
	{"put off, with an effect then", breakwater.ProjectionEqualsReplay, with(counting(), func(h *history.Header) { h.Services[1].DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}} }), plus(ofAnn, putOff("u3", 0, 3), effect("db", "u3", time.Second), holds("ann", 2), holds("bob", 1)), Holds, nil, ""},
	{"a value that is no number", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, holds("bob", 1), func() history.Event { e := holds("ann", 0); e.Value = "two"; return e }()), Broken, nil, `db holds two for key "ann"`},
	{"no position", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn[:3], holds("ann", 2), holds("bob", 1)), Unknown, nil, "no position is stored"},
	{"records without an id", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, of("ann", record("", 2)), holds("ann", 2), holds("bob", 1)), Unknown, nil, "without an id"},
	{"a log that no longer begins at 0", breakwater.ProjectionEqualsReplay, counting(), plus(ofAnn, logStart("orders", 0, 1), holds("ann", 2), holds("bob", 1)), Unknown, nil, "begins at offset 1"},
	{"another kind of projection", breakwater.ProjectionEqualsReplay, with(counting(), func(h *history.Header) { h.Services[1].Ledger.Projection = "sum" }), ofAnn, Unknown, nil, `how to replay a "sum"`},
	{"nobody looked", breakwater.ProjectionEqualsReplay, counting(), events{position0(1, ms), holds("ann", 2)}, Unknown, nil, ""},
	{"nothing yet", breakwater.ProjectionEqualsReplay, counting(), events{position0(0, ms), record("u1", 0)}, Unknown, nil, "nothing was read"},
	{"no projection", breakwater.ProjectionEqualsReplay, consumer(), ofAnn, NotAsked, nil, ""},
}
