package check

import (
	"cmp"
	"fmt"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.Availability, availability) }

func availability(x *history.Index) Verdict {
	require := x.Log.Header.Require
	if require.Availability <= 0 {
		return combine(x, nil, "the scenario states no objective for availability")
	}
	s := measure.Available(x, breakwater.During, require.Operation)
	f := finding{examined: s.Scheduled}
	what := cmp.Or(require.Operation, "all requests")
	if s.Scheduled == 0 {
		f.why = fmt.Sprintf("none of %s was scheduled while a fault was witnessed", what)
	} else {
		f.brief = fmt.Sprintf("%s of %s ok", quantity.Percent(s.Availability), what)
		f.why = fmt.Sprintf("%s: %s ok while the fault was active (%s), %s is asked", what, quantity.Percent(s.Availability), quantity.Of(s.OK, s.Scheduled), quantity.Percent(require.Availability))
	}
	if s.Scheduled > 0 && s.Availability < require.Availability {
		if before := measure.Available(x, breakwater.Before, require.Operation); before.Scheduled > 0 && before.Availability < require.Availability {
			f.why += fmt.Sprintf("; %s were already before the fault", quantity.Percent(before.Availability))
		}
		f.anomalies = []Anomaly{notOK(x, require.Operation, f.why)}
	}
	return combine(x, []finding{f}, "")
}

// notOK names the first requests of the operation that were not ok while a
// fault was active.
func notOK(x *history.Index, operation, what string) Anomaly {
	a := Anomaly{What: what}
	windows := x.Windows()
	if p, some := x.Log.Header.Phase(breakwater.During); some && len(windows) == 0 {
		windows = []history.Window{{From: p.Start, To: p.End}}
	}
	for r := range x.Of(history.Request) {
		if r.Outcome == history.OK || operation != "" && r.Name != operation || len(a.IDs) == maxNames {
			continue
		}
		for _, w := range windows {
			if w.Contains(r.Scheduled) {
				a.IDs = append(a.IDs, r.ID)
				a.Events = append(a.Events, r.N)
				break
			}
		}
	}
	return a
}
