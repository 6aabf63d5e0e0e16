package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

const ms = time.Millisecond

// The small histories below speak of one consumer, analytics/1, on partition
// orders/0, whose sink is "db" and whose clock is off by at most 2 ms; of a
// second sink "mail" where one is needed.

func consumer() history.Header {
	return history.Header{
		Scenario: breakwater.Scenario{Topic: breakwater.Topic{Name: "orders"}, Services: []breakwater.Service{
			{Name: "registration"},
			{Name: "analytics", Instances: 2, Group: "analytics", Ledger: &breakwater.Ledger{Sink: "db"}},
		}},
		Ledgers: map[string]history.Reading{"db": {Skew: 2 * ms}},
		Phases:  []history.Phase{{Name: breakwater.Before, End: time.Second}, {Name: breakwater.During, Start: time.Second, End: 2 * time.Second}, {Name: breakwater.After, Start: 2 * time.Second, End: 3 * time.Second}, {Name: breakwater.Drain, Start: 3 * time.Second, End: 10 * time.Second}},
	}
}

func synchronous() history.Header {
	h := consumer()
	h.Services = []breakwater.Service{
		{Name: "registration", Needs: historytest.Needs("analytics", "email")},
		{Name: "analytics", Ledger: &breakwater.Ledger{Sink: "db"}},
		{Name: "email", Needs: historytest.Needs("mailbox"), Ledger: &breakwater.Ledger{Sink: "mail"}},
	}
	return h
}

// publishing1 is a system that only publishes, each id once.
func publishing1() history.Header {
	h := consumer()
	h.Services = []breakwater.Service{{Name: "registration", Needs: historytest.Needs("kafka"), PublishesOnce: true}}
	return h
}

func with(h history.Header, edit func(*history.Header)) history.Header { edit(&h); return h }

func compacted(h *history.Header) { h.Topic.Compacted = true }

func request(id string, at time.Duration, o history.Outcome) history.Event {
	e := history.Event{Kind: history.Request, ID: id, Client: "load", To: "registration", Name: "POST /register", Scheduled: at, At: at, End: at + 5*ms, Outcome: o}
	return e
}

func read(id string, at time.Duration, o history.Outcome) history.Event {
	e := request(id, at, o)
	e.Name = "GET /catalog"
	return e
}

func record(id string, offset int64) history.Event {
	return history.Event{Kind: history.Audit, Topic: "orders", Offset: offset, ID: id, At: 9 * time.Second}
}

func effect(sink, id string, at time.Duration) history.Event {
	return history.Event{Kind: history.Effect, Sink: sink, ID: id, At: at}
}

func attempt(sink, id string, at time.Duration) history.Event {
	return history.Event{Kind: history.Attempt, Sink: sink, ID: id, At: at}
}

func commit(offset int64, at, end time.Duration, o history.Outcome) history.Event {
	return history.Event{Kind: history.Commit, Client: "analytics/1", Group: "analytics", Member: "m", Generation: 1, Topic: "orders", Offset: offset, At: at, End: end, Outcome: o}
}

func resume(at time.Duration, committed, offset int64) history.Event {
	return history.Event{Kind: history.Resume, Client: "analytics/1", Group: "analytics", Member: "m", Generation: 1, Topic: "orders", At: at, End: at + ms, Committed: committed, Offset: offset}
}

func sample(at time.Duration, high, committed int64) history.Event {
	return history.Event{Kind: history.Sample, Group: "analytics", Topic: "orders", At: at, HighWatermark: high, Committed: committed, Lag: high - max(0, committed)}
}

func fault(instance string, active, clear time.Duration) history.Event {
	return history.Event{Kind: history.Fault, Name: "cut", At: max(0, active-ms), End: max(clear, active, ms),
		Fault: &history.FaultRecord{Fault: breakwater.Kill(instance), Instances: []string{instance}, Active: active, Clear: clear}}
}

func cutOff(client, to string, active, clear time.Duration) history.Event {
	e := fault(client, active, clear)
	e.Fault.Fault = breakwater.Cut(breakwater.Edge(client, to))
	return e
}

func by(client string, e history.Event) history.Event         { e.Client = client; return e }
func generation(n int32, e history.Event) history.Event       { e.Generation = n; return e }
func in(partition int32, e history.Event) history.Event       { e.Partition = partition; return e }
func on(topic string, e history.Event) history.Event          { e.Topic = topic; return e }
func transactional(e history.Event) history.Event             { e.Transactional = true; return e }
func took(d time.Duration, e history.Event) history.Event     { e.End = e.At + d; return e }
func started(at time.Duration, e history.Event) history.Event { e.At = at; return e }

type events = []history.Event

type small struct {
	name      string
	guarantee string
	header    history.Header
	events    events
	want      Status
	ids       []string // of the only anomaly; none: no anomaly is expected, or none with an id
	why       string   // part of Why or of the first anomaly
}

func TestSmallHistories(t *testing.T) {
	testSmall(t, exercisedCases, lostCases, phantomCases, orphanCases, resumeCases, redeliveryCases, commitCases, recoveryCases, availabilityCases, containedCases)
}

// testSmall judges each history by the guarantee that it is about.
func testSmall(t *testing.T, cases ...[]small) {
	t.Helper()
	for _, c := range slices.Concat(cases...) {
		t.Run(c.guarantee+"/"+strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			v := verdict(t, historytest.Log(c.header, c.events...), c.guarantee)
			if v.Status != c.want {
				t.Fatalf("%s, want %s: %s %+v", v.Status, c.want, v.Why, v.Anomalies)
			}
			if c.want == Broken && (v.Total == 0 || len(v.Anomalies) == 0) {
				t.Errorf("broken without an anomaly: %+v", v)
			}
			if c.want == Holds && v.Total != 0 {
				t.Errorf("it holds with anomalies: %+v", v)
			}
			var ids []string
			text := v.Why
			for _, a := range v.Anomalies {
				ids = append(ids, a.IDs...)
				text += fmt.Sprintf("\n%s (%s)", a.What, a.Code)
			}
			if !slices.Equal(ids, c.ids) {
				t.Errorf("ids %q, want %q: %+v", ids, c.ids, v.Anomalies)
			}
			if !strings.Contains(text, c.why) {
				t.Errorf("nothing says %q:\n%s", c.why, text)
			}
		})
	}
}

// asks is a run in which two requests were made in each load phase and a fault was witnessed.
func asks(edit func(*breakwater.Require)) history.Header {
	return with(consumer(), func(h *history.Header) { edit(&h.Require) })
}

