package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoPhantom, noPhantom) }

func noPhantom(x *history.Index) Verdict {
	return ofSinks(x, func(s breakwater.Service, f *finding) {
		held := x.Sink(s.Ledger.Sink)
		nameless := len(held.Effects.ID("")) + len(held.Attempts.ID(""))
		var strangers []*history.Event
		f.examined = held.Effects.Len()
		for effects := range held.Effects.Without(x.Sent) {
			strangers = append(strangers, effects[0])
		}
		for attempts := range held.Attempts.Without(held.Effects) {
			f.examined++
			if e := attempts[0]; len(x.Sent.Of(e)) == 0 {
				strangers = append(strangers, e)
			}
		}
		if nameless > 0 { // they are no id
			f.examined--
			strangers = slices.DeleteFunc(strangers, func(e *history.Event) bool { return e.ID == "" })
		}
		slices.SortFunc(strangers, func(a, b *history.Event) int { return cmp.Compare(a.ID, b.ID) })
		for _, e := range strangers {
			id := e.ID
			a := Anomaly{
				What: fmt.Sprintf("%s took effect in %s at %s, and nobody sent it", id, s.Ledger.Sink, quantity.Duration(e.At)),
				IDs:  []string{id}, Events: []uint64{e.N},
			}
			if e.Kind == history.Attempt {
				a.What = fmt.Sprintf("%s was delivered to %s at %s, and nobody sent it", id, s.Ledger.Sink, quantity.Duration(e.At))
			}
			if r := x.RecordOf(e, ""); r != nil {
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
	})
}
