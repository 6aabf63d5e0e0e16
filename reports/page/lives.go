package page

import (
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// lifeOf is the life of one event of a contender, as a table.
type lifeOf struct {
	Contender, Class string
	measure.Life
}

// After is when the moment was, counted from the first.
func (l lifeOf) After(m measure.Moment) string { return "+" + quantity.Duration(m.At-l.Moments[0].At) }

// follow keeps the life that each contender's trial tells.
func (e *experiment) follow() {
	for _, c := range e.Contenders {
		if l := c.M.Life; l != nil && len(l.Moments) > 0 {
			e.Lives = append(e.Lives, lifeOf{c.Label, c.Class, *l})
		}
	}
}

// Longest reports how long the lives took, in few words.
func (e *experiment) Longest() string {
	longest := e.Lives[0]
	for _, l := range e.Lives {
		if l.Took > longest.Took {
			longest = l
		}
	}
	return longest.ID + ", everywhere " + quantity.Duration(longest.Took) + " after it was acknowledged"
}
