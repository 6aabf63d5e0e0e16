package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// NoAcknowledgedLoss is broken when an id that a sink is owed has no effect in
// it at the end of the drain. Owed are the acknowledged ids and, for a service
// that consumes a topic, the ids of unknown outcome that stand in that topic,
// less what it handed to its dead letter topic. Each missing id says where it
// went: "lost by the broker", or "in the log, never took effect".
//
// For a service without a group there is no log: what was acknowledged must
// have its effect in the sink.
const NoAcknowledgedLoss = "no-acknowledged-loss"

func noAcknowledgedLoss(x *history.Index) Verdict {
	var all []finding
	commits := acknowledgedCommits(x)
	for _, s := range x.Log.Header.Sinks() {
		f := finding{subject: s.Sink.Name}
		effects := x.Sink(s.Sink.Name).Effects
		for r := range x.Owed(s) {
			f.examined++
			if len(effects.Of(r)) == 0 {
				f.anomalies = append(f.anomalies, whereLost(x, s, r, commits))
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids never took effect in %s", brief: "lost"}
		if f.examined == 0 {
			f.count, f.why = nil, "no request was acknowledged"
		}
		all = append(all, f)
	}
	return combine(all, "no service has a ledger of its effects")
}

// whereLost is the triage of one id without effect.
func whereLost(x *history.Index, s history.Service, r *history.Event, commits map[place]*history.Event) Anomaly {
	if s.Group == "" {
		return Anomaly{
			What: fmt.Sprintf("%s was acknowledged at %s and never took effect in %s", r.ID, quantity.Duration(r.End), s.Sink.Name),
			IDs:  []string{r.ID}, Events: []uint64{r.N},
		}
	}
	record := x.RecordOf(r, s.Topic)
	if record == nil {
		return lostByBroker(x, r)
	}
	known := "was acknowledged"
	if r.Outcome != history.OK {
		known = "may have been acknowledged"
	}
	at := record.In().At(record.Offset)
	a := Anomaly{
		What: fmt.Sprintf("%s %s, is at %s: in the log, never took effect in %s", r.ID, known, at, s.Sink.Name),
		IDs:  []string{r.ID}, Events: []uint64{r.N, record.N}, Offsets: []string{at},
	}
	if c := commits[place{s.Group, record.In()}]; c != nil && c.Offset > record.Offset {
		a.What += fmt.Sprintf(", though %s committed up to %d", s.Group, c.Offset)
		a.Events = append(a.Events, c.N)
		a.Setting = setting(s, "commit", "offset")
	} else {
		a.What += fmt.Sprintf(", and %s had not committed past it", s.Group)
	}
	return a
}

// place is one group on one partition.
type place struct {
	group string
	history.Partition
}

// acknowledgedCommits is the highest acknowledged commit of each group on each partition.
func acknowledgedCommits(x *history.Index) map[place]*history.Event {
	highest := map[place]*history.Event{}
	for c := range x.Of(history.Commit) {
		p := place{c.Group, c.In()}
		if c.Outcome == history.OK && (highest[p] == nil || highest[p].Offset < c.Offset) {
			highest[p] = c
		}
	}
	return highest
}
