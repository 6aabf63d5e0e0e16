package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A page holds many trials, so each of them has bounds: of its texts, its lists and
// its logs. They are far above what a usual trial has. The saved trial beside the
// page has all of it; what a section leaves out it says.
const (
	longestText    = 600 // characters: five lines
	longestWitness = 240 // of what an anomaly says
	longestName    = 100

	mostFaults      = 24
	mostOperations  = 12
	mostSinks       = 24
	mostGroups      = 24
	mostPredictions = 40
	mostVerdicts    = 40
	mostAnomalies   = 10 // of one verdict
	mostHops        = 60
	mostRecoveries  = 40
	mostEvidence    = 6  // of one fault
	mostOwners      = 24 // incarnations of one partition
	mostReasons     = 12 // why a trial is not green
	mostSettings    = 200
	mostMoments     = 60 // of one life
	mostLogs        = 16
	longestLogs     = 48_000 // bytes of all logs of a trial together
)

// clip cuts s to n characters, with an ellipsis at its end.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return strings.TrimRight(string(r[:n-1]), " ,;") + "…"
	}
	return s
}

// bounded is the trial as far as a page shows it. The trial itself stays as it is.
func bounded(t *trial.Trial) *trial.Trial {
	b := *t
	b.Claim, b.Title, b.Contender, b.World = clip(t.Claim, longestName), clip(t.Title, longestWitness), clip(t.Contender, longestName), clip(t.World, longestName)
	b.Spec, b.Why = clip(t.Spec, longestText), clip(t.Why, longestText)
	b.Predictions = firsts(t.Predictions, mostPredictions, func(p trial.Predicted) trial.Predicted {
		p.Says, p.Observed, p.Brief, p.KnownRefuted = clip(p.Says, longestText), clip(p.Observed, longestText), clip(p.Brief, longestText), clip(p.KnownRefuted, longestText)
		return p
	})
	b.Verdicts = firsts(t.Verdicts, mostVerdicts, boundedVerdict)
	b.Measurements = boundedMeasurements(t.Measurements)
	b.Environment.Settings, b.Environment.Images = someOf(t.Environment.Settings), someOf(t.Environment.Images)
	b.Environment.Versions = someOf(t.Environment.Versions)
	b.Logs = boundedLogs(t.Logs)
	return &b
}

// firsts are at most n of s, each made by f.
func firsts[T any](s []T, n int, f func(T) T) []T { return lists.Collect(s[:min(len(s), n)], f) }

func same[T any](v T) T { return v }

func boundedVerdict(v check.Verdict) check.Verdict {
	v.Total = max(v.Total, len(v.Anomalies))
	v.Guarantee, v.Why = clip(v.Guarantee, longestName), clip(v.Why, longestText)
	v.Anomalies = firsts(v.Anomalies, mostAnomalies, func(a check.Anomaly) check.Anomaly {
		a.What, a.Setting = clip(a.What, longestWitness), clip(a.Setting, longestName)
		return a
	})
	return v
}

func boundedMeasurements(m measure.Measurements) measure.Measurements {
	m.Operations = firsts(m.Operations, mostOperations, func(o measure.Operation) measure.Operation {
		o.Name = clip(o.Name, longestName)
		return o
	})
	m.Faults = firsts(m.Faults, mostFaults, func(f measure.Fault) measure.Fault {
		f.Name, f.Fault.Kind = clip(f.Name, longestName), breakwater.FaultKind(clip(string(f.Fault.Kind), longestName))
		f.Fault.Service, f.Fault.Edge = clip(f.Fault.Service, longestName), breakwater.Edge(clip(f.Fault.Edge.Client, longestName/2), clip(f.Fault.Edge.To, longestName/2))
		f.Evidence = firsts(f.Evidence, mostEvidence, func(s string) string { return clip(s, longestText) })
		return f
	})
	m.Sinks, m.Groups = firsts(m.Sinks, mostSinks, same), firsts(m.Groups, mostGroups, same)
	m.Ladders = lists.Collect(m.Ladders, func(l measure.Ladder) measure.Ladder {
		l.Incarnations = firsts(l.Incarnations, mostOwners, func(i measure.Incarnation) measure.Incarnation {
			i.Client, i.Member = clip(i.Client, longestName), clip(i.Member, longestName)
			return i
		})
		return l
	})
	if m.Life != nil {
		life := *m.Life
		life.ID = clip(life.ID, longestName)
		life.More += max(0, len(life.Moments)-mostMoments)
		life.Moments = firsts(life.Moments, mostMoments, func(o measure.Moment) measure.Moment {
			o.Who, o.What = clip(o.Who, longestName), clip(o.What, longestWitness)
			return o
		})
		m.Life = &life
	}
	m.Hops, m.Recoveries = firsts(m.Hops, mostHops, same), firsts(m.Recoveries, mostRecoveries, same)
	return m
}

func someOf(all map[string]string) map[string]string {
	kept := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if len(kept) < mostSettings {
			kept[clip(k, longestName)] = clip(all[k], longestName)
		}
	}
	return kept
}

// boundedLogs share what there is for all logs of the trial evenly; of each the
// last lines stay.
func boundedLogs(logs map[string]string) map[string]string {
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		if len(kept) < mostLogs {
			kept[name] = tail(logs[name], longestLogs/min(len(logs), mostLogs))
		}
	}
	return kept
}

// beyond reports how much of the trial its bounds leave out.
func beyond(whole *trial.Trial) []string {
	var out []string
	more := func(n, most int, what string) {
		if n > most {
			out = append(out, fmt.Sprintf("%d more %s", n-most, quantity.Plural(n-most, what)))
		}
	}
	m := whole.Measurements
	more(len(m.Faults), mostFaults, "fault")
	more(len(m.Operations), mostOperations, "operation")
	more(len(m.Sinks), mostSinks, "sink")
	more(len(m.Groups), mostGroups, "group")
	more(len(whole.Predictions), mostPredictions, "prediction")
	more(len(whole.Verdicts), mostVerdicts, "verdict")
	more(len(m.Hops), mostHops, "edge")
	more(len(m.Recoveries), mostRecoveries, "recovered subject")
	more(len(whole.Logs), mostLogs, "log")
	return out
}
