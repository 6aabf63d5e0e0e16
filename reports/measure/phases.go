package measure

import (
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// spans reports which instants count as before, during and after.
type spans map[string][]history.Window

// newSpans takes during from the witnesses: before ends where the first fault
// became active and after starts where the last was gone. In a run without any
// fault the phases are the header's, and of one in which nothing was planned to break
// during is the whole load: what is asked of a system while something is broken may be
// asked of it when nothing is. In a run whose faults were not witnessed nothing is during.
func newSpans(x *history.Index) spans {
	phase := func(name string) history.Window {
		p, _ := x.Log.Header.Phase(name)
		return history.Window{From: p.Start, To: p.End}
	}
	before, during, after := phase(breakwater.Before), phase(breakwater.During), phase(breakwater.After)
	faults := false
	for range x.Of(history.Fault) {
		faults = true
	}
	if !faults {
		if during.From == during.To {
			during = before
		}
		return spans{breakwater.Before: {before}, breakwater.During: {during}, breakwater.After: {after}}
	}
	s := spans{breakwater.Before: {before}, breakwater.After: {after}}
	witnessed := x.Windows()
	if len(witnessed) == 0 {
		return s
	}
	first, last := witnessed[0].From, witnessed[len(witnessed)-1].To
	if before.To == 0 {
		before.To = first
	}
	_, end := x.Log.Header.Span()
	s[breakwater.Before] = []history.Window{{From: before.From, To: min(before.To, first)}}
	s[breakwater.During] = witnessed
	s[breakwater.After] = []history.Window{{From: last, To: max(after.To, min(end, during.To))}}
	return s
}

func (s spans) contains(phase string, t time.Duration) bool {
	return slices.ContainsFunc(s[phase], func(w history.Window) bool { return w.Contains(t) })
}

// end is the end of the run: of its last phase, or of its last event.
func end(log history.Log) time.Duration {
	if _, end := log.Header.Span(); end > 0 {
		return end
	}
	if n := len(log.Events); n > 0 {
		return max(0, log.Events[n-1].At)
	}
	return 0
}
