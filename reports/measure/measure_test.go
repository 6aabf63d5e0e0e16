package measure_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

const ms = time.Millisecond

// header is a run with load for 3 s, broken in the second one, watched for 10 s.
func header(services ...breakwater.Service) history.Header {
	return history.Header{Scenario: breakwater.Scenario{Topic: breakwater.Topic{Name: "orders"}, Services: services}, Phases: []history.Phase{
		{Name: breakwater.Before, End: time.Second}, {Name: breakwater.During, Start: time.Second, End: 2 * time.Second},
		{Name: breakwater.After, Start: 2 * time.Second, End: 3 * time.Second}, {Name: breakwater.Drain, Start: 3 * time.Second, End: 10 * time.Second},
	}}
}

func consumer() breakwater.Service {
	return breakwater.Service{Name: "analytics", Instances: 2, Group: "analytics",
		Ledger: &breakwater.Ledger{Sink: "db", Attempts: "attempts"}, Settings: map[string]string{"session time-out": "3 s", "colour": "blue"}}
}

var cut = history.Event{Kind: history.Fault, Name: "cut", At: 990 * ms, End: 1990 * ms, Fault: &history.FaultRecord{Fault: breakwater.Cut(breakwater.Edge("analytics/1", "kafka")), Instances: []string{"analytics/1"}, Active: time.Second, Clear: 2 * time.Second}}

func request(at, took time.Duration, o history.Outcome) history.Event {
	e := history.Event{Kind: history.Request, ID: "u" + at.String(), Name: "POST /register", Scheduled: at, At: at, End: at + took, Outcome: o}
	if took == 0 {
		e.End = 0
	}
	return e
}

// load sends a request every 50 ms for 3 s.
func load(each func(at time.Duration) (took time.Duration, o history.Outcome)) []history.Event {
	var all []history.Event
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		took, o := each(at)
		all = append(all, request(at, took, o))
	}
	return all
}

func fine(time.Duration) (time.Duration, history.Outcome) { return 10 * ms, history.OK }

// worse answers in 10 ms, and with that outcome after that time while the fault is active.
func worse(took time.Duration, o history.Outcome) func(time.Duration) (time.Duration, history.Outcome) {
	return func(at time.Duration) (time.Duration, history.Outcome) {
		if at >= time.Second && at < 2*time.Second {
			return took, o
		}
		return 10 * ms, history.OK
	}
}

func effects(sink string, delay func(at time.Duration) time.Duration) []history.Event {
	var all []history.Event
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		if d := delay(at); d > 0 {
			all = append(all,
				history.Event{Kind: history.Attempt, Sink: sink, ID: "u" + at.String(), At: at + d},
				history.Event{Kind: history.Effect, Sink: sink, ID: "u" + at.String(), At: at + d})
		}
	}
	return all
}

func of(h history.Header, events ...[]history.Event) measure.Measurements {
	return measure.Of(historytest.Log(h, slices.Concat(events...)...).Index())
}

type want map[string]string // name → the value as written

func (w want) check(t *testing.T, m measure.Measurements) {
	t.Helper()
	for name, text := range w {
		i := slices.IndexFunc(m.Values, func(v measure.Value) bool { return v.Name == name })
		if i < 0 {
			if text != "" {
				t.Errorf("%s is not there, want %s", name, text)
			}
			continue
		}
		if got := m.Values[i].String(); got != text {
			t.Errorf("%s is %q, want %q", name, got, text)
		}
	}
}

func TestLatencyAndAvailability(t *testing.T) {
	const op = "POST /register"
	for name, c := range map[string]struct {
		events []history.Event
		want   want
	}{
		"slower by 7 ms: more than half of 10 ms": {append(load(worse(17*ms, history.OK)), cut), want{
			breakwater.LatencyOf(breakwater.P50, breakwater.Before, op): "10 ms", breakwater.LatencyOf(breakwater.P50, breakwater.During, op): "17 ms", breakwater.LatencyOf(breakwater.P50, breakwater.After, op): "10 ms",
			breakwater.LatencyAdded(breakwater.P50, op): "7 ms", breakwater.LatencyExcess(breakwater.P50, op): "1.4", breakwater.LatencyOf(breakwater.P99, breakwater.During, op): "17 ms",
			breakwater.AvailabilityOf(op): "100 %",
		}},
		"all fail fast": {append(load(worse(2*ms, history.Failed)), cut), want{
			breakwater.LatencyOf(breakwater.P50, breakwater.During, op): "2 ms", breakwater.LatencyExcess(breakwater.P50, op): "-1.6", breakwater.AvailabilityOf(op): "0 %",
			breakwater.AvailabilityIn(breakwater.Before, op): "100 %", breakwater.AvailabilityIn(breakwater.After, op): "100 %",
		}},
		"none is answered": {append(load(worse(0, history.Unknown)), cut), want{
			breakwater.LatencyOf(breakwater.P50, breakwater.During, op): "not measured", breakwater.LatencyExcess(breakwater.P50, op): "not measured", breakwater.LatencyAdded(breakwater.P50, op): "not measured",
			breakwater.AvailabilityOf(op): "0 %",
		}},
		"the witness bounds the fault, not the phase": {append(load(worse(0, history.Unknown)), history.Event{Kind: history.Fault, Name: "cut", At: 900 * ms, End: 2 * time.Second,
			Fault: &history.FaultRecord{Active: 500 * ms, Clear: 1500 * ms}}), want{
			breakwater.AvailabilityOf(op): "50 %", breakwater.AvailabilityIn(breakwater.Before, op): "100 %", breakwater.AvailabilityIn(breakwater.After, op): "66.7 %",
		}},
		"before ends where the fault is seen to take effect": {append(load(func(at time.Duration) (time.Duration, history.Outcome) {
			if at >= 500*ms && at < time.Second {
				return 10 * ms, history.Failed
			}
			return 10 * ms, history.OK
		}), history.Event{Kind: history.Fault, Name: "cut", At: 400 * ms, End: 2 * time.Second, Fault: &history.FaultRecord{Active: 500 * ms, Clear: time.Second}}), want{
			breakwater.AvailabilityIn(breakwater.Before, op): "100 %", breakwater.AvailabilityOf(op): "0 %", breakwater.AvailabilityIn(breakwater.After, op): "100 %",
		}},
		"some are never answered: latency is of the others": {append(load(func(at time.Duration) (time.Duration, history.Outcome) {
			if at%(100*ms) == 0 {
				return 0, history.Unknown
			}
			return 10 * ms, history.OK
		}), cut), want{
			breakwater.LatencyOf(breakwater.P50, breakwater.During, op): "10 ms", breakwater.LatencyAdded(breakwater.P50, op): "0 s", breakwater.AvailabilityOf(op): "50 %",
		}},
		"not witnessed: nothing is during": {append(load(fine), history.Event{Kind: history.Fault, Name: "cut", At: 900 * ms, End: 2 * time.Second, Fault: &history.FaultRecord{Active: time.Second}}), want{
			breakwater.AvailabilityOf(op): "not measured", breakwater.LatencyOf(breakwater.P50, breakwater.Before, op): "10 ms", breakwater.CatchUp(op): "", breakwater.BlastRadius: "not measured",
		}},
		"no fault: the header's phases": {load(worse(30*ms, history.OK)), want{
			breakwater.LatencyOf(breakwater.P50, breakwater.During, op): "30 ms", breakwater.LatencyExcess(breakwater.P50, op): "4", breakwater.AvailabilityOf(op): "100 %",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			slices.SortStableFunc(c.events, func(a, b history.Event) int { return int(a.At - b.At) })
			c.want.check(t, of(header(), c.events))
		})
	}
}

