package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// count is what a finding counted. Findings that differ in nothing but their
// numbers are told in one sentence.
type count struct {
	bad, of int
	what    string // "acknowledged ids never took effect in %s"; %s stands for the subjects
	brief   string // "lost", after the numbers
	all     string // instead of both, where all is well and that is easier to say: "%s resumes of %s were at a committed offset"
	allFew  string // "%s resumes at the commit"
	sum     bool   // the subjects examined different things, so that their numbers add up
	note    string // about this subject alone: "488 of cache lie within the clock error of 1 ms"
}

// tell puts the findings, worst first, into one sentence, and the worst of them
// into a few words. What was not asked is told when nothing else was.
func tell(findings []finding, worst Status) (why, brief string) {
	var clauses, briefs []string
	said := "" // the words of the last clause, which need not be said twice
	for len(findings) > 0 {
		first := findings[0]
		same := slices.DeleteFunc(slices.Clone(findings), func(f finding) bool { return !first.alike(f) })
		findings = slices.DeleteFunc(slices.Clone(findings), first.alike)
		if first.status == NotAsked && worst != NotAsked {
			continue
		}
		clause, few := first.why, strings.Replace(first.brief, "%s", subjects(same), 1)
		if first.count != nil {
			clause, few = tellCounts(same, &said)
		} else {
			said = ""
			if names := subjects(same); names != "" {
				clause = names + ": " + clause
			}
		}
		clauses = append(clauses, clause)
		if first.status == worst && few != "" && !slices.Contains(briefs, few) {
			briefs = append(briefs, few)
		}
	}
	return strings.Join(clauses, "; "), strings.Join(briefs, ", ")
}

// rangeOf is the numbers of findings that all hold and counted nothing bad, in
// few words: "0 of 323–333 lost in 4 sinks". It is "" for any other.
func rangeOf(findings []finding) string {
	var few *count
	lo, hi, n := 0, 0, 0
	for _, f := range findings {
		c := f.count
		if f.status == NotAsked {
			continue
		}
		if c == nil || c.bad > 0 || c.sum || few != nil && c.brief != few.brief {
			return ""
		}
		if few == nil {
			few, lo, hi = c, c.of, c.of
		}
		lo, hi, n = min(lo, c.of), max(hi, c.of), n+1
	}
	if few == nil || lo == hi {
		return ""
	}
	return fmt.Sprintf("0 of %s–%s %s in %d sinks", quantity.Count(lo), quantity.Count(hi), few.brief, n)
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

func tellCounts(same []finding, said *string) (clause, brief string) {
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
	names, where := subjects(same), ""
	switch {
	case names == "" || total.sum && total.bad == 0:
	case len(same) == 1:
		where = " in " + names
	default:
		where = fmt.Sprintf(" in %d sinks", len(same))
	}
	numbers := quantity.Of(total.bad, total.of)
	clause = numbers + " " + strings.Replace(total.what, "%s", names, 1)
	if *said == total.what && names != "" {
		clause = numbers + " in " + names
	}
	*said = total.what
	if total.all != "" && total.bad == 0 {
		return strings.Join(append([]string{fmt.Sprintf(total.all, quantity.Of(total.of, total.of), names)}, notes...), ", "), fmt.Sprintf(total.allFew, quantity.Of(total.of, total.of))
	}
	return strings.Join(append([]string{clause}, notes...), ", "), numbers + " " + total.brief + where
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
