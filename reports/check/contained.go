package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.Contained, contained) }

// unrelatedShare is how much of the unrelated operation may fail while a fault is
// active, beyond what failed before, without its being the fault's doing.
const unrelatedShare = 0.01

func contained(x *history.Index) Verdict {
	faults := 0
	for range x.Of(history.Fault) {
		faults++
	}
	if faults == 0 {
		return combine(x, nil, "nothing was broken")
	}
	if len(x.Windows()) == 0 {
		return combine(x, []finding{{status: Unknown, why: "no fault was witnessed to begin and end"}}, "")
	}
	breaches, amplified := measure.Cascade(x)
	return combine(x, []finding{blastRadius(x, breaches), unrelated(x), amplification(x, amplified)}, "")
}

func blastRadius(x *history.Index, breaches []measure.Breach) finding {
	f := finding{}
	var breached []string
	for _, b := range breaches {
		if b.Faulted {
			continue
		}
		f.examined += b.Calls
		if !b.Breached {
			continue
		}
		breached = append(breached, b.Service)
		a := Anomaly{
			What: fmt.Sprintf("%s let its callers down: %s calls failed or came late while the fault was active, %s before", b.Service, quantity.Of(b.Bad, b.Calls), quantity.Percent(b.Baseline)),
		}
		a.witness(measure.CallsTo(x, b.Service, true))
		f.anomalies = append(f.anomalies, a)
	}
	switch {
	case len(breached) > 0:
		f.why = fmt.Sprintf("%s let its callers down, though it was not what was broken", strings.Join(breached, ", "))
		if len(breached) > 1 {
			f.why = fmt.Sprintf("%d services let their callers down, though they were not what was broken: %s", len(breached), strings.Join(breached, ", "))
		}
		f.brief = strings.Join(breached, ", ") + " breached"
	case f.examined == 0:
		f.status, f.why = NotAsked, "no call to an unbroken service was seen while the fault was active"
	default:
		f.why = "no service but the broken one let its callers down"
		f.brief = "nobody else breached"
	}
	return f
}

func unrelated(x *history.Index) finding {
	operation := x.Log.Header.Require.Unrelated
	f := finding{}
	if operation == "" {
		return notAsked("no unrelated operation is named")
	}
	before := measure.Available(x, breakwater.Before, operation)
	during := measure.Available(x, breakwater.During, operation)
	f.examined = during.Scheduled
	if during.Scheduled == 0 {
		f.why = operation + " was never scheduled while the fault was active"
		return f
	}
	failing := 1 - during.Availability
	if before.Scheduled > 0 {
		failing -= 1 - before.Availability
	}
	f.why = fmt.Sprintf("%s was ok by %s while the fault was active (%s)", operation, quantity.Percent(during.Availability), quantity.Of(during.OK, during.Scheduled))
	f.brief = fmt.Sprintf("%s of %s ok", quantity.Percent(during.Availability), operation)
	limit := measure.Late(x, before.P99)
	switch {
	case failing > unrelatedShare:
		f.anomalies = []Anomaly{notOK(x, operation, f.why)}
	case limit > 0 && during.P50 > limit:
		f.why = fmt.Sprintf("%s took %s at the median while the fault was active, %s before", operation, quantity.Duration(during.P50), quantity.Duration(before.P50))
		f.brief = fmt.Sprintf("%s took %s", operation, quantity.Duration(during.P50))
		f.anomalies = []Anomaly{{What: f.why}}
		f.anomalies[0].witness(slices.DeleteFunc(slices.Collect(x.Of(history.Request)), func(r *history.Event) bool {
			return r.Name != operation || r.End-r.Scheduled <= limit || !slices.ContainsFunc(x.Windows(), func(w history.Window) bool { return w.Contains(r.Scheduled) })
		}))
	}
	return f
}

func amplification(x *history.Index, a measure.Amplified) finding {
	limit := x.Log.Header.Require.Amplification
	f := finding{}
	if limit <= 0 {
		return notAsked("no limit of amplification is stated")
	}
	if len(a.Calls) == 0 {
		return notAsked("no service calls another")
	}
	if a.Roots == 0 {
		f.why = "no root request was scheduled while the fault was active"
		return f
	}
	worst := ""
	for _, to := range slices.Sorted(maps.Keys(a.Calls)) {
		if !a.Leaf[to] {
			continue
		}
		f.examined++
		if worst == "" || a.Calls[to] > a.Calls[worst] {
			worst = to
		}
		if ratio := float64(a.Calls[to]) / float64(a.Roots); ratio > limit {
			found := Anomaly{
				What: fmt.Sprintf("%s was called %s times for %s root requests: %s each, %s is allowed", to, quantity.Count(a.Calls[to]), quantity.Count(a.Roots),
					quantity.Value(ratio, "ratio"), quantity.Value(limit, "ratio")),
				Setting: anySetting(x, "retr"),
			}
			found.witness(mostCalled(measure.CallsTo(x, to, false)))
			f.anomalies = append(f.anomalies, found)
		}
	}
	if worst == "" {
		f.why = "no call to a leaf was seen"
		return f
	}
	f.why = fmt.Sprintf("%s calls to %s for each root request, %s is allowed", quantity.Value(float64(a.Calls[worst])/float64(a.Roots), "ratio"), worst, quantity.Value(limit, "ratio"))
	return f
}

// mostCalled are the calls for the id for which most were made.
func mostCalled(calls []*history.Event) []*history.Event {
	byID, most := map[string][]*history.Event{}, ""
	for _, c := range calls {
		byID[c.ID] = append(byID[c.ID], c)
	}
	for _, c := range calls { // in order of time, so that of several it is always the same
		if len(byID[c.ID]) > len(byID[most]) {
			most = c.ID
		}
	}
	return byID[most]
}

// witness names the first few of the events, and their ids.
func (a *Anomaly) witness(events []*history.Event) {
	for _, e := range clip(events) {
		a.Events = append(a.Events, e.N)
		if e.ID != "" && !slices.Contains(a.IDs, e.ID) {
			a.IDs = append(a.IDs, e.ID)
		}
	}
}
