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

func init() { rule(breakwater.CommitAfterEffect, commitAfterEffect) }

func commitAfterEffect(x *history.Index) Verdict {
	return eachConsumer(x, func(s breakwater.Service, all []*position) finding {
		if s.Ledger == nil {
			return notAsked("it has no ledger of its effects")
		}
		if why := apart(x, s); why != "" {
			return notAsked(why)
		}
		t := timing{x: x, service: s, effects: x.Sink(s.Ledger.Sink).Effects, unasked: newAudience(x).unasked, handed: handOvers(x, s)}
		for _, p := range all {
			if effectsFrom(x, s, p.Topic) {
				t.judge(p)
			}
		}
		f := finding{examined: t.inTime + t.late, anomalies: t.anomalies()}
		within := ""
		if t.within > 0 {
			within = fmt.Sprintf("%s lie within the clock error of %s at %s", quantity.Count(t.within), quantity.Duration(x.Skew(s)), s.Ledger.Sink)
		}
		f.count = &count{bad: t.late, of: f.examined, sum: true, what: "records were committed by %s before their effect", brief: "committed early", note: within}
		if f.examined == 0 {
			f.count, f.why = nil, strings.TrimSuffix("no record could be judged, "+within, ", ")
		}
		if t.late == 0 && t.inTime == 0 {
			f.status = Unknown
		}
		f.subject = s.Group
		return f.doubted(missedIn(x, s))
	})
}

// timing collects what was in time and what was late for one service.
type timing struct {
	x       *history.Index
	service breakwater.Service
	effects history.ByID
	unasked map[*history.Event]bool // records of requests that asked for no effect
	handed  map[string][]putAway    // by id

	inTime, late, within int
	lateBy               map[*history.Event][]*history.Event // commit → records
}

func (t *timing) judge(p *position) {
	first, known := int64(0), false
	for _, r := range p.resumes {
		if first, known = start(r); known {
			break
		}
	}
	if !known {
		return
	}
	records := t.x.Between(p.Partition, first, 1<<62)

	// Only the first commit above a record decides about it, so walk from the
	// highest record down and keep the earliest commit above.
	commits := p.commits
	if keepsPositions(t.service) {
		commits = p.stored
	}
	commits = sorted(commits, byOffset)
	var earliest, reset *history.Event
	for _, record := range slices.Backward(records) {
		for len(commits) > 0 && commits[len(commits)-1].Offset > record.Offset {
			c := commits[len(commits)-1]
			commits = commits[:len(commits)-1]
			switch {
			case c.Transactional:
			case p.outside(c):
				if reset == nil || c.At < reset.At {
					reset = c
				}
			case earliest == nil || c.At < earliest.At || c.At == earliest.At && c.Offset == earliest.Offset:
				earliest = c
			}
		}
		if earliest != nil && record.ID != "" && !t.unasked[record] && (reset == nil || reset.At > earliest.At) {
			t.record(record, earliest)
		}
	}
}

// record judges one record against the first commit above it.
func (t *timing) record(record, commit *history.Event) {
	skew := t.x.Skew(t.service)
	due, late := commit.At-skew, commit.At+skew
	if commit.Sink != "" {
		due = commit.At // one clock stamped both, and one transaction stamps both alike
	}
	if t.handedOver(record, commit.At) {
		t.inTime++
		return
	}
	if effects := t.effects.Of(record); len(effects) > 0 {
		switch at := effects[0].At; {
		case at <= due:
			t.inTime++
			return
		case at <= late:
			t.within++
			return
		}
	}
	t.late++
	if t.lateBy == nil {
		t.lateBy = map[*history.Event][]*history.Event{}
	}
	t.lateBy[commit] = append(t.lateBy[commit], record)
}

// anomalies is one for each commit that came too early, in order of time.
func (t *timing) anomalies() []Anomaly {
	var all []Anomaly
	for _, c := range slices.SortedFunc(maps.Keys(t.lateBy), func(a, b *history.Event) int { return cmp.Compare(a.N, b.N) }) {
		records := t.lateBy[c]
		slices.Reverse(records) // they were met from the highest down
		a := Anomaly{Events: []uint64{c.N}, Setting: setting(t.service, "commit", "offset")}
		var named []string
		for _, r := range records {
			named = append(named, r.ID)
		}
		for _, r := range clip(records) {
			a.IDs = append(a.IDs, r.ID)
			a.Offsets = append(a.Offsets, r.In().At(r.Offset))
			a.Events = append(a.Events, r.N)
		}
		when := "never took effect"
		if effects := t.effects.Of(records[0]); len(effects) > 0 {
			when = "took effect " + quantity.Duration(effects[0].At-c.At) + " later"
			a.Events = append(a.Events, effects[0].N)
		}
		who, did := c.Client, "committed"
		if c.Sink != "" {
			who, did = cmp.Or(c.Client, t.service.Name), "stored"
		}
		a.What = fmt.Sprintf("%s %s %s at %s, before the effect of %s in %s; the first of them %s",
			who, did, c.In().At(c.Offset), quantity.Duration(c.At), ids(named), t.service.Ledger.Sink, when)
		if len(records) == 1 {
			a.What = fmt.Sprintf("%s %s %s at %s, before the effect of %s in %s, which %s",
				who, did, c.In().At(c.Offset), quantity.Duration(c.At), records[0].ID, t.service.Ledger.Sink, when)
		}
		all = append(all, a)
	}
	return all
}

// putAway is a record in a retry or dead letter topic, and when it was seen to be
// put there; 0: nobody saw it.
type putAway struct {
	record *history.Event
	at     time.Duration
}

// handOvers returns those of each id.
func handOvers(x *history.Index, s breakwater.Service) map[string][]putAway {
	topics := s.DeadLetters().Topics()
	if len(topics) == 0 {
		return nil
	}
	handed, seen := map[string][]putAway{}, newAppends(x)
	for _, part := range slices.SortedFunc(maps.Keys(x.Records), history.Partition.Compare) {
		if !slices.Contains(topics, part.Topic) {
			continue
		}
		for _, r := range x.Records[part] {
			h := putAway{record: r}
			if e := seen.of(r); e != nil {
				h.at = e.At
			}
			handed[r.ID] = append(handed[r.ID], h)
		}
	}
	return handed
}

// handedOver reports whether the record had been retried later or given up by then. What
// nobody saw being put there counts as in time: nothing says that it was late.
func (t *timing) handedOver(record *history.Event, by time.Duration) bool {
	all := t.handed[record.ID]
	own := slices.IndexFunc(all, func(h putAway) bool { return h.record == record })
	return slices.ContainsFunc(all, func(h putAway) bool {
		after := own < 0 || h.record != record && (h.at == 0 || h.at > all[own].at)
		return after && h.at <= by
	})
}
