package check

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// position is what the history says of one group's position on one partition.
type position struct {
	place
	service breakwater.Service
	skew    time.Duration // of its ledger
	resumes []*history.Event
	commits []*history.Event // sent to Kafka by anyone, with any outcome
	stored  []*history.Event // kept by the service's own sink, in order of time
	samples []*history.Event
	takings func() map[*history.Event]taking // by resume; for a service that keeps its positions

	known *facts // of the commits, made when first asked for
}

// positions returns the positions of the service's group, by partition.
func positions(x *history.Index, s breakwater.Service) []*position {
	return history.Remember(x, derived{"positions", s.Name}, func() []*position { return newPositions(x, s) })
}

// derived names what is remembered of one service, or of the whole log.
type derived struct{ what, service string }

func newPositions(x *history.Index, s breakwater.Service) []*position {
	byPartition := map[history.Partition]*position{}
	spans := sync.OnceValue(func() map[*history.Event]taking { return takings(x, s) })
	at := func(in history.Partition) *position {
		p := byPartition[in]
		if p == nil {
			p = &position{place: place{s.Group, in}, service: s, skew: x.Skew(s), takings: spans}
			byPartition[in] = p
		}
		return p
	}
	for _, known := range x.Positions(s.Group) {
		p := at(known.Partition)
		p.resumes, p.commits, p.samples = known.Resumes, known.Commits, known.Samples
	}
	if s.Ledger != nil {
		for in, stored := range x.Sink(s.Ledger.Sink).Positions {
			at(in).stored = stored
		}
	}
	return slices.SortedFunc(maps.Values(byPartition), func(a, b *position) int { return a.Compare(b.Partition) })
}

// outside reports whether a commit came from outside the group: a reset by an
// operator or by the kit, which records it under a client that is no instance
// of the service.
func (p *position) outside(c *history.Event) bool {
	return c.Client != "" && !p.service.Has(c.Client)
}

// since is the instant from which an acknowledged commit certainly stands, and
// false when there is none. A commit inside a transaction ends with it, so it
// too stands from its end, or failed with an abort.
func since(c *history.Event) (time.Duration, bool) {
	return c.End, c.Outcome == history.OK && c.End > 0
}

// possible returns the commits that may have been current at some instant of
// [from, to], and whether the group may have had none.
//
// A commit may be current once it was sent, acknowledged or not: its answer may
// have been lost. It certainly no longer is when another was sent after it had
// returned, and was acknowledged before from. What never returned may be
// applied at any time, unless a later generation's commit was accepted meanwhile.
func (p *position) possible(from, to time.Duration) (current []*history.Event, none bool) {
	f := p.facts()
	latest, some := p.latest(from)
	if !some {
		latest = math.MinInt64
	}
	for c := range f.lastSent(to, latest) {
		if c.End >= latest { // or it had returned before one that was done in time was even sent
			current = append(current, c)
		}
	}
	accepted := int32(0) // the highest generation of a commit that was, in time
	if n := f.doneBy(from); n > 0 {
		accepted = f.generation[n-1]
	}
	for _, c := range f.open {
		if c.At > to {
			break
		}
		if c.Generation <= 0 || c.Generation >= accepted {
			current = append(current, c)
		}
	}
	slices.SortFunc(current, func(a, b *history.Event) int { return cmp.Compare(a.N, b.N) })
	return current, !some
}

// fenced reports whether the commit cannot have been applied after the other, which
// was accepted: it is of an earlier generation, and brokers refuse those.
func fenced(c, accepted *history.Event) bool {
	return c.Generation > 0 && c.Generation < accepted.Generation
}

// latest is when the last of the commits that were certainly done by then was
// sent, and false when none was.
func (p *position) latest(by time.Duration) (sent time.Duration, some bool) {
	f := p.facts()
	if n := f.doneBy(by); n > 0 {
		return f.latest[n-1], true
	}
	return 0, false
}

// setElsewhere reports whether a sample showed the offset, by the instant to and
// not before the last commit that was done by from, while no commit of the
// history ever had it: somebody outside set it, or it is older than the run.
func (p *position) setElsewhere(offset int64, from, to time.Duration) bool {
	if offset < 0 {
		return false
	}
	i := 0
	if latest, some := p.latest(from); some {
		i = sort.Search(len(p.samples), func(i int) bool { return p.samples[i].At >= latest })
	}
	for ; i < len(p.samples) && p.samples[i].At <= to; i++ {
		if p.samples[i].Committed == offset {
			return !slices.ContainsFunc(p.commits, func(c *history.Event) bool { return c.Offset == offset })
		}
	}
	return false
}

