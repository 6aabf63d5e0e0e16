package check

import (
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoAcknowledgedLoss, ofWholeLog(noAcknowledgedLoss)) }

func noAcknowledgedLoss(x *history.Index) Verdict {
	return ofSinks(x, func(s breakwater.Service, f *finding) {
		p, stuck, late := newPending(x, s), 0, 0
		w, held := p.waiting, x.Sink(s.Ledger.Sink)
		for r := range x.Due(s) {
			f.examined++
			if len(held.Effects.Of(r)) > 0 {
				continue
			}
			if p.may(r) {
				late++
				continue
			}
			record := w.last(r)
			if waits := s.Group != "" && p.alive && record != nil && sighting(held, r) == nil && !w.behind(record); waits {
				stuck++
				f.anomalies = append(f.anomalies, whereStuck(s, r, record))
			} else {
				f.anomalies = append(f.anomalies, whereLost(w, r))
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids never took effect in %s", brief: "lost"}
		if stuck > 0 {
			f.count.note = fmt.Sprintf("%s of them stuck", quantity.Count(stuck))
		}
		switch {
		case f.examined == 0:
			f.count, f.why = nil, "no request was acknowledged"
		case late > 0 && len(f.anomalies) == 0:
			f.count, f.status, f.why = nil, Unknown, p.why(late, f.examined, "acknowledged ids had not taken effect")
			f.brief = fmt.Sprintf("%s not there yet in %%s", quantity.Of(late, f.examined))
		case late > 0:
			f.count.note = strings.TrimPrefix(f.count.note+", "+quantity.Count(late)+" more may still have come", ", ")
		}
		*f = f.doubted(missedIn(x, s))
	})
}

// whereLost is the triage of one id without effect.
func whereLost(w waiting, r *history.Event) Anomaly {
	x, s := w.x, w.service
	if s.Group == "" {
		return Anomaly{
			What: fmt.Sprintf("%s was acknowledged at %s and never took effect in %s", r.ID, quantity.Duration(r.End), s.Ledger.Sink),
			IDs:  []string{r.ID}, Events: []uint64{r.N},
		}
	}
	record := x.RecordOf(r, x.Input(s))
	if record == nil {
		if elsewhere := x.RecordOf(r, ""); elsewhere != nil {
			return lostBetween(x, s, r, elsewhere)
		}
		a, _ := newLosses(x).of(r)
		return a
	}
	a := inLog(s, r, record)
	if w.behind(record) {
		highest := w.passed[place{s.Group, record.In()}]
		how, words := "committed up to", []string{"commit", "offset"}
		if highest.by.Kind == history.Resume {
			how, words = "took up at", []string{"reset", "offset"}
		}
		a.What += fmt.Sprintf(", though %s %s %d", s.Group, how, highest.offset)
		a.Events = append(a.Events, highest.by.N)
		a.Setting = setting(s, words...)
	} else {
		a.What += fmt.Sprintf(", and %s had not committed past it", s.Group)
	}
	return a
}

// lostBetween says that an id came into the log, and never into the topic that the
// service reads.
func lostBetween(x *history.Index, s breakwater.Service, r, record *history.Event) Anomaly {
	at := record.In().At(record.Offset)
	return Anomaly{
		What: fmt.Sprintf("%s was acknowledged, is at %s and never came to %s, from which %s takes it", r.ID, at, x.Input(s), s.Name),
		IDs:  []string{r.ID}, Events: []uint64{r.N, record.N}, Offsets: []string{at},
	}
}

// whereStuck is the triage of one id that waits in the log.
func whereStuck(s breakwater.Service, r, record *history.Event) Anomaly {
	a := inLog(s, r, record)
	a.What += fmt.Sprintf(", stuck: %s is alive, and neither tried it nor went past it", s.Name)
	return a
}

// inLog is what all ids have in common that are in the log without an effect.
func inLog(s breakwater.Service, r, record *history.Event) Anomaly {
	known := "was acknowledged"
	if r.Outcome != history.OK {
		known = "may have been acknowledged"
	}
	at := record.In().At(record.Offset)
	return Anomaly{
		What: fmt.Sprintf("%s %s, is at %s: in the log, never took effect in %s", r.ID, known, at, s.Ledger.Sink),
		IDs:  []string{r.ID}, Events: []uint64{r.N, record.N}, Offsets: []string{at},
	}
}
