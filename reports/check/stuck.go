package check

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// NoStuck is broken when an id that a sink is owed stands in the log at the end
// of the drain and nothing has become of it, nor been decided about it: no effect,
// no attempt, no dead letter, no position past it, and yet the consumer is alive.
// What the group has committed past, or took up above, is lost and not stuck;
// no-acknowledged-loss tells of both.
//
// A consumer is alive unless each of its instances was last seen to exit or to
// freeze, or was never started, being one that the system began without. What waits
// for a dead one is not stuck: the verdict is unknown.
const NoStuck = "no-stuck"

func noStuck(x *history.Index) Verdict {
	var all []finding
	passed := passedPositions(x)
	for _, s := range x.Log.Header.Consumers() {
		if s.Sink == nil {
			all = append(all, finding{subject: s.Group, status: NotAsked, why: "it has no ledger of its effects"})
			continue
		}
		f := finding{subject: s.Sink.Name}
		w := waiting{x, s, passed}
		alive, waits, held := w.alive(), 0, x.Sink(s.Sink.Name)
		for r := range x.Owed(s) {
			if sighting(held, r) != nil {
				f.examined++
				continue
			}
			record := w.last(r)
			if record == nil {
				continue // lost before it was in the log
			}
			if f.examined++; w.behind(record) {
				continue
			}
			if waits++; alive {
				f.anomalies = append(f.anomalies, w.anomaly(r, record))
			}
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids are stuck before %s", brief: "stuck"}
		switch {
		case f.examined == 0:
			f.count, f.why = nil, "no acknowledged id is in the log"
		case waits > 0 && !alive:
			f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("%s acknowledged ids wait, and no instance of %s was alive at the end", quantity.Count(waits), s.Name)
		}
		all = append(all, f)
	}
	return combine(x, all, "no service consumes a log")
}

func (w waiting) anomaly(r, record *history.Event) Anomaly {
	a := Anomaly{
		What: fmt.Sprintf("%s, sent at %s, is stuck at %s: %s is alive and never tried it",
			r.ID, quantity.Duration(r.At), record.In().At(record.Offset), w.service.Name),
		IDs: []string{r.ID}, Events: []uint64{r.N, record.N}, Offsets: []string{record.In().At(record.Offset)},
		Setting: setting(w.service, "max.poll", "poll", "attempt", "session"),
	}
	if at := w.passed[place{w.service.Group, record.In()}]; at.by != nil {
		a.What += fmt.Sprintf(", and stands at %d", at.offset)
		a.Events = append(a.Events, at.by.N)
		a.Offsets = append(a.Offsets, record.In().At(at.offset))
	}
	return a
}

// waiting tells what waits for a consumer.
type waiting struct {
	x       *history.Index
	service history.Service
	passed  map[place]reach
}

// reach is the highest position known of a group on a partition.
type reach struct {
	offset int64
	by     *history.Event // nil when none is known
}

// last returns where the request's id stands last on its way to the service's sink: in the
// service's topic, or in the retry topic to which it was put off last. Of several
// records of one id it is one that still waits, if any does. It is nil when the
// id never came into the log.
func (w waiting) last(request *history.Event) *history.Event {
	if request.ID == "" {
		return nil
	}
	var last *history.Event
	for _, topic := range append([]string{w.service.Topic}, w.service.Retry...) {
		var here *history.Event
		for _, r := range w.x.InLog.Of(request) {
			if (topic == "" || r.Topic == topic) && (here == nil || !w.behind(r)) {
				here = r
			}
		}
		if here != nil {
			last = here
		}
	}
	return last
}

// behind says whether a position past the record is known to have been taken.
func (w waiting) behind(record *history.Event) bool {
	at := w.passed[place{w.service.Group, record.In()}]
	return at.by != nil && at.offset > record.Offset
}

// alive says whether an instance of the service ran when the run was over, as far
// as the history says anything about it.
func (w waiting) alive() bool {
	end, down := over(w.x), map[string]bool{}
	for _, late := range w.service.Late {
		down[late] = true
	}
	for e := range w.x.Of(history.Process) {
		if e.At <= end && slices.Contains(w.service.Instances, e.Client) {
			down[e.Client] = e.Name == history.Exited || e.Name == history.Frozen
		}
	}
	return len(w.service.Instances) == 0 || slices.ContainsFunc(w.service.Instances, func(i string) bool { return !down[i] })
}

// over is when the run was over, before what ran was stopped: when the
// independent reader found its first record.
func over(x *history.Index) time.Duration {
	for e := range x.Of(history.Audit) {
		return e.At
	}
	return math.MaxInt64
}

// passedPositions is how far each group is known to have come on each partition,
// by what it committed or stored, by the samples, and by where it took up last.
func passedPositions(x *history.Index) map[place]reach {
	return history.Remember(x, derived{what: "passed"}, func() map[place]reach { return newPassed(x) })
}

func newPassed(x *history.Index) map[place]reach {
	highest := map[place]reach{}
	for _, s := range x.Log.Header.Consumers() {
		for _, p := range positions(x, s) {
			var top reach
			see := func(e *history.Event, offset int64) {
				if offset >= 0 && (top.by == nil || offset > top.offset || offset == top.offset && e.N < top.by.N) {
					top = reach{offset, e}
				}
			}
			for _, c := range slices.Concat(p.commits, p.stored) {
				if c.Outcome == history.OK {
					see(c, c.Offset)
				}
			}
			for _, e := range p.samples {
				see(e, e.Committed)
			}
			if top.by != nil {
				highest[p.place] = top
			}
		}
	}
	taken := map[place]*history.Event{} // the last time
	for r := range x.Of(history.Resume) {
		if r.Offset >= 0 {
			taken[place{r.Group, r.In()}] = r
		}
	}
	for p, r := range taken {
		if h := highest[p]; h.by == nil || r.Offset > h.offset {
			highest[p] = reach{r.Offset, r}
		}
	}
	return highest
}
