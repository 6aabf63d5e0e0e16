package breakwater_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// A plan is a list of sentences: at an instant of the load, or on a request that
// an edge has seen.
func ExamplePlan() {
	kafka := breakwater.Edge("analytics", breakwater.Kafka)
	plan := breakwater.Plan{
		breakwater.At(4 * time.Second).Inject(breakwater.Cut(kafka)).For(2 * time.Second),
		breakwater.On(breakwater.Commit("analytics/1").Nth(200)).Then(breakwater.Kill("analytics/1")).RestartAfter(2 * time.Second),
	}
	for _, step := range plan {
		if step.When != nil {
			fmt.Println("on", step.When, "->", step.Name(), "for", step.Duration)
		} else {
			fmt.Println("at", step.At, "->", step.Name(), "for", step.Duration)
		}
	}
	// Output:
	// at 4s -> cut analytics→kafka for 2s
	// on OffsetCommit 200 of analytics/1→kafka -> kill analytics/1 for 2s
}

func ExampleAt() {
	step := breakwater.At(4 * time.Second).Inject(breakwater.Freeze("analytics/1")).For(6 * time.Second)
	b, err := json.Marshal(step)
	fmt.Println(string(b), err)
	// Output: {"at":"4s","fault":{"kind":"freeze","service":"analytics/1"},"for":"6s"} <nil>
}

// The broker has committed, and its client never hears of it.
func ExampleOn() {
	step := breakwater.On(breakwater.Commit("analytics/1").Nth(3).Answered()).Then(breakwater.Kill("analytics/1")).RestartAfter(2 * time.Second)
	fmt.Println("on the", step.When, "-", step.Name())
	// Output: on the answer to OffsetCommit 3 of analytics/1→kafka - kill analytics/1
}

func ExampleCommit() {
	fmt.Println(breakwater.Commit("analytics/1").Nth(200))
	// Output: OffsetCommit 200 of analytics/1→kafka
}

func ExamplePublished() {
	fmt.Println(breakwater.Published("registration").Nth(50))
	// Output: Produce 50 of registration→kafka
}

// On an edge to another service the API is the request's method and route.
func ExampleTrigger() {
	fmt.Println(breakwater.Trigger{Client: "registration", To: "email", API: "POST /welcome", Count: 10})
	// Output: POST /welcome 10 of registration→email
}

func ExampleEdge() {
	fmt.Println(breakwater.Edge("analytics/1", breakwater.Kafka)) // of one instance
	fmt.Println(breakwater.Edge("registration", "email"))         // of all instances
	// Output:
	// analytics/1→kafka
	// registration→email
}

func ExampleLatency() {
	fmt.Println(breakwater.Latency(breakwater.Edge("registration", "email"), 300*time.Millisecond, 50*time.Millisecond))
	// Output: latency registration→email 300ms ± 50ms
}

func ExampleThrottle() {
	fmt.Println(breakwater.Throttle(breakwater.Edge("analytics", breakwater.Database), 64))
	// Output: throttle analytics→database 64 kB/s
}

func ExampleCut() {
	fmt.Println(breakwater.Cut(breakwater.Edge("registration", breakwater.Kafka)))
	// Output: cut registration→kafka
}

func ExampleDropAnswers() {
	kafka := breakwater.Edge("registration", breakwater.Kafka)
	// Done, and never heard of, for a while from the 50th on.
	step := breakwater.On(breakwater.Published("registration").Nth(50).Answered()).
		Then(breakwater.DropAnswers(kafka, "Produce")).For(time.Second)
	fmt.Println(step.Name())
	// Output:
	// drop-answers registration→kafka Produce
}

func ExampleMove() {
	fmt.Println(breakwater.Move(breakwater.Edge("registration", "email")))
	// Output: move registration→email
}

func ExampleSilence() {
	fmt.Println(breakwater.Silence(breakwater.Edge("cache", breakwater.Redis)))
	fmt.Println(breakwater.Silence(breakwater.Edge("cache", breakwater.Redis)).Towards(breakwater.Downstream)) // done, but never answered
	// Output:
	// silence cache→redis both
	// silence cache→redis downstream
}

func ExampleReset() {
	fmt.Println(breakwater.Reset(breakwater.Edge("registration", breakwater.Database)))
	// Output: reset registration→database
}

func ExampleKill() {
	fmt.Println(breakwater.Kill("analytics/1"))
	// Output: kill analytics/1
}

