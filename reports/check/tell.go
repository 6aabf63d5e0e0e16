package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

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
