// Package breakwater defines experiments: a [Scenario] names the services, the
// requests, the load, the faults and when they are injected, the objectives, and what
// is predicted. All of it is data, in Go or in JSON, and needs the standard library
// only. The names of guarantees, faults and measures are declared here, with what each
// means.
//
// What runs a scenario is elsewhere: harness.Test and harness.Run (suites/harness) in a
// test, conductor.Run (fixtures/conductor) in a world of one's own. The packages under
// reports judge what was recorded, and render it.
//
//	Scenario{
//		Title:    "analytics is killed on a held commit",
//		Services: []Service{…},
//		Requests: []Request{{Service: "registration", Method: "POST", Path: "/register", Event: true}},
//		Load:     Constant(100).For(14 * time.Second),
//		Plan:     Plan{On(Commit("analytics/1").Nth(200)).Then(Kill("analytics/1")).RestartAfter(2 * time.Second)},
//		Predict:  Predict(Holds(NoAcknowledgedLoss)),
//	}
package breakwater
