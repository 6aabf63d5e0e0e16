package history

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

const (
	// clockSlack is how much earlier than its cause an event may be stamped
	// when two processes of one machine read the same clock.
	clockSlack = 50 * time.Millisecond

	// stray is how far outside the run an instant may lie. What is further off
	// was read from another clock.
	stray = 10 * time.Minute
)

// InvalidError says why a log cannot be judged.
type InvalidError struct {
	Problems []string // one plain sentence each
}

func (e *InvalidError) Error() string { return strings.Join(e.Problems, "; ") }

// Validate says whether the log can be judged at all. It is nil, or an
// [*InvalidError] that names every problem: events missing or out of order,
// operations that end before they start, ids used twice, instants from more
// than one clock, faults that were never healed, phases that overlap, events
// of kind trouble.
func (l Log) Validate() error { return l.Index().Validate() }

// Validate is [Log.Validate].
func (x *Index) Validate() error {
	v := validator{x: x, log: x.Log}
	v.header()
	v.numbers()
	v.operations()
	v.requests()
	v.faults()
	v.instants()
	v.sinks()
	if len(v.problems) == 0 {
		return nil
	}
	return &InvalidError{Problems: v.problems}
}

type validator struct {
	x        *Index
	log      Log
	problems []string
}

func (v *validator) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// events reports one kind of problem for all events that have it.
func (v *validator) events(what string, among iter.Seq[*Event], has func(*Event) bool) {
	var found []*Event
	for e := range among {
		if has(e) {
			found = append(found, e)
		}
	}
	v.found(what, found)
}

func (v *validator) found(what string, events []*Event) {
	if len(events) == 0 {
		return
	}
	var named []string
	for _, e := range events[:min(3, len(events))] {
		name := fmt.Sprintf("%d (%s", e.N, e.Kind)
		if s := cmp.Or(e.ID, e.Name, e.Client); s != "" {
			name += " " + s
		}
		named = append(named, name+")")
	}
	more := ""
	if n := len(events) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	v.problem("%s: event %s%s", what, strings.Join(named, ", "), more)
}

func (v *validator) header() {
	h := v.log.Header
	if h.Schema != "" && h.Schema != Schema {
		v.problem("the schema is %q, this judge knows %q", h.Schema, Schema)
	}
	if h.Events > 0 && h.Events != len(v.log.Events) {
		v.problem("the history is truncated: %d events were frozen, %d are here", h.Events, len(v.log.Events))
	}
	order := []string{WarmUp, Before, During, After, Drain}
	rank, end := -1, time.Duration(0)
	for _, p := range h.Phases {
		r := slices.Index(order, p.Name)
		switch {
		case r < 0:
			v.problem("phase %q is none of %s", p.Name, strings.Join(order, ", "))
			continue
		case r <= rank:
			v.problem("phase %q comes after %q", p.Name, order[rank])
		case p.Start < end:
			v.problem("phase %q starts at %v, before %v where the one before it ends", p.Name, p.Start, end)
		case p.End < p.Start:
			v.problem("phase %q ends at %v, before it starts at %v", p.Name, p.End, p.Start)
		}
		rank, end = max(rank, r), max(end, p.End)
	}
	for _, s := range h.Services {
		if s.Sink != nil && s.Sink.Skew < 0 {
			v.problem("sink %q has a negative skew %v", s.Sink.Name, s.Sink.Skew)
		}
	}
}

func (v *validator) numbers() {
	events := v.log.Events
	for i := range events {
		if e := &events[i]; e.N != uint64(i+1) {
			v.problem("event numbers are not 1, 2, 3, …: number %d stands at place %d", e.N, i+1)
			break
		}
	}
	for i := 1; i < len(events); i++ {
		if a, b := &events[i-1], &events[i]; b.At < a.At {
			v.problem("events are not in order of time: event %d at %v stands after %v", b.N, b.At, a.At)
			break
		}
	}
	v.found("the kit had trouble while it recorded", slices.Collect(v.x.Of(Trouble)))
}

func (v *validator) operations() {
	v.events("an operation ends before it starts", v.all(), func(e *Event) bool { return e.End != 0 && e.End < e.At })
	v.events("an operation has no outcome", v.x.Of(Request, Call, Produce, Commit, Transaction), func(e *Event) bool {
		return e.Outcome != OK && e.Outcome != Failed && e.Outcome != Unknown
	})
	v.events("an operation is ok though it was never answered", v.x.Of(Request, Call), func(e *Event) bool {
		return e.Outcome == OK && e.End == 0
	})
}

func (v *validator) all() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for i := range v.log.Events {
			if !yield(&v.log.Events[i]) {
				return
			}
		}
	}
}

func (v *validator) requests() {
	v.events("a request has the id of an earlier one", v.x.Of(Request), func(e *Event) bool {
		return e.ID != "" && v.x.Sent.Of(e)[0] != e
	})
	v.events("a request has no id", v.x.Of(Request), func(e *Event) bool { return e.ID == "" })
	if start, end := v.log.Header.Span(); end > 0 {
		v.events("a request is scheduled outside the phases", v.x.Of(Request), func(e *Event) bool {
			return e.Scheduled < start || e.Scheduled > end
		})
	}
}

func (v *validator) faults() {
	v.events("a fault has no record of what it is", v.x.Of(Fault), func(e *Event) bool { return e.Fault == nil })
	v.events("a fault was never healed", v.x.Of(Fault), func(e *Event) bool { return e.End == 0 })
	v.events("a fault was witnessed before it was injected, or gone before it was there", v.x.Of(Fault), func(e *Event) bool {
		f := e.Fault
		return f != nil && (f.Active != 0 && f.Active < e.At || f.Clear != 0 && f.Clear < f.Active)
	})
}

// instants looks for a second clock: instants far outside the run, and events
// that carry a request's id but come before it.
func (v *validator) instants() {
	if _, end := v.log.Header.Span(); end > 0 {
		v.events("an instant lies outside the run, as if from another clock", v.all(), func(e *Event) bool {
			return e.At < -stray || e.At > end+stray || e.End > end+stray
		})
	}
	skew := map[string]time.Duration{}
	for _, s := range v.log.Header.Services {
		if s.Sink != nil {
			skew[s.Sink.Name] = s.Sink.Skew
		}
	}
	v.events("a consequence comes before its request, as if from another clock", v.x.Of(Call, Attempt, Effect), func(e *Event) bool {
		sent := v.x.Sent.Of(e)
		if len(sent) == 0 {
			return false
		}
		at := sent[len(sent)-1].At
		return e.At < at && e.At+skew[e.Sink]+clockSlack < at
	})
}

func (v *validator) sinks() {
	known := map[string]bool{}
	for _, s := range v.log.Header.Services {
		if s.Sink != nil {
			known[s.Sink.Name] = true
		}
	}
	v.events("a sink is not in the header", v.x.Of(Attempt, Effect, State, Commit), func(e *Event) bool {
		return (e.Kind != Commit || e.Sink != "") && !known[e.Sink]
	})
}
