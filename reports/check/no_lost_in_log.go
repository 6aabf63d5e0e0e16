package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoLostInLog, ofWholeLog(noLostInLog)) }

func noLostInLog(x *history.Index) Verdict {
	if !logged(x) {
		return combine(x, nil, "the system has no log to be looked into")
	}
	if !x.Audited {
		return combine(x, []finding{{status: Unknown, why: "the independent reader found no record at all" + elsewhereThan(x)}}, "")
	}
	if why := unknownInLog(x); why != "" {
		return combine(x, nil, why)
	}
	var f finding
	var proven, open []Anomaly
	for r := range x.Acknowledged() {
		f.examined++
		if x.RecordOf(r, "") != nil {
			continue
		}
		a, certain := newLosses(x).of(r)
		if f.anomalies = append(f.anomalies, a); certain {
			proven = append(proven, a)
		} else {
			open = append(open, a)
		}
	}
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids are missing from the log", brief: "missing from the log"}
	excuse := ""
	if len(open) > 0 {
		excuse = newLosses(x).excuse(len(open))
	}
	switch {
	case f.examined == 0:
		f.count, f.why = nil, "no request was acknowledged"
	case excuse == "":
	case len(proven) > 0:
		f.anomalies, f.examined = proven, f.examined-len(open)
		f.count.bad, f.count.of = len(proven), f.examined
		f.count.note = fmt.Sprintf("%s more are not in the log, %s", quantity.Count(len(open)), excuse)
	default:
		f.status, f.count = Unknown, nil
		f.why = fmt.Sprintf("%s acknowledged ids are not in the log, %s", quantity.Of(len(open), f.examined), excuse)
		f.examined -= len(open)
	}
	return combine(x, []finding{f}, "")
}

// elsewhereThan names the topics that services published to and that the scenario does
// not name.
func elsewhereThan(x *history.Index) string {
	known := x.Log.Header.Topics()
	var topics []string
	for e := range x.Of(history.Produce) {
		if e.Topic != "" && !slices.Contains(known, e.Topic) && !slices.Contains(topics, e.Topic) {
			topics = append(topics, e.Topic)
		}
	}
	if len(topics) == 0 {
		return ""
	}
	return fmt.Sprintf(", and services published to %s: set Topic.Name to the topic that they use", strings.Join(clip(topics), ", "))
}

// losses shows acknowledged ids that are not in the log who lost them.
type losses struct {
	x         *history.Index
	published map[string][]*history.Event // batches by the id that they begin with
	looked    map[history.Partition]looked
	numbers   misnumbered
	unseen    []*history.Event // batches of which not every id is known
}

func newLosses(x *history.Index) *losses {
	return history.Remember(x, derived{what: "losses"}, func() *losses {
		l := &losses{x: x, published: map[string][]*history.Event{}, looked: lookedAt(x), numbers: misnumberedBatches(x)}
		for e := range x.Of(history.Produce) {
			if e.ID != "" {
				l.published[e.ID] = append(l.published[e.ID], e)
			}
			if (e.ID == "" || recordCount(e) > 1) && !l.found(e) {
				l.unseen = append(l.unseen, e)
			}
		}
		return l
	})
}

// found reports whether the reader found a record at each offset of the batch.
func (l *losses) found(e *history.Event) bool {
	if e.Offset < 0 {
		return false
	}
	to := e.Offset + recordCount(e)
	hidden := l.x.Hidden[e.In()]
	n := len(l.x.Between(e.In(), e.Offset, to)) + fromOffset(hidden, to) - fromOffset(hidden, e.Offset)
	return int64(n) >= recordCount(e)
}

