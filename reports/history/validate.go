package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
)

const (
	// clockSlack is how much earlier than its cause an event may be stamped
	// when two processes of one machine read the same clock.
	clockSlack = 50 * time.Millisecond

	// far is how far outside the run an instant may lie. What is further off was
	// read from another clock.
	far = 10 * time.Minute
)

// InvalidError reports why a log cannot be judged.
type InvalidError struct {
	Problems []string // one plain sentence each
}

func (e *InvalidError) Error() string { return strings.Join(e.Problems, "; ") }

// Validate reports whether the log can be judged at all. It is nil, or an
// [*InvalidError] that names every problem: events missing or out of order,
// operations that end before they start, ids used twice, instants from more
// than one clock, faults that were never healed, phases that overlap, events
// of kind harness-error, edges that recorded more than is here.
func (l Log) Validate() error { return l.Index().Validate() }

// Validate is [Log.Validate], found once.
func (x *Index) Validate() error {
	v := Remember(x, validated{}, func() *validator {
		v := &validator{x: x, log: x.Log}
		v.header()
		v.numbers()
		v.events()
		v.edges()
		return v
	})
	if len(v.problems) == 0 {
		return nil
	}
	return &InvalidError{Problems: v.problems}
}

type validated struct{} // names what is remembered

type validator struct {
	x        *Index
	log      Log
	problems []string

	has        [wrongs][]*Event
	skew       map[string]time.Duration // of the sinks that the header knows
	begin, end time.Duration            // of the run
	crossed    int                      // events of the edges
}

func (v *validator) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
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
	order := []string{breakwater.WarmUp, breakwater.Before, breakwater.During, breakwater.After, breakwater.Drain}
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
	for _, sink := range slices.Sorted(maps.Keys(h.Ledgers)) {
		if skew := h.Ledgers[sink].Skew; skew < 0 {
			v.problem("sink %q has a negative skew %v", sink, skew)
		}
	}
}

// What can be wrong with an event, in the order in which it is told.
type wrong int

const (
	errored wrong = iota
	early
	undecided
	unanswered
	twice
	nameless
	unscheduled
	undescribed
	unhealed
	missed
	astray
	foreseen
	unknownSink
	wrongs // how many there are
)

var sayings = [wrongs]string{
	errored:     "the kit failed while it recorded",
	early:       "an operation ends before it starts",
	undecided:   "an operation has no outcome",
	unanswered:  "an operation is ok though it was never answered",
	twice:       "a request has the id of an earlier one",
	nameless:    "a request has no id",
	unscheduled: "a request is scheduled outside the phases",
	undescribed: "a fault has no record of what it is",
	unhealed:    "a fault was never healed",
	missed:      "a fault was witnessed before it was injected, or gone before it was there",
	// A second clock shows in instants far outside the run, and in events that
	// carry a request's id but come before it.
	astray:      "an instant lies outside the run, as if from another clock",
	foreseen:    "a consequence comes before its request, as if from another clock",
	unknownSink: "a sink is not in the header",
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
}

// events looks at each event once: a walk through all of them is what takes time.
func (v *validator) events() {
	v.skew = map[string]time.Duration{}
	for _, s := range v.log.Header.Sinks() {
		v.skew[s.Ledger.Sink] = v.log.Header.Reading(s).Skew
	}
	v.begin, v.end = v.log.Header.Span()
	for i := range v.log.Events {
		e := &v.log.Events[i]
		if e.Crossed() {
			v.crossed++
		}
		v.note(early, e, e.End != 0 && e.End < e.At)
		ahead := e.Kind == Session // it says until when something may last, not when it was over
		v.note(astray, e, v.end > 0 && (e.At < -far || e.At > v.end+far || e.End > v.end+far && !ahead))
		switch e.Kind {
		case HarnessError:
			v.note(errored, e, true)
		case Request:
			v.operation(e)
			v.note(unanswered, e, e.Outcome == OK && e.End == 0)
			v.note(twice, e, e.ID != "" && v.x.Sent.at(i)[0] != e)
			v.note(nameless, e, e.ID == "")
			v.note(unscheduled, e, v.end > 0 && (e.Scheduled < v.begin || e.Scheduled > v.end))
		case Call:
			v.operation(e)
			v.note(unanswered, e, e.Outcome == OK && e.End == 0)
			v.consequence(e, v.x.Sent.at(i))
		case Attempt, Effect:
			v.sink(e)
			v.consequence(e, v.x.Sent.at(i))
		case Produce, Transaction:
			v.operation(e)
		case Commit:
			v.operation(e)
			if e.Sink != "" {
				v.sink(e)
			}
		case State:
			v.sink(e)
		case Fault:
			v.fault(e)
		}
	}
	for what, events := range v.has {
		v.found(sayings[what], events)
	}
}

// edges compares what the edges said of themselves with what is here.
func (v *validator) edges() {
	edges := v.log.Header.Edges
	if edges == nil {
		return
	}
	clocks := slices.Collect(v.x.Of(Clock))
	if len(clocks) == len(edges.Looks) { // else something is missing, and said below
		for i, l := range edges.Looks {
			if printed := clocks[i].At; printed < l.Asked-clockSlack || printed > l.Answered+clockSlack {
				v.problem("the edges have another clock than the run: between %v and %v theirs read %v", l.Asked, l.Answered, printed)
				break
			}
		}
	}
	accounts := slices.Collect(v.x.Of(Account))
	switch {
	case len(accounts) == 0:
		v.problem("what the edges recorded is not all here: they never reported how much it is, %d events are here", v.crossed)
	case len(clocks) != len(edges.Looks):
		v.problem("what the edges recorded is not all here: they were asked for their clock %d times, %d answers are here", len(edges.Looks), len(clocks))
	case int(accounts[0].Count) != v.crossed+v.count(HarnessError):
		v.problem("what the edges recorded is not all here: they recorded %d events, %d are here", accounts[0].Count, v.crossed+v.count(HarnessError))
	}
}

func (v *validator) count(k Kind) (n int) {
	for range v.x.Of(k) {
		n++
	}
	return n
}

func (v *validator) note(what wrong, e *Event, has bool) {
	if has {
		v.has[what] = append(v.has[what], e)
	}
}

func (v *validator) operation(e *Event) {
	v.note(undecided, e, e.Outcome != OK && e.Outcome != Failed && e.Outcome != Unknown)
}

func (v *validator) consequence(e *Event, sent []*Event) {
	if len(sent) > 0 {
		at := sent[len(sent)-1].At
		v.note(foreseen, e, e.At < at && e.At+v.skew[e.Sink]+clockSlack < at)
	}
}

func (v *validator) sink(e *Event) {
	_, known := v.skew[e.Sink]
	v.note(unknownSink, e, !known)
}

func (v *validator) fault(e *Event) {
	f := e.Fault
	v.note(undescribed, e, f == nil)
	v.note(unhealed, e, e.End == 0)
	v.note(missed, e, f != nil && (f.Active != 0 && f.Active < e.At || f.Clear != 0 && f.Clear < f.Active))
}
