package history

import (
	"iter"
)

// ByID are the events of one sort by the id that they carry, those of one id in
// order of time. An id that has none, or that nobody knows, has an empty list.
type ByID struct {
	x      *Index
	start  []int32 // where the events of an id begin, by its number; they end where the next one's begin
	events []*Event
	ids    int
}

func (x *Index) byID(places []int32) ByID {
	if len(places) == 0 {
		return ByID{x: x}
	}
	b := ByID{x: x, start: make([]int32, len(x.ids)+1), events: make([]*Event, len(places))}
	for _, i := range places {
		b.start[x.number[i]+1]++
	}
	for n := range len(x.ids) {
		if b.start[n+1] > 0 {
			b.ids++
		}
		b.start[n+1] += b.start[n]
	}
	// Each list's begin moves to its end as it is filled, and that is where the
	// next one begins: move all back by one.
	for _, i := range places {
		n := x.number[i]
		b.events[b.start[n]] = &x.Log.Events[i]
		b.start[n]++
	}
	copy(b.start[1:], b.start[:len(b.start)-1])
	b.start[0] = 0
	return b
}

func (b ByID) numbered(n int32) []*Event {
	if b.start == nil {
		return nil
	}
	return b.events[b.start[n]:b.start[n+1]:b.start[n+1]]
}

// Of returns the events with the id of the given one, which is an event of the
// same log.
func (b ByID) Of(e *Event) []*Event {
	if place := b.x.Place(e); place >= 0 {
		return b.at(place)
	}
	return b.ID(e.ID)
}

// ID returns the events with the id.
func (b ByID) ID(id string) []*Event {
	if n, known := b.x.ids[id]; known {
		return b.numbered(n)
	}
	return nil
}

// at is the list of the id of the event at that place in the log.
func (b ByID) at(place int) []*Event { return b.numbered(b.x.number[place]) }

// Without yields the lists of those ids that have none in the other.
func (b ByID) Without(other ByID) iter.Seq[[]*Event] {
	return func(yield func([]*Event) bool) {
		for n := range len(b.start) - 1 {
			if of := b.numbered(int32(n)); len(of) > 0 && len(other.numbered(int32(n))) == 0 && !yield(of) {
				return
			}
		}
	}
}

// Meets reports whether some id, other than "", has events in both.
func (b ByID) Meets(other ByID) bool {
	for of := range b.All() {
		if of[0].ID != "" && len(other.Of(of[0])) > 0 {
			return true
		}
	}
	return false
}

// Len is how many ids have events, with "" as one of them.
func (b ByID) Len() int { return b.ids }

// Count is how many events there are.
func (b ByID) Count() int { return len(b.events) }

// All yields the events of each id, in the order in which the log first has the ids.
func (b ByID) All() iter.Seq[[]*Event] {
	return func(yield func([]*Event) bool) {
		for n := range len(b.start) - 1 {
			if of := b.numbered(int32(n)); len(of) > 0 && !yield(of) {
				return
			}
		}
	}
}
