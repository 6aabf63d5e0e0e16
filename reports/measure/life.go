package measure

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Moment is one thing that happened to an event on its way.
type Moment struct {
	At   time.Duration `json:"at"`
	N    uint64        `json:"n"`    // number of the history's event that reports it
	Who  string        `json:"who"`  // instance, sink or group
	What string        `json:"what"` // "sent POST /register", "effect", "committed past it (412)"
}

// LifeOf is the life of the event of that id, in order of time: sent, called on,
// published, appended, delivered to whom, attempted, its effects, given up,
// committed past, answered. It is empty for an id that the history does not know.
//
// Only what carries the id, or an offset at which the final audit found the id,
// can be told. A delivery is the broker's; that the client's program saw the
// record is said by attempts and effects alone.
func LifeOf(log history.Log, id string) []Moment {
	l := life{records: map[history.Partition][]int64{}, committed: map[string]bool{}}
	for i := range log.Events {
		if e := &log.Events[i]; e.ID == id && (e.Kind == history.Audit || e.Kind == history.Aborted) {
			l.records[e.In()] = append(l.records[e.In()], e.Offset)
		}
	}
	for i := range log.Events {
		e := &log.Events[i]
		if e.ID == id {
			l.named(e)
		}
		for _, offset := range l.records[e.In()] {
			l.placed(e, offset)
		}
	}
	slices.SortStableFunc(l.moments, func(a, b Moment) int { return cmp.Compare(a.At, b.At) })
	return l.moments
}

type life struct {
	records   map[history.Partition][]int64 // where the id stands
	committed map[string]bool               // group and record that were told already
	moments   []Moment
}

func (l *life) add(at time.Duration, e *history.Event, who, format string, args ...any) {
	l.moments = append(l.moments, Moment{At: at, N: e.N, Who: who, What: fmt.Sprintf(format, args...)})
}

// named is an event of the history that carries the id itself.
func (l *life) named(e *history.Event) {
	switch e.Kind {
	case history.Request, history.Call:
		who := cmp.Or(e.Client, "load")
		l.add(e.At, e, who, "sent %s to %s", e.Name, e.To)
		answer := cmp.Or(e.Error, fmt.Sprint(e.Status))
		if e.End > 0 {
			l.add(e.End, e, who, "heard of %s after %s: %s (%s)", e.Name, quantity.Duration(e.End-e.At), answer, e.Outcome)
		}
	case history.Attempt:
		l.add(e.At, e, e.Sink, "attempt%s", by(e))
	case history.Effect:
		l.add(e.At, e, e.Sink, "effect%s", by(e))
	}
}

func by(e *history.Event) string {
	if e.Client == "" {
		return ""
	}
	return " by " + e.Client
}

// placed is an event about the partition in which the id stands at the offset.
func (l *life) placed(e *history.Event, offset int64) {
	at := e.In().At(offset)
	switch e.Kind {
	case history.Produce:
		if e.Offset < 0 || offset < e.Offset || offset >= e.Offset+int64(max(e.Count, 1)) {
			return
		}
		l.add(e.At, e, e.Client, "published, to become %s", at)
		if e.End > 0 {
			l.add(e.End, e, e.Client, "heard that it was appended at %s after %s (%s)", at, quantity.Duration(e.End-e.At), e.Outcome)
		}
	case history.Fetched:
		if e.Offset <= offset && offset <= e.Last {
			l.add(e.At, e, e.Client, "delivered %s to group %s", at, e.Group)
		}
	case history.Commit:
		reported := e.Group + " " + e.Sink + " " + at
		if e.Outcome != history.OK || e.Offset <= offset || l.committed[reported] {
			return
		}
		l.committed[reported] = true
		if e.Sink != "" {
			l.add(max(e.End, e.At), e, e.Client, "stored in %s that it is past %s (next is %d)", e.Sink, at, e.Offset)
			return
		}
		l.add(max(e.End, e.At), e, e.Client, "committed past %s for group %s (next is %d)", at, e.Group, e.Offset)
	case history.Audit, history.Aborted:
		if e.Offset != offset {
			return
		}
		switch {
		case e.Kind == history.Aborted:
			l.add(e.At, e, "audit", "found at %s, in no committed transaction", at)
		case e.DeadLetter != nil:
			l.add(e.At, e, "audit", "found at %s, put there after attempt %d: %s", at, e.DeadLetter.Attempt, cmp.Or(e.DeadLetter.Error, "no reason given"))
		default:
			l.add(e.At, e, "audit", "found at %s", at)
		}
	}
}