func twice(outcome map[string]history.Outcome) events {
	var all events
	for i, phase := range []string{breakwater.Before, breakwater.During, breakwater.After} {
		o := outcome[phase]
		if o == "" {
			o = history.OK
		}
		at := time.Duration(i)*time.Second + 500*ms
		all = append(all, request(phase+"-1", at, o), request(phase+"-2", at+10*ms, o))
	}
	return all
}

// arrivals are so many requests in each of three seconds.
func arrivals(each ...int) (all events) {
	for second, n := range each {
		for i := range n {
			at := time.Duration(second)*time.Second + time.Duration(i)*15*ms
			all = append(all, request("u"+at.String(), at, history.OK))
		}
	}
	return all
}

var exercisedCases = []small{
	{"enough of everything", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2; r.MaxLateness = breakwater.Duration(10 * ms) }),
		append(twice(nil), fault("analytics/1", 1100*ms, 1900*ms)), Holds, nil, "6 requests"},
	{"one too few after", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2 }),
		twice(nil)[:5], Unknown, nil, `only 1 requests were sent after the fault, the scenario asks for 2`},
	{"dead after the fault is a result", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2 }),
		append(twice(map[string]history.Outcome{breakwater.After: history.Unknown}), fault("analytics/1", 1100*ms, 1900*ms)), Holds, nil, "6 requests"},
	{"arrivals at random, of which fewer came during the fault", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 20 }),
		append(arrivals(22, 15, 22), fault("analytics/1", 1100*ms, 1900*ms)), Holds, nil, "59 requests"},
	{"a load that was interrupted", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 20 }),
		append(arrivals(60, 10, 60), fault("analytics/1", 1100*ms, 1900*ms)), Unknown, nil, "only 10 requests were ok during the fault, the scenario asks for 20"},
	{"failed ones do not count", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2 }),
		twice(map[string]history.Outcome{breakwater.During: history.Failed}), Unknown, nil, `ok during the fault`},
	{"unless failing is the result", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2; r.MayFail = true }),
		twice(map[string]history.Outcome{breakwater.During: history.Failed}), Holds, nil, ""},
	{"which excuses no other phase", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MinOperations = 2; r.MayFail = true }),
		twice(map[string]history.Outcome{breakwater.Before: history.Failed}), Unknown, nil, `ok before the fault`},
	{"a phase is missing", breakwater.Exercised, with(asks(func(r *breakwater.Require) { r.MinOperations = 2 }), func(h *history.Header) { h.Phases = h.Phases[:2] }),
		twice(nil)[:4], Unknown, nil, `no phase "after"`},
	{"the fault never bit", breakwater.Exercised, consumer(), append(twice(nil), fault("analytics/1", 0, 0)), Unknown, nil, "never seen to take effect"},
	{"the fault never went", breakwater.Exercised, consumer(), append(twice(nil), fault("analytics/1", 1100*ms, 0)), Unknown, nil, "never seen to be gone"},
	{"nothing happened", breakwater.Exercised, consumer(), nil, Unknown, nil, ""},
	{"generator behind", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MaxLateness = breakwater.Duration(10 * ms) }),
		append(twice(nil), took(20*ms, started(611*ms, request("late", 600*ms, history.OK)))), Unknown, []string{"late"}, "11 ms behind its schedule"},
	{"generator just in time", breakwater.Exercised, asks(func(r *breakwater.Require) { r.MaxLateness = breakwater.Duration(10 * ms) }),
		append(twice(nil), took(20*ms, started(610*ms, request("late", 600*ms, history.OK)))), Holds, nil, ""},
	{"no replay", breakwater.Exercised, asks(func(r *breakwater.Require) { r.Replay = true }),
		append(twice(nil), fault("analytics/1", 1100*ms, 1900*ms), sample(ms, 5, -1), resume(2*ms, -1, 0), sample(1400*ms, 9, 9), resume(1500*ms, 9, 9)), Unknown, nil, "none of 1 resumes"},
	{"a replay", breakwater.Exercised, asks(func(r *breakwater.Require) { r.Replay = true }),
		append(twice(nil), fault("analytics/1", 1100*ms, 1900*ms), sample(1400*ms, 10, 9), resume(1500*ms, 9, 9)), Holds, nil, ""},
}

var sent = request("u1", 10*ms, history.OK)

