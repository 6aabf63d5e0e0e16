package breakwater

import (
	"fmt"
	"slices"
	"strings"
)

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
// whole life is known: appended where there is a log; by each service that must have
// an effect called for, or delivered to its group and committed past; and every
// effect that is due.
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

// Lost names the number of ids that were due in a sink and never came.
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
// only been fetched ahead counts where no sink shows attempts or effects.
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
// its skew show nothing.
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
// below its skew show nothing.
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

// MeasureKind is what is known of a measure whatever it is about. In its words {subject},
// {quantile} and {phase} stand for the parts of a name, and {value} for its value.
type MeasureKind struct {
	Key  string // the name without its subject, with QUANTILE and PHASE where there are several
	Unit string // s, ms, /s, share (0…1), ratio or count

	Long  string // after it a bound can stand: "catch-up of {subject}"
	Short string // where the subject is known: "catch-up"
	Brief string // with the value, in a table: "catch-up {value}"
}

// measures are all of them, in the order in which they are saved.
var measures = []MeasureKind{
	{"latency.QUANTILE.PHASE", "ms", "{quantile} of {subject} {phase}", "{quantile}", "{quantile} {value}"},
	{"latency.QUANTILE.added", "ms", "{quantile} of {subject} rises by", "{quantile}", "{quantile} {value}"},
	{"latency.QUANTILE.excess", "ratio", "{quantile} of {subject} rises by", "{quantile}", "{quantile} {value}"},
	{"availability.PHASE", "share", "{subject} ok {phase}", "{subject} ok", "{value} of {subject} ok"},
	{"capacity", "/s", "capacity of {subject}", "capacity", "capacity {value}"},
	{"staleness", "s", "highest staleness of {subject}", "staleness", "staleness {value}"},
	{"staleness.PHASE", "s", "highest staleness of {subject} {phase}", "highest staleness of {subject} {phase}", "staleness {value} {phase}"},
	{"fresh-again", "s", "after the heal {subject} is fresh again in", "fresh again in", "fresh again in {value}"},
	{"consistency.QUANTILE.PHASE", "ms", "{quantile} from acknowledgement to effect in {subject} {phase}", "{quantile} window {phase}", "{quantile} window {value} {phase}"},
	{"stale-reads.PHASE", "share", "reads of {subject} at the acknowledgement that miss it, {phase}", "stale reads {phase}", "{value} stale reads {phase}"},
	{Orphans, "count", "requests torn between their sinks", "torn requests", "{value} torn requests"},
	{BlastRadius, "count", "services breached beyond the broken one", "blast radius", "blast radius {value}"},
	{Traced, "share", "lives of acknowledged events that are wholly known", "of lives known", "{value} of lives known"},
	{"lost", "count", "ids lost in {subject}", "lost", "{value} lost"},
	{"duplicates", "count", "duplicate effects in {subject}", "duplicates", "{value} duplicates"},
	{"log-duplicates", "count", "records of {subject} beyond the first of their id", "duplicates in the log", "{value} duplicates in the log"},
	{"aborted", "count", "records of {subject} whose transaction was aborted", "aborted", "{value} aborted"},
	{"redelivered", "count", "ids delivered again to {subject}", "delivered again", "{value} delivered again"},
	{"effects.during", "count", "effects in {subject} during the fault", "effects", "{value} effects"},
	{"effects.ratio", "ratio", "effects in {subject} per request during the fault", "effects per request", "effects per request {value}"},
	{"amplification", "ratio", "calls to {subject} per request during the fault", "calls per request", "calls per request {value}"},
	{"detection", "s", "detection by {subject}", "detection", "detection {value}"},
	{"outage", "s", "outage of {subject}", "outage", "outage {value}"},
	{"outage.worker", "s", "longest outage of a partition of {subject}", "outage of a partition", "outage of a partition {value}"},
	{"first-progress", "s", "first progress of {subject} after the heal", "first progress", "first progress {value}"},
	{"catch-up", "s", "catch-up of {subject}", "catch-up", "catch-up {value}"},
	{"ideal", "s", "ideal catch-up of {subject}", "ideal catch-up", "ideal catch-up {value}"},
	{"headroom", "ratio", "replay rate of {subject} ÷ arrival rate", "replay ÷ arrival rate", "replay ÷ arrival rate {value}"},
	{"replay-depth", "count", "records that {subject} was sent again", "sent again", "{value} sent again"},
	{"rejoins", "count", "rejoins of {subject}", "rejoins", "rejoins {value}"},
	{"unowned", "s", "partition-seconds in which nobody in {subject} owned a partition", "partition-seconds unowned", "partition-seconds unowned {value}"},
	{"restarts", "count", "restarts of {subject}", "restarts", "restarts {value}"},
	{"overtaken", "count", "events overtaken in {subject}", "overtaken", "{value} overtaken"},
	{"overtaken.key", "count", "events overtaken in {subject} by a later one of their key", "overtaken in their key", "{value} overtaken in their key"},
}