// start is where the incarnation began to process, and false when it is not known.
func start(r *history.Event) (int64, bool) {
	offset := r.Offset
	if offset < 0 {
		offset = r.Committed
	}
	return offset, offset >= 0
}

// effectsFrom reports whether the service's sink takes effects from the topic: its own
// or a retry topic, and any where it does not report which is its own. What else its
// group may read asks for none.
func effectsFrom(x *history.Index, s breakwater.Service, topic string) bool {
	return x.Input(s) == "" || topic == x.Input(s) || slices.Contains(s.DeadLetters().Retry, topic)
}

// keepsPositions reports whether the service keeps its positions in its own sink.
func keepsPositions(s breakwater.Service) bool { return s.Offsets == breakwater.OffsetsInSink }

// eachConsumer judges every consumer by its positions in Kafka, or by those in its
// own sink where it keeps them there. It is not asked when the sink tells none.
func eachConsumer(x *history.Index, judge func(breakwater.Service, []*position) finding) Verdict {
	return ofConsumers(x, func(s breakwater.Service) finding {
		positions := positions(x, s)
		if keepsPositions(s) && !slices.ContainsFunc(positions, func(p *position) bool { return len(p.stored) > 0 }) {
			return notAsked("its offsets live in its sink, and nothing records them there")
		}
		return judge(s, positions)
	})
}

// facts are a position's commits in the orders in which they are asked about. In
// a rebalance storm thousands of resumes ask about thousands of commits.
type facts struct {
	// done are those that certainly stand, by their end, with the latest instant
	// at which one up to each was sent, and their highest generation and offset.
	done       []*history.Event
	latest     []time.Duration
	generation []int32
	highest    []int64

	// sent are the same by the instant at which they were sent, with the latest
	// instant at which one up to each had returned.
	sent     []*history.Event
	returned []time.Duration

	open   []*history.Event // those that may stand: their answer was lost
	resets []*history.Event // those from outside that may
	falls  []*history.Event // samples in which the committed offset fell to where no member had set it
}

func (p *position) facts() *facts {
	if p.known != nil {
		return p.known
	}
	f := &facts{}
	p.known = f
	for _, c := range p.commits { // in order of the instants at which they were sent
		if c.Outcome == history.Failed {
			continue
		}
		if p.outside(c) {
			f.resets = append(f.resets, c)
		}
		done, certain := since(c)
		if !certain {
			f.open = append(f.open, c)
			continue
		}
		f.sent = append(f.sent, c)
		if n := len(f.returned); n > 0 {
			done = max(done, f.returned[n-1])
		}
		f.returned = append(f.returned, done)
	}
	f.done = sorted(f.sent, byEnd)
	for i, c := range f.done {
		latest, generation, highest := c.At, c.Generation, c.Offset
		if i > 0 {
			latest, generation, highest = max(latest, f.latest[i-1]), max(generation, f.generation[i-1]), max(highest, f.highest[i-1])
		}
		f.latest, f.generation, f.highest = append(f.latest, latest), append(f.generation, generation), append(f.highest, highest)
	}
	var members map[int64]bool // offsets that members set
	for i := 1; i < len(p.samples); i++ {
		after := p.samples[i]
		if after.Committed >= p.samples[i-1].Committed {
			continue
		}
		if members == nil {
			members = map[int64]bool{}
			for _, c := range p.commits {
				members[c.Offset] = members[c.Offset] || !p.outside(c)
			}
		}
		if !members[after.Committed] {
			f.falls = append(f.falls, after)
		}
	}
	return f
}

// doneBy is how many of done had returned by then.
func (f *facts) doneBy(t time.Duration) int {
	return sort.Search(len(f.done), func(i int) bool { return f.done[i].End > t })
}

// lastSent yields those of sent that were sent by then, the last first, as long as
// one of what remains returned at or after the other instant.
func (f *facts) lastSent(by, returned time.Duration) iter.Seq[*history.Event] {
	return func(yield func(*history.Event) bool) {
		i := sort.Search(len(f.sent), func(i int) bool { return f.sent[i].At > by })
		for i--; i >= 0 && f.returned[i] >= returned; i-- {
			if !yield(f.sent[i]) {
				return
			}
		}
	}
}

