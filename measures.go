package breakwater

import "strings"

// The name of a value is its measure, the statistic and the phase where there
// are several, and in brackets what it is about:
//
//	name      = measure { "." part } [ "[" subject "]" ]
//	measure   = lower-case letters and "-"
//	part      = the same, and digits: p50, p99, before, during, after, excess, added, worker, ratio, key
//	subject   = an operation ("POST /register"), a sink, a group, a service or a topic
//
// "latency.p99.during[POST /register]", "catch-up[analytics]", "orphans".
// The functions below make them, so that nobody types one.

// Quantiles that latencies are measured at.
const (
	P50 = "p50"
	P99 = "p99"
)

// Orphans is the name of the number of root requests torn between their sinks.
const Orphans = "orphans"

// BlastRadius is the name of the number of services that let their callers down
// while a fault was active, beyond those that were broken on purpose.
const BlastRadius = "blast-radius"

// Traced is the name of the share, 0…1, of the acknowledged events of which the
// whole life is known: appended where there is a log; by each service that owes it
// an effect called for, or delivered to its group and committed past; and every
// effect that is owed.
const Traced = "traced"

// LatencyOf names the intended latency of an operation in a phase (before,
// during, after) in ms. During is while a fault was witnessed to be active;
// without any fault in the run, phases are the header's.
//
// A quantile of few requests is known roughly. It lies with 99 % between two of the
// sorted values, those that are 2.33 √(n q (1−q)) ranks around it (the binomial interval,
// see Conover, Practical Nonparametric Statistics, 3.2); of a difference of two phases each
// is taken with 1.65. Where there are not so many values it is the first or the last.
func LatencyOf(quantile, phase, operation string) string {
	return measureName("latency."+quantile+"."+phase, operation)
}

// LatencyAdded names latency during − before, in ms.
func LatencyAdded(quantile, operation string) string {
	return measureName("latency."+quantile+".added", operation)
}

// LatencyExcess names (during − before) ÷ max(50 % of before, 5 ms), so that ≤ 1
// reads "no more than baseline + max(50 %, 5 ms)".
func LatencyExcess(quantile, operation string) string {
	return measureName("latency."+quantile+".excess", operation)
}

// AvailabilityOf names ok ÷ scheduled, 0…1, of an operation while a fault was active.
func AvailabilityOf(operation string) string { return AvailabilityIn(During, operation) }

// AvailabilityIn names ok ÷ scheduled of an operation in a phase.
func AvailabilityIn(phase, operation string) string {
	return measureName("availability."+phase, operation)
}

// Capacity names the highest rate of an operation a second that was held, under load
// that rises (see Ramp): the last window of a second, before two in a row that were
// not, in which no more than one request in a hundred failed or was answered later
// than Require.Latency. Where the load never was too much it is a lower bound; without
// Require.Latency it is not measured. It counts while a fault is active or, in a run
// without one, from the baseline on. Requests wait before they are late, so that a load
// that rises fast makes it too high.
func Capacity(operation string) string { return measureName("capacity", operation) }

// Lost names the number of ids that a sink was owed and never got.
func Lost(sink string) string { return measureName("lost", sink) }

// Duplicates names the effects beyond the first of each id in a sink.
func Duplicates(sink string) string { return measureName("duplicates", sink) }

// Redelivered names the attempts beyond the first of each id in a sink.
func Redelivered(sink string) string { return measureName("redelivered", sink) }

// LogDuplicates names the records beyond the first of each id in a topic, whoever
// published them again: a producer that is not idempotent, or an application.
// Readers of committed records see them all.
func LogDuplicates(topic string) string { return measureName("log-duplicates", topic) }

// Aborted names the records in a topic whose transaction was aborted. Readers of
// committed records see none of them.
func Aborted(topic string) string { return measureName("aborted", topic) }

// EffectsDuring names the effects in a sink while a fault was active.
func EffectsDuring(sink string) string { return measureName("effects.during", sink) }

// EffectsRatio names the effects in a sink while a fault was active ÷ the
// requests that were scheduled then and ask for one.
func EffectsRatio(sink string) string { return measureName("effects.ratio", sink) }

// Amplification names the calls to a service ÷ the root requests that ask for
// effects, while a fault was active.
func Amplification(service string) string { return measureName("amplification", service) }

// Detection names the seconds from the witnessed start of a fault to the first
// sign of it at a group (an error, a rebalance, a lag above the baseline) or an
// operation (a breach); of several faults the longest.
func Detection(subject string) string { return measureName("detection", subject) }

// Outage names the longest gap in seconds between two good completions of a
// group or operation that overlaps a fault.
func Outage(subject string) string { return measureName("outage", subject) }

// WorkerOutage names the longest outage of a single partition of a group.
func WorkerOutage(group string) string { return measureName("outage.worker", group) }

// FirstProgress names the seconds from the witnessed heal to the first good completion.
func FirstProgress(subject string) string { return measureName("first-progress", subject) }

// CatchUp names the seconds from the witnessed heal until the group or
// operation is back at its baseline and stays there.
func CatchUp(subject string) string { return measureName("catch-up", subject) }

