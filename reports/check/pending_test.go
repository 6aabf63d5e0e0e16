package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// drained is the header of a run whose drain ended in that way, 4 s of it with nothing
// moving being the limit.
func drained(end string, behind int64, h history.Header) history.Header {
	h.Drained = &history.Drained{End: end, Behind: behind, Limit: 4 * time.Second}
	h.Require.Deadline = breakwater.Duration(7 * time.Second)
	return h
}

// sampled are samples of a position that does not move from one instant to another.
func sampled(from, to time.Duration, high, committed int64) (all events) {
	for at := from; at <= to; at += 250 * ms {
		all = append(all, sample(at, high, committed))
	}
	return all
}

// working is the same with 6 s as the limit where a consumer may be at work.
func working(h history.Header) history.Header {
	h.Drained.AtWork = 6 * time.Second
	return h
}

func session(member string, at, end time.Duration) history.Event {
	return history.Event{Kind: history.Session, Client: "analytics/1", Group: "analytics", Member: member, At: at, End: end}
}

func closing(e history.Event) history.Event { e.Name = history.Closing; return e }

func lost(member string, at time.Duration) history.Event {
	return history.Event{Kind: history.Assign, Name: history.Lost, Client: "analytics/1", Group: "analytics", Member: member, Topic: "user-events", At: at}
}

func bare() history.Header {
	return analytics(func(s *breakwater.Service) { s.Ledger = nil })
}