func TestSinks(t *testing.T) {
	email := breakwater.Service{Name: "email", Ledger: &breakwater.Ledger{Sink: "mail"}}
	analytics := consumer()
	analytics.Group = ""
	all := func(time.Duration) time.Duration { return 5 * ms }
	notInFault := func(at time.Duration) time.Duration {
		if at >= time.Second && at < 2*time.Second {
			return 0
		}
		return 5 * ms
	}
	again := history.Event{Kind: history.Attempt, Sink: "db", ID: "u0s", At: 3 * time.Second}
	twice := history.Event{Kind: history.Effect, Sink: "mail", ID: "u0s", At: 3 * time.Second}
	m := of(header(analytics, email), append(load(fine), cut, again, again, twice), effects("db", all), effects("mail", notInFault))
	want{
		breakwater.Lost("db"): "0", breakwater.Lost("mail"): "20", breakwater.Orphans: "20",
		breakwater.Redelivered("db"): "2", breakwater.Redelivered("mail"): "0", breakwater.Duplicates("db"): "0", breakwater.Duplicates("mail"): "1",
		breakwater.EffectsDuring("db"): "20", breakwater.EffectsDuring("mail"): "0", breakwater.EffectsRatio("db"): "1", breakwater.EffectsRatio("mail"): "0",
	}.check(t, m)
	if k := m.Sinks[1]; k.Name != "mail" || k.Effects != 41 || k.IDs != 40 || k.Missing != 20 || k.Attempts != 40 {
		t.Errorf("%+v", k)
	}
	if e := m.Exercised; e.Scheduled != 60 || e.OK != 60 || e.Faults != 1 || e.Witnessed != 1 || e.Redelivered != 2 || e.Effects != 101 {
		t.Errorf("%+v", e)
	}
	one := of(header(email), load(fine), effects("mail", notInFault))
	want{breakwater.Orphans: "not measured"}.check(t, one)
}

// What stands in a topic more than once, and what nobody will ever read.
func TestTopics(t *testing.T) {
	var events []history.Event
	stand := func(kind history.Kind, topic string, offset int64, id string) {
		events = append(events, history.Event{Kind: kind, At: 10 * time.Second, Topic: topic, Offset: offset, ID: id})
	}
	stand(history.Audit, "orders", 0, "a")
	stand(history.Audit, "orders", 1, "b")
	stand(history.Audit, "orders", 2, "a")
	stand(history.Audit, "orders", 3, "a")
	stand(history.Audit, "orders", 4, "") // no two records without an id are the same
	stand(history.Audit, "orders", 5, "")
	stand(history.Audit, "copy", 0, "a") // the same id in another topic is no duplicate
	stand(history.Aborted, "copy", 1, "b")
	stand(history.Aborted, "gone", 0, "b")
	m := of(header(), events)
	want{
		breakwater.LogDuplicates("orders"): "2", breakwater.Aborted("orders"): "0",
		breakwater.LogDuplicates("copy"): "0", breakwater.Aborted("copy"): "1",
		breakwater.LogDuplicates("gone"): "not measured", breakwater.Aborted("gone"): "1",
	}.check(t, m)
}

// samples gives the lag of orders/0 every 250 ms for 10 s.
func samples(lag func(at time.Duration) int64) []history.Event {
	var all []history.Event
	for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
		high := int64(min(at, 3*time.Second) / (50 * ms))
		all = append(all, history.Event{Kind: history.Sample, At: at, Group: "analytics", Topic: "orders", HighWatermark: high, Lag: lag(at), Committed: high - lag(at)})
	}
	return all
}

func audits() []history.Event {
	var all []history.Event
	for i := range 60 {
		all = append(all, history.Event{Kind: history.Audit, At: 10 * time.Second, Topic: "orders", Offset: int64(i), ID: "u" + (time.Duration(i) * 50 * ms).String()})
	}
	return all
}