// Measures are all of them.
func Measures() []MeasureKind { return slices.Clone(measures) }

// DeclareMeasure adds a measure, so that scenarios can set a bound on it. Who registers how
// it is taken does so, see measure.Register: from an init function, before any scenario is
// looked at. It panics where the key is taken, a word is missing, or the unit is none that a
// [MeasureKind] can have.
func DeclareMeasure(m MeasureKind) {
	if _, taken := MeasureOf(m.Key); taken || m.Key == "" || m.Long == "" || m.Short == "" || m.Brief == "" {
		panic(fmt.Sprintf("measure %q: the key is taken, or it or a word is missing", m.Key))
	}
	if !slices.Contains([]string{"s", "ms", "/s", "share", "ratio", "count"}, m.Unit) {
		panic(fmt.Sprintf("measure %q: the unit %q is none of s, ms, /s, share, ratio, count", m.Key, m.Unit))
	}
	measures = append(measures, m)
}

// Measured is a name of a value taken apart.
type Measured struct {
	MeasureKind
	Quantile string // P50 or P99, "" where the measure has none
	Phase    string // Before, During or After, "" likewise
	Subject  string // an operation, a sink, a group, a service or a topic; "" for the whole system
}

// MeasureOf takes a name apart, and is false of one that nobody measures.
func MeasureOf(name string) (Measured, bool) {
	key, subject := SplitMeasure(name)
	m := Measured{Subject: subject}
	general := strings.Split(key, ".")
	for i, part := range general {
		switch part {
		case P50, P99:
			m.Quantile, general[i] = part, "QUANTILE"
		case Before, During, After:
			m.Phase, general[i] = part, "PHASE"
		}
	}
	for _, k := range []string{key, strings.Join(general, ".")} {
		if i := slices.IndexFunc(measures, func(m MeasureKind) bool { return m.Key == k }); i >= 0 {
			m.MeasureKind = measures[i]
			return m, true
		}
	}
	return m, false
}

// Name puts the name together again.
func (m Measured) Name() string {
	key := strings.NewReplacer("QUANTILE", m.Quantile, "PHASE", m.Phase).Replace(m.Key)
	if m.Subject == "" {
		return key
	}
	return measureName(key, m.Subject)
}

// Format fills in the words of a measure, such as its Long.
func (m Measured) Format(words, value string) string {
	return strings.NewReplacer("{subject}", m.Subject, "{quantile}", m.Quantile, "{phase}", PhasePhrase(m.Phase), "{value}", value).Replace(words)
}

// Phrase is what a name measures, in words after which a bound can stand: "p50 of
// POST /register rises by", "catch-up of analytics". A name that nobody measures
// is its own phrase.
func Phrase(name string) string {
	if m, known := MeasureOf(name); known {
		return m.Format(m.Long, "")
	}
	return name
}

// UnitOf is the unit of the value of that name, and "" for a name that nobody
// measures.
func UnitOf(name string) string {
	m, _ := MeasureOf(name)
	return m.Unit
}
