// Package breakwater is what one says of an experiment, and the conductor that
// performs it. A [Scenario] names the services, the requests, the load, the
// faults and when they come, and what is predicted. All of it is data. [Run]
// performs it once in a [World], which the packages under fixtures provide, and
// gives a trial, which the packages under reports judge, keep and show.
//
//	Scenario{
//		Title:    "analytics is killed on a held commit",
//		Services: []Service{…},
//		Requests: []Request{{Service: "registration", Method: "POST", Path: "/register", Event: true}},
//		Load:     Constant(100).For(14 * time.Second),
//		Plan:     Plan{On(Commit("analytics/1").Nth(200)).Then(Kill("analytics/1")).RestartAfter(2 * time.Second)},
//		Predict:  Predict(Holds(breakwater.NoAcknowledgedLoss)),
//	}
package breakwater
