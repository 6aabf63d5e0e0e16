package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Spread is what one measurement was over several rounds of the same trial: never
// one number.
type Spread struct {
	N      int     `json:"n"` // in how many rounds it was measured; 0: in none
	Min    float64 `json:"min"`
	Median float64 `json:"median"` // of an even number the mean of the two in the middle
	Max    float64 `json:"max"`
	Unit   string  `json:"unit"`

	// AtLeast is from which of them on the true value is at least that, "min",
	// "median" or "max": some rounds did not see it reached before their deadline.
	AtLeast string `json:"atLeast,omitempty"`

	rises bool // a positive value has a sign
}

// SpreadOf is the spread of the values that were measured. One that is known only
// to be at least something counts as that, and makes all that lies above it the
// same.
func SpreadOf(values ...Value) Spread {
	var s Spread
	var all []Value
	for _, v := range values {
		s.Unit = cmp.Or(s.Unit, v.Unit)
		if v.N > 0 {
			all = append(all, v)
		}
	}
	if s.N = len(all); s.N == 0 {
		return s
	}
	slices.SortFunc(all, func(a, b Value) int {
		if a.Value == b.Value && a.AtLeast != b.AtLeast {
			return map[bool]int{false: -1, true: 1}[a.AtLeast]
		}
		return cmp.Compare(a.Value, b.Value)
	})
	low, high := (s.N-1)/2, s.N/2
	s.Min, s.Median, s.Max = all[0].Value, math.Round((all[low].Value+all[high].Value)/2*1e6)/1e6, all[s.N-1].Value
	switch open := slices.IndexFunc(all, func(v Value) bool { return v.AtLeast }); {
	case open < 0:
	case open == 0:
		s.AtLeast = "min"
	case open <= high:
		s.AtLeast = "median"
	default:
		s.AtLeast = "max"
	}
	return s
}

// Over is the spread of the value of that name over rounds of the same trial. Of an
// excess of a latency it is what was added, in ms: so many milliseconds are read
// more easily than so many times what is allowed.
func Over(name string, rounds []Measurements) Spread {
	of, _ := breakwater.MeasureOf(name)
	added := of.Quantile != "" && of.Phase == ""
	if added {
		name = breakwater.LatencyAdded(of.Quantile, of.Subject)
	}
	var values []Value
	for _, m := range rounds {
		v, _ := m.Lookup(name)
		values = append(values, v)
	}
	s := SpreadOf(values...)
	s.Unit, s.rises = cmp.Or(s.Unit, breakwater.UnitOf(name)), added
	return s
}

// Parts are the parts of the recovery as values: detection, outage, first progress
// and catch-up. What there was none of is not measured.
func (r Recovery) Parts() []Value {
	part := func(name string, s Span) Value {
		v := s.value(!s.None && r.measured(name))
		v.Name, v.Unit = name, "s"
		return v
	}
	return []Value{part("detection", r.Detection), part("outage", r.Outage), part("first progress", r.FirstProgress), part("catch-up", r.CatchUp)}
}

// Lead is what the value of that name is, in the few words that lead it in a
// table: "p50", "catch-up", "GET /catalog ok".
func Lead(name string) string {
	if m, known := breakwater.MeasureOf(name); known {
		return m.Format(m.Short, "")
	}
	return name
}

// String is "median 3.2 s (2.9 s to 4.1 s, n 10)", and "3 (in all 10)" where all
// are the same.
func (s Spread) String() string {
	switch low, mid, high := s.Numbers(); {
	case s.N == 0:
		return "not measured"
	case s.N == 1:
		return mid + " (n 1)"
	case low == high:
		return mid + " (in all " + quantity.Count(s.N) + ")"
	default:
		return "median " + mid + " (" + low + " to " + high + ", n " + quantity.Count(s.N) + ")"
	}
}

// Range is the spread where a heading reports what stands where: "3.2 s (2.9 s to
// 4.1 s)", and "3" where all are the same.
func (s Spread) Range() string {
	low, mid, high := s.Numbers()
	if s.N == 0 || low == high {
		return mid
	}
	return mid + " (" + low + " to " + high + ")"
}

// Numbers are the minimum, the median and the maximum as people write them, and
// "not measured" without any.
func (s Spread) Numbers() (low, median, high string) {
	if s.N == 0 {
		return "not measured", "not measured", "not measured"
	}
	say := func(v float64, open bool) string {
		text := quantity.Value(v, s.Unit)
		if s.rises && v > 0 {
			text = "+" + text
		}
		if open {
			text = "> " + text
		}
		return text
	}
	return say(s.Min, s.AtLeast == "min"), say(s.Median, s.AtLeast == "min" || s.AtLeast == "median"), say(s.Max, s.AtLeast != "")
}