func TestGroupRecovery(t *testing.T) {
	// Effects stop with the fault at 1.0 s and all that waited come at 2.5 s; the
	// lag is 1 before, 20 from the fault until 4 s.
	stalled := effects("db", func(at time.Duration) time.Duration {
		if at >= time.Second && at < 2500*ms {
			return 2500*ms - at + 10*ms
		}
		return 10 * ms
	})
	lag := samples(func(at time.Duration) int64 {
		if at >= time.Second && at < 4*time.Second {
			return 20
		}
		return 1
	})
	rejoin := []history.Event{
		{Kind: history.Resume, Client: "analytics/1", Group: "analytics", Member: "a", Generation: 1, Topic: "orders", At: ms, End: 2 * ms, Committed: -1},
		{Kind: history.Fetched, Client: "analytics/1", Group: "analytics", Topic: "orders", At: 900 * ms, Offset: 0, Last: 39, Count: 40}, // ahead: it only got to 19
		{Kind: history.Commit, Client: "analytics/1", Group: "analytics", Topic: "orders", At: 1100 * ms, End: 1400 * ms, Offset: 20, Outcome: history.Unknown},
		{Kind: history.Resume, Client: "analytics/2", Group: "analytics", Member: "b", Generation: 2, Topic: "orders", At: 2400 * ms, End: 2401 * ms, Committed: 15, Offset: 15},
		{Kind: history.Fetched, Client: "analytics/2", Group: "analytics", Topic: "orders", At: 2450 * ms, Offset: 15, Last: 48, Count: 34},
		{Kind: history.Attempt, Sink: "db", ID: "u750ms", At: 2500 * ms},
	}
	m := of(header(consumer()), append(load(fine), cut), stalled, lag, audits(), rejoin)
	want{
		// Its lag is 20 in the sample of 1.0 s, a commit fails at 1.4 s.
		breakwater.Detection("analytics"): "0 s", breakwater.Outage("analytics"): "1.6 s", breakwater.WorkerOutage("analytics"): "1.6 s", breakwater.FirstProgress("analytics"): "510 ms",
		breakwater.CatchUp("analytics"): "2 s", breakwater.Redelivered("db"): "1", breakwater.ReplayDepth("analytics"): "5", breakwater.Rejoins("analytics"): "1",
		// 35 effects within one window: 140/s against 20/s, a backlog of 20 − 1.
		breakwater.Headroom("analytics"): "7", breakwater.IdealCatchUp("analytics"): "158 ms",
	}.check(t, m)
	if g := m.Groups[0]; g.BaselineLag != 1 || g.MaxLag != 20 {
		t.Errorf("%+v", g)
	}
	r := m.Recoveries[0]
	if r.Subject != "analytics" || !slices.Equal(r.Floors, []string{"session time-out 3 s"}) || r.Redelivered != 1 || len(r.Unmeasured) != 0 {
		t.Errorf("%+v", r)
	}
	l := m.Ladders[0]
	if len(m.Ladders) != 1 || len(l.Incarnations) != 2 || l.Incarnations[0].Until != 2400*ms || l.Incarnations[1].Replayed != [2]int64{15, 20} || l.Incarnations[1].Until != 10*time.Second {
		t.Errorf("%+v", l)
	}
}

func TestCatchUp(t *testing.T) {
	between := func(n int64, spans ...time.Duration) []history.Event {
		return samples(func(at time.Duration) int64 {
			for i := 0; i < len(spans); i += 2 {
				if spans[i] <= at && at < spans[i+1] {
					return n
				}
			}
			return 0
		})
	}
	s := time.Second
	for name, c := range map[string]struct {
		events [][]history.Event
		want   string
	}{
		"at the heal":                    {[][]history.Event{load(fine), between(20, s, 2*s)}, "0 s"},
		"later":                          {[][]history.Event{load(fine), between(20, s, 6*s)}, "4 s"},
		"never":                          {[][]history.Event{load(fine), between(20, s, 10*s)}, "> 8 s"},
		"a relapse counts":               {[][]history.Event{load(fine), between(20, s, 3*s, 7*s, 8*s)}, "6 s"},
		"one odd sample does not":        {[][]history.Event{load(fine), between(20, s, 3*s, 7*s, 7*s+250*ms)}, "1 s"},
		"but the last sample does":       {[][]history.Event{load(fine), between(20, s, 3*s, 9750*ms, 10*s)}, "> 8 s"},
		"a window's arrivals are no lag": {[][]history.Event{load(fine), between(5, s, 6*s)}, "0 s"},
		"one more is":                    {[][]history.Event{load(fine), between(6, s, 6*s)}, "4 s"},
		"no lag while nobody can publish": {[][]history.Event{load(func(at time.Duration) (time.Duration, history.Outcome) {
			if at >= s && at < 2800*ms {
				return 10 * ms, history.Failed
			}
			return 10 * ms, history.OK
		}), between(0)}, "1 s"},
		"nobody sampled":            {[][]history.Event{load(fine)}, "not measured"},
		"nobody sampled afterwards": {[][]history.Event{load(fine), slices.DeleteFunc(between(20, s, 2*s), func(e history.Event) bool { return e.At >= 2*s })}, "not measured"},
	} {
		t.Run(name, func(t *testing.T) {
			want{breakwater.CatchUp("analytics"): c.want}.check(t, of(header(consumer()), append(c.events, []history.Event{cut})...))
		})
	}
}

