package breakwater

import (
	"errors"
	"fmt"
	"math"
)

// Sweep reports which point of a curve a trial is. Trials of one claim in one world with
// the same Over and Of are the curves of one picture.
type Sweep struct {
	Over string  `json:"over"`           // what changes from point to point: "callees"
	At   float64 `json:"at"`             // how much of it there is here
	Of   string  `json:"of"`             // the measurement that is drawn, by its name
	Line string  `json:"line,omitempty"` // which curve it is on; default the contender's name
}

// Validate reports what is wrong with a sweep, naming the field. None at all is right.
func (s *Sweep) Validate() error {
	switch {
	case s == nil:
	case s.Over == "":
		return errors.New("sweep: Over is empty; report what changes from point to point")
	case math.IsNaN(s.At) || math.IsInf(s.At, 0) || s.At < 0:
		return fmt.Errorf("sweep: At is %g; give a number from 0", s.At)
	case UnitOf(s.Of) == "":
		return fmt.Errorf("sweep: Of %q is not measured; make the name with a function like CatchUp", s.Of)
	}
	return nil
}
