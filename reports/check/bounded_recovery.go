package check

import (
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

func init() { rule(breakwater.BoundedRecovery, boundedRecovery) }

func boundedRecovery(x *history.Index) Verdict {
	objective := time.Duration(x.Log.Header.Require.Recovery)
	if objective <= 0 {
		return combine(x, nil, "the scenario states no objective for recovery")
	}
	if calm(x) {
		return combine(x, nil, "nothing was broken")
	}
	catchUps := measure.CatchUps(x)
	var all []finding
	for _, subject := range recoverySubjects(x) {
		f := finding{subject: subject}
		if why := noBaseline(x, subject); why != "" {
			f.status, f.why = Unknown, why
			all = append(all, f)
			continue
		}
		if stood := stillBefore(x, subject); len(stood) > 0 { // to the end, whatever the fault did
			f.examined++
			f.status, f.why = Broken, stoodBefore(x, subject)
			for _, at := range stood {
				f.anomalies = append(f.anomalies, at.before(x, subject))
			}
			all = append(all, f)
			continue
		}
		longest := measure.Span{None: true}
		for _, r := range catchUps {
			if r.Subject != subject {
				continue
			}
			switch {
			case !r.Measured:
				f.status, f.why = Unknown, fmt.Sprintf("nothing was sampled after fault %q", r.Fault)
				continue
			case !r.None && r.Took > objective:
				f.anomalies = append(f.anomalies, Anomaly{
					What:    fmt.Sprintf("%s took %s after fault %q to be back at its baseline, %s is allowed", subject, r.Span, r.Fault, quantity.Duration(objective)),
					Events:  []uint64{r.Event.N},
					Setting: sessionSetting(x, subject, r.Event.At),
				})
			case !r.None && !r.Reached:
				f.status, f.why = Unknown, fmt.Sprintf("not back at its baseline after %s, when the time after fault %q was over, which is sooner than the objective of %s: leave so much time before the next fault or the end of the load, or lower Require.Recovery",
					quantity.Duration(r.Took), r.Fault, quantity.Duration(objective))
				continue
			}
			f.examined++
			if longest.None || !r.None && r.Took > longest.Took {
				longest = r.Span
			}
		}
		late := len(f.anomalies)
		f.anomalies = append(f.anomalies, standing(x, subject, objective)...)
		switch {
		case len(f.anomalies) > 0:
			f.status = Broken
			f.why = f.anomalies[0].What
			if late > 0 && len(f.anomalies) > late {
				f.why += "; it stands still on " + places(f.anomalies[late:])
			}
			f.subject = "" // it is in the sentence
		case f.status == Unknown:
		case f.examined == 0:
			f.why = "no fault was witnessed to begin and end"
		case longest.None:
			f.why = "not disturbed, the baseline was never left"
		default:
			f.why = fmt.Sprintf("back at the baseline %s after the heal, %s is allowed", longest, quantity.Duration(objective))
			f.brief = fmt.Sprintf("%%s catch-up %s", longest)
		}
		all = append(all, f)
	}
	v := combine(x, all, "nothing asks for effects")
	if v.Status == Holds && v.Brief == v.Why {
		v.Brief = "nobody disturbed"
	}
	return v
}

// noBaseline reports why the subject has nothing to be back at, "" where it has: what was
// broken before the fault is not the fault's doing.
func noBaseline(x *history.Index, subject string) string {
	if len(x.Windows()) == 0 {
		return ""
	}
	consumes := false
	for _, s := range x.Log.Header.Consumers() {
		consumes = consumes || s.Group == subject
	}
	if !consumes {
		if s := measure.Available(x, breakwater.Before, subject); s.Scheduled > 0 && s.Availability < measure.RecoveredShare {
			return fmt.Sprintf("%s was ok before the fault, so that there is no baseline to be back at", quantity.Percent(s.Availability))
		}
		return ""
	}
	return ""
}

// stoodBefore says that the group stood still from before the first fault on to the
// end, "" where it did not. Positions that are committed now and then stand still in
// between: what moved again after the fault was no stand-still.
func stoodBefore(x *history.Index, group string) string {
	all := stillBefore(x, group)
	if len(all) == 0 {
		return ""
	}
	var where []string
	for _, at := range clip(all) {
		where = append(where, fmt.Sprintf("%s %s from %s on", at.last.In(), standsAt(at.last.Committed), quantity.Duration(at.began.At)))
	}
	if more := len(all) - len(where); more > 0 {
		where = append(where, quantity.Count(more)+" more")
	}
	return fmt.Sprintf("stood still on %s, before the fault at %s", strings.Join(where, ", "), quantity.Duration(x.Windows()[0].From))
}

// stillBefore are the partitions on which it did.
func stillBefore(x *history.Index, group string) (all []still) {
	windows := x.Windows()
	if len(windows) == 0 {
		return nil
	}
	for _, at := range sampledStill(x, group, 0) {
		if at.began.At+time.Second < windows[0].From {
			all = append(all, at)
		}
	}
	return all
}

// before shows a partition on which a group stood still before the first fault.
func (at still) before(x *history.Index, group string) Anomaly {
	in := at.last.In()
	a := Anomaly{
		What: fmt.Sprintf("%s stood still on %s %s from %s on, before the fault at %s",
			group, in, standsAt(at.last.Committed), quantity.Duration(at.began.At), quantity.Duration(x.Windows()[0].From)),
		Offsets: []string{in.At(max(at.last.Committed, 0))}, Events: []uint64{at.began.N, at.last.N},
	}
	for _, s := range x.Log.Header.Consumers() {
		if s.Group == group {
			return owned(x, s, in, a)
		}
	}
	return a
}

// recoverySubjects are the consumer groups, or without any the operations that
// ask for effects.
func recoverySubjects(x *history.Index) []string {
	var subjects []string
	for _, s := range x.Log.Header.Consumers() {
		subjects = append(subjects, s.Group)
	}
	if len(subjects) > 0 {
		return subjects
	}
	for r := range x.Asking() {
		if !slices.Contains(subjects, r.Name) {
			subjects = append(subjects, r.Name)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// standing finds partitions on which a group stood still for at least the
// objective after the last fault was gone, though records waited, while it went
// on with others. What was retried later to a retry topic may wait for its back-off first.
func standing(x *history.Index, group string, objective time.Duration) []Anomaly {
	var found []Anomaly
	report := func(s breakwater.Service, p history.Partition, since time.Duration, position, waiting int64, events ...*history.Event) {
		a := Anomaly{
			What: fmt.Sprintf("%s stands still on %s %s since %s with %s records waiting, while its other partitions go on",
				group, p, standsAt(position), quantity.Duration(since), quantity.Count(int(waiting))),
			Offsets: []string{p.At(max(position, 0))},
		}
		for _, e := range events {
			a.Events = append(a.Events, e.N)
		}
		found = append(found, owned(x, s, p, a))
	}
	if len(x.Windows()) == 0 {
		return nil
	}
	for _, s := range x.Log.Header.Consumers() {
		switch {
		case s.Group != group:
		case s.Offsets == breakwater.OffsetsInSink:
			_, end := x.Log.Header.Span()
			past := newCommitted(x, s)
			for _, at := range past.stuck(x, newAppends(x)) {
				if at.on.Topic == x.Input(s) && end-at.since >= objective && past.wentOn(at.on, at.since) {
					report(s, at.on, at.since, at.position, int64(len(at.waiting)), at.last, at.waiting[0])
				}
			}
		default:
			for _, at := range sampledStill(x, group, healed(x)) {
				limit := objective + backoffOf(s, at.last.Topic)
				if at.last.At-at.since.At >= limit && at.othersWentOn {
					report(s, at.last.In(), at.began.At, at.last.Committed, at.last.Lag, at.began, at.last)
				}
			}
		}
	}
	return found
}

// places are where the anomalies are, in words.
func places(all []Anomaly) string {
	var names []string
	for _, a := range all[:min(maxNames, len(all))] {
		in, _, _ := strings.Cut(a.Offsets[0], "@")
		names = append(names, in)
	}
	words := strings.Join(names, ", ")
	if more := len(all) - len(names); more > 0 {
		words += fmt.Sprintf(" and %s more", quantity.Count(more))
	}
	return words
}

// standsAt is where a group stands on a partition, in words: -1 is what a group has that
// never committed there.
func standsAt(position int64) string {
	if position < 0 {
		return "without a committed position"
	}
	return fmt.Sprintf("at %d", position)
}

// still is a partition on which, by its samples, a group's position did not move
// and records waited from one sample to the last.
type still struct {
	since, last  *history.Event // among the samples from the instant on
	began        *history.Event // the first of those that found it there, among all
	othersWentOn bool           // in the meantime
}

// sampledStill finds them among the samples from the instant on.
func sampledStill(x *history.Index, group string, from time.Duration) []still {
	type progress struct {
		still
		moved time.Duration // when it was last seen to have moved
	}
	all := map[history.Partition]*progress{}
	for e := range x.Of(history.Sample) {
		if e.Group != group {
			continue
		}
		p := all[e.In()]
		if p == nil {
			p = &progress{still: still{began: e, last: e}}
			all[e.In()] = p
		}
		moved := e.Committed != p.last.Committed || p.last.Lag <= 0
		if moved {
			p.began = e
		}
		switch {
		case e.At < from:
		case p.since == nil:
			p.since = e
		default:
			if e.Committed > p.last.Committed {
				p.moved = e.At
			}
			if moved {
				p.since = e
			}
		}
		p.last = e
	}
	var found []still
	for _, in := range slices.SortedFunc(maps.Keys(all), history.Partition.Compare) {
		p := all[in]
		if p.last.Lag <= 0 || p.since == nil || p.since == p.last {
			continue
		}
		for other, q := range all {
			p.othersWentOn = p.othersWentOn || other != in && q.moved > p.since.At
		}
		found = append(found, p.still)
	}
	return found
}

// sessionSetting is the session time-out of the group, where a session that stayed open
// in the fault is what its partitions waited for.
func sessionSetting(x *history.Index, group string, began time.Duration) string {
	for e := range x.Of(history.Session) {
		if e.Group != group || e.Name == history.Closing || e.End < began {
			continue
		}
		for _, s := range x.Log.Header.Services {
			if s.Group == group {
				return setting(s, "session")
			}
		}
	}
	return ""
}