// A group that nobody is in at first has no lag until somebody is, and is at its
// baseline once it has caught up with the log; faults of before do not disturb it.
func TestCatchUpOfALatecomer(t *testing.T) {
	s := time.Second
	late := consumer()
	late.Deferred = late.Instances
	started := func(at time.Duration) []history.Event {
		return []history.Event{{Kind: history.Process, Client: "analytics/2", Name: history.Started, At: at}}
	}
	// What nobody reads waits: 20 a second, up to a limit, and until an instant.
	lag := func(limit int64, until time.Duration) []history.Event {
		return samples(func(at time.Duration) int64 {
			if at >= until {
				return 0
			}
			return min(limit, int64(at/(50*ms)))
		})
	}
	for name, c := range map[string]struct {
		service breakwater.Service
		events  []history.Event
		lag     []history.Event
		want    string
	}{
		"it catches up":               {late, started(s), lag(100, 4500*ms), "2.5 s"},
		"it never does":               {late, started(s), lag(15, 20*s), "> 8 s"},
		"others had as much before":   {consumer(), started(s), lag(15, 20*s), "0 s"},
		"nobody ever started it":      {late, nil, lag(100, 20*s), "0 s"},
		"started when it was healed":  {late, started(2 * s), lag(100, 4500*ms), "2.5 s"},
		"it had caught up by the end": {late, started(s), lag(100, 2*s), "0 s"},
	} {
		t.Run(name, func(t *testing.T) {
			m := of(header(c.service), load(fine), c.lag, c.events, []history.Event{cut})
			want{breakwater.CatchUp("analytics"): c.want}.check(t, m)
			if c.service.Deferred > 0 && m.Groups[0].BaselineLag != 0 {
				t.Errorf("a baseline of %g", m.Groups[0].BaselineLag)
			}
		})
	}
}

func TestRestarts(t *testing.T) {
	process := func(client, name string, at time.Duration) history.Event {
		return history.Event{Kind: history.Process, Client: client, Name: name, At: at}
	}
	m := of(header(consumer(), breakwater.Service{Name: "email"}, breakwater.Service{Name: "cache"}), load(fine), []history.Event{
		process("analytics/1", history.Started, ms), process("analytics/1", history.Ready, 2*ms), process("email/1", history.Started, ms),
		process("analytics/2", history.Started, time.Second), process("analytics/1", history.Exited, 2*time.Second),
		process("analytics/1", history.Started, 3*time.Second), process("analytics/1", history.Started, 4*time.Second), process("stranger/1", history.Started, 4*time.Second),
	})
	want{breakwater.Restarts("analytics"): "2", breakwater.Restarts("email"): "0", breakwater.Restarts("cache"): "not measured"}.check(t, m)
}

func TestReadyAgain(t *testing.T) {
	process := func(client, name string, at time.Duration) history.Event {
		return history.Event{Kind: history.Process, Client: client, Name: name, At: at * time.Second}
	}
	const one, two = "analytics/1", "analytics/2"
	for name, c := range map[string]struct {
		fault  breakwater.Fault
		events []history.Event // of a fault that was seen from 5 s to 7 s
		want   time.Duration
	}{
		"it is":                        {breakwater.Kill(one), []history.Event{process(one, history.Started, 7), process(one, history.Ready, 50)}, 50},
		"it was before":                {breakwater.Kill(one), []history.Event{process(one, history.Started, 1), process(one, history.Ready, 2)}, 0},
		"it never is":                  {breakwater.Kill(one), []history.Event{process(one, history.Started, 7)}, 0},
		"it ends first":                {breakwater.Kill(one), []history.Event{process(one, history.Started, 7), process(one, history.Exited, 8), process(one, history.Started, 9), process(one, history.Ready, 10)}, 0},
		"the last of a service counts": {breakwater.Kill("analytics"), []history.Event{process(one, history.Started, 7), process(one, history.Ready, 9), process(two, history.Started, 7), process(two, history.Ready, 8)}, 9},
		"one of a service never is":    {breakwater.Kill("analytics"), []history.Event{process(one, history.Started, 7), process(one, history.Ready, 9), process(two, history.Started, 7)}, 0},
		"another one":                  {breakwater.Kill(one), []history.Event{process(two, history.Started, 7), process(two, history.Ready, 8)}, 0},
		"started again later":          {breakwater.Kill(one), []history.Event{process(one, history.Started, 7), process(one, history.Ready, 8), process(one, history.Started, 20), process(one, history.Ready, 21)}, 8},
		"a fault on an edge":           {breakwater.Cut(breakwater.Edge(one, "kafka")), []history.Event{process(one, history.Started, 7), process(one, history.Ready, 8)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := header(consumer())
			fault := history.Event{Kind: history.Fault, At: 5 * time.Second, End: 7 * time.Second,
				Fault: &history.FaultRecord{Fault: c.fault, Instances: h.Targets(c.fault), Active: 5 * time.Second, Clear: 7 * time.Second}}
			m := of(h, load(fine), append(c.events, fault))
			if got := m.Faults[len(m.Faults)-1].Ready; got != c.want*time.Second {
				t.Errorf("ready at %s, want %s", got, c.want*time.Second)
			}
		})
	}
}

func TestUnowned(t *testing.T) {
	assign := func(client, name string, partition int32, at time.Duration) history.Event {
		return history.Event{Kind: history.Assign, Client: client, Member: "m-" + client, Name: name, Group: "analytics", Topic: "orders", Partition: partition, At: at}
	}
	const one, two = "analytics/1", "analytics/2"
	before := []history.Event{assign(one, history.Assigned, 0, 100*ms), assign(two, history.Assigned, 1, 100*ms)}
	exited := history.Event{Kind: history.Process, Client: two, Name: history.Exited, At: 1500 * ms}
	elsewhere := assign(one, history.Revoked, 0, 1500*ms)
	elsewhere.Topic = "other"
	for name, c := range map[string]struct {
		events []history.Event // with a fault from 990 ms on, and load up to 3 s
		want   string
	}{
		"nothing changes":               {nil, "0 s"},
		"before the fault":              {[]history.Event{assign(one, history.Revoked, 0, 200*ms), assign(one, history.Assigned, 0, 800*ms)}, "0 s"},
		"from before into the fault":    {[]history.Event{assign(one, history.Revoked, 0, 200*ms), assign(one, history.Assigned, 0, 1490*ms)}, "500 ms"},
		"each partition counts":         {[]history.Event{assign(one, history.Revoked, 0, 1500*ms), assign(two, history.Lost, 1, 1500*ms), assign(one, history.Assigned, 0, 1800*ms), assign(one, history.Assigned, 1, 1800*ms)}, "600 ms"},
		"a process ends":                {[]history.Event{exited, assign(one, history.Assigned, 1, 1750*ms)}, "250 ms"},
		"taken before it is given up":   {[]history.Event{assign(one, history.Assigned, 1, 1500*ms), assign(two, history.Lost, 1, 1600*ms)}, "0 s"},
		"another topic":                 {[]history.Event{elsewhere}, "0 s"},
		"for good, until the load ends": {[]history.Event{assign(two, history.Revoked, 1, 2750*ms)}, "250 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			m := of(header(consumer()), load(fine), before, c.events, []history.Event{cut})
			want{breakwater.Unowned("analytics"): c.want}.check(t, m)
		})
	}
}

