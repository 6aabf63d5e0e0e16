package breakwater

import (
	"fmt"
	"time"
)

// OffsetSpec is a place in a topic's log, on each of its partitions. Make one with
// ToEarliest, ToOffset or ToTime.
type OffsetSpec struct {
	Kind   OffsetKind `json:"to"`
	Offset int64      `json:"offset,omitempty"`

	// Time counts from the start of the load's baseline; in the fault that a world is
	// given, from the world's own instant 0.
	Time Duration `json:"time,omitempty"`
}

// OffsetKind is what an OffsetSpec goes by.
type OffsetKind string

// What an OffsetSpec can go by.
const (
	OffsetEarliest OffsetKind = "earliest"
	OffsetNumber   OffsetKind = "offset"
	OffsetAtTime   OffsetKind = "time"
)

// ToEarliest is the first record that the log still holds.
func ToEarliest() OffsetSpec { return OffsetSpec{Kind: OffsetEarliest} }

// ToOffset is the offset n. On a partition that does not reach so far it is the
// log's end, on one that begins later its start.
func ToOffset(n int64) OffsetSpec { return OffsetSpec{Kind: OffsetNumber, Offset: n} }

// ToTime is the first record whose time stamp is not before d after the load's
// baseline began. Where there is none it is the log's end.
func ToTime(d time.Duration) OffsetSpec { return OffsetSpec{Kind: OffsetAtTime, Time: Duration(d)} }

// String is the place in words: "to 4s after the baseline began".
func (o OffsetSpec) String() string {
	switch o.Kind {
	case OffsetNumber:
		return fmt.Sprintf("to offset %d", o.Offset)
	case OffsetAtTime:
		return fmt.Sprintf("to %s after the baseline began", o.Time)
	}
	return "to the " + string(o.Kind)
}

func (o OffsetSpec) validate() error {
	switch {
	case o.Kind != OffsetEarliest && o.Kind != OffsetNumber && o.Kind != OffsetAtTime:
		return fmt.Errorf("reset-offsets: to %q; use ToEarliest, ToOffset or ToTime (in JSON %s, %s or %s)", o.Kind, OffsetEarliest, OffsetNumber, OffsetAtTime)
	case o.Kind == OffsetNumber && o.Offset < 0:
		return fmt.Errorf("reset-offsets: to offset %d; give 0 or more", o.Offset)
	case o.Kind == OffsetAtTime && o.Time < 0:
		return fmt.Errorf("reset-offsets: to the time %s; give 0s, when the baseline begins, or more", o.Time)
	}
	return nil
}

// FromRunStart counts from the world's instant 0 what counts from the baseline.
func (o OffsetSpec) FromRunStart(baseline time.Duration) OffsetSpec {
	if o.Kind == OffsetAtTime {
		o.Time += Duration(baseline)
	}
	return o
}
