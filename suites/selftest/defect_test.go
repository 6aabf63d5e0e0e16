package selftest

import (
	"time"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// defect is a service with a planted defect, the right one that it stands for,
// and the fault under which the difference must show.
type defect struct {
	name string    // of services/defects
	of   string    // the service that has it
	in   []Service // the right system

	under    string // the fault, in a few words
	plan     Plan
	load     Load      // default base
	requests []Request // default subjects.Requests
	topic    Topic
	require  Require // beside that all may fail under the fault

	breaks  []string // the guarantees that must be found broken, by name
	because string   // in which way, where there are several
	also    []string // what may be broken beside them, as a consequence

	regardless []string // what the right system may break too: the price of its way
}

// base is little enough for two systems side by side on a small machine, and
// enough for something to be in hand whenever a fault strikes.
var base = Constant(40).For(9 * time.Second)

// longer is for what waits for the n-th commit or letter: in containers a consumer has
// more in hand at once, and commits less often.
var longer = Constant(40).For(15 * time.Second)

const right = "right"

func (d defect) experiment() Experiment {
	load, requests := d.load, d.requests
	if load.Rate == 0 {
		load = base
	}
	if requests == nil {
		requests = subjects.Requests()
	}
	d.require.MayFail = true
	return Experiment{
		Scenario: Scenario{
			Claim: "defect: " + d.name, Title: d.under,
			Topic: d.topic, Requests: requests, Load: load, Plan: d.plan,
			Require: d.require,
			Predict: Predict(
				Breaks(d.breaks...).Because(d.because).By(d.name),
				BreaksNothingBut(append(d.breaks, d.also...)...).By(d.name),
				Holds(d.breaks...).By(right),
				BreaksNothingBut(d.regardless...).By(right),
			),
		},
		Contenders: []Contender{
			{Name: right, Services: d.in},
			{Name: d.name, Services: subjects.Flawed(d.in, d.of, d.name)},
		},
	}
}