// IdealCatchUp names backlog ÷ (replay rate − arrival rate) of a group, in seconds.
func IdealCatchUp(group string) string { return measureName("ideal", group) }

// Headroom names replay rate ÷ arrival rate of a group; ≤ 1 never catches up.
func Headroom(group string) string { return measureName("headroom", group) }

// ReplayDepth names the records that a group's consumers went back after a fault:
// from where they resumed to the last one that had been attempted before. What had
// only been fetched ahead counts where no sink tells of attempts or effects.
func ReplayDepth(group string) string { return measureName("replay-depth", group) }

// Rejoins names how often members of a group took up partitions under a new
// membership or generation after the first fault had become active.
func Rejoins(group string) string { return measureName("rejoins", group) }

// Unowned names for how long partitions belonged to no member of a group, in
// partition-seconds: added up over the partitions, from the first fault's injection
// to the load's end. A member that leaves, or whose process ends, has its partitions
// no longer; one that is frozen has them until its group gives them away.
func Unowned(group string) string { return measureName("unowned", group) }

// Staleness names the highest staleness of a consuming service's sink in the whole
// run, in seconds. At each instant it is the age, since its acknowledgement, of the
// oldest acknowledged event that is not in the sink then, and 0 when none is
// missing: what a reader of the view may have to wait for that somebody else was
// promised.
//
// An event is in the sink from its first effect. Where the service stores its
// positions in the sink and somebody outside the group sets them back (a view is
// deleted and made again), it is missing once more until a stored position has
// passed its record again. One that is missing when the run ends makes the value a
// lower bound. Effects are placed by the sink's own clock, so that values below
// its skew say nothing.
func Staleness(service string) string { return measureName("staleness", service) }

// StalenessIn names the highest staleness of a service's sink in a phase (before:
// its baseline; during; after), in seconds. What was acknowledged in an earlier
// phase and is still missing counts with its whole age.
func StalenessIn(phase, service string) string { return measureName("staleness."+phase, service) }

// FreshAgain names the seconds from the witnessed heal until the staleness of a
// service's sink is back at its baseline and stays there; of several faults the
// longest. The baseline is the highest of the windows before the fault after their
// highest tenth is left out; up to a second above it is back.
func FreshAgain(service string) string { return measureName("fresh-again", service) }

// ConsistencyWindow names the time from the acknowledgement of an event to its first
// effect in a sink, in ms, over the events acknowledged in a phase; it is 0 where the
// effect came first. An event that never came waits until the run ends, which makes
// the value a lower bound. Effects are placed by the sink's own clock, so that values
// below its skew say nothing.
func ConsistencyWindow(quantile, phase, sink string) string {
	return measureName("consistency."+quantile+"."+phase, sink)
}

// StaleReads names the share, 0…1, of the events acknowledged in a phase that were
// not in a sink yet when the acknowledgement came, by more than its skew: a user who
// looks at once does not find what he wrote. It is the share of violations of
// read-your-writes by users who do not think.
func StaleReads(phase, sink string) string { return measureName("stale-reads."+phase, sink) }

// Overtaken names the events that took effect in a sink after one that was sent only
// when they had been acknowledged, by more than its skew.
func Overtaken(sink string) string { return measureName("overtaken", sink) }

// OvertakenInKey names those that one of the same business key had overtaken.
func OvertakenInKey(sink string) string { return measureName("overtaken.key", sink) }

// Restarts names how often processes of a service were started again: every start
// but the first of each instance, when load ran or not.
func Restarts(service string) string { return measureName("restarts", service) }

func measureName(measure, subject string) string { return measure + "[" + subject + "]" }

// SplitMeasure takes a name apart: "latency.p50.during" and "POST /register".
func SplitMeasure(name string) (measure, subject string) {
	measure, subject, found := strings.Cut(name, "[")
	if found {
		subject = strings.TrimSuffix(subject, "]")
	}
	return measure, subject
}

// UnitOf is the unit of the value of that name, and "" for a name that nobody
// measures.
func UnitOf(name string) string {
	measure, _ := SplitMeasure(name)
	if strings.HasPrefix(measure, "latency.") {
		if strings.HasSuffix(measure, ".excess") {
			return "ratio"
		}
		return "ms"
	}
	if strings.HasPrefix(measure, "consistency.") {
		return "ms"
	}
	if strings.HasPrefix(measure, "availability.") || strings.HasPrefix(measure, "stale-reads.") || measure == Traced {
		return "share"
	}
	if strings.HasPrefix(measure, "staleness.") {
		return "s"
	}
	switch measure {
	case "capacity":
		return "/s"
	case "detection", "outage", "outage.worker", "first-progress", "catch-up", "ideal", "staleness", "fresh-again", "unowned":
		return "s"
	case "amplification", "headroom", "effects.ratio":
		return "ratio"
	case Orphans, BlastRadius, "lost", "duplicates", "redelivered", "log-duplicates", "aborted", "effects.during", "replay-depth", "rejoins", "restarts", "overtaken", "overtaken.key":
		return "count"
	}
	return ""
}
