package check_test

import (
	"fmt"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// everyEffectHasAKey is a guarantee of one's own. Where it is registered, see
// [check.Register], scenarios can predict it.
var everyEffectHasAKey = check.Checker{Guarantee: breakwater.Guarantee{Name: "every-effect-has-a-key"}, Check: keyed}

func keyed(x *history.Index) check.Verdict {
	v := check.Verdict{Status: check.Holds}
	for e := range x.Of(history.Effect) {
		v.Examined++
		if e.Key == "" {
			v.Status, v.Total = check.Broken, v.Total+1
			v.Anomalies = append(v.Anomalies, check.Anomaly{What: e.ID + " has no key in " + e.Sink, IDs: []string{e.ID}, Events: []uint64{e.N}})
		}
	}
	v.Why = fmt.Sprintf("effects without a key: %d", v.Total)
	return v
}

// A checker is a pure function of a log. Where it examines nothing, or falls
// over, Judge says unknown in its place.
func ExampleChecker() {
	log := historytest.Event(historytest.Options{})
	log = historytest.Edit(log, func(e *history.Event) bool {
		if e.Kind == history.Effect && e.Sink == "redis" && e.ID == "u0-000042" {
			e.Key = ""
		}
		return true
	})
	for _, v := range check.Judge(log.Index(), []check.Checker{everyEffectHasAKey}) {
		fmt.Println(v.Guarantee, "is", v.Status+":", v.Why)
	}
	empty := historytest.Log(log.Header)
	for _, v := range check.Judge(empty.Index(), []check.Checker{everyEffectHasAKey}) {
		fmt.Println("of nothing it is", v.Status)
	}
	// Output:
	// every-effect-has-a-key is broken: effects without a key: 1
	// of nothing it is unknown
}
