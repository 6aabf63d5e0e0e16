package check

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Accidents are what happened to the system that no step of the plan ordered, in the
// order of time and one clause each: "cache/1 was killed at 1.8 s (signal: killed)". Own
// are those that the system itself did: its processes that ended by themselves, or were
// not ready again after they had been started in mid-run. Of the others somebody else is the author, and nobody knows what would have been without.
func Accidents(x *history.Index) (foreign, own []string) {
	for e := range x.Of(history.Accident) {
		if e.Name == history.Exited {
			own = append(own, happened(e))
		} else {
			foreign = append(foreign, happened(e))
		}
	}
	return foreign, append(own, unready(x)...)
}

// happened is the accident in a clause.
func happened(e *history.Event) string {
	what := map[string]string{
		history.Killed: "was killed", history.OutOfMemory: "was ended for want of memory", history.Paused: "was paused",
		history.Restarted: "was restarted", history.Exited: "ended by itself", history.InOrder: "ended, by itself or because a signal asked it to (its log may show which),", history.EdgeFault: "was changed by somebody else",
	}[e.Name]
	subject := cmp.Or(e.Client, "a process")
	if e.To != "" {
		subject = "the edge " + subject + "→" + e.To
	}
	clause := fmt.Sprintf("%s %s at %s", subject, cmp.Or(what, e.Name), quantity.Duration(e.At))
	if e.End > e.At {
		clause += " for " + quantity.Duration(e.End-e.At)
	}
	if e.Value != "" {
		clause += " (" + e.Value + ")"
	}
	return clause
}

// excuse makes unknown of what is broken and may be the work of an accident that the
// system is not the author of. What was done before that came it does not explain.
func (c Checker) excuse(x *history.Index, v Verdict) Verdict {
	if v.Status != Broken {
		return v
	}
	var first *history.Event
	for e := range x.Of(history.Accident) {
		if e.Name != history.Exited {
			first = e
			break
		}
	}
	if first == nil || c.By == breakwater.ByActs && v.Since > 0 && v.Since < first.At {
		return v
	}
	foreign, _ := Accidents(x)
	v.Status, v.Since = Unknown, 0
	v.Why = fmt.Sprintf("%s, which no step of the plan ordered and which may explain: %s", strings.Join(clip(foreign), "; "), v.Why)
	v.Brief = "an accident may explain it"
	return v
}
