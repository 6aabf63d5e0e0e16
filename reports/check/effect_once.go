package check

import (
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.EffectOnce, effectOnce) }

func effectOnce(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Sinks() {
		f := finding{subject: s.Ledger.Sink}
		nameless := len(x.Sink(s.Ledger.Sink).Effects.ID(""))
		var again [][]*history.Event
		for effects := range x.Sink(s.Ledger.Sink).Effects.All() {
			if effects[0].ID == "" {
				continue
			}
			f.examined++
			if len(effects) > 1 {
				again = append(again, effects)
			}
		}
		compose := repeats{x, s, taken(x, s)}
		for _, effects := range again {
			if s.Ledger.Once {
				f.anomalies = append(f.anomalies, compose.anomaly(effects))
			} else {
				f.expect(func() Anomaly { return compose.anomaly(effects) })
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "ids took effect more than once in %s", brief: "done twice"}
		switch {
		case !s.Ledger.Once:
			f.count, f.status, f.why = nil, NotAsked, "it does not promise one effect an id"
			if f.allowed > 0 {
				f.why += fmt.Sprintf(", and did %s ids more than once", quantity.Count(f.allowed))
			}
			f.examined = 0
		case unnamedIn(x, s) != "":
			f.count, f.status, f.why = nil, NotAsked, unnamedIn(x, s)
		case f.examined == 0:
			f.count, f.why = nil, "the sink holds no effect"
		case len(f.anomalies) == 0 && nameless > 0:
			f.count, f.status, f.why = nil, Unknown, quantity.Count(nameless)+" effects have no id and cannot be counted"
		}
		all = append(all, f)
	}
	return combine(x, all, "no service has a ledger of its effects")
}

// repeats shows ids that one sink did more than once.
type repeats struct {
	x       *history.Index
	service breakwater.Service
	taken   map[history.Partition][]*history.Event
}

// taken are the resumes of the service's group by partition.
func taken(x *history.Index, s breakwater.Service) map[history.Partition][]*history.Event {
	resumes := map[history.Partition][]*history.Event{}
	for r := range x.Of(history.Resume) {
		if s.Group != "" && r.Group == s.Group {
			resumes[r.In()] = append(resumes[r.In()], r)
		}
	}
	return resumes
}

func (t repeats) anomaly(effects []*history.Event) Anomaly {
	first, s := effects[0], t.service
	a := Anomaly{IDs: []string{first.ID}, Setting: setting(s, "dedup", "idempot", "isolation", "offset")}
	var when []string
	for _, e := range clip(effects) {
		printed := "at " + quantity.Duration(e.At)
		if e.Client != "" {
			printed += " by " + e.Client
		}
		when = append(when, printed)
		a.Events = append(a.Events, e.N)
	}
	a.What = fmt.Sprintf("%s took effect %d times in %s: %s", first.ID, len(effects), s.Ledger.Sink, strings.Join(when, ", "))
	if s.Group == "" {
		return a
	}
	record := t.x.RecordOf(first, t.x.Input(s))
	if record == nil {
		return a
	}
	a.Events = append(a.Events, record.N)
	a.Offsets = []string{record.In().At(record.Offset)}
	for _, r := range t.taken[record.In()] {
		from, known := start(r)
		if known && from <= record.Offset && r.At > first.At && r.At < effects[1].At {
			a.What += fmt.Sprintf("; in between %s resumed at %s", r.Client, record.In().At(from))
			a.Events = append(a.Events, r.N)
			a.Offsets = append(a.Offsets, record.In().At(from))
			break
		}
	}
	return a
}
