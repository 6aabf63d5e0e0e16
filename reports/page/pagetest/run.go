// Package pagetest makes runs for the tests of the renderers: invented, but as
// rich as real ones, and the same on every machine.
package pagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

const window = 100 * time.Millisecond

func s(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func took(seconds float64) measure.Span { return measure.Span{Took: s(seconds), Reached: true} }

func never(seconds float64) measure.Span { return measure.Span{Took: s(seconds)} }

var none = measure.Span{None: true}

// Run is a run with every kind of outcome: confirmed, refuted, known to be
// refuted, undecided and an error of the kit.
func Run() report.Run {
	run := report.Run{
		ID: "20261123T140201Z", World: "local", Started: time.Date(2026, 11, 23, 14, 2, 1, 0, time.UTC), Took: s(372),
		Replay: "breakwater replay out/20261123T140201Z",
		Claims: map[string]string{
			"E2": "A consumer recovers by replaying from its last committed offset",
			"S1": "A slow callee blocks its caller",
			"S3": "Failure cascades up the chain",
			"E1": "Publishing does not wait for consumers",
			"E5": "Exactly-once is possible",
			"T3": "The broker is a new single point",
		},
		Trials: []*trial.Trial{
			Replay(),
			slow("sync-sequential", 900, trial.Confirmed), slow("sync-fanout", 310, trial.Confirmed), slow("event", 4, trial.Confirmed),
			Cascade("sync-fanout"), Cascade("sync-hardened"), Cascade("event"),
			publishing(), undecided(), failure(),
		},
		Skipped: []report.Absent{{Suite: "replay", Spec: "survives a database that is cut off", Claim: "E2", Title: "The ledger's database is cut off", Contender: "event", World: "local", Ended: report.SpecSkipped, Reason: "SQLite has no wire that could be cut"}},
		Errored: []report.Absent{
			{Suite: "replay", Spec: "survives a rebalance", World: "docker", Blame: trial.BlameService, Reason: "start analytics: analytics/2 ended (exit status 2) before it was ready"},
			{Suite: "replay", Spec: "mails each user", World: "local", Round: 2, Ended: report.SpecFailed, Reason: "replay_test.go:41: Expected\n    <int>: 1\nto equal\n    <int>: 2"},
			{Suite: "replay", Spec: "forgets nobody", World: "local", Ended: report.SpecKilled, Reason: "its process did not live to its end: signal: killed"},
		},
	}
	return run
}

func base(id, suite, claim, title, contender string) *trial.Trial {
	return &trial.Trial{
		Schema: trial.Schema, ID: id, Suite: suite, Claim: claim, Title: title, Contender: contender, World: "local", Seed: 7,
		Started: time.Date(2026, 11, 23, 14, 2, 5, 0, time.UTC), Took: s(41.2), History: id + ".history.zst",
		Environment: trial.Environment{
			World:    "local",
			Versions: map[string]string{"go": "go1.26.8", "kafka": "kfake 2026-09-18", "franz-go": "v1.22.2", "toxiproxy": "v2.12.0"},
			Machine:  "linux/amd64, 2 cores, 24 GiB", Clock: "CLOCK_MONOTONIC",
			Settings: map[string]string{
				"analytics: session time-out": "3 s", "analytics: heartbeat": "500 ms", "analytics: commit interval": "1 s", "analytics: retry back-off": "250 ms at most",
				"registration: pool": "64 workers", "registration: call time-out": "1 s", "email: session time-out": "3 s", "cache: session time-out": "3 s",
			},
		},
	}
}

// noise is a wobble that depends on nothing but its place.
type noise struct{ r *rand.Rand }

func newNoise(seed uint64) noise { return noise{rand.New(rand.NewPCG(seed, 1))} }

func (n noise) around(v, share float64) float64 {
	if v == 0 {
		return 0
	}
	return math.Max(0, v*(1+share*n.r.NormFloat64()))
}

// curve samples f, in seconds, once a window.
func curve(end time.Duration, f func(t float64) float64) []measure.Point {
	var points []measure.Point
	for at := time.Duration(0); at < end; at += window {
		points = append(points, measure.Point{At: at, Value: f(at.Seconds())})
	}
	return points
}

func between(t, from, to float64) bool { return from <= t && t < to }

// Replay is E2: the analytics consumer is cut off from Kafka, then killed while
// its commit is on the way.
func Replay() *trial.Trial {
	t := base("replay-e2-cut-and-kill-event", "replay", "E2", "The analytics consumer loses Kafka, then is killed", "event")
	t.Spec = "The analytics consumer, when it is cut off and then killed while its commit is on the way, resumes from its last committed offset and loses nothing"
	t.Outcome, t.Why = trial.Confirmed, "every prediction held"
	end := s(36)
	load := 30.0
	n := newNoise(1)
	offered := func(t float64) float64 {
		if t < load {
			return 200
		}
		return 0
	}
	processed := func(t float64) float64 {
		switch {
		case between(t, 8.1, 13.6), between(t, 20.2, 22.4):
			return 0
		case between(t, 13.6, 16.2), between(t, 22.4, 24):
			return 640
		}
		return offered(t)
	}
	lag := func(t float64) float64 {
		switch {
		case between(t, 8.1, 13.6):
			return (t - 8.1) * 200
		case between(t, 13.6, 16.2):
			return math.Max(1100-(t-13.6)*430, 8)
		case between(t, 20.2, 22.4):
			return (t - 20.2) * 200
		case between(t, 22.4, 24):
			return math.Max(440-(t-22.4)*430, 8)
		}
		if t > load+0.2 {
			return 0
		}
		return 12
	}
	latency := func(base float64) func(float64) float64 {
		return func(t float64) float64 {
			if t >= load {
				return 0
			}
			return n.around(base, 0.1)
		}
	}
	m := &t.Measurements
	m.Window, m.End = window, end
	m.Exercised = measure.Exercised{Scheduled: 6000, Sent: 6000, Lateness: 800 * time.Microsecond, OK: 6000, Faults: 2, Witnessed: 2, Incarnations: 3, Redelivered: 420, Effects: 18000, Events: 68412}
	m.Operations = []measure.Operation{{
		Name: "POST /register",
		Phases: map[string]measure.Stats{
			"before": {Scheduled: 1600, OK: 1600, Availability: 1, P50: s(.0021), P99: s(.0042)},
			"during": {Scheduled: 3000, OK: 3000, Availability: 1, P50: s(.0022), P99: s(.0045)},
		},
		Offered: curve(end, offered),
		Served:  curve(end, func(t float64) float64 { return n.around(offered(t), 0.03) }),
		Failed:  curve(end, func(float64) float64 { return 0 }),
		P50:     positive(curve(end, latency(2.1))), P99: positive(curve(end, latency(4.2))),
	}}
	m.Faults = []measure.Fault{
		{Name: "cut", Fault: breakwater.Cut(breakwater.Edge("analytics/1", "kafka")), Service: "analytics", Injected: s(8), Active: s(8.012), Healed: s(13), Clear: s(13.021), Evidence: []string{"probe refused", "2 connections closed"}},
		{Name: "kill", Fault: breakwater.Kill("analytics/1"), Service: "analytics", Injected: s(20), Active: s(20.004), Healed: s(21.2), Clear: s(21.43), Evidence: []string{"process 4127 exited: signal 9", "ready again as 4166"}},
	}
	for _, sink := range []string{"analytics", "email", "cache"} {
		rate := offered
		if sink == "analytics" {
			rate = processed
		}
		attempts := 6000
		if sink == "analytics" {
			attempts = 6420
		}
		m.Sinks = append(m.Sinks, measure.Sink{Name: sink, Effects: 6000, IDs: 6000, Attempts: attempts, Rate: curve(end, func(t float64) float64 { return n.around(rate(t), 0.04) })})
	}
	m.Groups = []measure.Group{
		{Group: "analytics", Topic: "user-events", Lag: curve(end, lag), BaselineLag: 18, MaxLag: 1100},
		{Group: "email", Topic: "user-events", Lag: curve(end, func(t float64) float64 { return n.around(lag(1), 0.2) * b2f(t < load) }), BaselineLag: 20, MaxLag: 24},
	}
	for p := range int32(4) {
		m.Ladders = append(m.Ladders, ladder("analytics", p, end, p == 2))
	}
	m.Ladders = append(m.Ladders, calmLadder("email", 0, end))
	m.Hops = []measure.Hop{
		{Client: "load", To: "registration", Protocol: "http", Calls: 1240, P50: s(.0021), P99: s(.0042)},
		{Client: "registration", To: "kafka", Protocol: "kafka", Calls: 1240, P50: s(.0012), P99: s(.003)},
		{Client: "registration", To: "users", Calls: 0},
		{Client: "analytics", To: "kafka", Protocol: "kafka", Calls: 212, Failed: 208, FirstFailure: s(.004), Faulted: true, P50: s(.001), P99: s(.9)},
		{Client: "email", To: "kafka", Protocol: "kafka", Calls: 96, P50: s(.001), P99: s(.004)},
		{Client: "cache", To: "kafka", Protocol: "kafka", Calls: 97, P50: s(.001), P99: s(.004)},
		{Client: "email", To: "mailbox", Protocol: "tcp", Calls: 1240, P50: s(.001), P99: s(.002)},
	}
	m.Recoveries = []measure.Recovery{
		{Fault: "cut analytics/1→kafka", Subject: "analytics", Detection: took(.4), Outage: took(5.5), FirstProgress: took(.58), CatchUp: took(3.2), Ideal: took(2.6), Headroom: 3.2, Redelivered: 180, ReplayDepth: 180, Floors: []string{"session time-out 3 s", "heartbeat 500 ms", "retry back-off ≤ 250 ms"}},
		{Fault: "kill analytics/1", Subject: "analytics", Detection: took(.05), Outage: took(2.2), FirstProgress: took(.97), CatchUp: took(2.57), Ideal: took(1), Headroom: 3.2, Redelivered: 240, ReplayDepth: 240, Floors: []string{"session time-out 3 s"}},
		{Fault: "cut analytics/1→kafka", Subject: "POST /register", Detection: none, Outage: none, FirstProgress: none, CatchUp: none},
		{Fault: "kill analytics/1", Subject: "email", Detection: none, Outage: none, FirstProgress: none, CatchUp: none},
	}
	t.Predictions = []trial.Predicted{
		predicted("no-acknowledged-loss", breakwater.ToHold, "no-acknowledged-loss holds", "0 of 6,000 lost", trial.Confirmed),
		predicted("resume-at-committed", breakwater.ToHold, "resume-at-committed holds", "3 of 3 resumes at a committed offset", trial.Confirmed),
		{Prediction: breakwater.Prediction{Measurement: "catch-up", Op: "<=", Bound: 10}, Says: "catch-up ≤ 10 s", Observed: "3.2 s", Outcome: trial.Confirmed},
	}
	t.Verdicts = []check.Verdict{
		{Guarantee: "exercised", Status: check.Holds, Examined: 6000, Why: "at least 1,400 ok requests in each phase, 2 of 2 faults witnessed, 2 replays"},
		{Guarantee: "no-lost-in-log", Status: check.Holds, Examined: 6000, Why: "all 6,000 acknowledged ids are in the log"},
		{Guarantee: "no-acknowledged-loss", Status: check.Holds, Examined: 18000, Why: "0 of 18,000 lost in 3 sinks"},
		{Guarantee: "no-phantom", Status: check.Holds, Examined: 18420, Why: "every effect and attempt was sent"},
		{Guarantee: "effect-once", Status: check.Holds, Examined: 6000, Why: "6,000 ids, 6,000 effects in analytics"},
		{Guarantee: "explained-redelivery", Status: check.Holds, Examined: 420, Why: "420 redelivered, all above the committed offset"},
		{Guarantee: "resume-at-committed", Status: check.Holds, Examined: 3, Why: "3 of 3 resumes at a committed offset"},
		{Guarantee: "commit-after-effect", Status: check.Holds, Examined: 88, Why: "88 commits, none before its effects; 2 within the clock mapping's error of 0.1 ms"},
		{Guarantee: "bounded-recovery", Status: check.Holds, Examined: 2, Why: "caught up in 3.2 s, 10 s were allowed"},
		{Guarantee: "transaction-atomic", Status: check.NotAsked, Why: "no service writes in transactions"},
	}
	return t
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func positive(points []measure.Point) []measure.Point {
	var out []measure.Point
	for _, p := range points {
		if p.Value > 0 {
			out = append(out, p)
		}
	}
	return out
}

func predicted(guarantee string, expect breakwater.Expectation, wording, observed string, outcome trial.Outcome) trial.Predicted {
	return trial.Predicted{Prediction: breakwater.Prediction{Guarantee: guarantee, Expect: expect}, Says: wording, Observed: observed, Outcome: outcome}
}

// climb is the progress of an incarnation from one offset to another.
func climb(from, to time.Duration, low, high int64) (progress, commits []measure.Point) {
	const steps = 60
	for i := range steps + 1 {
		share := float64(i) / steps
		progress = append(progress, measure.Point{At: from + time.Duration(share*float64(to-from)), Value: float64(low) + share*float64(high-low)})
	}
	for at := from + time.Second; at < to; at += time.Second {
		share := float64(at-from) / float64(to-from)
		commits = append(commits, measure.Point{At: at, Value: math.Floor(float64(low) + share*float64(high-low))})
	}
	return progress, commits
}

func logEnd(end time.Duration) []measure.Point {
	return curve(end, func(t float64) float64 { return math.Min(t, 30) * 50 })
}

func ladder(group string, partition int32, end time.Duration, replays bool) measure.Ladder {
	l := measure.Ladder{Group: group, Topic: "user-events", Partition: partition, LogEnd: logEnd(end)}
	add := func(generation int32, from, until time.Duration, committed int64, replayed [2]int64, pieces ...[4]float64) {
		i := measure.Incarnation{Client: "analytics/1", Member: fmt.Sprintf("analytics-1-%08x", 0xbeef*generation), Generation: generation, From: from, Until: until, Committed: committed, Resumed: max(committed, 0), Replayed: replayed}
		for _, p := range pieces {
			progress, commits := climb(s(p[0]), s(p[1]), int64(p[2]), int64(p[3]))
			i.Progress, i.Commits = append(i.Progress, progress...), append(i.Commits, commits...)
		}
		l.Incarnations = append(l.Incarnations, i)
	}
	back := int64(0)
	if replays {
		back = 60
	}
	add(1, s(.2), s(11.2), -1, [2]int64{}, [4]float64{.2, 8.1, 0, 404})
	add(2, s(13.55), s(20), 404-back, [2]int64{404 - back, 404}, [4]float64{13.6, 16.2, float64(404 - back), 806}, [4]float64{16.2, 20, 806, 1000})
	add(3, s(22.35), end, 1000-back, [2]int64{1000 - back, 1000}, [4]float64{22.4, 24, float64(1000 - back), 1198}, [4]float64{24, 30.1, 1198, 1500})
	return l
}

func calmLadder(group string, partition int32, end time.Duration) measure.Ladder {
	progress, commits := climb(s(.2), s(30.1), 0, 1500)
	return measure.Ladder{Group: group, Topic: "user-events", Partition: partition, LogEnd: logEnd(end),
		Incarnations: []measure.Incarnation{{Client: group + "/1", Generation: 1, From: s(.2), Until: end, Committed: -1, Progress: progress, Commits: commits}}}
}

// slow is S1: the same latency behind all three callees.
func slow(contender string, added float64, outcome trial.Outcome) *trial.Trial {
	t := base("sync-s1-latency-"+contender, "sync", "S1", "300 ms behind all three callees", contender)
	t.Outcome, t.Why = outcome, "every prediction held"
	end := s(24)
	n := newNoise(uint64(added) + 2)
	active := func(t float64) bool { return between(t, 8, 14) }
	level := func(base float64) func(float64) float64 {
		return func(t float64) float64 {
			v := base
			if active(t) {
				v += added
			}
			return n.around(v, 0.08)
		}
	}
	m := &t.Measurements
	m.Window, m.End = window, end
	m.Exercised = measure.Exercised{Scheduled: 1200, Sent: 1200, Lateness: s(.0011), OK: 1200, Faults: 1, Witnessed: 1, Effects: 3600, Events: 11220}
	m.Operations = []measure.Operation{{Name: "POST /register",
		Phases:  map[string]measure.Stats{"during": {Scheduled: 300, OK: 300, Availability: 1, P50: s(added / 1000), P99: s(added / 900)}},
		Offered: curve(end, func(float64) float64 { return 50 }), Served: curve(end, func(float64) float64 { return n.around(50, .05) }), Failed: curve(end, func(float64) float64 { return 0 }),
		P50: curve(end, level(3)), P99: curve(end, level(6)),
	}}
	jitter := time.Duration(added) * time.Microsecond * 20
	m.Faults = []measure.Fault{{Name: "latency", Fault: breakwater.Latency(breakwater.Edge("email", "mailbox"), 300*time.Millisecond, 0), Service: "email", Injected: s(8), Active: s(8.3) + jitter, Healed: s(14), Clear: s(14.1) + jitter, Evidence: []string{"probe 301 ms"}}}
	if contender == "event" {
		m.Groups = []measure.Group{{Group: "email", Topic: "user-events", Lag: curve(end, func(t float64) float64 {
			if active(t) {
				return (t - 8) * 45
			}
			return math.Max(0, 270-(math.Max(t, 14)-14)*150) * b2f(t >= 13.9)
		}), MaxLag: 270}}
	}
	t.Predictions = []trial.Predicted{{Prediction: breakwater.Prediction{Measurement: breakwater.LatencyAdded("p50", "POST /register"), Op: ">=", Bound: 250}, Says: "added p50 of POST /register ≥ 250 ms", Observed: fmt.Sprintf("%.0f ms", added), Outcome: outcome}}
	if contender == "event" {
		t.Predictions[0].Says, t.Predictions[0].Op = "p99 of POST /register ≤ baseline + max(50 %, 5 ms)", "<="
	}
	t.Verdicts = []check.Verdict{{Guarantee: "exercised", Status: check.Holds, Examined: 1200, Why: "at least 300 ok requests in each phase, 1 of 1 faults witnessed"}, {Guarantee: "no-orphans", Status: check.Holds, Examined: 1200, Why: "1,200 root requests, all whole"}}
	return t
}

// Cascade is S3: the mail sink falls silent. The contender is one of
// sync-fanout, sync-hardened and event.
func Cascade(contender string) *trial.Trial {
	t := base("cascade-s3-silence-"+contender, "cascade", "S3", "The mail sink falls silent", contender)
	t.Scenario.Require.Unrelated = "GET /catalog"
	t.Outcome = trial.Confirmed
	end, from, to := s(40), 16.0, 26.0
	n := newNoise(uint64(len(contender)))
	event, hardened := contender == "event", contender == "sync-hardened"
	m := &t.Measurements
	m.Window, m.End = window, end
	m.Exercised = measure.Exercised{Scheduled: 8000, Sent: 8000, Lateness: s(.0021), OK: 8000, Faults: 1, Witnessed: 1, Incarnations: 3 * int(b2f(event)), Effects: 23800, Events: 74002}
	available := map[string]float64{"sync-fanout": .06, "sync-hardened": .93, "event": 1}[contender]
	m.Exercised.OK -= int(2000 * (1 - available))
	m.Exercised.Unknown = 8000 - m.Exercised.OK
	for _, op := range []string{"POST /register", "GET /catalog"} {
		rate := map[string]float64{"POST /register": 150, "GET /catalog": 50}[op]
		share := func(t float64) float64 {
			if between(t, from+1, to+.5) {
				return available
			}
			return 1
		}
		high := map[string]float64{"sync-fanout": 2900, "sync-hardened": 220, "event": 4.4}[contender]
		level := func(base float64) func(float64) float64 {
			return func(t float64) float64 {
				if between(t, from+.4, to+.6) {
					return n.around(math.Max(base, high*math.Min(1, (t-from)/2)), .06)
				}
				return n.around(base, .1)
			}
		}
		m.Operations = append(m.Operations, measure.Operation{Name: op,
			Phases: map[string]measure.Stats{
				"before": {Scheduled: int(rate * 15), OK: int(rate * 15), Availability: 1, P50: s(.0024), P99: s(.005)},
				"during": {Scheduled: int(rate * 10), OK: int(rate * 10 * available), Availability: available, P50: s(high / 2000), P99: s(high / 1000)},
			},
			Offered: curve(end, func(float64) float64 { return rate }),
			Served:  curve(end, func(t float64) float64 { return n.around(rate*share(t), .05) }),
			Failed:  curve(end, func(t float64) float64 { return n.around(rate*(1-share(t)), .05) }),
			P50:     curve(end, level(2.4)), P99: curve(end, level(5)),
		})
		m.Values = append(m.Values,
			measure.Value{Name: breakwater.AvailabilityOf(op), Value: available, Unit: "share", N: int(rate * 10)},
			measure.Value{Name: breakwater.LatencyAdded(breakwater.P50, op), Value: high/2 - 2.4, Unit: "ms", N: int(rate * 10)})
	}
	m.Faults = []measure.Fault{{Name: "silence", Fault: breakwater.Silence(breakwater.Edge("email", "mailbox")), Service: "email", Injected: s(from), Active: s(from + 1.02), Healed: s(to), Clear: s(to + .04), Evidence: []string{"probe hung 1.0 s"}}}
	hop := func(client, to, protocol string, calls int, share float64, first float64) {
		m.Hops = append(m.Hops, measure.Hop{Client: client, To: to, Protocol: protocol, Calls: calls, Failed: int(share * float64(calls)), FirstFailure: s(first), Faulted: client == "email" && to == "mailbox", P50: s(.002), P99: s(.9)})
	}
	lost := 1 - available
	hop("load", "registration", "http", 1800, lost, 1.6)
	if event {
		hop("registration", "users", "", 0, 0, 0)
		hop("registration", "kafka", "kafka", 1800, 0, 0)
		for _, c := range []string{"email", "analytics", "cache"} {
			hop(c, "kafka", "kafka", 130, 0, 0)
		}
	} else {
		hop("registration", "users", "", 0, 0, 0)
		hop("registration", "email", "http", 1710, map[bool]float64{true: .998, false: 1}[hardened], .9)
		hop("registration", "analytics", "http", 1690, .004, 3.1)
		hop("registration", "cache", "http", 1690, 0, 0)
	}
	hop("email", "mailbox", "tcp", 240, 1, .004)
	hop("analytics", "database", "tcp", 1690, 0, 0)
	hop("cache", "redis", "tcp", 1690, 0, 0)
	m.Breaches = []measure.Breach{{Service: "email", Calls: 500, Bad: 500, Faulted: true, Breached: true}, {Service: "registration", Calls: 1200, Bad: 900, Breached: contender != "event"}}
	m.Values = append(m.Values, measure.Value{Name: breakwater.BlastRadius, Value: map[string]float64{"sync-fanout": 1, "sync-hardened": 1}[contender], N: 5})
	if event {
		m.Groups = []measure.Group{{Group: "email", Topic: "user-events", Lag: curve(end, func(t float64) float64 {
			if between(t, from, to) {
				return (t - from) * 150
			}
			return math.Max(0, 1500-(math.Max(t, to)-to)*260) * b2f(t >= to-.1)
		}), MaxLag: 1500}}
		m.Sinks = []measure.Sink{{Name: "mailbox", Effects: 6000, IDs: 6000, Attempts: 6040, Rate: curve(end, func(t float64) float64 {
			if between(t, from, to+.3) {
				return 0
			}
			if between(t, to+.3, to+6) {
				return n.around(410, .05)
			}
			return n.around(150, .05)
		})}}
		m.Recoveries = []measure.Recovery{{Fault: "silence email→mailbox", Subject: "email", Detection: took(1.1), Outage: took(10.3), FirstProgress: took(.31), CatchUp: took(5.8), Ideal: took(5.77), Headroom: 2.7, Redelivered: 40, ReplayDepth: 0, Floors: []string{"mail time-out 1 s"}}}
	} else {
		m.Sinks = []measure.Sink{{Name: "mailbox", Effects: 4700, IDs: 4700, Rate: curve(end, func(t float64) float64 {
			return n.around(150, .05) * b2f(!between(t, from, to+.3))
		}), Missing: 1300}}
		catch := took(1.4)
		if !hardened {
			catch = never(13.4)
		}
		m.Recoveries = []measure.Recovery{
			{Fault: "silence email→mailbox", Subject: "POST /register", Detection: took(.9), Outage: took(9.4), FirstProgress: took(.6), CatchUp: catch, Ideal: none, Floors: []string{"call time-out 1 s", "breaker delay 2 s"}},
			{Fault: "silence email→mailbox", Subject: "GET /catalog", Detection: took(1.6), Outage: took(8.8), FirstProgress: took(.6), CatchUp: catch, Ideal: none},
		}
	}
	wording := "contained is broken"
	status, expect := check.Broken, breakwater.ToBreak
	if contender != "sync-fanout" {
		wording, status, expect = "contained holds", check.Holds, breakwater.ToHold
	}
	observed := fmt.Sprintf("GET /catalog %.0f %% available", available*100)
	t.Predictions = []trial.Predicted{predicted("contained", expect, wording, observed, trial.Confirmed)}
	v := check.Verdict{Guarantee: "contained", Status: status, Examined: 5, Why: observed + " while the fault was active"}
	if status == check.Broken {
		v.Why = "1 service beyond the broken one was breached: registration; GET /catalog 6 % available while the fault was active"
		v.Anomalies = []check.Anomaly{
			{What: "registration let its callers down: 1,692 of 1,800 calls failed or came late while the fault was active, 0.4 % before", Events: []uint64{18204, 18209, 18211, 19310}, Setting: "registration: pool (64 workers), call time-out (1 s)"},
			{What: "GET /catalog waited 2.9 s for a worker at the median", IDs: []string{"c7-000231", "c7-000232"}, Events: []uint64{18407}},
		}
		v.Total = 1004
	}
	orphans := check.Verdict{Guarantee: "no-orphans", Status: check.Holds, Examined: 6000, Why: "6,000 root requests, all whole"}
	if !event {
		orphans = check.Verdict{Guarantee: "no-orphans", Status: check.Broken, Examined: 6000, Total: 1300, Why: "1,300 of 6,000 users exist without a mail", Anomalies: []check.Anomaly{{What: "u7-004210 was registered and logged, and never got a mail", IDs: []string{"u7-004210"}, Events: []uint64{41022, 41044}}}}
	}
	if hardened {
		t.Outcome, t.Why = trial.Refuted, "orphans stay although the breaker keeps the endpoint up"
		t.Predictions = append(t.Predictions, trial.Predicted{Prediction: breakwater.Prediction{Guarantee: "no-orphans", Expect: breakwater.ToHold, KnownRefuted: "a retry budget bounds load, not loss: what the breaker rejects is never sent again"}, Says: "no-orphans holds", Observed: "1,300 of 6,000 torn", Outcome: trial.Refuted})
	}
	t.Verdicts = []check.Verdict{{Guarantee: "exercised", Status: check.Holds, Examined: 8000, Why: "at least 120 ok requests in each phase, 1 of 1 faults witnessed"}, v, orphans,
		{Guarantee: "resume-at-committed", Status: check.NotAsked, Why: "no service consumes a topic"}}
	if event {
		t.Verdicts[3] = check.Verdict{Guarantee: "resume-at-committed", Status: check.Holds, Examined: 3, Why: "3 of 3 resumes at a committed offset"}
	}
	return t
}

// publishing is E1, refuted.
func publishing() *trial.Trial {
	t := slow("event", 4.6, trial.Refuted)
	t.ID, t.Suite, t.Claim, t.Title = "publish-e1-freeze-event", "publish", "E1", "The analytics consumer is frozen"
	t.Why = "p99 of POST /register rose from 4.1 ms to 8.7 ms between 8.0 s and 13.0 s"
	t.Measurements.Faults = []measure.Fault{{Name: "freeze", Fault: breakwater.Freeze("analytics/1"), Service: "analytics", Injected: s(8), Active: s(8.01), Healed: s(13), Clear: s(13.02), Evidence: []string{"state T (stopped)"}}}
	t.Predictions = []trial.Predicted{{Prediction: breakwater.Prediction{Measurement: "latency.p99.excess[POST /register]", Op: "<=", Bound: 1}, Says: "p99 of POST /register ≤ baseline + max(50 %, 5 ms)", Observed: "2.1 × the baseline", Outcome: trial.Refuted},
		predicted("no-acknowledged-loss", breakwater.ToHold, "no-acknowledged-loss holds", "231 of 1,200 lost", trial.Refuted)}
	t.Verdicts = append(t.Verdicts, check.Verdict{Guarantee: "no-acknowledged-loss", Status: check.Broken, Examined: 1200, Total: 231, Why: "231 of 1,200 acknowledged ids never took effect in analytics, from u17-000231 to u17-000461",
		Anomalies: []check.Anomaly{{What: "u17-000231 was acknowledged, is at user-events/2@88, and never took effect in analytics", IDs: []string{"u17-000231"}, Events: []uint64{18204, 19310}, Offsets: []string{"user-events/2@88"}, Around: []string{"user-events/2@86 u17-000227", "user-events/2@87 u17-000229", "user-events/2@88 u17-000231", "user-events/2@89 u17-000236", "user-events/2@90 u17-000238"}, Setting: "analytics: commit interval (1 s)"}}})
	t.Logs = map[string]string{
		"analytics/1":    "14:02:13.004 INFO joined group analytics generation 1\n14:02:18.331 \x1b[31mWARN\x1b[0m heartbeat late by 5.0 s\n14:02:18.332 WARN lost user-events/2\n",
		"registration/1": "14:02:05.120 INFO ready\n",
	}
	return t
}

// undecided is E5: the fault was never witnessed.
func undecided() *trial.Trial {
	t := base("exactly-e5-kill-event", "exactlyonce", "E5", "The transactional copier is killed", "event")
	t.Outcome, t.Why = trial.Undecided, "the fault was not witnessed: the consumer had already left"
	m := &t.Measurements
	m.Window, m.End = window, s(12)
	m.Exercised = measure.Exercised{Scheduled: 600, Sent: 600, OK: 600, Faults: 1, Events: 4100}
	m.Faults = []measure.Fault{{Name: "kill", Fault: breakwater.Kill("copier/1"), Service: "copier", Injected: s(5)}}
	t.Predictions = []trial.Predicted{predicted("exactly-once-transfer", breakwater.ToHold, "exactly-once-transfer holds", "nothing was examined", trial.Undecided)}
	t.Verdicts = []check.Verdict{{Guarantee: "exercised", Status: check.Unknown, Examined: 600, Why: "the fault kill copier/1 has no witness"}, {Guarantee: "exactly-once-transfer", Status: check.Unknown, Why: "nothing was examined"}}
	return t
}

// failure is T3: the kit failed, before anything was measured.
func failure() *trial.Trial {
	t := base("broker-t3-cut-event", "broker", "T3", "The broker cannot be reached", "event")
	t.Outcome, t.Why = trial.Error, "the edge registration→kafka could not be opened: address already in use"
	t.Predictions = []trial.Predicted{predicted("availability", breakwater.ToBreak, "availability is broken", "", trial.Undecided)}
	t.History = ""
	return t
}
