package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.Exercised, exercised) }

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
		f.why = quantity.Count(f.examined) + " requests were sent, every fault was seen to take effect and seen gone"
	}
	return combine(x, []finding{f}, "")
}

// tooFew counts by the scheduled instant, and all requests into examined.
func tooFew(x *history.Index, examined *int) []Anomaly {
	h := x.Log.Header
	sent, ok := map[string]int{}, map[string]int{}
	for r := range x.Of(history.Request) {
		*examined++
		for _, p := range h.Phases {
			if p.Contains(r.Scheduled) {
				sent[p.Name]++
				if r.Outcome == history.OK {
					ok[p.Name]++
				}
			}
		}
	}
	type asked struct {
		phase, was, when string
		n                int
	}
	during := asked{breakwater.During, "ok", "during the fault", ok[breakwater.During]}
	belong, least := expected(h, sent[breakwater.Before]), h.Require.MinOperations
	short := belong < float64(least) || float64(sent[breakwater.During]) >= belong-chance*math.Sqrt(belong)
	switch {
	case sent[breakwater.During] < least && short:
		during = asked{breakwater.During, "sent", "since the fault began", sent[breakwater.During] + sent[breakwater.After]}
	case h.Require.MayFail:
		during.n = sent[breakwater.During]
	}
	all := []asked{{breakwater.Before, "ok", "before the fault", ok[breakwater.Before]}, during, {breakwater.After, "sent", "after the fault", sent[breakwater.After]}}
	if calm(x) {
		all = []asked{{breakwater.Before, "ok", "in a run without a fault", ok[breakwater.Before]}}
	}
	var found []Anomaly
	for _, a := range all {
		if least <= 0 || a.n >= least {
			continue
		}
		what := fmt.Sprintf("only %s requests were %s %s, the scenario asks for %s", quantity.Count(a.n), a.was, a.when, quantity.Count(least))
		if _, some := h.Phase(a.phase); !some {
			what = fmt.Sprintf("the run had no phase %q", a.phase)
		}
		found = append(found, Anomaly{What: what, Code: map[bool]Code{true: NoBaseline, false: TooFew}[a.phase == breakwater.Before]})
	}
	return found
}

// chance is by how many standard deviations fewer requests than belong in a time may come
// without the load having been interrupted: arrivals may be those of a Poisson process.
const chance = 3

// expected is how many requests belong in the time of the faults, at the rate of before.
func expected(h history.Header, before int) float64 {
	b, _ := h.Phase(breakwater.Before)
	d, _ := h.Phase(breakwater.During)
	return float64(before) * (d.End - d.Start).Seconds() / max(b.End-b.Start, 1).Seconds()
}

// calm is whether nothing was planned to break: the load has no time of a fault.
func calm(x *history.Index) bool {
	for range x.Of(history.Fault) {
		return false
	}
	during, some := x.Log.Header.Phase(breakwater.During)
	return some && during.Start == during.End
}

func notWitnessed(x *history.Index) []Anomaly {
	var found []Anomaly
	for e := range x.Of(history.Fault) {
		var what string
		switch f := e.Fault; {
		case f == nil || f.Active == 0:
			what = "was never seen to take effect"
		case f.Clear == 0:
			what = "was never seen to be gone"
		case f.Undone > 0:
			what = "was undone before it was healed"
		default:
			continue
		}
		found = append(found, Anomaly{What: fmt.Sprintf("fault %q %s", x.FaultName(e), what), Events: []uint64{e.N}, Code: Unwitnessed})
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
	return []Anomaly{{What: fmt.Sprintf("nothing was replayed: none of %s resumes since the fault was behind the log's end", quantity.Count(resumes)), Code: Unreplayed}}
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

const (
	// aroundFault is for how long before a fault what is sent late is held against the
	// run. After its heal it is the time in which the system is to recover.
	aroundFault = 5 * time.Second

	// fewLate is the share of a phase's requests that may be late elsewhere: half of what
	// a p99 leaves out.
	fewLate = 0.005
)

func tooLate(x *history.Index) []Anomaly {
	h := x.Log.Header
	limit := time.Duration(h.Require.MaxLateness)
	if limit <= 0 {
		return nil
	}
	matters := func(at time.Duration) bool { return false }
	var windows []history.Window
	for e := range x.Of(history.Fault) {
		windows = append(windows, history.Window{From: e.At - aroundFault, To: e.End + objective(h)})
	}
	if len(windows) > 0 {
		matters = func(at time.Duration) bool {
			return slices.ContainsFunc(windows, func(w history.Window) bool { return w.Contains(at) })
		}
	}
	var near, worst *history.Event
	sent, late := map[string]int{}, map[string]int{}
	for r := range x.Of(history.Request) {
		for _, p := range h.Phases {
			if p.Contains(r.Scheduled) {
				sent[p.Name]++
				if r.At-r.Scheduled > limit {
					late[p.Name]++
				}
			}
		}
		if r.At-r.Scheduled <= limit {
			continue
		}
		if worst == nil || r.At-r.Scheduled > worst.At-worst.Scheduled {
			worst = r
		}
		if matters(r.Scheduled) && (near == nil || r.At-r.Scheduled > near.At-near.Scheduled) {
			near = r
		}
	}
	if worst == nil {
		return nil
	}
	if near != nil {
		worst = near
	} else {
		many := false
		for _, phase := range breakwater.MeasuredPhases() {
			many = many || float64(late[phase]) > fewLate*float64(sent[phase])
		}
		if !many {
			return nil
		}
	}
	return []Anomaly{{
		What: fmt.Sprintf("the load was sent up to %s behind its schedule, %s is allowed: leave the machine more to itself (--procs), or raise Require.MaxLateness", quantity.Duration(worst.At-worst.Scheduled), quantity.Duration(limit)),
		IDs:  []string{worst.ID}, Events: []uint64{worst.N}, Code: TooLate,
	}}
}
