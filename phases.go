package breakwater

// Names of the phases, in order. The load runs in all but the last.
const (
	WarmUp = "warm-up" // load, not measured: connections and caches are made
	Before = "before"  // load, no fault yet: the baseline
	During = "during"  // from the first injection to the last heal
	After  = "after"   // load goes on, faults are healed
	Drain  = "drain"   // no load; until recovered or the deadline
)

// PhasePhrase is "during the fault", and "" of no phase.
func PhasePhrase(phase string) string {
	if phase == "" {
		return ""
	}
	return phase + " the fault"
}

// MeasuredPhases are those in which something is measured, in order.
func MeasuredPhases() []string { return []string{Before, During, After} }
