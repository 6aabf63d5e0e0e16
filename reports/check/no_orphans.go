package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

func init() { rule(breakwater.NoOrphans, ofWholeLog(noOrphans)) }

func noOrphans(x *history.Index) Verdict {
	var without []string // sinks in which no id can be found
	why, doubt, sinks := "there are no two sinks between which a request could be torn", "", x.Log.Header.Sinks()
	for _, s := range sinks {
		if unknown := unknownIn(x, s); unknown != "" {
			why, without = unknown, append(without, s.Ledger.Sink)
		} else {
			doubt = cmp.Or(doubt, missedIn(x, s))
		}
	}
	if len(sinks)-len(without) < 2 {
		return combine(x, nil, why)
	}
	unknown := func(sink string) bool { return slices.Contains(without, sink) }
	var f finding
	late := 0
	var waits *pending
	for r := range x.Asking() {
		done, missing := x.Torn(r)
		done, missing = slices.DeleteFunc(done, unknown), slices.DeleteFunc(missing, unknown)
		if len(done) == 0 {
			continue
		}
		f.examined++
		if len(missing) == 0 {
			continue
		}
		if p := mayComplete(x, r, missing); p != nil {
			late, waits = late+1, p
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
	switch {
	case f.examined == 0:
		f.count, f.why = nil, "no request had an effect"
	case late > 0 && len(f.anomalies) == 0:
		f.count, f.status, f.why = nil, Unknown, waits.why(late, f.examined, "requests had not taken effect in all their sinks")
	}
	return combine(x, []finding{f.doubted(doubt)}, "")
}

// mayComplete is what kept the effects from all of the sinks, where each may still have
// come when the run was over; nil where one of them never would.
func mayComplete(x *history.Index, r *history.Event, missing []string) (p *pending) {
	for _, s := range x.Log.Header.Sinks() {
		if !slices.Contains(missing, s.Ledger.Sink) {
			continue
		}
		if p = newPending(x, s); !p.may(r) {
			return nil
		}
	}
	return p
}
