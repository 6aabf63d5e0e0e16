package history

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxEvents is how many events a history holds at most: 1.5 GB of memory while
// they are recorded or read, and as much again while they are frozen.
const MaxEvents = 4_000_000

// ErrFrozen is returned for an event that arrives after [Recorder.Freeze].
var ErrFrozen = errors.New("history: the recorder is frozen")

// ErrFull is returned for events that are more than a recorder takes.
var ErrFull = errors.New("history: the recorder is full; send less load, or for a shorter time")

// Recorder collects events from many goroutines. The zero value is ready.
// It keeps every event in memory, 368 bytes each and its texts (one copy of each
// once it is frozen), and never moves one: adding takes as long with a million as
// with none. When it is full it refuses what comes, and its log cannot be judged.
type Recorder struct {
	Limit int // of events; 0: MaxEvents

	// Rewrite is what becomes of each text when it is frozen, but for ids, keys and the
	// names of what runs: secrets are kept out by it. nil: nothing.
	Rewrite func(string) string

	mu      sync.Mutex
	chunks  [][]Event // all but the last have chunkSize events; one when frozen
	n       int
	refused int
	frozen  bool
}

const chunkSize = 1024

// Add records the events in the order given, all or none. It fails after Freeze,
// and when the recorder is full; the caller then holds events that will not be
// judged, which is an error of the kit and must not be dropped in silence.
func (r *Recorder) Add(events ...Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen {
		return ErrFrozen
	}
	if r.n+len(events) > cmp.Or(r.Limit, MaxEvents) {
		r.refused += len(events)
		return ErrFull
	}
	for len(events) > 0 {
		if r.n%chunkSize == 0 {
			// The first grows as it is filled, so that a small log stays small.
			size := 0
			if r.n > 0 {
				size = chunkSize
			}
			r.chunks = append(r.chunks, make([]Event, 0, size))
		}
		last := &r.chunks[len(r.chunks)-1]
		k := min(chunkSize-len(*last), len(events))
		*last = append(*last, events[:k]...)
		events = events[k:]
		r.n += k
	}
	return nil
}

// at is the i-th event in order of arrival, once frozen in order of time.
func (r *Recorder) at(i int) *Event {
	if r.frozen {
		return &r.chunks[0][i]
	}
	return &r.chunks[i/chunkSize][i%chunkSize]
}

// Len is the number of events so far.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// Since calls yield for each event from index i on and returns the next index.
// A conductor follows a run with it; it sees events in order of arrival.
func (r *Recorder) Since(i int, yield func(*Event)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; i < r.n; i++ {
		yield(r.at(i))
	}
	return i
}

// Freeze ends the recording and returns the log: events sorted by At, events
// of one instant in order of arrival, numbered from 1. What was refused is named
// by an event of kind harness-error at its end. A second call returns the same log.
func (r *Recorder) Freeze(h Header) Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.Schema == "" {
		h.Schema = Schema
	}
	// The log in memory and the log read from its file must be the same to
	// every judge, so what JSON cannot carry goes now.
	h.Base = h.Base.Round(0).UTC()
	if !r.frozen {
		events := r.sorted()
		r.chunks, r.n, r.frozen = [][]Event{events}, len(events), true
	}
	h.Events = r.n
	return Log{Header: h, Events: r.chunks[0]}
}

func (r *Recorder) sorted() []Event {
	order := make([]int32, r.n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.at(int(a)).At, r.at(int(b)).At), cmp.Compare(a, b))
	})
	var events []Event // nil when there are none, as when read from a file
	if r.n+r.refused > 0 {
		events = make([]Event, 0, r.n+1)
	}
	for _, i := range order {
		events = append(events, *r.at(int(i)))
	}
	if r.refused > 0 {
		full := Event{Kind: HarnessError, Client: "recorder", Error: fmt.Sprintf("it was full with %d events, and %d more were refused", r.n, r.refused)}
		if r.n > 0 {
			full.At = events[r.n-1].At
		}
		events = append(events, full)
	}
	known, rewritten := texts{}, map[string]string{}
	for i := range events {
		events[i].N = uint64(i + 1)
		if r.Rewrite != nil {
			events[i].rewrite(rewritten, r.Rewrite)
		}
		events[i].cleanText()
		known.share(&events[i])
	}
	return events
}

// texts are one copy each of what many events say: what came through a socket or a
// file has a copy of its own for each event, and judges walk through all of them.
type texts map[string]string

// share returns how much memory the texts take that were not known before.
func (t texts) share(e *Event) (added int64) {
	kind, outcome := string(e.Kind), string(e.Outcome)
	added = t.one(&kind) + t.one(&outcome)
	e.Kind, e.Outcome = Kind(kind), Outcome(outcome)
	for _, s := range e.texts() {
		added += t.one(s)
	}
	if l := e.DeadLetter; l != nil { // rare, and not shared
		added += textSize + int64(len(l.Topic)+len(l.Error))
	}
	if f := e.Fault; f != nil {
		added += faultSize + int64(len(f.Fault.String()))
		for _, s := range slices.Concat(f.Instances, f.Evidence) {
			added += textSize + int64(len(s))
		}
	}
	return added
}

func (t texts) one(s *string) (added int64) {
	if *s == "" {
		return 0
	}
	known, met := t[*s]
	if met {
		*s = known
		return 0
	}
	t[*s] = *s
	return int64(len(*s)) + textSize
}

// rewrite changes the texts that somebody wrote, each once for all events.
func (e *Event) rewrite(done map[string]string, by func(string) string) {
	change := func(s *string) {
		if *s == "" {
			return
		}
		now, known := done[*s]
		if !known {
			now = by(*s)
			done[*s] = now
		}
		*s = now
	}
	change(&e.Error)
	change(&e.Name)
	change(&e.Value)
	if e.DeadLetter != nil {
		change(&e.DeadLetter.Error)
	}
	if f := e.Fault; f != nil {
		for i := range f.Evidence {
			change(&f.Evidence[i])
		}
	}
}

// MaxText is how many bytes of a text are recorded. A longer one is cut, and ends with
// its SHA-256, so that two that differ in what was cut are two all the same.
const MaxText = 4 << 10

// cleanText replaces bytes that are not UTF-8 with U+FFFD, and cuts what is too long.
func (e *Event) cleanText() {
	clean := func(s *string) {
		if len(*s) > MaxText {
			sum := fmt.Sprintf("… (%d bytes, SHA-256 %x)", len(*s), sha256.Sum256([]byte(*s)))
			*s = strings.Clone((*s)[:MaxText-len(sum)]) + sum
		}
		if !utf8.ValidString(*s) {
			*s = strings.ToValidUTF8(*s, "\uFFFD")
		}
	}
	for _, s := range e.texts() {
		clean(s)
	}
	if e.DeadLetter != nil {
		clean(&e.DeadLetter.Topic)
		clean(&e.DeadLetter.Error)
	}
}

func (e *Event) texts() [11]*string {
	return [...]*string{&e.Error, &e.ID, &e.Key, &e.Client, &e.To, &e.Sink, &e.Name, &e.Value, &e.Topic, &e.Group, &e.Member}
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