// Whichever comes first: an error, a rebalance, a lag above the baseline; and
// none that comes after the recovery.
func TestGroupDetection(t *testing.T) {
	s := time.Second
	lost := history.Event{Kind: history.Assign, Name: history.Lost, Client: "analytics/1", Group: "analytics", Topic: "orders"}
	at := func(e history.Event, at time.Duration) history.Event { e.At = at; return e }
	lag := func(from time.Duration) []history.Event {
		return samples(func(at time.Duration) int64 {
			if at >= from && at < 4*s {
				return 20
			}
			return 0
		})
	}
	failed := history.Event{Kind: history.Commit, Client: "analytics/1", Group: "analytics", Topic: "orders", At: 1100 * ms, End: 1300 * ms, Outcome: history.Unknown}
	for name, c := range map[string]struct {
		events [][]history.Event
		want   string
	}{
		"the lag rises":                    {[][]history.Event{lag(1500 * ms)}, "500 ms"},
		"the partition is lost before":     {[][]history.Event{lag(1500 * ms), {at(lost, 1200*ms)}}, "200 ms"},
		"a commit fails":                   {[][]history.Event{lag(1500 * ms), {failed}}, "300 ms"},
		"a rebalance before the fault":     {[][]history.Event{lag(1500 * ms), {at(lost, 900*ms)}}, "500 ms"},
		"nothing":                          {[][]history.Event{lag(4 * s)}, "not measured"},
		"it leaves when the run is over":   {[][]history.Event{lag(4 * s), {at(lost, 9900*ms)}}, "not measured"},
		"it is not told before it is over": {[][]history.Event{lag(3 * s), {at(lost, 2500*ms)}}, "1.5 s"},
	} {
		t.Run(name, func(t *testing.T) {
			want{breakwater.Detection("analytics"): c.want}.check(t, of(header(consumer()), append(c.events, load(fine), []history.Event{cut})...))
		})
	}
}

