package breakwater

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that JSON writes as "1.5s", since scenarios and plans
// are read and written by people.
type Duration time.Duration

// String is the duration as in JSON: "1.5s".
func (d Duration) String() string { return time.Duration(d).String() }

// Seconds is the duration in seconds.
func (d Duration) Seconds() float64 { return time.Duration(d).Seconds() }

// MarshalText writes "1.5s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "1.5s"; a bare number is an error.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is no duration; write 300ms or 1.5s", b)
	}
	*d = Duration(v)
	return nil
}
