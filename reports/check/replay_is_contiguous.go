package check

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

func init() { rule(breakwater.ReplayIsContiguous, replayIsContiguous) }

func replayIsContiguous(x *history.Index) Verdict {
	a := newAudience(x)
	return ofConsumers(x, func(s breakwater.Service) finding {
		if s.Ledger == nil || s.Ledger.Attempts == "" {
			return notAsked("its sink does not record every attempt")
		}
		attempts := x.Sink(s.Ledger.Sink).Attempts
		none, unknown := len(attempts.ID("")), unnamed(x, x.Input(s))
		switch {
		case attempts.Count() == 0:
			return finding{status: Unknown, why: "its sink recorded no attempt"}
		case unknown != "":
			return notAsked(unknown)
		case none == attempts.Count():
			return notAsked(fmt.Sprintf("no attempt in %s carries an id; name in its ledger's ID the column or field that does", s.Ledger.Sink))
		}
		f := finding{subject: s.Group}
		moved, broken := logStartMoved(x), 0
		replays := a.replays(s)
		for _, p := range sortedPartitions(replays) {
			if moved[p] != 0 {
				unknown = fmt.Sprintf("the start of %s moved during the run", p)
				continue
			}
			r := replays[p]
			r.judge()
			f.examined += r.examined
			f.anomalies = append(f.anomalies, r.anomalies...)
			broken += r.broken
		}
		if topic := x.Input(s); x.Log.Header.Compacts(topic) {
			f.anomalies, unknown = nil, topic+" is compacted, so that a gap proves nothing, nor that there is none"
		}
		f.count = &count{bad: broken, of: f.examined, sum: true, what: "runs of %s were no contiguous slice of the log", brief: "runs with gaps",
			all: "%s runs of %s were contiguous", allFew: "runs contiguous"}
		switch {
		case len(f.anomalies) > 0:
		case unknown != "":
			f.count, f.status, f.why = nil, Unknown, unknown
		case f.examined == 0:
			f.count, f.why = nil, "nothing that it attempted is in its topic"
		}
		return f.doubted(missedIn(x, s))
	})
}

// logStartMoved are the partitions whose first offset did not stay the same, and
// by how many offsets it moved at most.
func logStartMoved(x *history.Index) map[history.Partition]int64 {
	first, moved := map[history.Partition]int64{}, map[history.Partition]int64{}
	for e := range x.Of(history.Sample) {
		p := e.In()
		if at, known := first[p]; !known {
			first[p] = e.LogStart
		} else if at != e.LogStart {
			moved[p] = max(moved[p], e.LogStart-at, at-e.LogStart)
		}
	}
	return moved
}

// replay is one group's work on one partition. Ranks number the visible records
// that were meant for the sink, so that gaps in the offsets are none here.
type replay struct {
	history.Partition
	service breakwater.Service
	skew    time.Duration               // of its ledger
	records []*history.Event            // by rank
	alive   bool                        // the consumer, at the end
	reset   func(r *history.Event) bool // whether it resumed where somebody outside had set the group

	runs []*run
	next int             // the run that begins next, while attempts are sorted
	last *run            // that began
	now  map[string]*run // by client
	done []int           // by rank: the first run that brought it, or one of the below

	examined  int // runs that had something to bring
	broken    int // of them, those that left a gap
	anomalies []Anomaly
}

// In done instead of a run.
const (
	late  = -1 // a former owner, after another had taken up above it
	never = math.MaxInt
)

// run is what one tenure brought to the sink.
type run struct {
	*tenure
	lo  int   // the rank from which it took up
	own []int // ranks that it brought
}

