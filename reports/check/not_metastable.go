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
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NotMetastable, notMetastable) }

// regained is the share of an operation's goodput before the fault that it has
// to get back to.
const regained = 0.9

func notMetastable(x *history.Index) Verdict {
	faults, gone := 0, true
	for e := range x.Of(history.Fault) {
		faults++
		gone = gone && e.Fault != nil && (e.Fault.Active == 0 || e.Fault.Clear > 0)
	}
	switch {
	case faults == 0:
		return combine(x, nil, "nothing was broken")
	case len(x.Windows()) == 0:
		return combine(x, []finding{{status: Unknown, why: "no fault was witnessed to begin and end"}}, "")
	}
	var all []finding
	for _, g := range measure.Goodputs(x) {
		all = append(all, goodput(x, g, gone))
	}
	if len(all) == 0 {
		all = []finding{{status: Unknown, why: "there was no load"}}
	}
	return combine(x, all, "")
}

func goodput(x *history.Index, g measure.Goodput, gone bool) finding {
	f := finding{subject: g.Operation}
	before := g.Before.OfScheduled()
	if before == 0 {
		f.status, f.why = Unknown, "was never ok before the fault"
		return f
	}
	cleared, limit := healed(x), objective(x.Log.Header)
	low := measure.Share{At: cleared}
	var last measure.Share // of those, after the objective
	for _, share := range g.After {
		f.examined += share.Scheduled
		low.Scheduled, low.OK, low.End = low.Scheduled+share.Scheduled, low.OK+share.OK, share.End
		if share.OfScheduled() >= regained*before {
			f.why = "ok again after the fault as before"
			f.brief = "goodput came back"
			return f
		}
		if share.At >= cleared+limit {
			last = share
		}
	}
	switch {
	case !gone:
		f.status, f.why = Unknown, "not ok again, but not every fault was seen to be gone"
	case f.examined == 0:
		f.status, f.why = Unknown, "the load did not go on after the fault"
	case last.Scheduled == 0:
		f.status, f.why = Unknown, fmt.Sprintf("not ok again when the load ended %s after the fault was gone, which is sooner than %s", quantity.Duration(low.End-cleared), quantity.Duration(limit))
	default:
		f.why = fmt.Sprintf("%s ok (%s) from when the fault was gone to the end of the load %s later, %s before", quantity.Percent(low.OfScheduled()), quantity.Of(low.OK, low.Scheduled),
			quantity.Duration(low.End-cleared), quantity.Percent(before))
		f.brief = fmt.Sprintf("%s of %%s ok after the fault", quantity.Percent(low.OfScheduled()))
		f.anomalies = []Anomaly{stillFailing(x, g.Operation, f.why, low, cleared+limit)}
	}
	return f
}

// stillFailing reports how those requests of the share fared that were not ok, and names the
// first that were not from an instant on.
func stillFailing(x *history.Index, operation, why string, low measure.Share, from time.Duration) Anomaly {
	a := Anomaly{What: operation + ": " + why}
	answers, to := map[string]int{}, ""
	for r := range x.Of(history.Request) {
		if r.Name != operation || r.Outcome == history.OK || r.Scheduled < low.At || r.Scheduled >= low.End {
			continue
		}
		words := cmp.Or(r.Error, "unanswered")
		if r.Status > 0 {
			words = answer(r)
		}
		answers[words]++
		to = r.To
		if r.Scheduled >= from && len(a.IDs) < maxNames {
			a.IDs = append(a.IDs, r.ID)
			a.Events = append(a.Events, r.N)
		}
	}
	var fared []string
	for _, words := range slices.SortedFunc(maps.Keys(answers), func(a, b string) int {
		return cmp.Or(answers[b]-answers[a], strings.Compare(a, b))
	}) {
		fared = append(fared, fmt.Sprintf("%s %s", quantity.Count(answers[words]), words))
	}
	if len(fared) > 0 {
		a.What += ": " + strings.Join(clip(fared), ", ")
	}
	if len(a.IDs) > 0 {
		a.What += "; such as " + strings.Join(a.IDs, ", ")
	}
	if last := publishedLast(x, to); last != nil && last.At < from {
		a.What += fmt.Sprintf("; %s published last at %s (%s), and nothing since", to, quantity.Duration(last.At), answerOf(last))
		a.Events = append(a.Events, last.N)
	}
	return a
}

// publishedLast is the last batch that an instance of the service was seen to send, nil
// for none.
func publishedLast(x *history.Index, service string) (last *history.Event) {
	for e := range x.Of(history.Produce) {
		if s, known := x.Log.Header.ServiceOf(e.Client); known && s.Name == service {
			last = e
		}
	}
	return last
}

// answerOf is how the broker answered a batch, in words.
func answerOf(batch *history.Event) string {
	switch batch.Outcome {
	case history.OK:
		return "acknowledged by the broker"
	case history.Failed:
		return "refused by the broker: " + cmp.Or(batch.Error, "no reason")
	}
	return "never answered"
}
