package trial

import (
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Shares of a phase from which on a saturated machine may explain what was observed. A
// tenth of all calls that come late is what a guarantee takes for a breach; a median is
// moved by some more, and another quantile by as many requests as lie above it.
const (
	strainsVerdict  = 0.1
	strainsQuantile = 0.25
)

// strain is how the machine's processors may explain what was observed otherwise than
// predicted, and "" if they do not: for as long as they were saturated, whatever takes
// time took longer, for no reason that is the system's.
func (t *Trial) strain(p Predicted, phases []measure.Strain) string {
	if p.Outcome != Refuted {
		return ""
	}
	var worst measure.Strain
	total := 0.0
	for _, s := range phases {
		total += s.Saturated.Seconds()
		if s.Share() > worst.Share() {
			worst = s
		}
	}
	if worst.Saturated == 0 || !t.strained(p, worst.Share(), total) {
		return ""
	}
	return fmt.Sprintf("the machine's processors were saturated for %s of the %s %s (leave it more to itself: --procs), which may explain: ",
		quantity.Duration(worst.Saturated), quantity.Duration(worst.Took), breakwater.PhasePhrase(worst.Phase))
}

// strained is whether a share of a phase that was saturated, and so many seconds of the
// whole run, are enough for it.
func (t *Trial) strained(p Predicted, share, seconds float64) bool {
	switch {
	case p.Measurement == "":
		return p.Expect == breakwater.ToHold && share >= strainsVerdict && t.breaksByTime(p.Prediction)
	case !measure.RestsOnTime(p.Measurement):
		return false
	}
	v, _ := t.Measurements.Lookup(p.Measurement)
	if q := measure.Quantile(p.Measurement); q > 0 {
		return share >= min(strainsQuantile, 1-q)
	}
	switch {
	case v.Unit == "s" && p.Op == breakwater.OpAtMost:
		return v.Value-seconds <= p.Bound
	case v.Unit != "s" && p.Op == breakwater.OpAtLeast:
		return v.Value >= p.Bound*(1-share)
	}
	return share >= strainsQuantile
}

// byTime is whether a guarantee is judged by time.
func byTime(guarantee string) bool {
	g, _ := breakwater.GuaranteeOf(guarantee)
	return g.By == breakwater.ByTime
}

// breaksByTime is whether all that is broken of what was predicted to hold rests on time.
func (t *Trial) breaksByTime(p breakwater.Prediction) bool {
	if p.Guarantee != breakwater.Others {
		return byTime(p.Guarantee)
	}
	return !slices.ContainsFunc(t.Verdicts, func(v check.Verdict) bool {
		return v.Status == check.Broken && !slices.Contains(p.Except, v.Guarantee) && !byTime(v.Guarantee)
	})
}