// Longer than its session lasts, and it goes on as a zombie.
func ExampleFreeze() {
	fmt.Println(breakwater.At(4 * time.Second).Inject(breakwater.Freeze("analytics/1")).For(6 * time.Second).Name())
	// Output: freeze analytics/1
}

// Without For it is started again at once.
func ExampleRestart() {
	step := breakwater.At(4 * time.Second).Inject(breakwater.Restart("registration"))
	fmt.Println(step.Name(), step.Duration)
	// Output: restart registration 0s
}

func ExampleStop() {
	fmt.Println(breakwater.Stop("analytics/3"))
	// Output: stop analytics/3
}

// A fourth dependent comes while load runs.
func ExampleStart() {
	audit := breakwater.Service{Name: "audit", Deferred: 1}
	step := breakwater.At(6 * time.Second).Inject(breakwater.Start("audit"))
	fmt.Println(audit.InstanceNames(), audit.InitialInstances(), step.Name())
	// Output: [audit/1] [] start audit
}

// A group reads everything again, from an offset on, or from a time on.
func ExampleResetOffsets() {
	for _, where := range []breakwater.OffsetSpec{breakwater.ToEarliest(), breakwater.ToOffset(120), breakwater.ToTime(4 * time.Second)} {
		fmt.Println(breakwater.ResetOffsets("analytics", where))
	}
	// Output:
	// reset-offsets analytics to the earliest
	// reset-offsets analytics to offset 120
	// reset-offsets analytics to 4s after the baseline began
}

func ExampleConstant() {
	load := breakwater.Constant(100).For(14 * time.Second)
	fmt.Println(load.Rate*load.Duration.Seconds(), "requests,", load.Arrivals)
	// Output: 1400 requests, constant
}

// How much a system can take is found out by a load that rises.
func ExampleRamp() {
	load := breakwater.Ramp(8, 100).For(30 * time.Second)
	b, err := json.Marshal(load)
	fmt.Println(string(b), err)
	// Output: {"rate":8,"to":100,"duration":"30s","arrivals":"constant"} <nil>
}

// Users who know nothing of each other, with a longer warm-up than 1 s.
func ExamplePoisson() {
	load := breakwater.Poisson(100).For(14 * time.Second)
	load.WarmUp = breakwater.Duration(3 * time.Second)
	b, err := json.Marshal(load)
	fmt.Println(string(b), err)
	// Output: {"rate":100,"duration":"14s","arrivals":"poisson","warmUp":"3s"} <nil>
}

func ExamplePredict() {
	for _, p := range breakwater.Predict(
		breakwater.Holds(breakwater.NoAcknowledgedLoss, breakwater.ResumeAtCommitted),
		breakwater.AtMost(breakwater.CatchUp("analytics"), 10),
		breakwater.BreaksNothing(),
	) {
		fmt.Println(p)
	}
	// Output:
	// no-acknowledged-loss holds
	// resume-at-committed holds
	// catch-up[analytics] <= 10
	// nothing is broken
}

func ExampleHolds() {
	fmt.Println(breakwater.Holds(breakwater.NoAcknowledgedLoss)[0])
	// Output: no-acknowledged-loss holds
}

// What is bad by design is predicted too: a check that could not fail proves
// nothing.
func ExampleBreaks() {
	fmt.Println(breakwater.Breaks(breakwater.NoOrphans)[0])
	// Output: no-orphans broken
}

func ExampleBreaksNothingBut() {
	fmt.Println(breakwater.BreaksNothingBut(breakwater.BoundedRecovery)[0])
	// Output: nothing is broken but bounded-recovery
}

func ExampleAtMost() {
	fmt.Println(breakwater.AtMost(breakwater.LatencyExcess(breakwater.P50, "POST /register"), 1)[0])
	// Output: latency.p50.excess[POST /register] <= 1
}

func ExampleAtLeast() {
	fmt.Println(breakwater.AtLeast(breakwater.LatencyAdded(breakwater.P50, "POST /register"), 250)[0])
	// Output: latency.p50.added[POST /register] >= 250
}

func ExamplePredictions_By() {
	p := breakwater.Breaks(breakwater.NoOrphans).By("sync-fanout")[0]
	fmt.Println(p.Contender+":", p)
	// Output: sync-fanout: no-orphans broken
}

// A prediction that came out wrong, and is understood, stays in its row.
func ExamplePredictions_KnownRefuted() {
	p := breakwater.AtMost(breakwater.CatchUp("analytics"), 1).KnownRefuted("a member's session lasts 3 s")[0]
	fmt.Println(p, "- known to be refuted:", p.KnownRefuted)
	// Output: catch-up[analytics] <= 1 - known to be refuted: a member's session lasts 3 s
}

