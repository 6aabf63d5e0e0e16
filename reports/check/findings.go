package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

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
// first. Without any finding the verdict is not asked and says why.
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
		few := rangeOf(findings)
		v.Why, v.Brief = tell(findings, v.Status)
		v.Brief = cmp.Or(few, v.Brief)
	}
	v.Brief = cmp.Or(v.Brief, v.Why)
	return v
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