// excuse is where so many ids may be that are not proven to be lost, "" for nowhere.
func (l *losses) excuse(open int) string {
	derived := derivedTopics(l.x)
	if none := withoutID(l.x, func(topic string) bool { return !derived[topic] }); len(none) > 0 {
		return "where " + nameless(none)
	}
	deleted := int64(0)
	for _, n := range logStartMoved(l.x) {
		deleted += n
	}
	if int64(open) <= deleted {
		return fmt.Sprintf("from whose start %s offsets were deleted during the run", quantity.Count(int(deleted)))
	}
	if d := l.x.Log.Header.Drained; d != nil && d.End == history.DrainDeadline {
		return fmt.Sprintf("where they may still have come when the drain ended: raise Require.Deadline (%s)", quantity.Duration(time.Duration(l.x.Log.Header.Require.Deadline)))
	}
	return ""
}

// of reports what became of an acknowledged id that is not in the log, and whether it is
// certain that it was lost.
func (l *losses) of(r *history.Event) (Anomaly, bool) {
	x := l.x
	if aborted := x.Aborted.Of(r); len(aborted) > 0 && r.ID != "" {
		at := aborted[0].In().At(aborted[0].Offset)
		return Anomaly{
			What: fmt.Sprintf("%s was acknowledged at %s and stands at %s in no committed transaction", r.ID, quantity.Duration(r.End), at),
			IDs:  []string{r.ID}, Events: []uint64{r.N, aborted[0].N}, Offsets: []string{at},
			Setting: anySetting(x, "transaction"),
		}, true
	}
	a := Anomaly{IDs: []string{r.ID}, Events: []uint64{r.N}}
	if why := unknownInLog(x); why != "" {
		a.What = fmt.Sprintf("%s was acknowledged at %s, and nothing reports where it was lost: %s", r.ID, quantity.Duration(r.End), why)
		return a, false
	}
	a.What = fmt.Sprintf("%s was acknowledged at %s and is not in the log: ", r.ID, quantity.Duration(r.End))
	who := cmp.Or(r.To, "the service")
	batches := l.published[r.ID]
	for _, e := range batches {
		if l.numbers.as[e] != nil {
			lost := l.numbers.anomaly(e)
			a.What += "its producer lost it. " + lost.What
			a.Events, a.Offsets = append(a.Events, lost.Events...), lost.Offsets
			return a, true
		}
	}
	for _, e := range batches {
		if e.Outcome != history.OK || e.Offset < 0 || !l.looked[e.In()].at(e.Offset) {
			continue
		}
		at := e.In().At(e.Offset)
		a.What += fmt.Sprintf("lost by the broker, which acknowledged it at %s at %s (event %d)", at, quantity.Duration(cmp.Or(e.End, e.At)), e.N)
		a.Events, a.Offsets = append(a.Events, e.N), []string{at}
		if s, known := x.Log.Header.ServiceOf(e.Client); known {
			a.Setting = setting(s, "acks")
		}
		return a, true
	}
	if len(batches) > 0 {
		e := batches[len(batches)-1]
		a.Events = append(a.Events, e.N)
		if e.Outcome == history.OK {
			a.What += fmt.Sprintf("the broker acknowledged it to %s (event %d), at an offset at which nobody looked", e.Client, e.N)
			return a, false
		}
		a.What += fmt.Sprintf("%s acknowledged it although the broker never did, which it was sent to by %s (event %d: %s)", who, e.Client, e.N, cmp.Or(e.Error, string(e.Outcome)))
		if s, known := x.Log.Header.ServiceOf(e.Client); known && e.Error == "acks=0" {
			a.Setting = setting(s, "acks")
		}
		return a, l.looked[e.In()].from == 0
	}
	hides := 0
	for _, e := range l.unseen {
		if e.At >= r.At {
			hides++
		}
	}
	switch {
	case len(l.published) == 0:
		a.What += "no edge saw what was published, so that nothing shows who lost it"
	case hides > 0:
		a.What += fmt.Sprintf("it may have been in one of %s batches of which not every id is known", quantity.Count(hides))
	default:
		a.What += fmt.Sprintf("it never came to the edge, %s acknowledged it and did not publish it", who)
	}
	return a, false
}