// A second fault ends the time in which one can recover from the first, and of
// two that overlap none is over before the other.
func TestSeveralFaults(t *testing.T) {
	fault := func(name string, active, clear time.Duration) history.Event {
		return history.Event{Kind: history.Fault, Name: name, At: active, End: clear, Fault: &history.FaultRecord{Active: active, Clear: clear}}
	}
	lag := samples(func(at time.Duration) int64 {
		if at >= time.Second && at < 7*time.Second {
			return 20
		}
		return 0
	})
	m := of(header(consumer()), load(fine), lag, []history.Event{fault("a", time.Second, 2*time.Second), fault("b", 1500*ms, 3*time.Second), fault("c", 5*time.Second, 6*time.Second)})
	var got []string
	for _, r := range m.Recoveries {
		if r.Subject == "analytics" {
			got = append(got, r.Fault+" "+r.CatchUp.String())
		}
	}
	if want := []string{"a > 2 s", "b > 2 s", "c 1 s"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	want{breakwater.CatchUp("analytics"): "> 2 s"}.check(t, m)
}

// Names are not identities: of three equal steps of a plan each has its own recovery.
func TestFaultsOfOneName(t *testing.T) {
	silence := func(step int, active, clear time.Duration) history.Event {
		return history.Event{Kind: history.Fault, Name: "silence", At: active, End: clear, Fault: &history.FaultRecord{Step: step, Fault: breakwater.Silence(breakwater.Edge("a", "b")), Active: active, Clear: clear}}
	}
	lag := samples(func(at time.Duration) int64 {
		if at >= time.Second && at < 3*time.Second || at >= 4*time.Second && at < 5500*ms || at >= 7*time.Second && at < 9*time.Second {
			return 20
		}
		return 0
	})
	m := of(header(consumer()), load(fine), lag, []history.Event{silence(1, time.Second, 1500*ms), silence(2, 4*time.Second, 5*time.Second), silence(3, 7*time.Second, 8*time.Second), cut})
	var recovered, faults []string
	for _, r := range m.Recoveries {
		if r.Subject == "analytics" && r.Fault != "cut" {
			recovered = append(recovered, fmt.Sprint(r.Step, " ", r.Fault, " ", r.CatchUp))
		}
	}
	for _, f := range m.Faults {
		faults = append(faults, fmt.Sprint(f.Step, " ", f.Name, " ", f.Several))
	}
	if want := []string{"1 silence, step 1 1 s", "2 silence, step 2 500 ms", "3 silence, step 3 1 s"}; !slices.Equal(recovered, want) {
		t.Errorf("recovered %q, want %q", recovered, want)
	}
	if want := []string{"0 cut false", "1 silence true", "2 silence true", "3 silence true"}; !slices.Equal(faults, want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}

// What was never reached is worse than what took longer.
func TestWorstOfSeveralFaults(t *testing.T) {
	fault := func(name string, active, clear time.Duration) history.Event {
		return history.Event{Kind: history.Fault, Name: name, At: active, End: clear, Fault: &history.FaultRecord{Active: active, Clear: clear}}
	}
	lag := samples(func(at time.Duration) int64 {
		if at >= time.Second && at < 5*time.Second || at >= 7*time.Second {
			return 20
		}
		return 0
	})
	m := of(header(consumer()), load(fine), lag, []history.Event{fault("a", time.Second, 2*time.Second), fault("b", 7*time.Second, 8*time.Second)})
	want{breakwater.CatchUp("analytics"): "> 2 s"}.check(t, m) // a took 3 s
}

func TestOperationRecovery(t *testing.T) {
	const op = "POST /register"
	until := func(clear time.Duration) func(time.Duration) (time.Duration, history.Outcome) {
		return func(at time.Duration) (time.Duration, history.Outcome) {
			if at >= 1100*ms && at < clear {
				return 200 * ms, history.Unknown
			}
			return 10 * ms, history.OK
		}
	}
	// Good until 1.06 s, then again from 2.51 s on.
	want{
		breakwater.Detection(op): "300 ms", breakwater.Outage(op): "1.4 s", breakwater.FirstProgress(op): "510 ms", breakwater.CatchUp(op): "500 ms",
	}.check(t, of(header(), append(load(until(2500*ms)), cut)))
	want{
		breakwater.Outage(op): "> 8.9 s", breakwater.FirstProgress(op): "> 8 s", breakwater.CatchUp(op): "> 8 s",
	}.check(t, of(header(), append(load(until(10*time.Second)), cut)))
	want{
		breakwater.Detection(op): "not measured", breakwater.CatchUp(op): "0 s", breakwater.Outage(op): "50 ms",
	}.check(t, of(header(), append(load(fine), cut)))
	slow := func(took, until time.Duration) []history.Event {
		return append(load(func(at time.Duration) (time.Duration, history.Outcome) {
			if at >= time.Second && at < until {
				return took, history.OK
			}
			return 10 * ms, history.OK
		}), cut)
	}
	// Slow is not back: p99 160 ms against 10 ms before. A busy machine is no fault.
	want{breakwater.CatchUp(op): "500 ms", breakwater.Detection(op): "160 ms"}.check(t, of(header(), slow(160*ms, 2500*ms)))
	want{breakwater.CatchUp(op): "0 s", breakwater.Detection(op): "not measured"}.check(t, of(header(), slow(60*ms, 2500*ms)))
	// One slow window is noise, and never left the baseline.
	if r := of(header(), slow(160*ms, 1200*ms)).Recoveries[0]; !r.CatchUp.None {
		t.Errorf("%+v", r)
	}
}

// What a catch-up took is known in whole windows, and the lag before the fault
// without its highest tenth.
func TestResolution(t *testing.T) {
	fault := cut
	fault.Fault = &history.FaultRecord{Fault: cut.Fault.Fault, Active: time.Second, Clear: 2180 * ms}
	lag := func(stall int64, until time.Duration) []history.Event {
		return samples(func(at time.Duration) int64 {
			switch {
			case at == 500*ms:
				return stall
			case at >= time.Second && at < until:
				return 20
			}
			return 0
		})
	}
	want{breakwater.CatchUp("analytics"): "250 ms"}.check(t, of(header(consumer()), load(fine), lag(0, 2*time.Second), []history.Event{fault}))
	want{breakwater.CatchUp("analytics"): "1 s"}.check(t, of(header(consumer()), load(fine), lag(0, 3*time.Second), []history.Event{fault}))
	// The backlog is what waited at the heal, not what was left a window later:
	// 20 records, at 100/s and 20/s arriving.
	burst := effects("db", func(at time.Duration) time.Duration {
		if at >= time.Second && at < 2200*ms {
			return 2200*ms - at + 10*ms
		}
		return 10 * ms
	})
	want{breakwater.IdealCatchUp("analytics"): "250 ms", breakwater.Headroom("analytics"): "5"}.check(t, of(header(consumer()), load(fine), burst, lag(0, 2250*ms), []history.Event{fault}))
	// One stall before does not hide it.
	want{breakwater.CatchUp("analytics"): "1 s"}.check(t, of(header(consumer()), load(fine), lag(300, 3*time.Second), []history.Event{fault}))
}

// The ladder shows what the sink saw, not how far the client had fetched ahead.
func TestLadderShowsTheWork(t *testing.T) {
	events := []history.Event{
		{Kind: history.Resume, Client: "analytics/1", Group: "analytics", Member: "a", Generation: 1, Topic: "orders", At: ms, End: 2 * ms, Committed: -1},
		{Kind: history.Fetched, Client: "analytics/1", Group: "analytics", Topic: "orders", At: 500 * ms, Offset: 0, Last: 29, Count: 30},
	}
	attempts := append(slices.Clone(events),
		history.Event{Kind: history.Attempt, Sink: "db", ID: "u250ms", At: 600 * ms},
		history.Event{Kind: history.Attempt, Sink: "db", ID: "u500ms", At: 900 * ms})
	for name, c := range map[string]struct {
		events []history.Event
		want   []measure.Point
	}{
		"a sink that tells":             {attempts, []measure.Point{{At: ms}, {At: 599 * ms}, {At: 600 * ms, Value: 5}, {At: 900 * ms, Value: 10}}},
		"one that tells by its effects": {append(slices.Clone(events), history.Event{Kind: history.Effect, Sink: "db", ID: "u250ms", At: 700 * ms}), []measure.Point{{At: ms}, {At: 699 * ms}, {At: 700 * ms, Value: 5}}},
		"one that stood still": {append(slices.Clone(attempts), history.Event{Kind: history.Attempt, Sink: "db", ID: "u2s", At: 4 * time.Second}),
			[]measure.Point{{At: ms}, {At: 599 * ms}, {At: 600 * ms, Value: 5}, {At: 900 * ms, Value: 10}, {At: 4*time.Second - ms, Value: 10}, {At: 4 * time.Second, Value: 40}}},
		"one that does not": {events, []measure.Point{{At: 500 * ms, Value: 29}}},
	} {
		got := of(header(consumer()), load(fine), audits(), c.events).Ladders[0].Incarnations[0].Progress
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestHopsAndBreaches(t *testing.T) {
	h := header(
		breakwater.Service{Name: "registration", Needs: historytest.Needs("email", "database")},
		breakwater.Service{Name: "email", Instances: 2, Needs: historytest.Needs("mailbox")},
	)
	var calls []history.Event
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		o, n := history.OK, 1
		if at >= time.Second && at < 2*time.Second {
			o, n = history.Unknown, 2
		}
		for range n {
			calls = append(calls, history.Event{Kind: history.Call, Client: "email/2", To: "mailbox", Name: "POST /messages", At: at + 2*ms, End: at + 4*ms, Outcome: o})
		}
		calls = append(calls, history.Event{Kind: history.Call, Client: "registration/1", To: "email/2", Name: "POST /send", At: at + ms, End: at + 5*ms, Outcome: o},
			history.Event{Kind: history.Call, Client: "load", To: "registration", Name: "POST /register", At: at, End: at + 5*ms, Outcome: o}) // the request's own edge
	}
	fault := cut
	fault.Fault = &history.FaultRecord{Fault: breakwater.Cut(breakwater.Edge("email/2", "mailbox")), Instances: []string{"email/2"}, Active: time.Second, Clear: 2 * time.Second}
	m := of(h, append(load(fine), fault), calls)
	var got []string
	for _, p := range m.Hops {
		got = append(got, fmt.Sprintf("%s→%s %d/%d %v faulted=%v", p.Client, p.To, p.Failed, p.Calls, p.FirstFailure, p.Faulted))
	}
	wanted := []string{
		"email→mailbox 40/40 4ms faulted=true", "load→registration 0/20 0s faulted=false",
		"registration→database 0/0 0s faulted=false", "registration→email 20/20 5ms faulted=false",
	}
	if !slices.Equal(got, wanted) {
		t.Errorf("hops %q, want %q", got, wanted)
	}
	want{breakwater.BlastRadius: "0", breakwater.Amplification("mailbox"): "2", breakwater.Amplification("email"): "1"}.check(t, m)

	failing := of(h, append(load(worse(30*ms, history.Unknown)), fault), calls)
	want{breakwater.BlastRadius: "1"}.check(t, failing)
	for _, b := range failing.Breaches {
		if b.Breached != true || b.Faulted != (b.Service != "registration") {
			t.Errorf("%+v", b)
		}
	}
}

func TestNames(t *testing.T) {
	for _, log := range []history.Log{historytest.Event(historytest.Options{}), historytest.Sync(historytest.Options{})} {
		m := measure.Of(log.Index())
		seen := map[string]bool{}
		for _, v := range m.Values {
			if v.Unit == "" || v.Unit != breakwater.UnitOf(v.Name) || seen[v.Name] {
				t.Errorf("%+v: no unit, or named twice", v)
			}
			seen[v.Name] = true
		}
	}
	if m, s := breakwater.SplitMeasure(breakwater.LatencyOf(breakwater.P99, breakwater.During, "POST /register")); m != "latency.p99.during" || s != "POST /register" {
		t.Errorf("%q %q", m, s)
	}
	if u := breakwater.UnitOf("catch-pu[analytics]"); u != "" {
		t.Errorf("a misspelt name has the unit %q", u)
	}
}

func TestPureAndSmall(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 200, Partitions: 6, Phase: 5 * time.Second})
	a, err := json.Marshal(measure.Of(log.Index()))
	if err != nil {
		t.Fatal(err)
	}
	if len(a) > 250_000 {
		t.Errorf("%d bytes of JSON for 20 s", len(a))
	}
	var m measure.Measurements
	if err := json.Unmarshal(a, &m); err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(m); string(b) != string(a) {
		t.Error("it does not survive JSON")
	}
	if b, _ := json.Marshal(measure.Of(log.Index())); string(b) != string(a) {
		t.Error("measured twice it differs")
	}
	if strings.Contains(string(a), ":-0,") || strings.Contains(string(a), ":-0}") {
		t.Error("there is a −0")
	}
}

func FuzzOf(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint16(50*seed))
	}
	healthy := historytest.Event(historytest.Options{Rate: 4, Phase: time.Second})
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		// Every number of some events is replaced by an extreme or another one.
		rng := rand.New(rand.NewPCG(seed, 0))
		events := slices.Clone(healthy.Events)
		for range n % 500 {
			e := &events[rng.IntN(len(events))]
			v := reflect.ValueOf(e).Elem()
			field := v.Field(rng.IntN(v.NumField()))
			switch field.Kind() {
			case reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int:
				field.SetInt([]int64{0, -1, 1, 1 << 62, -1 << 63, 1<<63 - 1, rng.Int64N(1e10)}[rng.IntN(7)])
			case reflect.String:
				field.SetString([]string{"", "analytics", "analytics/1", "→"}[rng.IntN(4)])
			case reflect.Pointer:
				e.Fault = &history.FaultRecord{Active: time.Duration(rng.Int64N(1e10)), Clear: time.Duration(rng.Int64N(1e10))}
			}
		}
		if _, err := json.Marshal(measure.Of(historytest.Log(healthy.Header, events...).Index())); err != nil {
			t.Error(err)
		}
	})
}