var lostCases = []small{
	{"missing from the log", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.OK), record("u1", 0)}, Broken, []string{"u2"}, "no edge saw what was published, so that nothing shows who lost it"},
	{"missing from a compacted log", breakwater.NoLostInLog, with(consumer(), compacted), events{sent, request("u2", 20*ms, history.OK), record("u1", 0)}, Unknown, []string{"u2"}, "orders is compacted, which removes records as well: 1 of 2"},
	{"all there, though it is compacted", breakwater.NoLostInLog, with(consumer(), compacted), events{sent, record("u1", 0)}, Holds, nil, "0 of 1"},
	{"all there", breakwater.NoLostInLog, consumer(), events{sent, record("u1", 0)}, Holds, nil, "0 of 1"},
	{"failed and unknown are not promised", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.Failed), request("u3", 30*ms, history.Unknown), record("u1", 0)}, Holds, nil, ""},
	{"a read leaves no record", breakwater.NoLostInLog, consumer(), events{sent, read("c1", 20*ms, history.OK), record("u1", 0)}, Holds, nil, "0 of 1"},
	{"nobody read the log", breakwater.NoLostInLog, consumer(), events{sent}, Unknown, nil, "found no record"},
	{"nothing acknowledged", breakwater.NoLostInLog, consumer(), events{record("u1", 0)}, Unknown, nil, ""},
	{"deleted from the log's start, for all that is known", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.OK), record("u2", 1), logStart("orders", 0, 1), startedAt(0)}, Unknown, []string{"u1"}, "1 of 2 acknowledged ids are not in the log, from whose start 1 offsets were deleted during the run"},
	{"more than was deleted", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.OK), request("u3", 30*ms, history.OK), record("u3", 1), logStart("orders", 0, 1), startedAt(0)}, Broken, []string{"u1", "u2"}, "2 of 3"},
	{"a log that never began at 0", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.OK), record("u1", 7), logStart("orders", 0, 5), startedAt(5)}, Broken, []string{"u2"}, ""},
	{"acknowledged and aborted", breakwater.NoLostInLog, consumer(), events{sent, request("u2", 20*ms, history.OK), record("u2", 1), aborted(record("u1", 0))}, Broken, []string{"u1"}, "u1 was acknowledged at 15 ms and stands at orders/0@0 in no committed transaction"},
	{"there is no log", breakwater.NoLostInLog, synchronous(), events{sent}, NotAsked, nil, ""},
	{"nobody consumes what is published", breakwater.NoLostInLog, publishing1(), events{sent, by("registration/1", published(record("u2", 7), 11*ms)), record("u2", 7), request("u2", 10*ms, history.OK)}, Broken, []string{"u1"}, "1 of 2 acknowledged ids are missing from the log"},
	{"nothing that was asked for is published", breakwater.NoLostInLog, publishing1(), events{sent, by("registration/1", published(record("other", 7), 11*ms)), record("other", 7)}, NotAsked, nil, "no log"},

	{"in the log, never took effect", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 7)}, Broken, []string{"u1"}, "u1 was acknowledged, is at orders/0@7: in the log, never took effect in db"},
	{"committed past it", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 7), commit(8, 50*ms, 51*ms, history.OK)}, Broken, []string{"u1"}, "though analytics committed up to 8"},
	{"nobody knows where", breakwater.NoAcknowledgedLoss, consumer(), events{sent}, Broken, []string{"u1"}, "u1 was acknowledged at 15 ms and is not in the log: no edge saw"},
	{"lost on its way from another topic", breakwater.NoAcknowledgedLoss, consumer(), events{sent, on("inbox", record("u1", 7))}, Broken, []string{"u1"}, "u1 was acknowledged, is at inbox/0@7 and never came to orders, from which analytics takes it"},
	{"took effect", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 0), effect("db", "u1", 20*ms)}, Holds, nil, "0 of 1"},
	{"an attempt is no effect", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 0), attempt("db", "u1", 20*ms)}, Broken, []string{"u1"}, ""},
	{"unknown, in the log, no effect", breakwater.NoAcknowledgedLoss, consumer(), events{request("u2", 20*ms, history.Unknown), record("u2", 0)}, Broken, []string{"u2"}, "may have been acknowledged"},
	{"unknown, not in the log", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 0), effect("db", "u1", 20*ms), request("u2", 20*ms, history.Unknown)}, Holds, nil, ""},
	{"failed", breakwater.NoAcknowledgedLoss, consumer(), events{sent, record("u1", 0), effect("db", "u1", 20*ms), request("u2", 20*ms, history.Failed)}, Holds, nil, ""},
	{"dead-lettered", breakwater.NoAcknowledgedLoss, with(consumer(), func(h *history.Header) {
		h.Services = slices.Clone(h.Services)
		h.Services[1].DeadLetter = &breakwater.DeadLetter{Topic: "orders-dead"}
	}), events{sent, request("u2", 20*ms, history.OK), record("u1", 0), record("u2", 1), effect("db", "u1", 20*ms), on("orders-dead", record("u2", 0))}, Holds, nil, ""},
	{"synchronous, lost", breakwater.NoAcknowledgedLoss, synchronous(), events{sent, effect("db", "u1", 12*ms)}, Broken, []string{"u1"}, "1 of 1 acknowledged ids never took effect in mail; 0 of 1 in db"},
	{"synchronous, all", breakwater.NoAcknowledgedLoss, synchronous(), events{sent, effect("db", "u1", 12*ms), effect("mail", "u1", 12*ms)}, Holds, nil, ""},
	{"synchronous, unknown is not due", breakwater.NoAcknowledgedLoss, synchronous(), events{sent, request("u2", 20*ms, history.Unknown), effect("db", "u1", 12*ms), effect("mail", "u1", 12*ms)}, Holds, nil, ""},
	{"no ledger", breakwater.NoAcknowledgedLoss, history.Header{}, events{sent}, NotAsked, nil, ""},
	{"nothing acknowledged", breakwater.NoAcknowledgedLoss, consumer(), nil, Unknown, nil, ""},
}

var phantomCases = []small{
	{"an effect nobody asked for", breakwater.NoPhantom, consumer(), events{sent, effect("db", "u1", 20*ms), effect("db", "ghost", 20*ms)}, Broken, []string{"ghost"}, "nobody sent it"},
	{"an attempt nobody asked for", breakwater.NoPhantom, consumer(), events{sent, attempt("db", "ghost", 20*ms)}, Broken, []string{"ghost"}, "delivered to db"},
	{"effects of ok, unknown and failed requests", breakwater.NoPhantom, consumer(), events{sent, request("u2", 11*ms, history.Unknown), request("u3", 12*ms, history.Failed), effect("db", "u1", 20*ms), effect("db", "u2", 20*ms), effect("db", "u3", 20*ms)}, Holds, nil, ""},
	{"an effect without id", breakwater.NoPhantom, consumer(), events{sent, effect("db", "u1", 20*ms), effect("db", "", 20*ms)}, Unknown, nil, "have no id"},
	{"no effect at all", breakwater.NoPhantom, consumer(), events{sent}, Unknown, nil, ""},
	{"no ledger", breakwater.NoPhantom, history.Header{}, events{sent}, NotAsked, nil, ""},
}

var orphanCases = []small{
	{"torn", breakwater.NoOrphans, synchronous(), events{request("u1", 10*ms, history.Unknown), effect("db", "u1", 12*ms)}, Broken, []string{"u1"}, "took effect in db and never in mail"},
	{"torn though it definitely failed", breakwater.NoOrphans, synchronous(), events{request("u1", 10*ms, history.Failed), effect("db", "u1", 12*ms)}, Broken, []string{"u1"}, ""},
	{"all or nothing", breakwater.NoOrphans, synchronous(), events{sent, effect("db", "u1", 12*ms), effect("mail", "u1", 12*ms), request("u2", 20*ms, history.Failed)}, Holds, nil, "0 of 1"},
	{"nothing took effect", breakwater.NoOrphans, synchronous(), events{sent}, Unknown, nil, ""},
	{"one sink cannot be torn", breakwater.NoOrphans, consumer(), events{sent, effect("db", "u1", 12*ms)}, NotAsked, nil, ""},
}

