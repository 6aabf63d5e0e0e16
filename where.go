package breakwater

import (
	"encoding/json"
	"fmt"
	"time"
)

// Where is a place in a topic's log, on each of its partitions. Make one with
// ToEarliest, ToOffset or ToTime.
type Where struct {
	To     Goal
	Offset int64

	// Time counts from the start of the load's baseline; in the fault that a
	// [World] is given, from its own instant 0.
	Time time.Duration
}

// Goal is what a Where goes by.
type Goal string

// What a Where can go by.
const (
	GoalEarliest Goal = "earliest"
	GoalOffset   Goal = "offset"
	GoalTime     Goal = "time"
)

// ToEarliest is the first record that the log still holds.
func ToEarliest() Where { return Where{To: GoalEarliest} }

// ToOffset is the offset n. On a partition that does not reach so far it is the
// log's end, on one that begins later its start.
func ToOffset(n int64) Where { return Where{To: GoalOffset, Offset: n} }

// ToTime is the first record whose time stamp is not before d after the load's
// baseline began. Where there is none it is the log's end.
func ToTime(d time.Duration) Where { return Where{To: GoalTime, Time: d} }

// String is the place in words: "to 4s after the baseline began".
func (w Where) String() string {
	switch w.To {
	case GoalOffset:
		return fmt.Sprintf("to offset %d", w.Offset)
	case GoalTime:
		return fmt.Sprintf("to %s after the baseline began", w.Time)
	}
	return "to the " + string(w.To)
}

func (w Where) validate() error {
	switch {
	case w.To != GoalEarliest && w.To != GoalOffset && w.To != GoalTime:
		return fmt.Errorf("reset-offsets: where to %q; use ToEarliest, ToOffset or ToTime (in JSON %s, %s or %s)", w.To, GoalEarliest, GoalOffset, GoalTime)
	case w.To == GoalOffset && w.Offset < 0:
		return fmt.Errorf("reset-offsets: where to offset %d; give 0 or more", w.Offset)
	case w.To == GoalTime && w.Time < 0:
		return fmt.Errorf("reset-offsets: where to the time %s; give 0s, when the baseline begins, or more", w.Time)
	}
	return nil
}

// Since counts from the world's instant 0 what counts from the baseline.
func (w Where) Since(baseline time.Duration) Where {
	if w.To == GoalTime {
		w.Time += baseline
	}
	return w
}

type whereJSON struct {
	To     Goal     `json:"to"`
	Offset int64    `json:"offset,omitempty"`
	Time   Duration `json:"time,omitempty"`
}

// MarshalJSON writes the time as "4s".
func (w Where) MarshalJSON() ([]byte, error) {
	return json.Marshal(whereJSON{w.To, w.Offset, Duration(w.Time)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *Where) UnmarshalJSON(b []byte) error {
	var j whereJSON
	if err := decode(b, &j); err != nil {
		return err
	}
	*w = Where{j.To, j.Offset, time.Duration(j.Time)}
	return nil
}