// A scenario written by hand, in which two things are wrong.
func ExampleParseScenario() {
	_, err := breakwater.ParseScenario([]byte(`{
		"title": "The shop loses its cache",
		"services": [{"name": "shop", "program": {"go": "example.com/shop"}, "needs": [{"to": "redis"}]}],
		"requests": [{"service": "shop", "method": "GET", "path": "/offers"}],
		"load": {"rate": 100, "duration": "10s"},
		"plan": [{"at": "3s", "fault": {"kind": "cut", "edge": {"client": "shop", "to": "kafka"}}, "for": "20s"}],
		"predict": [{"guarantee": "availability", "expect": "holds"}]
	}`))
	fmt.Println(err)
	// Output:
	// plan, step 1 (cut shop→kafka): there is no edge shop→kafka: shop has edges to redis
	// it ends at 23s, the load at 10s; shorten it or lengthen the load
}

// All that is missing is reported at once.
func ExampleScenario_Validate() {
	fmt.Println(breakwater.Scenario{Title: "Nothing yet"}.Validate())
	// Output:
	// services: there are none; name at least one
	// requests: there are none; list what the load sends
	// load: rate 0 a second; give a positive rate
	// load: it lasts 0s; set how long with For
	// predict: nothing is predicted; a run without a prediction decides nothing
}

func ExampleScenario_Match() {
	s := breakwater.Scenario{Services: []breakwater.Service{{Name: "analytics", Instances: 2}, {Name: "email"}}}
	fmt.Println(s.Match("analytics"), s.Match("analytics/2"), s.Match("cache"))
	// Output: [analytics/1 analytics/2] [analytics/2] []
}

func ExampleExperiment() {
	e := breakwater.Experiment{
		Scenario:   breakwater.Scenario{Title: "A slow mailer", Predict: breakwater.Holds(breakwater.NoOrphans).By("event")},
		Contenders: []breakwater.Contender{{Name: "event", Services: []breakwater.Service{{Name: "registration"}}}, {Name: "sync"}},
	}
	for _, c := range e.Contenders {
		fmt.Println(c.Name, len(e.Of(c).Services))
	}
	// Output:
	// event 1
	// sync 0
}

func ExampleService_Expand() {
	shop := breakwater.Service{Name: "shop", Env: map[string]string{"DATABASE_URL": "${database}", "PRICE": "5 $"}}
	fmt.Println(shop.Expand(map[string]string{"database": "postgres://127.0.0.1:4127/shop", "listen": "127.0.0.1:8080"}))
	shop.Env["DATABASE_URL"] = "${postgres}"
	fmt.Println(shop.Expand(map[string]string{"database": "postgres://127.0.0.1:4127/shop", "listen": "127.0.0.1:8080"}))
	// Output:
	// map[DATABASE_URL:postgres://127.0.0.1:4127/shop PRICE:5 $] <nil>
	// map[] service shop: env DATABASE_URL refers to ${postgres}; it may refer to database, listen
}

// Two retries half a second apart, then the record is given up.
func ExampleDeadLetter() {
	mailer := breakwater.Service{Name: "email", Group: "email", DeadLetter: &breakwater.DeadLetter{
		Topic: "email-dead", Retry: []string{"email-retry"}, MaxAttempts: 3, Backoff: breakwater.Duration(500 * time.Millisecond),
		Headers: breakwater.DeadLetterHeaders{Offset: "kafka_dlt-original-offset"}, // as Spring Kafka calls it
	}}
	s := breakwater.Scenario{Topic: breakwater.Topic{Name: "user-events"}, Services: []breakwater.Service{mailer}}
	fmt.Println(s.Topics())
	fmt.Printf("%+v\n", mailer.DeadLetter.DeadLetterHeaders())
	// Output:
	// [user-events email-dead email-retry]
	// {Topic:origin-topic Partition:origin-partition Offset:kafka_dlt-original-offset Error:error Attempt:attempt}
}

func ExampleDuration() {
	b, err := json.Marshal(breakwater.Require{Recovery: breakwater.Duration(10 * time.Second)})
	fmt.Println(string(b), err)
	// Output: {"recovery":"10s"} <nil>
}

func ExamplePrediction_Validate() {
	fmt.Println(breakwater.Prediction{Measurement: "catchup[analytics]", Op: breakwater.OpAtMost, Bound: 10}.Validate())
	// Output: prediction: Measurement "catchup[analytics]" is not measured; make names with functions like CatchUp, and register measures of your own
}