var resumeCases = []small{
	{"the broker forgot a commit", breakwater.ResumeAtCommitted, consumer(), events{resume(ms, -1, 0), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, -1, 0)}, Broken, nil, "with no committed offset, when 5 was committed"},
	{"the broker went back", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 14*ms, history.OK), resume(20*ms, 5, 5)}, Broken, nil, "with committed offset 5, when 9 was committed"},
	{"and a sample that saw it go back excuses nothing", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 14*ms, history.OK), sample(18*ms, 20, 5), resume(20*ms, 5, 5)}, Broken, nil, ""},
	{"the broker made one up", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 6, 6)}, Broken, nil, ""},
	{"out of nothing", breakwater.ResumeAtCommitted, consumer(), events{resume(20*ms, 6, 6)}, Broken, nil, "nothing was committed"},
	{"the latest", breakwater.ResumeAtCommitted, consumer(), events{resume(ms, -1, 0), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 5)}, Holds, nil, "2 of 2 resumes of analytics were at"},
	{"before a commit that is in flight", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 19*ms, 25*ms, history.OK), resume(20*ms, 5, 5)}, Holds, nil, ""},
	{"after a commit that is in flight", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 19*ms, 25*ms, history.OK), resume(20*ms, 9, 9)}, Holds, nil, ""},
	{"none, while the first is in flight", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 25*ms, history.OK), resume(20*ms, -1, 0)}, Holds, nil, ""},
	{"a commit sent while the answer was on its way", breakwater.ResumeAtCommitted, consumer(), events{resume(20*ms, 7, 7), commit(7, 20*ms+100*time.Microsecond, 25*ms, history.OK)}, Holds, nil, ""},
	{"a commit of the future", breakwater.ResumeAtCommitted, consumer(), events{resume(20*ms, 7, 7), commit(7, 30*ms, 35*ms, history.OK)}, Broken, nil, ""},
	{"a commit that was never answered", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 0, history.Unknown), resume(50*ms, 9, 9)}, Holds, nil, ""},
	{"as if it had not arrived", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 0, history.Unknown), resume(50*ms, 5, 5)}, Holds, nil, ""},
	{"nor one whose connection broke", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 20*ms, history.Unknown), resume(50*ms, 5, 5)}, Holds, nil, ""},
	{"nor was it applied after a later generation", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 0, history.Unknown), generation(2, commit(9, 13*ms, 14*ms, history.OK)), resume(50*ms, 5, 5)}, Broken, nil, ""},
	{"a rejected commit is none", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), commit(9, 13*ms, 14*ms, history.Failed), resume(50*ms, 9, 9)}, Broken, nil, ""},
	{"two that crossed, the lower last", breakwater.ResumeAtCommitted, consumer(), events{commit(9, 10*ms, 15*ms, history.OK), commit(5, 11*ms, 14*ms, history.OK), resume(50*ms, 5, 5)}, Holds, nil, ""},
	{"in a transaction not yet ended: the old one", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), transactional(commit(9, 13*ms, 90*ms, history.OK)), resume(50*ms, 5, 5)}, Holds, nil, ""},
	{"in a transaction not yet ended: the new one", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), transactional(commit(9, 13*ms, 90*ms, history.OK)), resume(50*ms, 9, 9)}, Holds, nil, ""},
	{"in a transaction that ended", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), transactional(commit(9, 13*ms, 40*ms, history.OK)), resume(50*ms, 5, 5)}, Broken, nil, ""},
	{"in a transaction that was aborted", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), transactional(commit(9, 13*ms, 40*ms, history.Failed)), resume(50*ms, 9, 9)}, Broken, nil, ""},
	{"a recorded reset", breakwater.ResumeAtCommitted, consumer(), events{commit(9, 10*ms, 12*ms, history.OK), by("kit", commit(0, 20*ms, 21*ms, history.OK)), resume(50*ms, 0, 0)}, Holds, nil, ""},
	{"a reset that only a sample saw", breakwater.ResumeAtCommitted, consumer(), events{commit(9, 10*ms, 12*ms, history.OK), sample(30*ms, 20, 3), resume(50*ms, 3, 3)}, Holds, nil, ""},
	{"a sample older than the commits excuses nothing", breakwater.ResumeAtCommitted, consumer(), events{sample(5*ms, 20, 3), commit(9, 10*ms, 12*ms, history.OK), resume(50*ms, 3, 3)}, Broken, nil, ""},
	{"committed before the run", breakwater.ResumeAtCommitted, consumer(), events{sample(5*ms, 20, 3), resume(50*ms, 3, 3)}, Holds, nil, ""},
	{"another partition's commit", breakwater.ResumeAtCommitted, consumer(), events{in(1, commit(5, 10*ms, 12*ms, history.OK)), resume(20*ms, 5, 5)}, Broken, nil, ""},
	{"another group's commit does not count", breakwater.ResumeAtCommitted, consumer(), events{{Kind: history.Commit, Client: "email/1", Group: "email", Topic: "orders", Offset: 5, At: ms, End: 2 * ms, Outcome: history.OK}, resume(20*ms, -1, 0)}, Holds, nil, ""},
	{"no answer came, so that nothing was judged", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), func() history.Event { r := resume(20*ms, 0, -1); r.End = 0; return r }()}, Unknown, nil, "no resume could be judged"},
	{"no answer came to one of two", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), func() history.Event { r := resume(20*ms, 0, -1); r.End = 0; return r }(), resume(30*ms, 5, 5)}, Holds, nil, "1 of 1 resumes"},

	{"the client skipped the first record", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 6), record("u1", 5), record("u2", 6)}, Broken, []string{"u1"}, "1 records were skipped"},
	{"the client went back", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 4), record("u0", 4), record("u1", 5)}, Broken, []string{"u0"}, ""},
	{"the client never fetched", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, -1)}, Holds, nil, ""},
	{"the reset policy decides", breakwater.ResumeAtCommitted, consumer(), events{resume(20*ms, -1, 42)}, Holds, nil, ""},
	{"retention passed the commit", breakwater.ResumeAtCommitted, consumer(), events{commit(5, 10*ms, 12*ms, history.OK), {Kind: history.Sample, Group: "analytics", Topic: "orders", At: 15 * ms, LogStart: 8, HighWatermark: 20, Committed: 5}, resume(20*ms, 5, 8)}, Holds, nil, ""},
	{"nothing resumed", breakwater.ResumeAtCommitted, consumer(), events{sent}, Unknown, nil, "no resume was recorded"},
	{"offsets in the sink", breakwater.ResumeAtCommitted, with(consumer(), func(h *history.Header) {
		h.Services = slices.Clone(h.Services)
		h.Services[1].Offsets = "sink"
	}), events{resume(20*ms, 6, 9)}, NotAsked, nil, "live in its sink"},
	{"nobody consumes", breakwater.ResumeAtCommitted, synchronous(), nil, NotAsked, nil, ""},
}

