package history

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// ErrFrozen is returned for an event that arrives after [Recorder.Freeze].
var ErrFrozen = errors.New("history: the recorder is frozen")

// Recorder collects events from many goroutines. The zero value is ready.
// It keeps every event in memory, 368 bytes each plus the strings
// that only this event has.
type Recorder struct {
	mu     sync.Mutex
	events []Event
	frozen bool
}

// Add records the events in the order given. It fails only after Freeze; the
// caller then holds an event that came too late to be judged, which is the
// kit's own trouble and must not be dropped in silence.
func (r *Recorder) Add(events ...Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen {
		return ErrFrozen
	}
	r.events = append(r.events, events...)
	return nil
}

// Len is the number of events so far.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// Since calls yield for each event from index i on and returns the next index.
// A conductor follows a run with it; it sees events in order of arrival.
func (r *Recorder) Since(i int, yield func(*Event)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; i < len(r.events); i++ {
		yield(&r.events[i])
	}
	return i
}

// Freeze ends the recording and returns the log: events sorted by At, events
// of one instant in order of arrival, numbered from 1. A second call returns
// the same log.
func (r *Recorder) Freeze(h Header) Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = true
	if h.Schema == "" {
		h.Schema = Schema
	}
	// The log in memory and the log read from its file must be the same to
	// every judge, so what JSON cannot carry goes now.
	h.Base = h.Base.Round(0).UTC()
	slices.SortStableFunc(r.events, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	for i := range r.events {
		r.events[i].N = uint64(i + 1)
		r.events[i].cleanText()
	}
	h.Events = len(r.events)
	return Log{Header: h, Events: r.events}
}

// cleanText replaces bytes that are not UTF-8 with U+FFFD.
func (e *Event) cleanText() {
	texts := []*string{&e.Error, &e.ID, &e.Key, &e.Client, &e.To, &e.Sink, &e.Name, &e.Value, &e.Topic, &e.Group, &e.Member}
	if e.Letter != nil {
		texts = append(texts, &e.Letter.Topic, &e.Letter.Error)
	}
	for _, s := range texts {
		if !utf8.ValidString(*s) {
			*s = strings.ToValidUTF8(*s, "\uFFFD")
		}
	}
}

// Log is a frozen history. Nothing in it is changed by anyone who reads it.
type Log struct {
	Header Header
	Events []Event
}

// Of yields the events of the given kinds, in order.
func (l Log) Of(kinds ...Kind) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for i := range l.Events {
			if slices.Contains(kinds, l.Events[i].Kind) && !yield(&l.Events[i]) {
				return
			}
		}
	}
}
