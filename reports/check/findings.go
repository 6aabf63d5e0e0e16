package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// maxAnomalies is how many of its anomalies a verdict keeps, and maxNames how
// many ids or events an anomaly that stands for many names.
const (
	maxAnomalies = 10
	maxNames     = 5
	neighbours   = 2 // records before and after the place of an anomaly
)

// finding is what one checker found about one subject: a sink, a group.
type finding struct {
	subject   string // "" when the whole run is the subject
	status    Status
	examined  int
	why       string // without the subject, unless there is none
	brief     string // the same in a few words; "" when there is nothing to say
	count     *count // instead of why and brief, where findings differ in numbers only
	anomalies []Anomaly

	expected []Anomaly // legal here, the first few of allowed
	allowed  int
}

// expect notes what is legal here, and makes its words for the first few only.
func (f *finding) expect(anomaly func() Anomaly) {
	if f.allowed++; f.allowed <= maxAnomalies {
		f.expected = append(f.expected, anomaly())
	}
}

// settle makes holds of what examined something and found nothing against it.
func (f finding) settle() finding {
	switch {
	case f.status != "":
	case len(f.anomalies) > 0:
		f.status = Broken
	case f.examined == 0:
		f.status = Unknown
	default:
		f.status = Holds
	}
	return f
}

// combine makes one verdict of the findings about several subjects, worst
// first. Without any finding the verdict is not asked and reports why.
func combine(x *history.Index, findings []finding, notAsked string) Verdict {
	for i := range findings {
		findings[i] = findings[i].settle()
	}
	slices.SortStableFunc(findings, func(a, b finding) int { return cmp.Compare(rank[b.status], rank[a.status]) })
	v := Verdict{Status: NotAsked, Why: notAsked}
	for _, f := range findings {
		v.Status = Worst(v.Status, f.status)
		v.Examined += f.examined
		v.Total += len(f.anomalies)
		v.ExpectedTotal += f.allowed
		if at, seen := first(x, f.anomalies); seen && f.status == Broken && (v.Since == 0 || at < v.Since) {
			v.Since = at
		}
	}
	v.Anomalies = share(findings, func(f finding) []Anomaly { return f.anomalies })
	v.Expected = share(findings, func(f finding) []Anomaly { return f.expected })
	if len(findings) > 0 {
		v.Why, v.Brief, v.Count = phrase(findings, v.Status)
		v.Count = cmp.Or(rangeOf(findings), v.Count)
	}
	if v.Count != nil {
		v.Brief = v.Count.String()
	}
	v.Brief = cmp.Or(v.Brief, v.Why)
	return v
}

func notAsked(why string) finding { return finding{status: NotAsked, why: why} }

// ofConsumers judges each service that has a group.
func ofConsumers(x *history.Index, judge func(breakwater.Service) finding) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Consumers() {
		f := judge(s)
		f.subject = cmp.Or(f.subject, s.Group)
		all = append(all, f)
	}
	return combine(x, all, "no service has a consumer group")
}

// ofSinks judges each service that has a ledger in which ids can be found that were sent.
func ofSinks(x *history.Index, judge func(breakwater.Service, *finding)) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Sinks() {
		f := finding{subject: s.Ledger.Sink}
		if f.why = unknownIn(x, s); f.why != "" {
			f.status = NotAsked
		} else {
			judge(s, &f)
		}
		all = append(all, f)
	}
	return combine(x, all, "no service has a ledger of its effects")
}

// share takes the first few anomalies of each finding, worst first, so that one
// subject with many does not hide the others. They stay in the order of the findings.
func share(findings []finding, of func(finding) []Anomaly) []Anomaly {
	taken, left := make([]int, len(findings)), maxAnomalies
	for more := true; more && left > 0; {
		more = false
		for i, f := range findings {
			if left > 0 && taken[i] < len(of(f)) {
				taken[i]++
				left--
				more = true
			}
		}
	}
	var all []Anomaly
	for i, f := range findings {
		all = append(all, of(f)[:taken[i]]...)
	}
	return all
}

