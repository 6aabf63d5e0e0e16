package historytest

import (
	"slices"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// Log freezes the events under the header.
func Log(h history.Header, events ...history.Event) history.Log {
	var r history.Recorder
	if err := r.Add(events...); err != nil {
		panic(err) // a new recorder is not frozen
	}
	return r.Freeze(h)
}

// Edit returns the log as if every event had been recorded as edit leaves it;
// events for which edit returns false were never recorded. The log itself stays.
func Edit(l history.Log, edit func(*history.Event) bool) history.Log {
	var kept []history.Event
	for _, e := range slices.Clone(l.Events) {
		if e.Fault != nil {
			f := *e.Fault
			e.Fault = &f
		}
		if edit(&e) {
			kept = append(kept, e)
		}
	}
	return Log(l.Header, kept...)
}

// Without returns the log without the events that match.
func Without(l history.Log, match func(*history.Event) bool) history.Log {
	return Edit(l, func(e *history.Event) bool { return !match(e) })
}

// With returns the log with more events.
func With(l history.Log, more ...history.Event) history.Log {
	return Log(l.Header, append(slices.Clone(l.Events), more...)...)
}

// Find returns the i-th event that matches, from 0, and panics when there is none.
func Find(l history.Log, i int, match func(*history.Event) bool) history.Event {
	for _, e := range l.Events {
		if match(&e) {
			if i--; i < 0 {
				return e
			}
		}
	}
	panic("historytest: no such event")
}
