package check

import (
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ResumeAtCommitted, resumeAtCommitted) }

func resumeAtCommitted(x *history.Index) Verdict {
	return eachConsumer(x, func(s breakwater.Service, all []*position) finding {
		var f finding
		for _, p := range all {
			for _, r := range p.resumes {
				if reported := r.Committed >= 0 || keepsPositions(s); !hasAnswer(r) && (!reported || r.Offset < 0) {
					continue // neither an answer nor a fetch to judge
				}
				if keepsPositions(s) && len(p.storedAt(p.takings()[r])) == 0 {
					continue // its sink had none to tell, and its reset policy decided
				}
				f.examined++
				if a, bad := wrongAnswer(p, r); bad {
					f.anomalies = append(f.anomalies, a)
				}
				tookUp := wrongFetch
				if keepsPositions(s) {
					tookUp = wrongTakeUp
				}
				if a, bad := tookUp(x, p, r); bad {
					f.anomalies = append(f.anomalies, a)
				}
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "resumes of %s were not at a committed offset", brief: "resumes off the commit",
			all: "%s resumes of %s were at a committed offset", allFew: "resumes at the commit"}
		switch {
		case f.examined > 0:
		case keepsPositions(s) && slices.ContainsFunc(all, func(p *position) bool { return len(p.resumes) > 0 }):
			f.count, f.status, f.why = nil, NotAsked, "its sink held no position whenever it took up"
		case slices.ContainsFunc(all, func(p *position) bool { return len(p.resumes) > 0 }):
			f.count, f.why = nil, "no resume could be judged"
		default:
			f.count, f.why = nil, "no resume was recorded"
		}
		return f
	})
}

// hasAnswer reports whether the broker told the committed offset, or that there is none.
func hasAnswer(r *history.Event) bool {
	return r.End > 0 && r.Error == "" && (r.Outcome == history.OK || r.Outcome == "")
}

func wrongAnswer(p *position, r *history.Event) (Anomaly, bool) {
	if !hasAnswer(r) {
		return Anomaly{}, false
	}
	current, none := p.possible(r.At, r.End)
	if r.Committed < 0 && none ||
		slices.ContainsFunc(current, func(c *history.Event) bool { return c.Offset == r.Committed }) ||
		p.setElsewhere(r.Committed, r.At, r.End) {
		return Anomaly{}, false
	}
	answer := fmt.Sprintf("committed offset %d", r.Committed)
	if r.Committed < 0 {
		answer = "no committed offset"
	}
	a := Anomaly{Events: []uint64{r.N}}
	if r.Committed >= 0 {
		a.Offsets = []string{p.At(r.Committed)}
	}
	if len(current) == 0 {
		a.What = fmt.Sprintf("the broker answered %s %s on %s with %s, and nothing was committed", r.Client, p.group, p.Partition, answer)
		return a, true
	}
	last := current[len(current)-1]
	a.What = fmt.Sprintf("the broker answered %s %s on %s with %s, when %d was committed (event %d)", r.Client, p.group, p.Partition, answer, last.Offset, last.N)
	for _, c := range clip(current) {
		a.Events = append(a.Events, c.N)
	}
	return a, true
}

func wrongFetch(x *history.Index, p *position, r *history.Event) (Anomaly, bool) {
	if r.Offset < 0 || r.Committed < 0 || r.Offset == r.Committed {
		return Anomaly{}, false
	}
	moved := slices.ContainsFunc(p.samples, func(s *history.Event) bool { return s.LogStart > r.Committed })
	if moved && r.Offset > r.Committed {
		return Anomaly{}, false
	}
	a := Anomaly{
		What:    fmt.Sprintf("%s resumed %s at %s, its committed offset was %d", r.Client, p.group, p.At(r.Offset), r.Committed),
		Events:  []uint64{r.N},
		Offsets: []string{p.At(r.Committed), p.At(r.Offset)},
		Setting: setting(p.service, "reset"),
	}
	for _, record := range clip(x.Between(p.Partition, min(r.Offset, r.Committed), max(r.Offset, r.Committed))) {
		a.IDs = append(a.IDs, record.ID)
	}
	if n := len(x.Between(p.Partition, r.Committed, r.Offset)); n > 0 {
		a.What += fmt.Sprintf(" and %s records were skipped", quantity.Count(n))
	}
	return a, true
}
