package measure

import (
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// Strain is for how long the machine's processors were saturated in a phase of a run.
type Strain struct {
	Phase           string // before, during or after, as for all measurements
	Took, Saturated time.Duration
}

// Share is Saturated ÷ Took, 0…1.
func (s Strain) Share() float64 {
	if s.Took <= 0 {
		return 0
	}
	return float64(s.Saturated) / float64(s.Took)
}

// Strains are those of a run's phases before, during and after its faults.
func Strains(x *history.Index) []Strain {
	phases := newSpans(x)
	var all []Strain
	for _, name := range breakwater.MeasuredPhases() {
		s := Strain{Phase: name}
		for _, w := range phases[name] {
			s.Took += w.To - w.From
			for e := range x.Of(history.Saturated) {
				s.Saturated += max(0, min(e.End, w.To)-max(e.At, w.From))
			}
		}
		all = append(all, s)
	}
	return all
}

// RestsOnTime is whether the measurement of that name takes another value where processes
// have to wait for a processor. Counts of records do not.
func RestsOnTime(name string) bool {
	m, _ := breakwater.MeasureOf(name)
	switch m.Unit {
	case "", "count":
		return false
	case "ratio":
		return m.Key == "effects.ratio" || m.Quantile != ""
	}
	return m.Key != breakwater.Traced
}

// quantiles are what their names in those of values stand for.
var quantiles = map[string]float64{breakwater.P50: 0.50, breakwater.P99: 0.99}

// Quantile is that of a latency or of a consistency window, 0…1: 0.5 of
// "latency.p50.added[POST /register]", and 0 of what is none.
func Quantile(name string) float64 {
	m, _ := breakwater.MeasureOf(name)
	return quantiles[m.Quantile]
}
