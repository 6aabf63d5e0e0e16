package breakwater_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
)

func TestTheLeastIsValid(t *testing.T) {
	if err := scenario().Validate(); err != nil {
		t.Error(err)
	}
	if err := declared().Validate(); err != nil {
		t.Error(err)
	}
}

// another is the scenario's first service once more, under that name.
func another(s *breakwater.Scenario, name string) breakwater.Service {
	v := s.Services[0]
	v.Name = name
	return v
}

// What is sent to several services under one name is as many operations.
func TestOperationsOfOneName(t *testing.T) {
	s := scenario()
	s.Services = append(s.Services, another(&s, "second"))
	s.Requests = append(s.Requests, s.Requests[0])
	name := s.Requests[0].Name()
	s.Require.Operation = name
	if err := s.Validate(); err != nil {
		t.Errorf("twice to one service: %v", err)
	}
	s.Requests[1].Service = "second"
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), name+" to api, "+name+" to second") {
		t.Errorf("to two services: %v", err)
	}
	s.Require.Operation = name + " to second"
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

// Each problem is found before anything starts, and names its field and the way out.
func TestScenarioIsValidated(t *testing.T) {
	at := func(f breakwater.Fault) breakwater.Step {
		return breakwater.At(2 * time.Second).Inject(f).For(3 * time.Second)
	}
	on := func(trigger breakwater.Trigger) breakwater.Step {
		return breakwater.On(trigger).Then(breakwater.Kill("api")).For(time.Second)
	}
	latency := func(d, jitter time.Duration) breakwater.Step {
		return at(breakwater.Latency(breakwater.Edge("api", "redis"), d, jitter))
	}
	for name, test := range map[string]struct {
		spoil func(s *breakwater.Scenario)
		want  string
	}{
		"no title":                {func(s *breakwater.Scenario) { s.Title = "" }, "title: write in a few words what happens"},
		"a story for a title":     {func(s *breakwater.Scenario) { s.Title = strings.Repeat("and then ", 20) }, "title: it has 180 characters; use at most 120"},
		"no partition":            {func(s *breakwater.Scenario) { s.Topic.Partitions = -1 }, "topic: -1 partitions; give 1 or more"},
		"no service":              {func(s *breakwater.Scenario) { s.Services = nil }, "services: there are none; name at least one"},
		"a service of no name":    {func(s *breakwater.Scenario) { s.Services[0].Name = "an api" }, `service "an api": give it a name of up to 40 letters`},
		"a name but for capitals": {func(s *breakwater.Scenario) { s.Services = append(s.Services, another(s, "API")) }, `service "API": the name is taken; rename it`},
		"a sink of two services": {func(s *breakwater.Scenario) {
			for _, name := range []string{"second", "third"} {
				v := another(s, name)
				v.Ledger = &breakwater.Ledger{Sink: "store", Of: breakwater.Redis, Stream: name}
				s.Services = append(s.Services, v)
			}
		}, `service third: its ledger's sink "store" is that of second; each effect would count twice`},
		"a name that is taken":          {func(s *breakwater.Scenario) { s.Services[0].Name = "edge" }, `service "edge": the name is taken; rename it`},
		"no program":                    {func(s *breakwater.Scenario) { s.Services[0].Program = breakwater.Program{} }, "service api: it has no program; set Go, Command or Image"},
		"too many instances":            {func(s *breakwater.Scenario) { s.Services[0].Instances = 1000 }, "service api: 1000 instances; give 1 to 100"},
		"two ports of a name":           {func(s *breakwater.Scenario) { s.Services[0].Ports = []string{"http", "http"} }, `service api: port "http": give each listener a name of its own`},
		"ready by nothing":              {func(s *breakwater.Scenario) { s.Services[0].Ready = "log:" }, `service api: ready "log:"; write a path that begins with /, or log: and what it logs when it is`},
		"a name without a name service": {func(s *breakwater.Scenario) { s.Services[0].Env = map[string]string{"URL": "${redis.name}"} }, "service api: env URL refers to ${redis.name}"},
		"a name of what is not needed": {func(s *breakwater.Scenario) {
			s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: breakwater.NameService})
			s.Services[0].Env = map[string]string{"URL": "${redis.name} ${cache.name}"}
		}, "env URL refers to ${cache.name}; it may refer to data, instance, listen, listen.http, names, names.name, redis, redis.name, topic"},
		"an unknown reference": {func(s *breakwater.Scenario) { s.Services[0].Env = map[string]string{"URL": "${databse}"} }, "service api: env URL refers to ${databse}; it may refer to data, instance, listen, listen.http, redis, topic"},
		"an unknown need":      {func(s *breakwater.Scenario) { s.Services[0].Needs[0].To = "rediss" }, `service api: it needs "rediss", which is no service of the scenario (api) and nothing that a world provides (database, kafka, names, redis`},
		"a need twice": {func(s *breakwater.Scenario) {
			s.Services[0].Needs = append(s.Services[0].Needs, s.Services[0].Needs[0])
		}, `service api: it needs "redis" twice`},
		"an unknown protocol": {func(s *breakwater.Scenario) { s.Services[0].Needs[0].Protocol = "udp" }, `service api: it needs "redis" by protocol "udp"; use one of http, kafka, tcp`},

		"no request":                {func(s *breakwater.Scenario) { s.Requests = nil }, "requests: there are none; list what the load sends"},
		"a request to nobody":       {func(s *breakwater.Scenario) { s.Requests[0].Service = "apy" }, `request GET /: service "apy" is none of the scenario's (api)`},
		"a request for no path":     {func(s *breakwater.Scenario) { s.Requests[0].Path = "users" }, "request GET users: give a method and a path that begins with /"},
		"a method of two words":     {func(s *breakwater.Scenario) { s.Requests[0].Method = "GET IT" }, "request GET IT /: it cannot be sent (net/http: invalid method"},
		"a path that is none":       {func(s *breakwater.Scenario) { s.Requests[0].Path = "/%zz" }, "request GET /%zz: it cannot be sent"},
		"a header that is none":     {func(s *breakwater.Scenario) { s.Requests[0].Header = map[string]string{"a:": "b"} }, `request GET /: header "a:": "b" cannot be sent`},
		"a weight that is none":     {func(s *breakwater.Scenario) { s.Requests[0].Weight = math.NaN() }, "request GET /: weight NaN; give a positive number"},
		"a ramp to below 0":         {func(s *breakwater.Scenario) { s.Load.To = -1 }, "load: the rate changes to -1 a second; give a positive rate"},
		"a ramp to too much":        {func(s *breakwater.Scenario) { s.Load.To = 1e6 }, "load: rate × duration is more than 1000000 requests"},
		"rate 0":                    {func(s *breakwater.Scenario) { s.Load.Rate = 0 }, "load: rate 0 a second; give a positive rate"},
		"a rate that is none":       {func(s *breakwater.Scenario) { s.Load.Rate = math.NaN() }, "load: rate NaN a second; give a positive rate"},
		"a load of no length":       {func(s *breakwater.Scenario) { s.Load.Duration = 0 }, "load: it lasts 0s; set how long with For"},
		"a load for ever":           {func(s *breakwater.Scenario) { s.Load.Rate = math.Inf(1) }, "load: rate × duration is more than 1000000 requests; lower one of them"},
		"unknown arrivals":          {func(s *breakwater.Scenario) { s.Load.Arrivals = "bursts" }, `load: arrivals "bursts"; use constant or poisson`},
		"a warm-up before the time": {func(s *breakwater.Scenario) { s.Load.WarmUp = breakwater.Duration(-time.Second) }, "load: the warm-up lasts -1s; give a positive duration"},
		"fewer keys than none":      {func(s *breakwater.Scenario) { s.Load.Keys = -1 }, "load: -1 keys; give a positive number"},
		"no patience":               {func(s *breakwater.Scenario) { s.Load.TimeOut = -1 }, "load: time-out -1ns; give a positive duration"},

		"an edge of nobody": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Cut(breakwater.Edge("apy", "redis")))}
		}, `plan, step 1 (cut apy→redis): there is no edge apy→redis: "apy" is no service or instance of the scenario (api)`},
		"an edge of another instance": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Cut(breakwater.Edge("api/2", "redis")))}
		}, `there is no edge api/2→redis: "api/2" is no service or instance`},
		"an edge that does not exist": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Cut(breakwater.Edge("api", "kafka")))}
		}, "there is no edge api→kafka: api has edges to redis"},
		"half an edge":      {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{at(breakwater.Cut(breakwater.Edge("api", "")))} }, `cut: the edge needs a client and a dependency; write Edge("analytics", "kafka")`},
		"nobody killed":     {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{at(breakwater.Kill("apy"))} }, `plan, step 1 (kill apy): "apy" is no service or instance of the scenario (api)`},
		"the broker killed": {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{at(breakwater.Kill("kafka"))} }, `"kafka" is no service or instance of the scenario (api)`},
		"an unknown fault": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Fault{Kind: "meteor", Service: "api"})}
		}, `fault kind "meteor" is unknown; use latency, throttle, cut,`},
		"no latency":               {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{latency(0, 0)} }, "latency: 0s is no latency; give a positive duration"},
		"more jitter than latency": {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{latency(1, 2)} }, "latency: jitter 2ns must lie between 0 and the latency 1ns"},
		"throttled to nothing": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Throttle(breakwater.Edge("api", "redis"), 0))}
		}, "throttle: rate 0 kB/s; give a positive rate, or use Silence for none at all"},
		"answers to nothing are dropped": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.DropAnswers(breakwater.Edge("api", "redis"), ""))}
		}, "drop-answers: of which requests? name one"},
		"answers are dropped that nobody sees": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.DropAnswers(breakwater.Edge("api", "redis"), "Produce"))}
		}, "it drops answers to Produce of api→redis, whose tap sees bytes only; use Silence towards the client"},
		"silence somewhere": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Silence(breakwater.Edge("api", "redis")).Towards("up"))}
		}, `silence: direction "up"; use both, upstream or downstream`},
		"a fault longer than the run": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(2 * time.Second).Inject(cut()).For(time.Minute)}
		}, "plan, step 1 (cut api→redis): it ends at 1m2s, the load at 10s; shorten it or lengthen the load"},
		"a triggered one": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.On(breakwater.Commit("api")).Then(cut()).For(time.Minute)}
		}, "it lasts 1m0s, the whole load is 10s; shorten it or lengthen the load"},
		"a fault of no length": {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(cut())} }, "it lasts 0s; set how long with For"},
		"a restart before its time": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(breakwater.Restart("api")).For(-1)}
		}, "it lasts -1ns; set how long with For"},
		"a fault without baseline": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(0).Inject(cut()).For(time.Second)}
		}, "it begins at 0s; leave time for a baseline before it"},
		"the trigger of a missing edge": {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{on(breakwater.Commit("api"))} }, "there is no edge api→kafka: api has edges to redis"},
		"the 0th request":               {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{on(breakwater.Commit("api").Nth(0))} }, "needs a client, a dependency, an API and a count from 1"},
		"a trigger in mere bytes": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{on(breakwater.Trigger{Client: "api", To: "redis", API: "GET", Count: 1})}
		}, "its trigger waits for GET of api→redis, whose tap sees bytes only; inject at a time"},
		"a trigger in another protocol": {func(s *breakwater.Scenario) {
			s.Services[0].Needs[0].Protocol = "http"
			s.Plan = breakwater.Plan{on(breakwater.Trigger{Client: "api/1", To: "redis", API: "OffsetCommit", Count: 1})}
		}, `its trigger waits for "OffsetCommit" of api/1→redis, which speaks http; name a request such as "POST /log-event"`},
		"an answer in another protocol": {func(s *breakwater.Scenario) {
			s.Services[0].Needs[0].Protocol = "http"
			s.Plan = breakwater.Plan{on(breakwater.Trigger{Client: "api/1", To: "redis", API: "GET /", Count: 1}.Answered())}
		}, "answers are held on a kafka edge only, hold the request"},

		"10^9 instances":  {func(s *breakwater.Scenario) { s.Services[0].Instances = 1e9 }, "service api: 1000000000 instances; give 1 to 100"},
		"10^9 partitions": {func(s *breakwater.Scenario) { s.Topic.Partitions = 1e9 }, "topic: 1000000000 partitions; give 1 or more, up to 1000"},
		"10^6 services": {func(s *breakwater.Scenario) {
			s.Services = make([]breakwater.Service, 1e6)
		}, "services: there are 1000000; give at most 200"},
		"a load for years":    {func(s *breakwater.Scenario) { s.Load.Duration = math.MaxInt64 }, "load: it lasts 2562047h47m16.854775807s; give at most 24h0m0s"},
		"a warm-up for years": {func(s *breakwater.Scenario) { s.Load.WarmUp = math.MaxInt64 }, "the warm-up lasts 2562047h47m16.854775807s; give a positive duration of at most"},
		"patience for years":  {func(s *breakwater.Scenario) { s.Load.TimeOut = math.MaxInt64 }, "load: time-out 2562047h47m16.854775807s; give a positive duration of at most 1h0m0s"},
		"a drain for years":   {func(s *breakwater.Scenario) { s.Require.Deadline = math.MaxInt64 }, "require: deadline 2562047h47m16.854775807s; give a positive duration of at most 1h0m0s"},
		"keys without an end": {func(s *breakwater.Scenario) { s.Load.Keys = math.MaxInt }, "keys; give a positive number of at most 1000000"},
		"an infinite limit":   {func(s *breakwater.Scenario) { s.Require.Amplification = math.Inf(1) }, "require: amplification +Inf; give a positive number"},
		"an infinite bound":   {func(s *breakwater.Scenario) { s.Predict = breakwater.AtMost(breakwater.CatchUp("api"), math.Inf(1)) }, "it cannot be saved: json"},
		"weights without a sum": {func(s *breakwater.Scenario) {
			s.Requests = append(s.Requests, s.Requests[0])
			s.Requests[0].Weight, s.Requests[1].Weight = math.MaxFloat64, math.MaxFloat64
		}, "requests: their weights are too large to be added up"},
		"an event and none": {func(s *breakwater.Scenario) {
			s.Requests = append(s.Requests, s.Requests[0])
			s.Requests[1].Event = true
		}, "request GET /: it is there twice, and an event only once"},
		"a path with a fragment": {func(s *breakwater.Scenario) { s.Requests[0].Path = "/#a" }, "request GET /#a: what follows the # in its path is not sent"},
		"a misspelt reference":   {func(s *breakwater.Scenario) { s.Requests[0].Body = "${ID}" }, "request GET /: ${ID} is nothing that it can hold; write ${id} or ${key}"},
		"an event without an id": {func(s *breakwater.Scenario) {
			s.Requests[0].Method = "POST"
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "cache", Of: breakwater.Redis, Stream: "effects"}
		}, "request POST /: its effects are looked for in a ledger, and nothing in it holds ${id}"},
		"a header of framing":            {func(s *breakwater.Scenario) { s.Requests[0].Header = map[string]string{"content-length": "3"} }, `request GET /: header "content-length": it follows from how the request is sent`},
		"a header twice":                 {func(s *breakwater.Scenario) { s.Requests[0].Header = map[string]string{"a": "b", "A": "c"} }, `request GET /: headers "A" and "a" are one`},
		"a header in letters of its own": {func(s *breakwater.Scenario) { s.Requests[0].Header = map[string]string{"Größe": "b"} }, `header "Größe": "b" cannot be sent`},
		"a header with an escape":        {func(s *breakwater.Scenario) { s.Requests[0].Header = map[string]string{"a": "\x1b[31m"} }, `cannot be sent`},
		"an environment of no name":      {func(s *breakwater.Scenario) { s.Services[0].Env = map[string]string{"A=B": ""} }, `service api: env "A=B": it cannot be handed to a program`},
		"ready at a fragment":            {func(s *breakwater.Scenario) { s.Services[0].Ready = "/#ready" }, `service api: ready "/#ready" cannot be asked for`},
		"names that differ in case only": {func(s *breakwater.Scenario) {
			s.Services = append(s.Services, breakwater.Service{Name: "API", Program: s.Services[0].Program})
		}, `service "API": the name is taken; rename it`},
		"two ledgers of one sink": {func(s *breakwater.Scenario) {
			other := s.Services[0]
			other.Name = "other"
			s.Services = append(s.Services, other)
			for i := range s.Services {
				s.Services[i].Ledger = &breakwater.Ledger{Sink: "cache", Of: breakwater.Redis, Stream: "effects"}
			}
		}, `service other: its ledger's sink "cache" is that of api; each effect would count twice`},
		"one group with offsets in two places": {func(s *breakwater.Scenario) {
			s.Services[0].Group, s.Services[0].Needs = "g", append(s.Services[0].Needs, breakwater.Need{To: breakwater.Kafka})
			other := s.Services[0]
			other.Name, other.Offsets = "other", breakwater.OffsetsInSink
			s.Services = append(s.Services, other)
		}, `service other: its group "g" is that of api, which keeps its offsets elsewhere`},
		"a ledger in a database that nobody needs": {func(s *breakwater.Scenario) {
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "db", Of: breakwater.Database, Table: "t"}
		}, "its ledger is in database, which it does not need; add Need{To: breakwater.Database}"},
		"a ledger with the fields of another": {func(s *breakwater.Scenario) {
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "cache", Of: breakwater.Redis, Stream: "effects", Table: "t"}
		}, `its ledger is of "redis" and has a table "t", which only one in database has`},
		"a table for two things": {func(s *breakwater.Scenario) {
			s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: breakwater.Database})
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "db", Of: breakwater.Database, Table: "t", Attempts: "t"}
		}, `its ledger has its attempts in the table "t", which holds its table`},
		"a ledger of which each instance has a part": {func(s *breakwater.Scenario) {
			s.Services[0].Instances = 2
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "api", Of: "api", Path: "/ledger"}
		}, "its ledger is served by api, which has 2 instances, each of which would be asked for the effects of all; keep it in the database"},
		"a ledger at a fragment": {func(s *breakwater.Scenario) {
			s.Services[0].Ledger = &breakwater.Ledger{Sink: "api", Of: "api", Path: "/ledger#all"}
		}, `its ledger is served at the path "/ledger#all", which cannot be asked for`},
		"as of a query": {func(s *breakwater.Scenario) {
			s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: breakwater.Database})
			s.Services[0].Ledger = &breakwater.Ledger{
				Sink: "db", Of: breakwater.Database, Table: "t", Positions: "p", State: "s", Projection: breakwater.CountByKey, AsOf: &breakwater.AsOf{Path: "/as-of?x=1"},
			}
		}, `at the path "/as-of?x=1", to which ?time= is added; give one without a query`},
		"a topic of Kafka's own": {func(s *breakwater.Scenario) { s.Topic.Name = "__offsets" }, `topic "__offsets": names that begin with __ are Kafka's own`},
		"topics that are one": {func(s *breakwater.Scenario) {
			s.Services[0].Group, s.Services[0].Needs = "g", append(s.Services[0].Needs, breakwater.Need{To: breakwater.Kafka})
			s.Topic.Name, s.Services[0].Output = "a.b", "a_b"
		}, `topic "a_b": Kafka does not distinguish it from "a.b"`},
		"a replay of nobody": {func(s *breakwater.Scenario) { s.Require.Replay = true }, "require: replay asks that a consumer resumes, and no service has a Group"},

		"a latency that no edge counts": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{latency(500*time.Microsecond, 0)}
		}, "latency: 500µs; give whole milliseconds, at least 1ms"},
		"a jitter that no edge counts": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{latency(5*time.Millisecond, 300*time.Microsecond)}
		}, "latency: 5ms ± 300µs; give whole milliseconds"},
		"a latency that nobody awaits": {func(s *breakwater.Scenario) { s.Plan = breakwater.Plan{latency(time.Minute, 0)} }, "latency: 1m0s; give at most 15s"},
		"throttled to no limit": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Throttle(breakwater.Edge("api", "redis"), math.MaxInt64))}
		}, "throttle: rate 9223372036854775807 kB/s; give at most 100000"},
		"a part of another fault": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{at(breakwater.Latency(breakwater.Edge("api", "redis"), time.Second, 0).Towards(breakwater.Upstream))}
		}, "latency: it has no direction; leave that out"},
		"a process with an edge": {func(s *breakwater.Scenario) {
			f := breakwater.Kill("api")
			f.Edge = breakwater.Edge("api", "redis")
			s.Plan = breakwater.Plan{at(f)}
		}, "kill: it has no edge; leave that out"},
		"a time and a trigger": {func(s *breakwater.Scenario) {
			step := on(breakwater.Commit("api"))
			step.At = breakwater.Duration(time.Second)
			s.Plan = breakwater.Plan{step}
		}, "it begins at 1s and at a trigger; leave one of them out"},
		"an end beyond all time": {func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(2 * time.Second).Inject(cut()).For(math.MaxInt64)}
		}, "the load at 10s; shorten it or lengthen the load"},
		"one fault on the other": {func(s *breakwater.Scenario) {
			s.Services[0].Instances = 2
			all := breakwater.At(4 * time.Second).Inject(cut()).For(3 * time.Second)
			s.Plan = breakwater.Plan{breakwater.At(2 * time.Second).Inject(breakwater.Cut(breakwater.Edge("api/2", "redis"))).For(3 * time.Second), all}
		}, "plan, steps 1 and 2 (cut api→redis): both are there from 4s to 5s; let one begin when the other has ended"},
		"a request beyond the load": {func(s *breakwater.Scenario) {
			s.Services[0].Needs[0].Protocol = "http"
			s.Plan = breakwater.Plan{on(breakwater.Trigger{Client: "api", To: "redis", API: "GET /", Count: 1e6})}
		}, "its trigger waits for request 1000000, and the load sends 550 in all"},

		"an availability of percent":  {func(s *breakwater.Scenario) { s.Require.Availability = 99 }, "require: availability 99; give a share from 0 to 1"},
		"an amplification below zero": {func(s *breakwater.Scenario) { s.Require.Amplification = -1 }, "require: amplification -1; give a positive number"},
		"fewer operations than none":  {func(s *breakwater.Scenario) { s.Require.MinOperations = -1 }, "require: minOperations -1; give a positive number"},
		"recovery before the fault":   {func(s *breakwater.Scenario) { s.Require.Recovery = -1 }, "require: recovery -1ns; give a positive duration"},
		"an operation of nobody":      {func(s *breakwater.Scenario) { s.Require.Operation = "GET /x" }, `require: operation "GET /x" is none of the requests (GET /)`},
		"an unrelated one of nobody":  {func(s *breakwater.Scenario) { s.Require.Unrelated = "GET /x" }, `require: unrelated "GET /x" is none of the requests (GET /)`},

		"no prediction":          {func(s *breakwater.Scenario) { s.Predict = nil }, "predict: nothing is predicted; a run without a prediction decides nothing"},
		"an unknown guarantee":   {func(s *breakwater.Scenario) { s.Predict = breakwater.Holds("no-loss") }, `predict, 1: prediction: Guarantee "no-loss" is not registered`},
		"an unknown measurement": {func(s *breakwater.Scenario) { s.Predict = breakwater.AtMost("speed[api]", 1) }, `predict, 1: prediction: Measurement "speed[api]" is not measured`},
		"measured of nobody":     {func(s *breakwater.Scenario) { s.Predict = breakwater.AtMost(breakwater.CatchUp("apy"), 1) }, `there is no "apy" to measure; there are GET /, api, redis, user-events`},
		"a time of what is none": {func(s *breakwater.Scenario) { s.Predict = breakwater.AtMost(breakwater.Duplicates("api"), time.Second) }, "Bound of duplicates[api] is no number; a duration is one only of what is measured in seconds or milliseconds, and this is a count"},
		"a bound that is none":   {func(s *breakwater.Scenario) { s.Predict = breakwater.AtMost(breakwater.CatchUp("api"), math.NaN()) }, "Bound of catch-up[api] is no number"},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenario()
			test.spoil(&s)
			err := s.Validate()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