// A service that keeps its positions in its own sink asks that sink where to
// begin, which nothing on the wire shows. It did so after it was given the
// partition, and before the first records came.

// taking is the span in which an incarnation asked its sink.
type taking struct{ from, to time.Duration }

// takings returns the span of each resume of the service.
func takings(x *history.Index, s breakwater.Service) map[*history.Event]taking {
	type owner struct {
		client string
		history.Partition
	}
	spans := map[*history.Event]taking{}
	assigned := map[owner]time.Duration{}
	open := map[owner]*history.Event{} // the resume that waits for its first records
	for e := range x.Of(history.Assign, history.Resume, history.Fetched) {
		if e.Group != s.Group && (e.Group != "" || !s.Has(e.Client)) {
			continue
		}
		o := owner{e.Client, e.In()}
		switch {
		case e.Kind == history.Assign && e.Name == history.Assigned:
			assigned[o] = e.At
		case e.Kind == history.Resume:
			t := taking{from: e.At, to: math.MaxInt64}
			if at, known := assigned[o]; known {
				t.from = at
			}
			delete(assigned, o)
			spans[e], open[o] = t, e
		case e.Kind == history.Fetched && open[o] != nil:
			spans[open[o]] = taking{spans[open[o]].from, e.At}
			delete(open, o)
		}
	}
	return spans
}

// storedAt returns the positions that the sink may have answered with in the
// span: those that stood in it at some instant of it, give or take the error of
// its clock. There are none when it may have had none to tell.
func (p *position) storedAt(t taking) []*history.Event {
	skew := p.skew
	first := sort.Search(len(p.stored), func(i int) bool {
		return i+1 == len(p.stored) || p.stored[i+1].At >= t.from-skew
	})
	if first == len(p.stored) || p.stored[first].At > t.from-skew {
		return nil
	}
	end := first
	for end < len(p.stored) && p.stored[end].At-skew <= t.to {
		end++
	}
	return p.stored[first:end]
}

// same reports whether no visible record lies between the offsets, so that it makes
// no difference which of them is fetched.
func (p *position) same(x *history.Index, a, b int64) bool {
	return a == b || len(x.Records[p.Partition]) > 0 && len(x.Between(p.Partition, min(a, b), max(a, b))) == 0
}

// wrongTakeUp is a resume at none of the positions that the sink held.
func wrongTakeUp(x *history.Index, p *position, r *history.Event) (Anomaly, bool) {
	if r.Offset < 0 {
		return Anomaly{}, false
	}
	held := p.storedAt(p.takings()[r])
	if len(held) == 0 || slices.ContainsFunc(held, func(c *history.Event) bool { return p.same(x, c.Offset, r.Offset) }) {
		return Anomaly{}, false
	}
	c := held[0]
	a := Anomaly{
		What:    fmt.Sprintf("%s resumed %s at %s, its sink %s held %d (event %d)", r.Client, p.group, p.At(r.Offset), c.Sink, c.Offset, c.N),
		Events:  []uint64{r.N, c.N},
		Offsets: []string{p.At(c.Offset), p.At(r.Offset)},
		Setting: setting(p.service, "reset", "offset"),
	}
	for _, record := range clip(x.Between(p.Partition, min(r.Offset, c.Offset), max(r.Offset, c.Offset))) {
		a.IDs = append(a.IDs, record.ID)
	}
	if n := len(x.Between(p.Partition, c.Offset, r.Offset)); n > 0 {
		a.What += fmt.Sprintf(" and %s records were skipped", quantity.Count(n))
	}
	return a, true
}

// unexplainedStored returns the lowest position that the sink may have answered
// with, where the resume lies below all of them, and nil where it does not.
func (p *position) unexplainedStored(r *history.Event) *history.Event {
	held := p.storedAt(p.takings()[r])
	if len(held) == 0 {
		return nil
	}
	lowest := slices.MinFunc(held, byOffset)
	if r.Offset >= lowest.Offset {
		return nil
	}
	return lowest
}

// place is one group on one partition.
type place struct {
	group string
	history.Partition
}