var redeliveryCases = []small{
	{"below an acknowledged commit", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 3), record("u2", 4), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 4)}, Broken, []string{"u2"}, "without cause"},
	{"the commit's connection broke", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 12*ms, history.Unknown), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"at the commit", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 5)}, Holds, nil, ""},
	{"the commit was on its way", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 22*ms, history.OK), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"the commit was lost", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 0, history.Unknown), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"a lower commit was lost, of an earlier generation", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(4, 5*ms, 0, history.Unknown), generation(2, commit(5, 10*ms, 12*ms, history.OK)), resume(20*ms, 4, 4)}, Broken, []string{"u2"}, ""},
	{"a lower commit was lost, of the same generation", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(4, 5*ms, 0, history.Unknown), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"only control records between", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 2), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 5, 3)}, Holds, nil, ""},
	{"a recorded reset", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 0), commit(5, 10*ms, 12*ms, history.OK), by("kit", commit(0, 15*ms, 16*ms, history.OK)), resume(20*ms, 0, 0)}, Holds, nil, ""},
	{"a reset before the commit explains nothing", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 0), by("kit", commit(0, 5*ms, 6*ms, history.OK)), commit(5, 10*ms, 12*ms, history.OK), resume(20*ms, 0, 0)}, Broken, []string{"u1"}, ""},
	{"a reset that samples saw", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 0), commit(5, 10*ms, 12*ms, history.OK), sample(13*ms, 9, 5), sample(18*ms, 9, 0), resume(20*ms, 0, 0)}, Holds, nil, ""},
	{"a sample from before the commit explains nothing", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 0), sample(8*ms, 9, 0), commit(5, 10*ms, 12*ms, history.OK), sample(13*ms, 9, 5), resume(20*ms, 0, 0)}, Broken, []string{"u1"}, ""},
	{"a sample that lags behind explains nothing", breakwater.ExplainedRedelivery, consumer(), events{record("u1", 0), sample(8*ms, 9, 0), commit(5, 10*ms, 12*ms, history.OK), sample(13*ms, 9, 0), resume(20*ms, 0, 0)}, Broken, []string{"u1"}, ""},
	{"a lower commit that crossed it", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 15*ms, history.OK), commit(4, 11*ms, 14*ms, history.OK), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"the member itself went back", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), resume(ms, -1, 5), commit(5, 10*ms, 11*ms, history.OK), commit(4, 12*ms, 13*ms, history.OK), resume(20*ms, 4, 4)}, Broken, []string{"u2"}, ""},
	{"a member that had taken up further down", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), record("u1", 3), by("analytics/2", resume(9*ms, 3, 3)), commit(5, 8*ms, 11*ms, history.OK), by("analytics/2", commit(4, 12*ms, 13*ms, history.OK)), resume(20*ms, 4, 4)}, Holds, nil, ""},
	{"never fetched", breakwater.ExplainedRedelivery, consumer(), events{record("u2", 4), commit(5, 10*ms, 12*ms, history.OK), resume(15*ms, 5, 5), resume(20*ms, 4, -1)}, Holds, nil, ""},
	{"nothing resumed", breakwater.ExplainedRedelivery, consumer(), events{sent}, Unknown, nil, ""},
	{"nobody consumes", breakwater.ExplainedRedelivery, synchronous(), nil, NotAsked, nil, ""},
}

var commitCases = []small{
	{"committed, then processed", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), commit(1, 10*ms, 11*ms, history.OK), effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, "took effect 10 ms later"},
	{"committed, never processed", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u1", 5*ms), commit(2, 10*ms, 11*ms, history.OK)}, Broken, []string{"u2"}, "never took effect"},
	{"past a failed record", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u2", 5*ms), commit(2, 10*ms, 11*ms, history.OK)}, Broken, []string{"u1"}, ""},
	{"the commit was refused, the order is wrong all the same", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), commit(1, 10*ms, 11*ms, history.Failed), effect("db", "u1", 20*ms)}, Broken, []string{"u1"}, ""},
	{"processed, then committed", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), effect("db", "u1", 5*ms), commit(1, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 1"},
	{"not committed yet", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u1", 5*ms), commit(1, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 1"},
	{"only the first commit above it counts", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), commit(1, 10*ms, 11*ms, history.OK), effect("db", "u1", 20*ms), commit(9, 30*ms, 31*ms, history.OK)}, Broken, []string{"u1"}, "committed orders/0@1"},
	{"wherever it stands among the commits", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), commit(9, 10*ms, 11*ms, history.OK), effect("db", "u1", 20*ms), commit(1, 30*ms, 31*ms, history.OK)}, Broken, []string{"u1"}, "committed orders/0@9"},
	{"within the clock error", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u2", 5*ms), commit(2, 10*ms, 11*ms, history.OK), effect("db", "u1", 11*ms)}, Holds, nil, "1 lie within the clock error of 2 ms"},
	{"nothing but the clock error", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), commit(1, 10*ms, 11*ms, history.OK), effect("db", "u1", 9*ms)}, Unknown, nil, ""},
	{"before the group's first resume", breakwater.CommitAfterEffect, consumer(), events{record("old", 0), resume(ms, 1, 1), record("u1", 1), effect("db", "u1", 5*ms), commit(2, 10*ms, 11*ms, history.OK)}, Holds, nil, ""},
	{"another incarnation's effect", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), effect("db", "u1", 5*ms), by("analytics/2", resume(8*ms, -1, 0)), by("analytics/2", commit(1, 10*ms, 11*ms, history.OK))}, Holds, nil, ""},
	{"redelivered later", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), effect("db", "u1", 5*ms), commit(1, 10*ms, 11*ms, history.OK), effect("db", "u1", 50*ms)}, Holds, nil, ""},
	{"skipped by a reset", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), by("kit", commit(1, 3*ms, 4*ms, history.OK)), resume(5*ms, 1, 1), effect("db", "u2", 6*ms), commit(2, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 1"},
	{"in a transaction", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), transactional(commit(1, 10*ms, 11*ms, history.OK)), effect("db", "u1", 20*ms)}, Unknown, nil, ""},
	{"sparse offsets", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 3), effect("db", "u1", 5*ms), commit(9, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 1"},
	{"handed over in time", breakwater.CommitAfterEffect, deadLetters(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u2", 5*ms), handOver(6 * ms), on("dead", record("u1", 4)), commit(2, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 2"},
	{"handed over too late", breakwater.CommitAfterEffect, deadLetters(), events{resume(ms, -1, 0), record("u1", 0), record("u2", 1), effect("db", "u2", 5*ms), handOver(16 * ms), on("dead", record("u1", 4)), commit(2, 10*ms, 11*ms, history.OK)}, Broken, []string{"u1"}, ""},
	{"a record that asks for no effect", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), read("c1", ms, history.OK), record("c1", 0), record("u1", 1), effect("db", "u1", 5*ms), commit(2, 10*ms, 11*ms, history.OK)}, Holds, nil, "0 of 1"},
	{"another topic that its group reads as well", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0), effect("db", "u1", 5*ms), commit(1, 10*ms, 11*ms, history.OK), on("settings", resume(ms, -1, 0)), on("settings", record("s1", 0)), on("settings", commit(1, 10*ms, 11*ms, history.OK))}, Holds, nil, "0 of 1"},
	{"put off, and committed there before its effect", breakwater.CommitAfterEffect, givingUp(), events{resume(ms, -1, 0), record("u1", 0), published(putOff("u1", 0, 0), 5*ms), putOff("u1", 0, 0), commit(1, 10*ms, 11*ms, history.OK), on("again", resume(ms, -1, 0)), on("again", commit(1, 20*ms, 21*ms, history.OK)), effect("db", "u1", 30*ms)}, Broken, []string{"u1"}, "committed again/0@1 at 20 ms, before the effect of u1"},
	{"put off, and committed there after its effect", breakwater.CommitAfterEffect, givingUp(), events{resume(ms, -1, 0), record("u1", 0), published(putOff("u1", 0, 0), 5*ms), putOff("u1", 0, 0), commit(1, 10*ms, 11*ms, history.OK), on("again", resume(ms, -1, 0)), effect("db", "u1", 15*ms), on("again", commit(1, 20*ms, 21*ms, history.OK))}, Holds, nil, "0 of 2"},
	{"put off, and given up from there", breakwater.CommitAfterEffect, givingUp(), events{resume(ms, -1, 0), record("u1", 0), published(putOff("u1", 0, 0), 5*ms), putOff("u1", 0, 0), commit(1, 10*ms, 11*ms, history.OK), on("again", resume(ms, -1, 0)), published(deadLetter("u1", 0, 0), 15*ms), deadLetter("u1", 0, 0), on("again", commit(1, 20*ms, 21*ms, history.OK))}, Holds, nil, "0 of 2"},
	{"put off twice, and dropped the second time", breakwater.CommitAfterEffect, givingUp(), events{resume(ms, -1, 0), record("u1", 0), published(putOff("u1", 0, 0), 5*ms), putOff("u1", 0, 0), published(putOff("u1", 1, 0), 15*ms), putOff("u1", 1, 0), commit(1, 10*ms, 11*ms, history.OK), on("again", resume(ms, -1, 0)), on("again", commit(1, 20*ms, 21*ms, history.OK)), on("again", commit(2, 30*ms, 31*ms, history.OK))}, Broken, []string{"u1"}, "committed again/0@2 at 30 ms"},
	{"nothing committed", breakwater.CommitAfterEffect, consumer(), events{resume(ms, -1, 0), record("u1", 0)}, Unknown, nil, "no record could be judged"},
	{"no resume: nobody knows where it began", breakwater.CommitAfterEffect, consumer(), events{record("u1", 0), commit(1, 10*ms, 11*ms, history.OK)}, Unknown, nil, ""},
	{"no ledger", breakwater.CommitAfterEffect, with(consumer(), func(h *history.Header) {
		h.Services = []breakwater.Service{{Name: "analytics", Group: "analytics"}}
	}), nil, NotAsked, nil, "no ledger"},
	{"nobody consumes", breakwater.CommitAfterEffect, synchronous(), nil, NotAsked, nil, ""},
}

