package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// NoLostInLog is broken when an acknowledged id is missing from the log that the
// independent reader found. Without a Kafka log it is not asked; when the
// reader found nothing at all it is unknown, since then it may not have read. So it
// is where no more ids are missing than offsets were deleted from the log's start
// during the run, by retention or by hand: what stood there nobody can tell.
const NoLostInLog = "no-lost-in-log"

func noLostInLog(x *history.Index) Verdict {
	if !x.Log.Header.Logged() {
		return combine(x, nil, "the system has no log to be looked into")
	}
	var f finding
	for r := range x.Acknowledged() {
		f.examined++
		if x.RecordOf(r, "") == nil {
			f.anomalies = append(f.anomalies, lostByBroker(x, r))
		}
	}
	deleted := int64(0)
	for _, n := range logStartMoved(x) {
		deleted += n
	}
	missing := int64(len(f.anomalies))
	switch {
	case !x.Audited:
		f = finding{status: Unknown, why: "the independent reader found no record at all"}
	case missing > 0 && missing <= deleted:
		f.status = Unknown
		f.why = fmt.Sprintf("%s acknowledged ids are not in the log, from whose start %s offsets were deleted during the run", quantity.Of(len(f.anomalies), f.examined), quantity.Count(int(deleted)))
	case f.examined == 0:
		f.why = "no request was acknowledged"
	default:
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids are missing from the log", brief: "missing from the log"}
	}
	return combine(x, []finding{f}, "")
}

// lostByBroker says that an acknowledged id is not in the log, or only where no
// reader of committed records sees it.
func lostByBroker(x *history.Index, r *history.Event) Anomaly {
	if aborted := x.Aborted.Of(r); len(aborted) > 0 && r.ID != "" {
		at := aborted[0].In().At(aborted[0].Offset)
		return Anomaly{
			What: fmt.Sprintf("%s was acknowledged at %s and stands at %s in no committed transaction", r.ID, quantity.Duration(r.End), at),
			IDs:  []string{r.ID}, Events: []uint64{r.N, aborted[0].N}, Offsets: []string{at},
			Setting: anySetting(x, "transaction"),
		}
	}
	return Anomaly{
		What:    fmt.Sprintf("%s was acknowledged at %s and is not in the log: lost by the broker", r.ID, quantity.Duration(r.End)),
		IDs:     []string{r.ID},
		Events:  []uint64{r.N},
		Setting: anySetting(x, "acks"),
	}
}
