package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// What makes unknown of a verdict: accidents, ledgers that could not be read, and topics
// from which records are removed.

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

// unready names the instances that were started in mid-run and never were ready from
// then on, with how long they had for it. One that ended by accident meanwhile is named
// by that.
func unready(x *history.Index) (found []string) {
	type life struct {
		client       string
		began, ended time.Duration
	}
	begin, end := x.Log.Header.Span()
	var waiting []life
	for e := range x.Of(history.Process, history.Accident) {
		i := slices.IndexFunc(waiting, func(l life) bool { return l.client == e.Client })
		switch {
		case i >= 0 && (e.Name == history.Ready || e.Name == history.Started || e.Kind == history.Accident && e.Name != history.Paused):
			waiting = slices.Delete(waiting, i, i+1)
		case i >= 0 && e.Name == history.Exited:
			waiting[i].ended = e.At
		}
		if e.Kind == history.Process && e.Name == history.Started && e.At >= begin {
			waiting = append(waiting, life{e.Client, e.At, 0})
		}
	}
	for _, l := range waiting {
		took := cmp.Or(l.ended, end) - l.began
		found = append(found, fmt.Sprintf("%s, started at %s, was not ready in the %s that it had", l.client, quantity.Duration(l.began), quantity.Duration(took)))
	}
	return found
}

// unread makes unknown of a verdict that needs a ledger which could not be read: an
// empty ledger would look like effects that never were. Whether it needs one is found by
// judging the log as if these services had none, as of those that give no data about
// their effects: what is broken even then is broken.
func (c Checker) unread(x *history.Index, v Verdict) Verdict {
	var whys []string
	for _, s := range x.Log.Header.Services {
		if why := x.Log.Header.Reading(s).Unread; why != "" {
			whys = append(whys, why)
		}
	}
	if v.Status == NotAsked || len(whys) == 0 {
		return v
	}
	without := c.Check(history.Remember(x, derived{"without unread ledgers", ""}, func() *history.Index { return withoutUnread(x.Log) }))
	if without.Status == v.Status && without.Why == v.Why {
		return without
	}
	why := strings.Join(whys, "; ")
	if without.Status == Broken {
		without.Why += "; " + why
		return without
	}
	return Verdict{Status: Unknown, Examined: without.Examined, Why: why + ": nothing is known of its effects", Brief: why}
}

func withoutUnread(log history.Log) *history.Index {
	log.Header.Services = slices.Clone(log.Header.Services)
	for i := range log.Header.Services {
		s := &log.Header.Services[i]
		if log.Header.Reading(*s).Unread == "" {
			continue
		}
		s.Ledger = nil
		if s.Offsets == breakwater.OffsetsInSink { // its position was in it
			s.Group = ""
		}
	}
	return log.Index()
}

// ofWholeLog is a rule that compares with what stands in the log. Where a topic is
// compacted what it finds missing may have been superseded by a later record of its
// key, so that broken becomes unknown.
func ofWholeLog(rule func(*history.Index) Verdict) func(*history.Index) Verdict {
	return func(x *history.Index) Verdict {
		v := rule(x)
		if topic := x.Log.Header.Topic; v.Status == Broken && topic.Compacted {
			v.Status, v.Since = Unknown, 0
			v.Why = fmt.Sprintf("%s is compacted, which removes records as well: %s", topic.Name, v.Why)
			v.Brief = "not to be notified of a compacted topic"
		}
		return v
	}
}