func ExampleOf() {
	m := measure.Of(historytest.Event(historytest.Options{}).Index())
	lost, measured := m.Lookup(breakwater.Lost("analytics-db"))
	fmt.Println(lost, "lost of", lost.N, measured)
	// Output: 0 lost of 480 true
}

func ExampleSpan() {
	fmt.Println(measure.Span{Took: 4830 * time.Millisecond, Reached: true}, "|", measure.Span{Took: 12 * time.Second}, "|", measure.Span{None: true})
	// Output: 4.8 s | > 12 s | none
}

func TestPhrases(t *testing.T) {
	const op = "POST /register"
	m := measure.Measurements{
		Operations: []measure.Operation{{Name: op, Phases: map[string]measure.Stats{
			breakwater.Before: {P50: 4100 * time.Microsecond, P99: 20 * ms}, breakwater.During: {P50: time.Second, P99: 15 * ms, OK: 60, Scheduled: 98}}}},
	}
	add := func(name string, value float64) {
		m.Values = append(m.Values, measure.Value{Name: name, Value: value, Unit: breakwater.UnitOf(name), N: 1})
	}
	for _, c := range []struct {
		name                  string
		value                 float64
		phrase, reported, few string
	}{
		{breakwater.LatencyAdded(breakwater.P50, op), 995.9, "p50 of POST /register rises by", "+996 ms (4.1 ms → 1 s)", "p50 +996 ms (4.1 ms → 1 s)"},
		{breakwater.LatencyExcess(breakwater.P99, op), -0.5, "p99 of POST /register rises by", "−5 ms (20 ms → 15 ms)", "p99 −5 ms (20 ms → 15 ms)"},
		{breakwater.LatencyOf(breakwater.P99, breakwater.During, op), 15, "p99 of POST /register during the fault", "15 ms", "p99 15 ms"},
		{breakwater.AvailabilityOf(op), 0.612, "POST /register ok during the fault", "61.2 % (60 of 98)", "61.2 % of POST /register ok"},
		{breakwater.CatchUp("analytics"), 0.75, "catch-up of analytics", "750 ms", "catch-up 750 ms"},
		{breakwater.Redelivered("analytics"), 1, "ids delivered again to analytics", "1", "1 delivered again"},
		{breakwater.Rejoins("analytics"), 0, "rejoins of analytics", "0", "rejoins 0"},
		{breakwater.Restarts("registration"), 0, "restarts of registration", "0", "restarts 0"},
		{breakwater.Unowned("analytics"), 1.5, "partition-seconds in which nobody in analytics owned a partition", "1.5 s", "partition-seconds unowned 1.5 s"},
		{breakwater.Orphans, 3, "requests torn between their sinks", "3", "3 torn requests"},
		{breakwater.BlastRadius, 1, "services breached beyond the broken one", "1", "blast radius 1"},
		{breakwater.Staleness("view"), 4.1, "highest staleness of view", "4.1 s", "staleness 4.1 s"},
		{breakwater.StalenessIn(breakwater.During, "view"), 4.1, "highest staleness of view during the fault", "4.1 s", "staleness 4.1 s during the fault"},
		{breakwater.FreshAgain("view"), 0.75, "after the heal view is fresh again in", "750 ms", "fresh again in 750 ms"},
		{breakwater.ConsistencyWindow(breakwater.P99, breakwater.During, "db"), 1590, "p99 from acknowledgement to effect in db during the fault", "1.6 s", "p99 window 1.6 s during the fault"},
		{breakwater.StaleReads(breakwater.Before, "db"), 0.5, "reads of db at the acknowledgement that miss it, before the fault", "50 %", "50 % stale reads before the fault"},
		{breakwater.Overtaken("db"), 3, "events overtaken in db", "3", "3 overtaken"},
		{breakwater.OvertakenInKey("db"), 3, "events overtaken in db by a later one of their key", "3", "3 overtaken in their key"},
		{breakwater.Traced, 1, "lives of acknowledged events that are wholly known", "100 %", "100 % of lives known"},
		{breakwater.EffectsRatio("cache"), 0.95, "effects in cache per request during the fault", "0.95", "effects per request 0.95"},
	} {
		if got := breakwater.Phrase(c.name); got != c.phrase {
			t.Errorf("Phrase(%s) = %q, want %q", c.name, got, c.phrase)
		}
		if got := m.Describe(c.name); got != "not measured" {
			t.Errorf("before it is measured, %s is told as %q", c.name, got)
		}
		add(c.name, c.value)
		if got := m.Describe(c.name); got != c.reported {
			t.Errorf("Tell(%s) = %q, want %q", c.name, got, c.reported)
		}
		if got := m.Brief(c.name); got != c.few {
			t.Errorf("Brief(%s) = %q, want %q", c.name, got, c.few)
		}
	}
	if got := m.Brief(breakwater.CatchUp("cache")); got != "catch-up of cache: not measured" {
		t.Errorf("what nobody measured is %q", got)
	}
}