func deadLetters() history.Header {
	return with(consumer(), func(h *history.Header) {
		h.Services = slices.Clone(h.Services)
		h.Services[1].DeadLetter = &breakwater.DeadLetter{Topic: "dead"}
	})
}

func handOver(at time.Duration) history.Event {
	return history.Event{Kind: history.Produce, Client: "analytics/1", Topic: "dead", Offset: 3, Count: 2, At: at, End: at + ms, Outcome: history.OK}
}

// lags is a run at 20 requests a second with a fault from 1.0 s to 2.0 s, the
// lag of the only partition sampled every 250 ms, 0 where not given.
func lags(lag map[time.Duration]int64) events {
	var all events
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		all = append(all, request("u"+at.String(), at, history.OK))
	}
	high := int64(0)
	for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
		if at <= 3*time.Second {
			high = int64(at / (50 * ms))
		}
		all = append(all, sample(at, high, high-lag[at]))
	}
	return append(all, fault("analytics/1", time.Second, 2*time.Second))
}

func lagFrom(from, until time.Duration, n int64) map[time.Duration]int64 {
	lag := map[time.Duration]int64{}
	for at := from; at < until; at += 250 * ms {
		lag[at] = n
	}
	return lag
}

func within(d time.Duration) history.Header {
	return with(consumer(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(d) })
}

func withoutLog(objective time.Duration) history.Header {
	return with(synchronous(), func(h *history.Header) {
		h.Require.Recovery = breakwater.Duration(objective)
		h.Phases = []history.Phase{{Name: breakwater.Before, End: time.Second}, {Name: breakwater.During, Start: time.Second, End: 8 * time.Second}, {Name: breakwater.After, Start: 8 * time.Second, End: 10 * time.Second}}
	})
}

// failingFrom are requests of which all fail from an instant on until a second fault is
// gone, which was injected at 7.51 s and was seen to be there at 7.76 s.
func failingFrom(from time.Duration) (all events) {
	for at := time.Duration(0); at < 10*time.Second; at += 50 * ms {
		outcome := history.OK
		if at >= time.Second && at < 2*time.Second || at >= from && at < 8*time.Second {
			outcome = history.Unknown
		}
		all = append(all, request("u"+at.String(), at, outcome))
	}
	again := fault("registration/1", 7760*ms, 8*time.Second)
	again.Name, again.At = "restart", 7510*ms
	return append(all, cutOff("registration", "analytics", time.Second, 2*time.Second), again)
}

