package check

import (
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// NoOrphans is broken when, after the drain, some of a root request's effects
// happened and some never did, whatever the request was answered. What a
// service gave up to its dead letter topic counts as done. It needs two sinks.
const NoOrphans = "no-orphans"

func noOrphans(x *history.Index) Verdict {
	sinks := x.Log.Header.Sinks()
	if len(sinks) < 2 {
		return combine(x, nil, "there are no two sinks between which a request could be torn")
	}
	var f finding
	for r := range x.Asking() {
		done, missing := x.Torn(r)
		if len(done) == 0 {
			continue
		}
		f.examined++
		if len(missing) == 0 {
			continue
		}
		a := Anomaly{
			What: fmt.Sprintf("%s (answered %s) took effect in %s and never in %s", r.ID, r.Outcome, strings.Join(done, ", "), strings.Join(missing, ", ")),
			IDs:  []string{r.ID}, Events: []uint64{r.N},
		}
		for _, sink := range done {
			if effects := x.Sink(sink).Effects.Of(r); len(effects) > 0 {
				a.Events = append(a.Events, effects[0].N)
			}
		}
		if rec := x.RecordOf(r, ""); rec != nil {
			a.Events = append(a.Events, rec.N)
			a.Offsets = []string{rec.In().At(rec.Offset)}
		}
		f.anomalies = append(f.anomalies, a)
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "requests are torn between their sinks", brief: "torn"}
	if f.examined == 0 {
		f.count, f.why = nil, "no request had an effect"
	}
	return combine(x, []finding{f}, "")
}
