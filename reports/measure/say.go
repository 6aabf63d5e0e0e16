package measure

import (
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// phaseWords are how a sentence says when.
var phaseWords = map[string]string{history.Before: "before the fault", history.During: "during the fault", history.After: "after the fault"}

// Phrase is what a name measures, in words after which a bound can stand: "p50 of
// POST /register rises by", "catch-up of analytics". A name that nobody measures
// is its own phrase.
func Phrase(name string) string {
	measure, of := Split(name)
	parts := strings.Split(measure, ".")
	switch {
	case parts[0] == "latency" && len(parts) == 3:
		switch when := parts[2]; when {
		case "added", "excess":
			return parts[1] + " of " + of + " rises by"
		default:
			return parts[1] + " of " + of + " " + phaseWords[when]
		}
	case parts[0] == "availability" && len(parts) == 2:
		return of + " ok " + phaseWords[parts[1]]
	case parts[0] == "staleness" && len(parts) == 2:
		return "highest staleness of " + of + " " + phaseWords[parts[1]]
	case parts[0] == "consistency" && len(parts) == 3:
		return parts[1] + " from acknowledgement to effect in " + of + " " + phaseWords[parts[2]]
	case parts[0] == "stale-reads" && len(parts) == 2:
		return "reads of " + of + " at the acknowledgement that miss it, " + phaseWords[parts[1]]
	}
	if p, ok := phrases[measure]; ok {
		return fmt.Sprintf(p.long, of)
	}
	return name
}

// phrases of the measures that have no phase. The short form leads the value
// where the subject is known: "catch-up 656 ms".
var phrases = map[string]struct{ long, short string }{
	Orphans:          {"requests torn between their sinks%s", "torn requests"},
	BlastRadius:      {"services breached beyond the broken one%s", "blast radius"},
	"capacity":       {"capacity of %s", "capacity"},
	"lost":           {"ids lost in %s", "lost"},
	"duplicates":     {"duplicate effects in %s", "duplicates"},
	"log-duplicates": {"records of %s beyond the first of their id", "duplicates in the log"},
	"aborted":        {"records of %s whose transaction was aborted", "aborted"},
	"redelivered":    {"ids delivered again to %s", "delivered again"},
	"effects.during": {"effects in %s during the fault", "effects"},
	"effects.ratio":  {"effects in %s per request during the fault", "effects per request"},
	"amplification":  {"calls to %s per request during the fault", "calls per request"},
	"detection":      {"detection by %s", "detection"},
	"outage":         {"outage of %s", "outage"},
	"outage.worker":  {"longest outage of a partition of %s", "outage of a partition"},
	"first-progress": {"first progress of %s after the heal", "first progress"},
	"catch-up":       {"catch-up of %s", "catch-up"},
	"ideal":          {"ideal catch-up of %s", "ideal catch-up"},
	"headroom":       {"replay rate of %s ÷ arrival rate", "replay ÷ arrival rate"},
	"replay-depth":   {"records that %s was sent again", "sent again"},
	"rejoins":        {"rejoins of %s", "rejoins"},
	"unowned":        {"partition-seconds in which nobody in %s owned a partition", "partition-seconds unowned"},
	"staleness":      {"highest staleness of %s", "staleness"},
	"fresh-again":    {"after the heal %s is fresh again in", "fresh again in"},
	"restarts":       {"restarts of %s", "restarts"},
	"overtaken":      {"events overtaken in %s", "overtaken"},
	"overtaken.key":  {"events overtaken in %s by a later one of their key", "overtaken in their key"},
	Traced:           {"lives of acknowledged events that are wholly known%s", "of lives known"},
}

// Bound is a bound on the value of that name, as people write it: "10 s", and
// "max(50 %, 5 ms)" for an excess of 1.
func Bound(name string, bound float64) string {
	measure, _ := Split(name)
	if !strings.HasSuffix(measure, ".excess") {
		return quantity.Value(bound, Unit(name))
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
	measure, of := Split(name)
	v, measured := m.Lookup(name)
	parts := strings.Split(measure, ".")
	switch {
	case !measured:
		return Phrase(name) + ": not measured"
	case parts[0] == "latency" && len(parts) == 3:
		return parts[1] + " " + m.Tell(name)
	case parts[0] == "availability":
		return v.String() + " of " + of + " ok"
	case parts[0] == "staleness" && len(parts) == 2:
		return "staleness " + v.String() + " " + phaseWords[parts[1]]
	case parts[0] == "consistency" && len(parts) == 3:
		return parts[1] + " window " + v.String() + " " + phaseWords[parts[2]]
	case parts[0] == "stale-reads" && len(parts) == 2:
		return v.String() + " stale reads " + phaseWords[parts[1]]
	case measure == Traced:
		return v.String() + " " + phrases[measure].short
	}
	if p, ok := phrases[measure]; ok {
		if v.Unit == "count" && measure != "rejoins" && measure != "restarts" && measure != BlastRadius {
			return v.String() + " " + p.short
		}
		return p.short + " " + v.String()
	}
	return v.String()
}

// Tell is the value of that name with the numbers that it was made of: "+997 ms
// (4.1 ms → 1 s)", "61.2 % (60 of 98)". It is [Value.String] where there are none.
func (m Measurements) Tell(name string) string {
	measure, of := Split(name)
	v, measured := m.Lookup(name)
	if !measured {
		return Value{}.String()
	}
	parts := strings.Split(measure, ".")
	for _, op := range m.Operations {
		if op.Name != of || len(parts) < 2 {
			continue
		}
		switch {
		case parts[0] == "availability":
			s := op.Phases[parts[1]]
			return v.String() + " (" + quantity.Of(s.OK, s.Scheduled) + ")"
		case len(parts) == 3 && (parts[2] == "added" || parts[2] == "excess"):
			before, during := op.Phases[history.Before].P50, op.Phases[history.During].P50
			if parts[1] == P99 {
				before, during = op.Phases[history.Before].P99, op.Phases[history.During].P99
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
	measure, of := Split(name)
	parts := strings.Split(measure, ".")
	text := func(x float64) string {
		s := quantity.Value(x, Unit(Latency(P50, history.Before, of)))
		if x > 0 && parts[2] != history.Before && parts[2] != history.During && parts[2] != history.After {
			s = "+" + s
		}
		return s
	}
	if parts[2] == "excess" {
		v, _ = m.Lookup(LatencyAdded(parts[1], of))
	}
	return fmt.Sprintf("so few requests (%s) show only that it lies between %s and %s; make the phases longer, or the rate higher",
		quantity.Count(v.N), text(v.Low), text(v.High))
}
