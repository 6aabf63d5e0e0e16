package check

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
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

// outside says whether a commit came from outside the group: a reset by an
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

// fenced says whether the commit cannot have been applied after the other, which
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

// setElsewhere says whether a sample showed the offset, by the instant to and
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

// effectsFrom says whether the service's sink takes effects from the topic: its own
// or a retry topic, and any where it does not say which is its own. What else its
// group may read asks for none.
func effectsFrom(x *history.Index, s breakwater.Service, topic string) bool {
	return x.Input(s) == "" || topic == x.Input(s) || slices.Contains(s.DeadLetters().Retry, topic)
}

// keepsPositions says whether the service keeps its positions in its own sink.
func keepsPositions(s breakwater.Service) bool { return s.Offsets == breakwater.OffsetsInSink }

// eachConsumer judges every consumer by its positions in Kafka, or by those in its
// own sink where it keeps them there. It is not asked when the sink tells none.
func eachConsumer(x *history.Index, judge func(breakwater.Service, []*position) finding) []finding {
	var all []finding
	for _, s := range x.Log.Header.Consumers() {
		positions := positions(x, s)
		if keepsPositions(s) && !slices.ContainsFunc(positions, func(p *position) bool { return len(p.stored) > 0 }) {
			all = append(all, finding{subject: s.Group, status: NotAsked, why: "its offsets live in its sink, and nothing records them there"})
			continue
		}
		f := judge(s, positions)
		f.subject = s.Group
		all = append(all, f)
	}
	return all
}
