package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Exercised says whether the run did enough for the other verdicts to mean
// anything. It never says broken: it holds, or it is unknown because
//   - a load phase (before, during, after) has fewer ok requests than
//     Require.MinOperations; with Require.MayFail every request that was sent
//     counts in the during phase;
//   - a fault was not witnessed to bite to its end, or not witnessed to be gone;
//   - Require.Replay is set and no consumer resumed behind the log's end after
//     the first fault was injected;
//   - the generator was behind its schedule by more than Require.MaxLateness.
const Exercised = "exercised"

func exercised(x *history.Index) Verdict {
	f := finding{}
	f.anomalies = append(f.anomalies, tooFew(x, &f.examined)...)
	f.anomalies = append(f.anomalies, notWitnessed(x)...)
	if x.Log.Header.Require.Replay {
		f.anomalies = append(f.anomalies, noReplay(x)...)
	}
	f.anomalies = append(f.anomalies, tooLate(x)...)
	if len(f.anomalies) > 0 {
		var whys []string
		for _, a := range f.anomalies {
			whys = append(whys, a.What)
		}
		f.status, f.why = Unknown, strings.Join(whys, "; ")
	} else {
		f.why = quantity.Count(f.examined) + " requests were sent, every fault was seen to bite and seen gone"
	}
	return combine(x, []finding{f}, "")
}

// tooFew counts by the scheduled instant, and all requests into examined.
func tooFew(x *history.Index, examined *int) []Anomaly {
	h := x.Log.Header
	counted, seen := map[string]int{}, map[string]bool{}
	for r := range x.Of(history.Request) {
		*examined++
		for _, p := range h.Phases {
			if p.Contains(r.Scheduled) && (r.Outcome == history.OK || p.Name == history.During && h.Require.MayFail) {
				counted[p.Name]++
			}
		}
	}
	for _, p := range h.Phases {
		seen[p.Name] = true
	}
	var found []Anomaly
	for _, name := range []string{history.Before, history.During, history.After} {
		n, least := counted[name], h.Require.MinOperations
		switch {
		case least <= 0 || n >= least:
		case !seen[name]:
			found = append(found, Anomaly{What: fmt.Sprintf("the run had no phase %q", name)})
		default:
			found = append(found, Anomaly{What: fmt.Sprintf("only %s requests were ok %s the fault, the scenario asks for %s", quantity.Count(n), name, quantity.Count(least))})
		}
	}
	return found
}

func notWitnessed(x *history.Index) []Anomaly {
	var found []Anomaly
	for e := range x.Of(history.Fault) {
		var what string
		switch f := e.Fault; {
		case f == nil || f.Active == 0:
			what = "was never seen to bite"
		case f.Clear == 0:
			what = "was never seen to be gone"
		case f.Undone > 0:
			what = "was undone before it was healed"
		default:
			continue
		}
		found = append(found, Anomaly{What: fmt.Sprintf("fault %q %s", e.Name, what), Events: []uint64{e.N}})
	}
	return found
}

// noReplay looks for a resume at an offset below what the partition was then
// known to hold.
func noReplay(x *history.Index) []Anomaly {
	var fault time.Duration
	for e := range x.Of(history.Fault) {
		fault = e.At
		break
	}
	ends := map[history.Partition]*logEnd{}
	for e := range x.Of(history.Resume) {
		if e.At >= fault {
			ends[e.In()] = &logEnd{}
		}
	}
	for e := range x.Of(history.Produce, history.Sample) {
		if l := ends[e.In()]; l != nil {
			l.see(e)
		}
	}
	for _, l := range ends {
		l.sort()
	}
	resumes := 0
	for r := range x.Of(history.Resume) {
		if r.At < fault {
			continue
		}
		resumes++
		if from, known := start(r); known && ends[r.In()].at(r.At) > from {
			return nil
		}
	}
	return []Anomaly{{What: fmt.Sprintf("nothing was replayed: none of %s resumes since the fault was behind the log's end", quantity.Count(resumes))}}
}

// logEnd is what was known of the end of a partition's log, and when.
type logEnd struct{ known []knownEnd }

type knownEnd struct {
	since  time.Duration
	offset int64
}

func (l *logEnd) see(e *history.Event) {
	switch {
	case e.Kind == history.Sample:
		l.known = append(l.known, knownEnd{e.At, e.HighWatermark})
	case e.Outcome == history.OK && e.End > 0:
		l.known = append(l.known, knownEnd{e.End, e.Offset + int64(e.Count)})
	}
}

// sort makes each offset the highest that was known by then.
func (l *logEnd) sort() {
	slices.SortFunc(l.known, func(a, b knownEnd) int { return cmp.Compare(a.since, b.since) })
	for i := 1; i < len(l.known); i++ {
		l.known[i].offset = max(l.known[i].offset, l.known[i-1].offset)
	}
}

func (l *logEnd) at(t time.Duration) int64 {
	if i := sort.Search(len(l.known), func(i int) bool { return l.known[i].since > t }); i > 0 {
		return l.known[i-1].offset
	}
	return math.MinInt64
}

func tooLate(x *history.Index) []Anomaly {
	limit := x.Log.Header.Require.MaxLateness
	var worst *history.Event
	for r := range x.Of(history.Request) {
		if worst == nil || r.At-r.Scheduled > worst.At-worst.Scheduled {
			worst = r
		}
	}
	if limit <= 0 || worst == nil || worst.At-worst.Scheduled <= limit {
		return nil
	}
	return []Anomaly{{
		What: fmt.Sprintf("the load was sent up to %s behind its schedule, %s is allowed", quantity.Duration(worst.At-worst.Scheduled), quantity.Duration(limit)),
		IDs:  []string{worst.ID}, Events: []uint64{worst.N},
	}}
}