// replays sorts the attempts in the service's sink by partition and tenure.
func (a audience) replays(s breakwater.Service) map[history.Partition]*replay {
	x := a.x
	w := waiting{x: x, service: s}
	alive, reset, held, end := w.alive(), resets(x, s), tenures(x, s), over(x)
	all := map[history.Partition]*replay{}
	topic, deadLetterRecords := x.Input(s), s.DeadLetters()
	ranks := make([]rankIn, len(x.Log.Events)+1) // by the record's place in the log, from 1
	for p, records := range x.Records {
		if topic != "" && p.Topic != topic || p.Topic == deadLetterRecords.Topic || slices.Contains(deadLetterRecords.Retry, p.Topic) {
			continue
		}
		r := &replay{Partition: p, service: s, skew: x.Skew(s), alive: alive, reset: reset, now: map[string]*run{}}
		for _, record := range records {
			if a.meant(s, record) && only(x, record, p.Topic) != nil {
				ranks[x.Place(record)+1] = rankIn{r, len(r.records)}
				r.records = append(r.records, record)
				r.done = append(r.done, never)
			}
		}
		for _, t := range held[p] {
			if t.at < end { // a later one only saw how the run was stopped
				r.runs = append(r.runs, &run{tenure: t})
			}
		}
		if len(r.runs) == 0 {
			r.runs = []*run{{tenure: &tenure{client: s.Group, at: math.MinInt64, from: -1}}}
		}
		all[p] = r
	}
	for e := range x.Of(history.Attempt) {
		if e.Sink != s.Ledger.Sink {
			continue
		}
		if record := only(x, e, topic); record != nil {
			if at := ranks[x.Place(record)+1]; at.replay != nil { // else it was not meant for the sink
				at.attempt(e, at.rank)
			}
		}
	}
	return all
}

// only returns the record of the event's id in the topic where it is the only one there.
func only(x *history.Index, e *history.Event, topic string) *history.Event {
	if e.ID == "" {
		return nil
	}
	if records := x.Topic(topic).Of(e); len(records) == 1 {
		return records[0]
	}
	return nil
}

// resets says of a resume whether it took up where somebody from outside the group
// had set it, past what the group itself had committed.
func resets(x *history.Index, s breakwater.Service) func(*history.Event) bool {
	all := sync.OnceValue(func() map[history.Partition]*position {
		byPartition := map[history.Partition]*position{}
		for _, p := range positions(x, s) {
			byPartition[p.Partition] = p
		}
		return byPartition
	})
	return func(r *history.Event) bool {
		if r == nil || r.Kind != history.Resume || all()[r.In()] == nil {
			return false
		}
		p := all()[r.In()]
		known := slices.Concat(p.commits, p.stored)
		return p.setElsewhere(r.Committed, r.At, r.End) || slices.ContainsFunc(known, func(c *history.Event) bool {
			return p.outside(c) && c.At <= r.End && (c.Offset == r.Committed || c.Offset == r.Offset) &&
				!slices.ContainsFunc(known, func(own *history.Event) bool {
					return !p.outside(own) && own.Outcome == history.OK && own.At < c.At && own.Offset >= c.Offset
				})
		})
	}
}

// rank is that of the first record at the offset or after it.
func (r *replay) rank(offset int64) int {
	return fromOffset(r.records, offset)
}

// rankIn is where a record stands among those of its partition.
type rankIn struct {
	*replay
	rank int
}

// attempt gives an attempt at the record of that rank to the run that made it.
// They come in order of time.
func (r *replay) attempt(e *history.Event, at int) {
	for r.next < len(r.runs) && r.runs[r.next].at <= e.At+r.skew {
		r.last, r.now[r.runs[r.next].client] = r.runs[r.next], r.runs[r.next]
		r.next++
	}
	t := r.last
	if r.service.Has(e.Client) {
		t = r.now[e.Client]
	}
	if t == nil {
		r.done[at] = late
		return
	}
	t.own = append(t.own, at)
}

// settle finds where each run began, and what it brought late for a former owner.
func (r *replay) settle() {
	for _, t := range r.runs {
		slices.Sort(t.own)
		t.own = slices.Compact(t.own)
		switch {
		case t.from >= 0:
			t.lo = r.rank(t.from)
		case len(t.own) > 0:
			t.lo = t.own[0]
		}
		for len(t.own) > 0 && t.own[0] < t.lo {
			r.done[t.own[0]] = late
			t.own = t.own[1:]
		}
	}
	r.runs = slices.DeleteFunc(r.runs, func(t *run) bool { return t.from < 0 && len(t.own) == 0 })
	for k, t := range r.runs {
		for _, rank := range t.own {
			r.done[rank] = min(r.done[rank], k)
		}
	}
}

