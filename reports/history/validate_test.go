package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func TestValidateHealthy(t *testing.T) {
	for name, log := range map[string]history.Log{
		"event": historytest.Event(historytest.Options{}), "sync": historytest.Sync(historytest.Options{}),
		"no fault": historytest.Event(historytest.Options{NoFault: true}), "empty": {},
		"a session that may last longer than the run": historytest.With(historytest.Event(historytest.Options{}), history.Event{Kind: history.Session, Client: "analytics/1", At: time.Second, End: time.Hour}),
	} {
		if err := log.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidate(t *testing.T) {
	request := func(e *history.Event) bool { return e.Kind == history.Request && e.ID == "u0-000042" }
	effect := func(e *history.Event) bool { return e.Kind == history.Effect && e.ID == "u0-000042" }
	change := func(match func(*history.Event) bool, edit func(*history.Event)) func(history.Log) history.Log {
		return func(l history.Log) history.Log {
			return historytest.Edit(l, func(e *history.Event) bool {
				if match(e) {
					edit(e)
				}
				return true
			})
		}
	}
	isFault := func(e *history.Event) bool { return e.Kind == history.Fault }
	header := func(edit func(*history.Header)) func(history.Log) history.Log {
		return func(l history.Log) history.Log {
			h := l.Header
			h.Phases = append([]history.Phase(nil), h.Phases...)
			edit(&h)
			return historytest.Log(h, l.Events...)
		}
	}
	// Asked once, between 1 s and 1.01 s, the edges told these clocks, and account.
	edges := func(more int32, reported ...time.Duration) func(history.Log) history.Log {
		return func(l history.Log) history.Log {
			l.Header.Edges = &history.Edges{Looks: []history.Look{{Asked: time.Second, Answered: 1010 * time.Millisecond}}}
			all := []history.Event{{Kind: history.Account, At: time.Minute, Count: crossed(l) + int32(len(reported)) + more}}
			for _, at := range reported {
				all = append(all, history.Event{Kind: history.Clock, At: at})
			}
			return historytest.With(l, all...)
		}
	}
	for name, c := range map[string]struct {
		harm func(history.Log) history.Log
		want string
	}{
		"ends before it starts":    {change(request, func(e *history.Event) { e.End = e.At - 1 }), "ends before it starts: event"},
		"id used twice":            {func(l history.Log) history.Log { return historytest.With(l, historytest.Find(l, 0, request)) }, "has the id of an earlier one"},
		"request without id":       {change(request, func(e *history.Event) { e.ID = "" }), "a request has no id"},
		"request without outcome":  {change(request, func(e *history.Event) { e.Outcome = "" }), "has no outcome"},
		"ok without an answer":     {change(request, func(e *history.Event) { e.End = 0 }), "ok though it was never answered"},
		"scheduled outside":        {change(request, func(e *history.Event) { e.Scheduled = time.Minute }), "scheduled outside the phases"},
		"fault never healed":       {change(isFault, func(e *history.Event) { e.End = 0 }), "never healed: event"},
		"fault without record":     {change(isFault, func(e *history.Event) { e.Fault = nil }), "no record of what it is"},
		"witnessed too early":      {change(isFault, func(e *history.Event) { e.Fault.Active = e.At - 1 }), "witnessed before it was injected"},
		"gone before it was there": {change(isFault, func(e *history.Event) { e.Fault.Clear = e.Fault.Active - 1 }), "gone before it was there"},
		"two clocks, far":          {change(effect, func(e *history.Event) { e.At += 400 * time.Hour }), "from another clock"},
		"two clocks, near":         {change(effect, func(e *history.Event) { e.At -= time.Second }), "consequence comes before its request"},
		"unknown sink":             {change(effect, func(e *history.Event) { e.Sink = "elsewhere" }), "not in the header"},
		"failure": {func(l history.Log) history.Log {
			return historytest.With(l, history.Event{Kind: history.HarnessError, Error: "tap lost its stream"})
		}, "the kit failed"},
		"truncated": {func(l history.Log) history.Log {
			l.Events = l.Events[:len(l.Events)-1]
			return l
		}, "truncated"},
		"a hole": {func(l history.Log) history.Log {
			l.Header.Events--
			l.Events = append(append([]history.Event(nil), l.Events[:9]...), l.Events[10:]...)
			return l
		}, "number 11 stands at place 10"},
		"out of order": {func(l history.Log) history.Log {
			l.Events = append([]history.Event(nil), l.Events...)
			l.Events[5].At = time.Hour
			return l
		}, "not in order of time"},
		"other schema":               {header(func(h *history.Header) { h.Schema = "breakwater.history/9" }), "schema"},
		"phases overlap":             {header(func(h *history.Header) { h.Phases[1].Start -= time.Second }), `phase "during" starts at`},
		"phases reversed":            {header(func(h *history.Header) { h.Phases[0], h.Phases[1] = h.Phases[1], h.Phases[0] }), `phase "before" comes after "during"`},
		"phase unknown":              {header(func(h *history.Header) { h.Phases[0].Name = "siesta" }), `"siesta" is none of`},
		"phase backwards":            {header(func(h *history.Header) { h.Phases[3].End = h.Phases[3].Start - 1 }), "before it starts"},
		"edges' clock ahead":         {edges(0, 2*time.Second), "the edges have another clock than the run: between 1s and 1.01s theirs read 2s"},
		"edges' clock behind":        {edges(0, 940*time.Millisecond), "theirs read 940ms"},
		"edges that told no clock":   {edges(0), "not all here: they were asked for their clock 1 times, 0 answers are here"},
		"edges that recorded more":   {edges(1, time.Second), "not all here: they recorded"},
		"edges that recorded less":   {edges(-1, time.Second), "not all here: they recorded"},
		"edges that never accounted": {header(func(h *history.Header) { h.Edges = &history.Edges{} }), "not all here: they never reported how much it is"},
		"negative skew": {header(func(h *history.Header) {
			h.Ledgers["redis"] = history.Reading{Skew: -1}
		}), "negative skew"},
	} {
		err := c.harm(historytest.Event(historytest.Options{})).Validate()
		var invalid *history.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a problem with %q", name, err, c.want)
		}
	}
}

// An account of as many events as there are, by the run's own clock, is legal.
func TestValidateBelievesEdgesThatAccount(t *testing.T) {
	log := historytest.Event(historytest.Options{})
	log.Header.Edges = &history.Edges{Looks: []history.Look{{Asked: time.Second, Answered: 1010 * time.Millisecond}}}
	log = historytest.With(log,
		history.Event{Kind: history.Clock, At: 1005 * time.Millisecond},
		history.Event{Kind: history.Account, At: time.Minute, Count: crossed(log) + 1})
	if err := log.Validate(); err != nil {
		t.Error(err)
	}
}

func crossed(l history.Log) (n int32) {
	for i := range l.Events {
		if l.Events[i].Crossed() {
			n++
		}
	}
	return n
}

func ExampleLog_Validate() {
	var r history.Recorder
	_ = r.Add(
		history.Event{Kind: history.Request, ID: "u1", Outcome: history.OK, At: 10, End: 5},
		history.Event{Kind: history.Fault, Name: "cut", At: 20},
	)
	fmt.Println(r.Freeze(history.Header{}).Validate())
	// Output: an operation ends before it starts: event 1 (request u1); a fault has no record of what it is: event 2 (fault cut); a fault was never healed: event 2 (fault cut)
}
