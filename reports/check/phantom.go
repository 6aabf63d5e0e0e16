package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// NoPhantom is broken when a sink holds an effect or an attempt with an id that
// no request of the run had. Effects without any id cannot be matched: they are
// counted, and leave the verdict unknown.
const NoPhantom = "no-phantom"

func noPhantom(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Sinks() {
		f := finding{subject: s.Sink.Name}
		ledgers := []map[string]history.Ledger{x.Effects[s.Sink.Name], x.Attempts[s.Sink.Name]}
		seen, nameless := map[string]*history.Event{}, 0
		for _, ledger := range ledgers {
			for id, entries := range ledger {
				if id == "" {
					nameless += len(entries)
				} else if seen[id] == nil {
					seen[id] = entries[0]
				}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			f.examined++
			if x.Requests[id] != nil {
				continue
			}
			e := seen[id]
			a := Anomaly{
				What: fmt.Sprintf("%s took effect in %s at %s, and nobody sent it", id, s.Sink.Name, quantity.Duration(e.At)),
				IDs:  []string{id}, Events: []uint64{e.N},
			}
			if e.Kind == history.Attempt {
				a.What = fmt.Sprintf("%s was delivered to %s at %s, and nobody sent it", id, s.Sink.Name, quantity.Duration(e.At))
			}
			if r := x.InTopic(id, ""); r != nil {
				a.Events = append(a.Events, r.N)
				a.Offsets = []string{r.In().At(r.Offset)}
			}
			f.anomalies = append(f.anomalies, a)
		}
		switch {
		case nameless > 0 && len(f.anomalies) == 0:
			f.status, f.why = Unknown, quantity.Count(nameless)+" effects have no id and cannot be matched"
		case f.examined == 0:
			f.why = "the sink holds no effect"
		default:
			f.count = &count{bad: len(f.anomalies), of: f.examined, what: "ids in %s were never sent", brief: "invented"}
		}
		all = append(all, f)
	}
	return combine(all, "no service has a ledger of its effects")
}