var recoveryCases = []small{
	{"back in time", breakwater.BoundedRecovery, within(4 * time.Second), lags(lagFrom(time.Second, 5*time.Second, 20)), Holds, nil, "back at the baseline 3 s after the heal, 4 s is allowed"},
	{"back too late", breakwater.BoundedRecovery, within(2 * time.Second), lags(lagFrom(time.Second, 5*time.Second, 20)), Broken, nil, "took 3 s after fault"},
	{"too late after the second of two equal ones", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		all := lags(lagFrom(6*time.Second, 10*time.Second, 20))
		again := fault("analytics/1", 6*time.Second, 6500*ms)
		all[len(all)-1].Fault.Step, again.Fault.Step = 1, 2
		return append(all, again)
	}(), Broken, nil, `after fault "cut, step 2"`},
	{"never back", breakwater.BoundedRecovery, within(2 * time.Second), lags(lagFrom(time.Second, 10*time.Second, 20)), Broken, nil, "took > 8 s"},
	{"the run ended before the objective", breakwater.BoundedRecovery, within(20 * time.Second), lags(lagFrom(time.Second, 10*time.Second, 20)), Unknown, nil, "leave so much time before the next fault or the end of the load, or lower Require.Recovery"},
	{"back, and away again", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		lag := lagFrom(time.Second, 3*time.Second, 20)
		for at, n := range lagFrom(5*time.Second, 7*time.Second, 20) {
			lag[at] = n
		}
		return lags(lag)
	}(), Broken, nil, "took 5 s"},
	{"one odd sample is no relapse", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		lag := lagFrom(time.Second, 3*time.Second, 20)
		lag[5*time.Second] = 20
		return lags(lag)
	}(), Holds, nil, "1 s after the heal"},
	{"a request under way when the next fault is injected", breakwater.BoundedRecovery, withoutLog(4 * time.Second), failingFrom(7400 * ms), Holds, nil, "back at the baseline"},
	{"several that were under way for long", breakwater.BoundedRecovery, withoutLog(4 * time.Second), func() events {
		all := failingFrom(6900 * ms)
		for i := range all {
			if e := &all[i]; e.Kind == history.Request && e.Scheduled >= 6900*ms && e.Scheduled < 7510*ms {
				e.End = 7520 * ms
			}
		}
		return all
	}(), Holds, nil, "back at the baseline"},
	{"two windows of failed ones before that", breakwater.BoundedRecovery, withoutLog(4 * time.Second), failingFrom(6900 * ms), Broken, nil, "took > 5.5 s after fault"},
	{"never left", breakwater.BoundedRecovery, within(time.Second), lags(nil), Holds, nil, "never left"},
	{"no objective", breakwater.BoundedRecovery, within(0), lags(nil), NotAsked, nil, ""},
	{"no fault", breakwater.BoundedRecovery, within(time.Second), slices.DeleteFunc(lags(nil), func(e history.Event) bool { return e.Kind == history.Fault }), Unknown, nil, "no fault"},
	{"no samples after", breakwater.BoundedRecovery, within(time.Second), slices.DeleteFunc(lags(nil), func(e history.Event) bool { return e.Kind == history.Sample && e.At > time.Second }), Unknown, nil, "nothing was sampled"},
	{"an empty queue while nobody can publish", breakwater.BoundedRecovery, within(500 * ms), func() events {
		all := lags(nil)
		for i := range all {
			if all[i].Kind == history.Request && all[i].Scheduled >= time.Second {
				all[i].Outcome = history.Failed
			}
		}
		return all
	}(), Broken, nil, ""},
	{"one partition stands still", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		all := append(lags(nil), in(1, assign("analytics/1", "m", history.Assigned, ms)))
		for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
			all = append(all, in(1, sample(at, 12, 10)))
		}
		return all
	}(), Broken, nil, "stands still on orders/1 at 10 since 0 s with 2 records waiting, while its other partitions go on; analytics/1 owns the partition since 1 ms"},
	{"late, and one partition stands still", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		all := lags(lagFrom(time.Second, 6*time.Second, 20))
		for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
			all = append(all, in(1, sample(at, 12, 10)))
		}
		return all
	}(), Broken, nil, "to be back at its baseline, 2 s is allowed; it stands still on orders/1"},
	{"and one that went on for a while", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		all := lags(nil)
		for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
			all = append(all, in(1, sample(at, 12, min(10, int64(at/(250*ms))))))
		}
		return all
	}(), Broken, nil, "stands still on orders/1 at 10 since 2.5 s with 2 records waiting"},
	{"what was put off waits for its back-off", breakwater.BoundedRecovery, with(within(2*time.Second), backingOff(8*time.Second)), waitingAgain, Holds, nil, ""},
	{"and longer than that", breakwater.BoundedRecovery, with(within(2*time.Second), backingOff(5*time.Second)), waitingAgain, Broken, nil, "stands still on again/0 at 0 since 2.5 s with 1 records waiting"},
	{"all stand still when nothing is left to do", breakwater.BoundedRecovery, within(2 * time.Second), func() events {
		all := lags(nil)
		for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
			all = append(all, in(1, sample(at, 10, 10)))
		}
		return all
	}(), Holds, nil, "never left"},
	{"one partition stands still, by the positions in the sink", breakwater.BoundedRecovery, with(counting(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(2 * time.Second) }), func() events {
		waits, done := in(1, record("u1", 0)), record("u2", 0)
		return events{fault("analytics/1", time.Second, 2*time.Second), request("u1", 500*ms, history.OK), request("u2", 500*ms, history.OK),
			waits, published(waits, 500*ms), done, published(done, 500*ms), in(1, position0(0, 600*ms)), position0(1, 9*time.Second), effect("db", "u1", 700*ms), effect("db", "u2", 700*ms)}
	}(), Broken, nil, "stands still on orders/1 at 0 since 2 s with 1 records waiting"},
	{"synchronous, back", breakwater.BoundedRecovery, with(synchronous(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) }), failing(time.Second, 2*time.Second), Holds, nil, "POST /register: back"},
	{"synchronous, failing on", breakwater.BoundedRecovery, with(synchronous(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(500 * ms) }), failing(time.Second, 2900*ms), Broken, nil, "POST /register took"},
}

// waitingAgain is a run in which one record waits in the retry topic to the end.
var waitingAgain = func() events {
	all := lags(nil)
	for at := 2500 * ms; at < 10*time.Second; at += 250 * ms {
		all = append(all, on("again", sample(at, 1, 0)))
	}
	return all
}()

func backingOff(d time.Duration) func(*history.Header) {
	return func(h *history.Header) {
		h.Services = slices.Clone(h.Services)
		h.Services[1].DeadLetter = &breakwater.DeadLetter{Retry: []string{"again"}, Backoff: breakwater.Duration(d)}
	}
}

// failing is a run at 20 requests a second with a fault from 1.0 s to 2.0 s in
// which those scheduled in [from, until) failed.
func failing(from, until time.Duration) events {
	all := events{fault("analytics/1", time.Second, 2*time.Second)}
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		o := history.OK
		if from <= at && at < until {
			o = history.Failed
		}
		all = append(all, request("u"+at.String(), at, o))
	}
	return all
}

func available(share float64) history.Header {
	return with(synchronous(), func(h *history.Header) { h.Require.Availability, h.Require.Operation = share, "POST /register" })
}