// Late is not lost, and what stands still is no longer late.
var pendingCases = []small{
	{"lag at the deadline, and the group moves", breakwater.NoAcknowledgedLoss, drained(history.DrainDeadline, 1, consumer()),
		all(waits, sampled(8*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "1 of 1 acknowledged ids had not taken effect, but wait in the log: not drained, 1 behind; raise Require.Deadline (7 s)"},
	{"the same is not stuck", breakwater.NoStuck, drained(history.DrainDeadline, 1, consumer()),
		all(waits, sampled(8*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "not drained, 1 behind"},
	{"lag at the deadline, and the partition stands still", breakwater.NoAcknowledgedLoss, drained(history.DrainDeadline, 1, consumer()),
		all(waits, sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, []string{"u1"}, "stuck"},
	{"a fault was active until then", breakwater.NoStuck, drained(history.DrainDeadline, 1, consumer()),
		all(waits, cutOff("analytics/1", "kafka", 5*time.Second, 7*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "not drained"},
	{"everything stood still", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, []string{"u1"}, "stuck"},
	{"a session is open", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, session("m", 2*time.Second, 47*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "the session of a member of analytics that was open for another 37 s"},
	{"its member came back", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, session("m", 2*time.Second, 47*time.Second), commit(6, 3*time.Second, 3*time.Second+ms, history.OK), sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, []string{"u1"}, ""},
	{"it ended with the run", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, closing(session("m", 9*time.Second, 19*time.Second)), sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, []string{"u1"}, "stuck"},
	{"another joined in its place, and waits for it", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, session("m", 2*time.Second, 47*time.Second), lost("m", 3*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "that was open for another 37 s"},
	{"it is over", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, session("m", 2*time.Second, 5*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, []string{"u1"}, ""},
	{"nobody was alive", breakwater.NoAcknowledgedLoss, drained(history.DrainStill, 1, consumer()),
		all(waits, process("analytics/1", history.Exited, 2*time.Second), process("analytics/2", history.Exited, 2*time.Second)), Unknown, nil, "no instance of analytics was alive at the end"},
	{"committed past is lost, whatever else is late", breakwater.NoAcknowledgedLoss, drained(history.DrainDeadline, 1, consumer()),
		all(waits, request("u2", 20*ms, history.OK), record("u2", 5), sampled(8*time.Second, 10*time.Second, 8, 6), commit(6, 50*ms, 51*ms, history.OK)), Broken, []string{"u2"}, "1 more may still have come"},
	{"nothing was left", breakwater.NoAcknowledgedLoss, drained(history.DrainQuiet, 0, consumer()),
		all(waits, sample(9*time.Second, 8, 8)), Broken, []string{"u1"}, "though analytics committed up to 8"},

	{"without a log, and effects still came", breakwater.NoAcknowledgedLoss, drained(history.DrainDeadline, 0, synchronous()),
		all(sent, request("u2", 20*ms, history.OK), effect("db", "u2", 9*time.Second), effect("mail", "u2", 9*time.Second)), Unknown, nil, "effects or calls still came"},
	{"without a log, and nothing more came", breakwater.NoAcknowledgedLoss, drained(history.DrainQuiet, 0, synchronous()),
		all(sent, request("u2", 20*ms, history.OK), effect("db", "u2", time.Second), effect("mail", "u2", time.Second), effect("mail", "u1", time.Second)), Broken, []string{"u1"}, "never took effect in db"},
	{"without a log, and nothing ever came", breakwater.NoAcknowledgedLoss, drained(history.DrainQuiet, 0, synchronous()),
		all(sent, effect("mail", "u1", time.Second)), Broken, []string{"u1"}, "never took effect in db"},
	{"torn, but it may still be whole", breakwater.NoOrphans, drained(history.DrainDeadline, 0, synchronous()),
		all(sent, effect("mail", "u1", 9*time.Second)), Unknown, nil, "had not taken effect in all their sinks"},
	{"torn for good", breakwater.NoOrphans, drained(history.DrainQuiet, 0, synchronous()),
		all(sent, request("u2", 20*ms, history.OK), effect("db", "u2", time.Second), effect("mail", "u2", time.Second), effect("mail", "u1", time.Second)), Broken, []string{"u1"}, "never in db"},

	{"without a ledger, it never reads what it owns", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), record("u2", 7), assign("analytics/1", "m", history.Assigned, ms), sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, nil,
		"analytics stands still on orders/0 at 6 since 5 s: 2 records there were never read, though it is alive; analytics/1 owns the partition since 1 ms"},
	{"without a ledger, though another partition moves", breakwater.NoStuck, drained(history.DrainDeadline, 2, bare()),
		all(record("u1", 6), in(1, record("u2", 7)), sampled(5*time.Second, 10*time.Second, 8, 6), in(1, sample(9*time.Second, 8, 6)), in(1, sample(10*time.Second, 8, 7))), Broken, nil, "1 of 2 records"},
	{"without a ledger, it never commits past what it was sent", breakwater.NoStuck, working(drained(history.DrainStill, 2, bare())),
		all(record("u1", 6), record("u2", 7), sampled(3*time.Second, 10*time.Second, 8, 6), fetched(6, 7, 4*time.Second)), Broken, nil,
		"2 records there were not committed past, though it is alive and the broker sent it some of them at 4 s"},
	{"it may be at work on what it was sent", breakwater.NoStuck, working(drained(history.DrainDeadline, 1, consumer())),
		all(waits, sampled(5*time.Second, 10*time.Second, 8, 6), fetched(6, 7, 6*time.Second)), Unknown, nil, "not drained"},
	{"nothing of that ever came", breakwater.NoAcknowledgedLoss, working(drained(history.DrainStill, 1, consumer())),
		all(waits, sampled(3*time.Second, 10*time.Second, 8, 6), fetched(6, 7, 4*time.Second)), Broken, []string{"u1"}, "stuck"},
	{"a session whose member was only taken its partitions is open", breakwater.NoStuck, drained(history.DrainStill, 1, consumer()),
		all(waits, session("m", 2*time.Second, 47*time.Second), assign("analytics/1", "m", history.Lost, 3*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "the session of a member of analytics"},
	{"without a ledger, it has not committed yet what it was sent", breakwater.NoStuck, working(drained(history.DrainStill, 2, bare())),
		all(record("u1", 6), record("u2", 7), sampled(5*time.Second, 10*time.Second, 8, 6), fetched(6, 7, 6*time.Second)), Unknown, nil, "were sent to analytics, which may still have been at work on them: raise Require.Deadline (7 s)"},
	{"without a ledger, it was sent them before it lost them", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), record("u2", 7), fetched(6, 7, 2*time.Second), assign("analytics/1", "m", history.Assigned, 3*time.Second), sampled(ms, 10*time.Second, 8, 6)), Broken, nil, "never read"},
	{"without a ledger, it never committed", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), record("u2", 7), sampled(5*time.Second, 10*time.Second, 8, -1)), Broken, nil, "without a committed position"},
	{"without a ledger, markers are no records", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 5), sampled(5*time.Second, 10*time.Second, 8, 6)), Holds, nil, "0 of 1"},
	{"without a ledger, it is not drained", breakwater.NoStuck, drained(history.DrainDeadline, 2, bare()),
		all(record("u1", 6), record("u2", 7), sampled(8*time.Second, 10*time.Second, 8, 6)), Unknown, nil, "not drained, 2 behind"},
	{"without a ledger, a session is open", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), session("m", 2*time.Second, 47*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil,
		"records are unread, but wait in the log for the session of a member of analytics that was open for another 37 s"},
	{"without a ledger, sessions ended with the run", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), closing(session("m", 9*time.Second, 19*time.Second)), sampled(5*time.Second, 10*time.Second, 8, 6)), Broken, nil, "never read"},
	{"without a ledger, nobody was alive", breakwater.NoStuck, drained(history.DrainStill, 1, bare()),
		all(record("u1", 6), process("analytics/1", history.Exited, 2*time.Second), process("analytics/2", history.Exited, 2*time.Second), sampled(5*time.Second, 10*time.Second, 8, 6)), Unknown, nil,
		"1 of 1 records are unread, but wait in the log, and no instance of analytics was alive at the end"},
	{"without a ledger, it has read all", breakwater.NoStuck, drained(history.DrainQuiet, 0, bare()),
		all(record("u1", 6), record("u2", 7), sampled(5*time.Second, 10*time.Second, 8, 8)), Holds, nil, "0 of 2 records in the log were never read by analytics"},

	{"it stood still before the fault", breakwater.BoundedRecovery, drained(history.DrainStill, 2, with(consumer(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) })),
		all(twice(nil), record("u1", 6), cutOff("analytics/1", "kafka", 2*time.Second, 3*time.Second), sampled(500*ms, 10*time.Second, 8, 6)), Broken, nil, "stood still on orders/0 at 6 from 500 ms on, before the fault at 2 s"},
	{"it stood still before the fault, on several partitions", breakwater.BoundedRecovery, drained(history.DrainStill, 2, with(consumer(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) })),
		all(twice(nil), record("u1", 6), cutOff("analytics/1", "kafka", 2*time.Second, 3*time.Second), sampled(500*ms, 10*time.Second, 8, 6), in(1, assign("analytics/2", "m", history.Assigned, ms)),
			in(1, sample(250*ms, 8, 5)), in(1, sample(750*ms, 8, 7)), in(1, sample(10*time.Second, 8, 7))), Broken, nil, "stood still on orders/0 at 6 from 500 ms on, orders/1 at 7 from 750 ms on, before the fault at 2 s"},
	{"and who owns them", breakwater.BoundedRecovery, drained(history.DrainStill, 2, with(consumer(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) })),
		all(twice(nil), record("u1", 6), cutOff("analytics/1", "kafka", 2*time.Second, 3*time.Second), sampled(500*ms, 10*time.Second, 8, 6), assign("analytics/2", "m", history.Assigned, ms)), Broken, nil,
		"analytics stood still on orders/0 at 6 from 500 ms on, before the fault at 2 s; analytics/2 owns the partition since 1 ms"},
	{"without a ledger, it stood still before the fault", breakwater.NoStuck, drained(history.DrainStill, 2, bare()),
		all(record("u1", 6), record("u2", 7), cutOff("analytics/1", "kafka", 2*time.Second, 3*time.Second), sampled(500*ms, 10*time.Second, 8, 6)), Broken, nil, "stands still on orders/0 at 6 since 500 ms"},
	{"it stood still before the fault, with one of its partitions", breakwater.BoundedRecovery, drained(history.DrainStill, 2, with(consumer(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) })),
		all(twice(nil), record("u1", 6), cutOff("analytics/1", "kafka", 2*time.Second, 3*time.Second), sampled(500*ms, 10*time.Second, 8, 6),
			in(1, sample(500*ms, 8, 2)), in(1, sample(4*time.Second, 8, 5)), in(1, sample(10*time.Second, 8, 8))), Broken, nil, "stood still on orders/0 at 6 from 500 ms on, before the fault"},
}

func TestPending(t *testing.T) { testSmall(t, pendingCases) }