// Two faults of a kind may follow each other, or be on several edges at once.
func TestPlansThatDoNotOverlap(t *testing.T) {
	s := scenario()
	s.Services[0].Instances = 2
	cutOf := func(client string) breakwater.Fault { return breakwater.Cut(breakwater.Edge(client, "redis")) }
	for name, plan := range map[string]breakwater.Plan{
		"one after the other": {breakwater.At(2 * time.Second).Inject(cut()).For(2 * time.Second), breakwater.At(4 * time.Second).Inject(cut()).For(2 * time.Second)},
		"two edges":           {breakwater.At(2 * time.Second).Inject(cutOf("api/1")).For(2 * time.Second), breakwater.At(3 * time.Second).Inject(cutOf("api/2")).For(2 * time.Second)},
		"two kinds":           {breakwater.At(2 * time.Second).Inject(cut()).For(2 * time.Second), breakwater.At(3 * time.Second).Inject(breakwater.Reset(breakwater.Edge("api", "redis"))).For(2 * time.Second)},
		"restarts":            {breakwater.At(2 * time.Second).Inject(breakwater.Restart("api")), breakwater.At(3 * time.Second).Inject(breakwater.Restart("api"))},
	} {
		s.Plan = plan
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong in several places is reported at once, a line each.
func TestAllProblemsAtOnce(t *testing.T) {
	s := scenario()
	s.Title, s.Load.Rate, s.Predict = "", 0, nil
	err := s.Validate()
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three lines", err)
	}
}

func TestExperimentIsValidated(t *testing.T) {
	services := scenario().Services
	experiment := func(contenders ...string) breakwater.Experiment {
		e := breakwater.Experiment{Scenario: scenario()}
		e.Services = nil
		for _, c := range contenders {
			e.Contenders = append(e.Contenders, breakwater.Contender{Name: c, Services: services})
		}
		return e
	}
	theirs := experiment("event", "sync")
	theirs.Contenders[1].Services = []breakwater.Service{{Name: "api", Program: services[0].Program}}
	theirs.Predict = breakwater.Predict(theirs.Predict, breakwater.AtMost(breakwater.Outage("redis"), 1).By("event"))
	if err := theirs.Validate(); err != nil {
		t.Errorf("what only the other has may be predicted of the other: %v", err)
	}
	theirs.Predict = theirs.Predict[:1]
	theirs.Predict = breakwater.Predict(theirs.Predict, breakwater.AtMost(breakwater.Outage("redis"), 1))
	for name, test := range map[string]struct {
		e    breakwater.Experiment
		want string
	}{
		"services beside them": {func() breakwater.Experiment { e := experiment("event"); e.Services = services; return e }(), "services: there are some beside the contenders"},
		"nothing predicted of one": {func() breakwater.Experiment {
			e := experiment("event", "sync")
			e.Predict = e.Predict.By("event")
			return e
		}(), "contender sync: predict: nothing is predicted of sync"},
		"nobody":                       {experiment(), "contenders: there are none; name at least one"},
		"two of a name":                {experiment("event", "event"), `contender "event": give each a name of its own`},
		"a path":                       {experiment("../event"), `contender "../event": use up to 40 letters`},
		"predicted of nobody":          {func() breakwater.Experiment { e := experiment("event"); e.Predict = e.Predict.By("sync"); return e }(), `predict: "sync" is none of the contenders`},
		"measured where there is none": {theirs, `contender sync: predict, 2 (outage[redis] <= 1): there is no "redis" to measure`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.e.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}