var availabilityCases = []small{
	{"under the objective", breakwater.Availability, available(0.5), failing(time.Second, 1550*ms), Broken, []string{"u1s", "u1.05s", "u1.1s", "u1.15s", "u1.2s"}, "45 % ok while the fault was active (9 of 20)"},
	{"just at it", breakwater.Availability, available(0.5), failing(time.Second, 1500*ms), Holds, nil, "10 of 20"},
	{"failures outside the fault do not count", breakwater.Availability, available(1), failing(2*time.Second, 3*time.Second), Holds, nil, "20 of 20"},
	{"another operation does not count", breakwater.Availability, available(1), append(failing(0, 0), read("c", 1500*ms, history.Failed)), Holds, nil, ""},
	{"not witnessed", breakwater.Availability, available(1), append(failing(0, 0)[1:], fault("analytics/1", 1100*ms, 0)), Unknown, nil, ""},
	{"no fault: the during phase", breakwater.Availability, available(1), failing(1500*ms, 1550*ms)[1:], Broken, []string{"u1.5s"}, "19 of 20"},
	{"no objective", breakwater.Availability, available(0), failing(0, 0), NotAsked, nil, ""},
}

// calls is a run in which, while the edge email→mailbox is faulty, of 20 calls a
// second from registration to email the share bad fails, and email calls the
// mailbox so many times for each.
func calls(header history.Header, bad, times int) (history.Header, events) {
	all := events{cutOff("email/1", "mailbox", time.Second, 2*time.Second)}
	for i := range 60 {
		at := time.Duration(i) * 50 * ms
		id := "u" + at.String()
		all = append(all, request(id, at, history.OK), read("c"+at.String(), at, history.OK))
		o, during := history.OK, at >= time.Second && at < 2*time.Second
		if during && i-20 < bad {
			o = history.Unknown
		}
		all = append(all, history.Event{Kind: history.Call, Client: "registration/1", To: "email", Name: "POST /send", ID: id, At: at + ms, End: at + 3*ms, Outcome: o})
		n := 1
		if during {
			n = times
		}
		for range n {
			o := history.OK
			if during {
				o = history.Unknown
			}
			all = append(all, history.Event{Kind: history.Call, Client: "email/1", To: "mailbox", Name: "POST /messages", ID: id, At: at + 2*ms, End: at + 3*ms, Outcome: o})
		}
	}
	return header, all
}

func limited() history.Header {
	return with(synchronous(), func(h *history.Header) { h.Require.Unrelated, h.Require.Amplification = "GET /catalog", 2 })
}

// killedCaller is a caller that ends at the instant, is seen to have been killed at one
// second, and one of whose calls fails a moment later.
func killedCaller(ends time.Duration) events {
	kill := fault("registration", time.Second, 2*time.Second)
	call := history.Event{Kind: history.Call, Client: "registration/1", To: "email", Name: "POST /send", ID: "u1", At: 1001 * ms, End: 1002 * ms, Outcome: history.Unknown}
	return events{kill, process("registration/1", history.Exited, ends), call, request("u1", 980*ms, history.Unknown), process("registration/1", history.Started, 2*time.Second)}
}

func containedCase(name string, bad, times int, change func(*history.Event), want Status, ids []string, why string) small {
	h, all := calls(limited(), bad, times)
	for i := range all {
		if change != nil {
			change(&all[i])
		}
	}
	return small{name, breakwater.Contained, h, all, want, ids, why}
}

var containedCases = []small{
	containedCase("only the broken edge suffers", 20, 1, nil, Holds, nil, "no service but the broken one"),
	containedCase("the caller of the broken one fails", 20, 1, func(e *history.Event) {
		if e.Kind == history.Request && e.Name == "POST /register" && e.At >= time.Second && e.At < 2*time.Second {
			e.Outcome = history.Unknown
		}
	}, Broken, []string{"u1s", "u1.05s", "u1.1s", "u1.15s", "u1.2s"}, "registration let its callers down, though it was not what was broken"),
	containedCase("or is merely slow", 20, 1, func(e *history.Event) {
		if e.Kind == history.Request && e.Name == "POST /register" && e.At >= time.Second && e.At < 2*time.Second {
			e.End += time.Second
		}
	}, Broken, []string{"u1s", "u1.05s", "u1.1s", "u1.15s", "u1.2s"}, "registration let its callers down"),
	containedCase("or was slow for a moment", 20, 1, func(e *history.Event) {
		if e.Kind == history.Request && e.Name == "POST /register" && e.At >= time.Second && e.At < 1250*ms {
			e.End += time.Second
		}
	}, Holds, nil, ""),
	containedCase("two failures of forty are no cascade", 20, 1, func(e *history.Event) {
		if e.Kind == history.Request && e.Name == "POST /register" && e.At >= time.Second && e.At < 1100*ms {
			e.Outcome = history.Unknown
		}
	}, Holds, nil, ""),
	containedCase("the unrelated operation fails", 0, 1, func(e *history.Event) {
		if e.ID == "c1.5s" {
			e.Outcome = history.Failed
		}
	}, Broken, []string{"c1.5s"}, "GET /catalog was ok by 95 %"),
	containedCase("it failed before as well", 0, 1, func(e *history.Event) {
		if e.ID == "c1.5s" || e.ID == "c500ms" {
			e.Outcome = history.Failed
		}
	}, Holds, nil, ""),
	containedCase("the unrelated operation is merely slow", 0, 1, func(e *history.Event) {
		if e.Name == "GET /catalog" && e.At >= 1300*ms && e.At < 2*time.Second {
			e.End += time.Second
		}
	}, Broken, slices.Repeat([]string{"c1.3s", "c1.35s", "c1.4s", "c1.45s", "c1.5s"}, 2), "GET /catalog took 1 s at the median while the fault was active"),
	containedCase("retries amplify", 0, 3, nil, Broken, []string{"u1s"}, "mailbox was called 60 times for 20 root requests: 3 each, 2 is allowed"),
	containedCase("retries within the limit", 0, 2, nil, Holds, nil, ""),
	containedCase("no witness", 0, 1, func(e *history.Event) {
		if e.Kind == history.Fault {
			e.Fault.Clear = 0
		}
	}, Unknown, nil, ""),
	{"nothing was broken", breakwater.Contained, limited(), failing(0, 0)[1:], NotAsked, nil, ""},
	{"what their caller did not live to hear", breakwater.Contained, synchronous(), killedCaller(990 * ms), NotAsked, nil, "no call to an unbroken service was seen"},
	{"what it heard before, it heard", breakwater.Contained, synchronous(), killedCaller(1500 * ms), Broken, []string{"u1"}, "email let its callers down"},
}