// judge looks for gaps: of each run, between where it took up and where the next
// one did, and of the last one, up to the end of the log.
func (r *replay) judge() {
	r.settle()
	for k, t := range r.runs {
		var next *run
		hi := len(r.records)
		if k+1 < len(r.runs) {
			next = r.runs[k+1]
			hi = next.lo
		}
		if t.lo < hi || len(t.own) > 0 {
			r.examined++
		}
		var gaps []gap
		i := 0 // into what it brought
		for rank := t.lo; rank < hi; rank++ {
			if i < len(t.own) && t.own[i] == rank {
				i++
				continue
			}
			inside := i > 0 && i < len(t.own)
			if r.excused(k, rank, inside) {
				continue
			}
			if n := len(gaps); n > 0 && gaps[n-1].before == i {
				gaps[n-1].records = append(gaps[n-1].records, r.records[rank])
			} else {
				gaps = append(gaps, gap{t, next, i, []*history.Event{r.records[rank]}})
			}
		}
		if n := len(gaps); n > 0 && gaps[n-1].before == len(t.own) && next != nil && r.reset(next.begin) {
			gaps = gaps[:n-1] // skipped by whoever set the next one
		}
		if len(gaps) == 0 {
			continue
		}
		r.broken++
		for _, g := range gaps {
			r.anomalies = append(r.anomalies, r.anomaly(g))
		}
	}
}

// excused reports whether the run need not have brought the record itself. Inside
// of what it brought it had to. Before that, and from there up to the next run,
// those before it may have; and what is left at the end only counts where nobody
// ever brought it, and somebody was there to.
func (r *replay) excused(k, rank int, inside bool) bool {
	last, done := k+1 == len(r.runs), r.done[rank]
	switch {
	case done == late, last && !r.alive:
		return true
	case inside && r.runs[k].from >= 0:
		return false
	}
	return done != never && (done <= k || last || r.runs[k].from < 0)
}

// gap is records that a run left out.
type gap struct {
	run     *run
	next    *run // nil for the last
	before  int  // how many it brought of those below
	records []*history.Event
}

func (r *replay) anomaly(g gap) Anomaly {
	var named []string
	for _, record := range g.records {
		named = append(named, record.ID)
	}
	a := Anomaly{IDs: clip(named), Setting: setting(r.service, "reset", "commit", "offset")}
	if g.run.begin != nil {
		a.Events = append(a.Events, g.run.begin.N)
	}
	for _, record := range clip(g.records) {
		a.Events = append(a.Events, record.N)
		a.Offsets = append(a.Offsets, r.At(record.Offset))
	}
	sink := r.service.Ledger.Sink
	switch own := g.run.own; {
	case g.before > 0 && g.before < len(own):
		a.What = fmt.Sprintf("%s brought %s and then %d to %s, and not %s in between",
			g.run.client, r.At(r.records[own[g.before-1]].Offset), r.records[own[g.before]].Offset, sink, ids(named))
	case g.before < len(own):
		a.What = fmt.Sprintf("%s took up %s and began with %d in %s, and not with %s",
			g.run.client, r.At(max(g.run.from, 0)), r.records[own[0]].Offset, sink, ids(named))
	case g.next != nil:
		a.What = fmt.Sprintf("%s took up %s at %d, and nobody had brought %s to %s before",
			g.next.client, r.Partition, max(g.next.from, 0), ids(named), sink)
		if g.next.begin != nil {
			a.Events = append(a.Events, g.next.begin.N)
		}
	default:
		a.What = fmt.Sprintf("%s was the last to take up %s, and never brought %s at its end to %s", g.run.client, r.Partition, ids(named), sink)
	}
	return a
}
