package measure

import (
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Bound is a bound on the value of that name, as people write it: "10 s", and
// "max(50 %, 5 ms)" for an excess of 1.
func Bound(name string, bound float64) string {
	if m, _ := breakwater.MeasureOf(name); m.Key != "latency.QUANTILE.excess" {
		return quantity.Value(bound, breakwater.UnitOf(name))
	}
	allowed := "max(50 %, " + quantity.Duration(latencyFloor) + ")"
	if bound == 1 {
		return allowed
	}
	return quantity.Value(bound, "ratio") + " × " + allowed
}

// Brief is the value of that name in the few words that a table has room for:
// "catch-up 656 ms", "p50 +997 ms (4.1 ms → 1 s)", "61.2 % of GET /catalog ok".
func (m Measurements) Brief(name string) string {
	of, known := breakwater.MeasureOf(name)
	v, measured := m.Lookup(name)
	switch {
	case !measured:
		return breakwater.Phrase(name) + ": not measured"
	case !known:
		return v.String()
	case strings.HasPrefix(of.Key, "latency."):
		return of.Format(of.Brief, m.Describe(name))
	}
	return of.Format(of.Brief, v.String())
}

// Describe is the value of that name with the numbers that it was made of: "+997 ms
// (4.1 ms → 1 s)", "61.2 % (60 of 98)". It is [Value.String] where there are none.
func (m Measurements) Describe(name string) string {
	of, _ := breakwater.MeasureOf(name)
	v, measured := m.Lookup(name)
	if !measured {
		return Value{}.String()
	}
	for _, op := range m.Operations {
		switch {
		case op.Name != of.Subject:
		case of.Key == "availability.PHASE":
			s := op.Phases[of.Phase]
			return v.String() + " (" + quantity.Of(s.OK, s.Scheduled) + ")"
		case of.Quantile != "" && of.Phase == "": // added, or excess
			before, during := op.Phases[breakwater.Before].P50, op.Phases[breakwater.During].P50
			if of.Quantile == breakwater.P99 {
				before, during = op.Phases[breakwater.Before].P99, op.Phases[breakwater.During].P99
			}
			added := quantity.Duration(during - before)
			if during > before {
				added = "+" + added
			}
			return fmt.Sprintf("%s (%s → %s)", added, quantity.Duration(before), quantity.Duration(during))
		}
	}
	return v.String()
}

// Within is between what the value of that name lies, "between −1.2 ms and +9.4 ms", and
// what would show it better. It is empty where the value is exact.
func (m Measurements) Within(name string) string {
	v, measured := m.Lookup(name)
	if !measured || v.Exact() {
		return ""
	}
	of, _ := breakwater.MeasureOf(name)
	text := func(ms float64) string {
		s := quantity.Value(ms, "ms")
		if ms > 0 && of.Phase == "" {
			s = "+" + s
		}
		return s
	}
	if of.Unit != "ms" {
		v, _ = m.Lookup(breakwater.LatencyAdded(of.Quantile, of.Subject))
	}
	return fmt.Sprintf("so few requests (%s) show only that it lies between %s and %s; make the phases longer, or the rate higher",
		quantity.Count(v.N), text(v.Low), text(v.High))
}