// Every measure that is declared is taken, under its name, and has words.
func TestEveryMeasureIsTaken(t *testing.T) {
	taken := map[string]bool{}
	for _, log := range []history.Log{historytest.Event(historytest.Options{}), historytest.Sync(historytest.Options{}), historytest.Pipeline(historytest.Options{})} {
		for _, v := range measure.Of(log.Index()).Values {
			of, _ := breakwater.MeasureOf(v.Name)
			taken[of.Key] = true
			if p := breakwater.Phrase(v.Name); p == v.Name || strings.ContainsAny(p, "[%{") || of.Name() != v.Name {
				t.Errorf("Phrase(%s) = %q, and its name is %q", v.Name, p, of.Name())
			}
		}
	}
	for _, m := range breakwater.Measures() {
		if !taken[m.Key] {
			t.Errorf("nobody takes %s", m.Key)
		}
	}
	if got := breakwater.Phrase("nobody measures this"); got != "nobody measures this" {
		t.Error(got)
	}
	if got := measure.Bound(breakwater.LatencyExcess(breakwater.P50, "x"), 1) + ", " + measure.Bound(breakwater.LatencyExcess(breakwater.P50, "x"), 2) + ", " + measure.Bound(breakwater.CatchUp("x"), 10); got != "max(50 %, 5 ms), 2 × max(50 %, 5 ms), 10 s" {
		t.Error(got)
	}
}

func ExamplePhrase() {
	name := breakwater.LatencyAdded(breakwater.P50, "POST /register")
	fmt.Println(breakwater.Phrase(name), "≥", measure.Bound(name, 330))
	// Output: p50 of POST /register rises by ≥ 330 ms
}