// ids names the first few of many.
func ids(all []string) string {
	named := strings.Join(all[:min(len(all), maxNames)], ", ")
	if n := len(all) - maxNames; n > 0 {
		named += " and " + quantity.Count(n) + " more"
	}
	return named
}

func clip[T any](s []T) []T { return s[:min(len(s), maxNames)] }

// setting returns the first of the service's settings whose name contains one
// of the words, as "session time-out 3 s", and "" when there is none.
func setting(s breakwater.Service, words ...string) string {
	for _, word := range words {
		var names []string
		for name := range s.Settings {
			if strings.Contains(strings.ToLower(name), word) {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			name := slices.Min(names)
			return name + " " + s.Settings[name]
		}
	}
	return ""
}

// anySetting returns the first such setting of any service.
func anySetting(x *history.Index, words ...string) string {
	for _, s := range x.Log.Header.Services {
		if found := setting(s, words...); found != "" {
			return found
		}
	}
	return ""
}

// sortedPartitions are the keys of the map, in order.
func sortedPartitions[T any](of map[history.Partition]T) []history.Partition {
	return slices.SortedFunc(maps.Keys(of), history.Partition.Compare)
}

// count is what a finding counted. Findings that differ in nothing but their
// numbers are put into one sentence.
type count struct {
	bad, of int
	what    string // "acknowledged ids never took effect in %s"; %s stands for the subjects
	brief   string // "lost", after the numbers
	all     string // instead of both, where all is well and that is easier to read: "%s resumes of %s were at a committed offset"
	allFew  string // "resumes at the commit"
	sum     bool   // the subjects examined different things, so that their numbers add up
	note    string // about this subject alone: "488 of cache lie within the clock error of 1 ms"
}

// Count is how many of what was examined were so: "0 of 1,214 lost in 4 sinks".
type Count struct {
	N     int    `json:"n"`
	Of    int    `json:"of"`
	UpTo  int    `json:"upTo,omitempty"`  // where sinks differ in how many were examined: Of is the fewest then
	What  string `json:"what"`            // "lost", "lost in mailbox"
	Sinks int    `json:"sinks,omitempty"` // in how many, where there are several and What names none
}

// String is the count in a few words.
func (c Count) String() string {
	of := quantity.Count(c.Of)
	if c.UpTo > 0 {
		of += "–" + quantity.Count(c.UpTo)
	}
	text := fmt.Sprintf("%s of %s %s", quantity.Count(c.N), of, c.What)
	if c.Sinks > 0 {
		text += fmt.Sprintf(" in %d sinks", c.Sinks)
	}
	return text
}

// After is the count where the other was shown before it, without what both have in
// common: after "0 of 1,214 lost in 4 sinks" it is "0 invented".
func (c Count) After(other Count) (text string, shorter bool) {
	if c.Of != other.Of || c.UpTo != other.UpTo || c.Sinks != other.Sinks {
		return c.String(), false
	}
	return quantity.Count(c.N) + " " + c.What, true
}

// phrase puts the findings, worst first, into one sentence, and the worst of them
// into a few words, or a count. What was not asked is there when nothing else was.
func phrase(findings []finding, worst Status) (why, brief string, only *Count) {
	var clauses, briefs []string
	last := "" // the words of the last clause, which are not repeated
	for len(findings) > 0 {
		first := findings[0]
		same := slices.DeleteFunc(slices.Clone(findings), func(f finding) bool { return !first.alike(f) })
		findings = slices.DeleteFunc(slices.Clone(findings), first.alike)
		if first.status == NotAsked && worst != NotAsked {
			continue
		}
		clause, few, count := first.why, strings.Replace(first.brief, "%s", subjects(same), 1), (*Count)(nil)
		if first.count != nil {
			clause, count = phraseCounts(same, &last)
			few = count.String()
		} else {
			last = ""
			if names := subjects(same); names != "" {
				clause = names + ": " + clause
			}
		}
		clauses = append(clauses, clause)
		if first.status == worst && few != "" && !slices.Contains(briefs, few) {
			briefs, only = append(briefs, few), count
		}
	}
	if len(briefs) > 1 {
		only = nil
	}
	return strings.Join(clauses, "; "), strings.Join(briefs, ", "), only
}

// rangeOf is the count of findings that all hold and counted nothing bad, of different
// numbers: "0 of 323–333 lost in 4 sinks". It is nil for any other.
func rangeOf(findings []finding) *Count {
	var few *Count
	for _, f := range findings {
		c := f.count
		if f.status == NotAsked {
			continue
		}
		if c == nil || c.bad > 0 || c.sum || few != nil && c.brief != few.What {
			return nil
		}
		if few == nil {
			few = &Count{Of: c.of, UpTo: c.of, What: c.brief}
		}
		few.Of, few.UpTo, few.Sinks = min(few.Of, c.of), max(few.UpTo, c.of), few.Sinks+1
	}
	if few == nil || few.Of == few.UpTo {
		return nil
	}
	return few
}

// alike is whether one clause can say both.
func (f finding) alike(g finding) bool {
	switch {
	case f.status != g.status || (f.count == nil) != (g.count == nil):
		return false
	case f.count == nil:
		return f.why == g.why
	case f.count.what != g.count.what:
		return false
	}
	return f.count.sum && f.status == Holds || f.count.bad == g.count.bad && f.count.of == g.count.of
}

func phraseCounts(same []finding, last *string) (clause string, few *Count) {
	total := *same[0].count
	var notes []string
	for i, f := range same {
		if i > 0 && total.sum {
			total.bad += f.count.bad
			total.of += f.count.of
		}
		if f.count.note != "" {
			notes = append(notes, f.count.note)
		}
	}
	names := subjects(same)
	few = &Count{N: total.bad, Of: total.of, What: total.brief}
	switch {
	case names == "" || total.sum && total.bad == 0:
	case len(same) == 1:
		few.What += " in " + names
	default:
		few.Sinks = len(same)
	}
	numbers := quantity.Of(total.bad, total.of)
	clause = numbers + " " + strings.Replace(total.what, "%s", names, 1)
	if *last == total.what && names != "" {
		clause = numbers + " in " + names
	}
	*last = total.what
	if total.all != "" && total.bad == 0 {
		clause = fmt.Sprintf(total.all, quantity.Of(total.of, total.of), names)
		few = &Count{N: total.of, Of: total.of, What: total.allFew}
	}
	return strings.Join(append([]string{clause}, notes...), ", "), few
}

func subjects(findings []finding) string {
	var names []string
	for _, f := range findings {
		if f.subject != "" {
			names = append(names, f.subject)
		}
	}
	return strings.Join(names, ", ")
}

// first is when the first of the anomalies was there to be seen, if the history
// shows any when that was.
func first(x *history.Index, anomalies []Anomaly) (time.Duration, bool) {
	earliest, seen := time.Duration(0), false
	see := func(at time.Duration) {
		if at > 0 && (!seen || at < earliest) {
			earliest, seen = at, true
		}
	}
	for _, a := range anomalies {
		see(complete(x, a))
	}
	if seen {
		return earliest, true
	}
	// Where all evidence is what the audit found, it was there from when it was
	// published.
	for _, a := range anomalies[:min(len(anomalies), maxAnomalies)] {
		for _, n := range a.Events {
			if e := x.Numbered(n); e != nil && e.Kind == history.Audit {
				see(publishedAt(x, e))
			}
		}
	}
	return earliest, seen
}

// complete is when the last of what the anomaly is made of had happened, and 0
// where none of it tells: a fault is no evidence, and what the audit or a ledger
// holds at the end shows nothing of when it came there.
func complete(x *history.Index, a Anomaly) time.Duration {
	var last time.Duration
	for _, n := range a.Events {
		e := x.Numbered(n)
		if e == nil {
			continue
		}
		switch e.Kind {
		case history.Fault, history.Audit, history.Aborted, history.State:
		default:
			last = max(last, e.At, e.End)
		}
	}
	return last
}

// publishedAt is when the record was, and 0 where no edge saw it.
func publishedAt(x *history.Index, record *history.Event) time.Duration {
	for p := range x.Of(history.Produce) {
		if p.In() == record.In() && p.Offset >= 0 && p.Offset <= record.Offset && record.Offset < p.Offset+int64(p.Count) {
			return max(p.At, p.End)
		}
	}
	return 0
}
