package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// BoundedRecovery is broken when, after a fault was witnessed to be gone, a
// consumer group's lag is not back at its baseline, to stay there, within
// Require.Recovery; or when the group makes progress on some partitions only.
// In a system without consumer groups the operations that ask for effects are
// judged instead, by their share of ok answers and their p99. The definitions
// of back at the baseline are those of package measure.
//
// A run that ends, or breaks something else, before the objective is over
// leaves the verdict unknown unless the group had recovered.
const BoundedRecovery = "bounded-recovery"

func boundedRecovery(x *history.Index) Verdict {
	objective := x.Log.Header.Require.Recovery
	if objective <= 0 {
		return combine(nil, "the scenario states no objective for recovery")
	}
	recoveries := measure.Recoveries(x)
	var all []finding
	for _, subject := range recoverySubjects(x) {
		f := finding{subject: subject}
		longest := measure.Span{None: true}
		for _, r := range recoveries {
			if r.Subject != subject {
				continue
			}
			switch {
			case slices.Contains(r.Unmeasured, "catch-up"):
				f.status, f.why = Unknown, fmt.Sprintf("nothing was sampled after fault %q", r.Fault)
				continue
			case !r.CatchUp.None && r.CatchUp.Took > objective:
				f.anomalies = append(f.anomalies, Anomaly{
					What:    fmt.Sprintf("%s took %s after fault %q to be back at its baseline, %s is allowed", subject, r.CatchUp, r.Fault, quantity.Duration(objective)),
					Events:  faultEvents(x, r.Fault),
					Setting: firstOf(r.Floors),
				})
			case !r.CatchUp.None && !r.CatchUp.Reached:
				f.status, f.why = Unknown, fmt.Sprintf("not back at its baseline after %s, when the time after fault %q was over, which is sooner than the objective of %s",
					quantity.Duration(r.CatchUp.Took), r.Fault, quantity.Duration(objective))
				continue
			}
			f.examined++
			if longest.None || !r.CatchUp.None && r.CatchUp.Took > longest.Took {
				longest = r.CatchUp
			}
		}
		f.anomalies = append(f.anomalies, standing(x, subject, objective)...)
		switch {
		case len(f.anomalies) > 0:
			f.status = Broken
			f.why = f.anomalies[0].What
			f.subject = "" // it is in the sentence
		case f.status == Unknown:
		case f.examined == 0:
			f.why = "no fault was witnessed to begin and end"
		case longest.None:
			f.why = "not disturbed, the baseline was never left"
		default:
			f.why = fmt.Sprintf("back at the baseline %s after the heal, %s is allowed", longest, quantity.Duration(objective))
			f.brief = fmt.Sprintf("%%s catch-up %s", longest)
		}
		all = append(all, f)
	}
	v := combine(all, "nothing asks for effects")
	if v.Status == Holds && v.Brief == v.Why {
		v.Brief = "nobody disturbed"
	}
	return v
}

// recoverySubjects are the consumer groups, or without any the operations that
// ask for effects.
func recoverySubjects(x *history.Index) []string {
	var subjects []string
	for _, s := range x.Log.Header.Consumers() {
		subjects = append(subjects, s.Group)
	}
	if len(subjects) > 0 {
		return subjects
	}
	for r := range x.Asking() {
		if !slices.Contains(subjects, r.Name) {
			subjects = append(subjects, r.Name)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// standing finds partitions on which a group stood still for at least the
// objective after the last fault was gone, though records waited, while it went
// on with others.
func standing(x *history.Index, group string, objective time.Duration) []Anomaly {
	windows := x.Windows()
	if len(windows) == 0 {
		return nil
	}
	clear := windows[len(windows)-1].To
	type ends struct{ first, last *history.Event }
	samples := map[history.Partition]*ends{}
	var order []history.Partition
	for e := range x.Of(history.Sample) {
		if e.Group != group || e.At < clear {
			continue
		}
		s := samples[e.In()]
		if s == nil {
			s = &ends{first: e}
			samples[e.In()] = s
			order = append(order, e.In())
		}
		s.last = e
	}
	slices.SortFunc(order, history.Partition.Compare)
	moved := slices.ContainsFunc(order, func(p history.Partition) bool { return samples[p].last.Committed > samples[p].first.Committed })
	var found []Anomaly
	for _, p := range order {
		s := samples[p]
		if !moved || s.first.Committed != s.last.Committed || s.first.Lag <= 0 || s.last.Lag <= 0 || s.last.At-s.first.At < objective {
			continue
		}
		found = append(found, Anomaly{
			What:    fmt.Sprintf("%s stands still on %s at %d with %s records waiting, while its other partitions go on", group, p, s.last.Committed, quantity.Count(s.last.Lag)),
			Events:  []uint64{s.first.N, s.last.N},
			Offsets: []string{p.At(s.last.Committed)},
		})
	}
	return found
}

func faultEvents(x *history.Index, name string) []uint64 {
	var events []uint64
	for e := range x.Of(history.Fault) {
		if e.Name == name {
			events = append(events, e.N)
		}
	}
	return clip(events)
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
