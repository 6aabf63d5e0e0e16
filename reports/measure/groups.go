package measure

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// maxStale is how many windows a lag is carried forward when nobody sampled it.
const maxStale = 4

// lag is the lag of one group by window, over all its partitions.
type lag struct {
	service breakwater.Service
	topic   string // that it consumes
	value   []float64
	known   []bool
	base    float64 // see lagBaseline
	hasBase bool
	max     float64
	since   time.Duration   // when somebody was in the group, where at first nobody was
	last    time.Duration   // when it was last seen
	seen    []time.Duration // when it was seen, in order
}

// newLag takes the lag from samples, or, for a service that keeps its position
// in its sink, from its sink: ids acknowledged and not yet in effect, or no longer
// because its position was set back. A service that the system began without has none
// before it is started, and is at its baseline once it has caught up with the log's end.
func newLag(x *history.Index, s breakwater.Service, phases spans, end time.Duration) lag {
	l := lag{service: s, topic: x.Input(s)}
	n := len(newCounts(end))
	l.value, l.known = make([]float64, n), make([]bool, n)
	if s.Offsets == breakwater.OffsetsInSink && s.Ledger != nil {
		l.fromSink(x, end)
	} else {
		l.fromSamples(x, end)
	}
	late := len(s.InitialInstances()) == 0
	if late {
		l.since = arrival(x, s, end)
		l.seen = slices.DeleteFunc(l.seen, func(at time.Duration) bool { return at < l.since })
	}
	var before []float64
	for i := range l.value {
		l.known[i] = l.known[i] && time.Duration(i+1)*Window > l.since
		if !l.known[i] {
			continue
		}
		l.max = max(l.max, l.value[i])
		if phases.contains(breakwater.Before, time.Duration(i)*Window) {
			before = append(before, l.value[i])
		}
	}
	l.base, l.hasBase = lagBaseline(before), len(before) > 0
	if late {
		l.base, l.hasBase = 0, true
	}
	return l
}

// arrival is when the first instance of the service was started, the end if none was.
func arrival(x *history.Index, s breakwater.Service, end time.Duration) time.Duration {
	for e := range x.Of(history.Process) {
		if e.Name == history.Started && s.Has(e.Client) {
			return e.At
		}
	}
	return end
}

// lagBaseline is the highest lag of the time before the fault after its highest
// tenth is left out: one stall of the machine must not hide a consumer that is
// gone for seconds.
func lagBaseline(before []float64) float64 {
	if len(before) == 0 {
		return 0
	}
	slices.Sort(before)
	return before[(len(before)-1)*9/10]
}

func (l *lag) fromSamples(x *history.Index, end time.Duration) {
	latest := map[history.Partition]int64{}
	next, stale := 0, maxStale
	var samples []*history.Event
	for e := range x.Of(history.Sample) {
		if e.Group == l.service.Group && (l.topic == "" || e.Topic == l.topic) {
			samples = append(samples, e)
		}
	}
	for i := range l.value {
		stale++
		for ; next < len(samples) && samples[next].At < time.Duration(i+1)*Window; next++ {
			latest[samples[next].In()] = samples[next].Lag
			l.last, stale = samples[next].At, 0
			l.seen = append(l.seen, l.last)
		}
		for _, n := range latest {
			l.value[i] += float64(n)
		}
		l.known[i] = len(latest) > 0 && stale <= maxStale
	}
}

func (l *lag) fromSink(x *history.Index, end time.Duration) {
	change := newCounts(end)
	for _, g := range gapsOf(x, l.service, end) {
		change.add(g.from)
		if i := window(g.to); !g.open && i < len(change) {
			change[i]--
		}
	}
	l.last = end
	sum := 0.0
	for i, n := range change {
		sum += n
		l.value[i], l.known[i] = max(0, sum), true
		l.seen = append(l.seen, time.Duration(i+1)*Window-1)
	}
}

func (l lag) points() []Point {
	var points []Point
	for i, v := range l.value {
		if l.known[i] {
			points = append(points, Point{time.Duration(i) * Window, v})
		}
	}
	return points
}

func groups(lags []lag) []Group {
	var all []Group
	for _, l := range lags {
		all = append(all, Group{Group: l.service.Group, Service: l.service.Name, Topic: l.topic, Lag: l.points(), BaselineLag: l.base, MaxLag: l.max})
	}
	return all
}

func (f *fold) sinks() []Sink {
	var all []Sink
	x, end := f.index, f.end
	for _, s := range x.Log.Header.Sinks() {
		held := x.Sink(s.Ledger.Sink)
		k := Sink{Name: s.Ledger.Sink, Service: s.Name, IDs: held.Effects.Len()}
		rate := newCounts(end)
		for entries := range held.Effects.All() {
			k.Effects += len(entries)
			for _, e := range entries {
				rate.add(e.At)
			}
		}
		k.Attempts = held.Attempts.Count()
		if x.KnowsEffects(k.Name) {
			for r := range x.Due(s) {
				if len(held.Effects.Of(r)) == 0 {
					k.Missing++
				}
			}
		}
		k.Rate = rate.rate()
		for _, v := range f.stale {
			if v.service.Name == s.Name {
				k.Staleness = v.points()
			}
		}
		k.P50, k.P99 = waits(f.promised[k.Name], end)
		all = append(all, k)
	}
	return all
}

// rung is one incarnation while the ladder is built.
type rung struct {
	Incarnation
	highest  int64   // offset fetched or attempted, -1 for none
	worked   int64   // offset attempted, or in effect where the sink records no attempts; -1 for none
	attempts []Point // its progress by what its sink saw
	replayed int     // visible records in Replayed
}

// climb is the ladder of one group on one partition with what its rungs add up to.
type climb struct {
	Ladder
	rungs    []*rung
	reported bool // by the sink, what was worked on; else what was fetched has to do
}

// newClimbs builds the ladders of the service's group, by partition. An
// incarnation lasts from its resume to the next one on the partition, to its
// own loss of it, or to the end of its process.
func newClimbs(x *history.Index, s breakwater.Service, end time.Duration) []*climb {
	sink := ""
	if s.Ledger != nil {
		sink = s.Ledger.Sink
	}
	// A sink that records no attempts tells by its effects.
	worked, reported := history.Attempt, x.Sink(sink).Attempts.Len() > 0
	if !reported {
		worked, reported = history.Effect, x.Sink(sink).Effects.Len() > 0
	}
	byPartition := map[history.Partition]*climb{}
	climbOf := func(p history.Partition) *climb {
		if byPartition[p] == nil {
			byPartition[p] = &climb{reported: reported, Ladder: Ladder{Group: s.Group, Topic: p.Topic, Partition: p.Partition}}
		}
		return byPartition[p]
	}
	for e := range x.Of(history.Sample, history.Resume, history.Assign, history.Process, history.Fetched, history.Commit, worked) {
		switch e.Kind {
		case history.Process:
			if e.Name == history.Exited {
				for _, c := range byPartition {
					c.close(e.Client, e.At)
				}
			}
			continue
		case worked:
			if sink == "" || e.Sink != sink {
				continue
			}
			if r := x.RecordOf(e, x.Input(s)); r != nil {
				climbOf(r.In()).reach("", e.At, r.Offset)
			}
			continue
		}
		if e.Group != s.Group {
			continue
		}
		c := climbOf(e.In())
		switch e.Kind {
		case history.Sample:
			c.LogEnd = append(c.LogEnd, Point{e.At, float64(e.HighWatermark)})
		case history.Resume:
			c.open(e, end)
		case history.Assign:
			if e.Name != history.Assigned {
				c.close(e.Client, e.At)
			}
		case history.Fetched:
			c.reach(e.Client, e.At, e.Last)
		case history.Commit:
			c.commit(e)
		}
	}
	var all []*climb
	for _, p := range slices.SortedFunc(maps.Keys(byPartition), history.Partition.Compare) {
		c := byPartition[p]
		c.finish(x)
		all = append(all, c)
	}
	return all
}

func (c *climb) current() *rung {
	if len(c.rungs) == 0 {
		return nil
	}
	return c.rungs[len(c.rungs)-1]
}

func (c *climb) open(r *history.Event, end time.Duration) {
	if t := c.current(); t != nil {
		t.Until = min(t.Until, r.At)
	}
	resumed := r.Offset
	if resumed < 0 {
		resumed = max(r.Committed, 0)
	}
	c.rungs = append(c.rungs, &rung{highest: -1, worked: -1, Incarnation: Incarnation{
		Client: r.Client, Member: r.Member, Generation: r.Generation,
		From: r.At, Until: max(end, r.At), Resumed: resumed, Committed: r.Committed,
	}})
}

func (c *climb) close(client string, at time.Duration) {
	if t := c.current(); t != nil && t.Client == client && at >= t.From {
		t.Until = min(t.Until, at)
	}
}

// reach notes that the partition's owner got as far as the offset. An attempt
// does not report who made it, so it is the owner's.
func (c *climb) reach(client string, at time.Duration, offset int64) {
	t := c.current()
	if t == nil || client != "" && t.Client != client || at > t.Until {
		return
	}
	if client == "" && offset > t.worked {
		t.worked = offset
		t.attempts = climbed(t.attempts, at, offset)
	}
	if offset > t.highest {
		t.highest = offset
		t.Progress = climbed(t.Progress, at, offset)
	}
}

// stood is how long nothing has to come for a ladder to show a step: who was
// away did not climb slowly.
const stood = 2 * Window

// climbed adds a point; of one window the last is kept.
func climbed(points []Point, at time.Duration, offset int64) []Point {
	p := Point{at, float64(offset)}
	n := len(points)
	if n == 0 {
		return append(points, p)
	}
	last := points[n-1]
	switch {
	case window(last.At) == window(at):
		points[n-1] = p
		return points
	case at-last.At > stood:
		points = append(points, Point{at - time.Millisecond, last.Value})
	}
	return append(points, p)
}

func (c *climb) commit(e *history.Event) {
	if t := c.current(); t != nil && t.Client == e.Client && e.Outcome == history.OK {
		t.Commits = append(t.Commits, Point{e.End, float64(e.Offset)})
	}
}

func (c *climb) finish(x *history.Index) {
	done := int64(-1) // how far those before had come
	in := history.Partition{Topic: c.Topic, Partition: c.Partition}
	c.LogEnd = thin(c.LogEnd)
	for _, t := range c.rungs {
		from, to := t.Resumed, min(done, t.highest)+1
		t.Replayed = [2]int64{from, max(from, to)}
		t.replayed = len(x.Between(in, t.Replayed[0], t.Replayed[1]))
		if c.reported {
			done = max(done, t.worked)
		} else {
			done = max(done, t.highest)
		}
		// A client fetches far ahead of what it works on; where the sink tells,
		// the ladder shows the work.
		if len(t.attempts) > 0 {
			t.Progress = t.attempts
		}
		if len(t.Progress) > 0 && t.Progress[0].At-t.From > stood {
			first, resumed := t.Progress[0].At, float64(t.Resumed)
			t.Progress = append([]Point{{t.From, resumed}, {first - time.Millisecond, resumed}}, t.Progress...)
		}
		t.Progress, t.Commits = thin(t.Progress), thin(t.Commits)
		c.Incarnations = append(c.Incarnations, t.Incarnation)
	}
}

// rejoins counts the memberships and generations under which the group's
// members took up partitions after the instant, and not before it.
func rejoins(x *history.Index, group string, after time.Duration) (n, resumes int) {
	type membership struct {
		client, member string
		generation     int32
	}
	before, since := map[membership]bool{}, map[membership]bool{}
	for e := range x.Of(history.Resume) {
		if e.Group != group {
			continue
		}
		resumes++
		if m := (membership{e.Client, e.Member, e.Generation}); e.At < after {
			before[m] = true
		} else if !before[m] {
			since[m] = true
		}
	}
	return len(since), resumes
}

// restarts counts the starts of the service's processes beyond the first of each
// instance, and all of them.
func restarts(x *history.Index, s breakwater.Service) (n, starts int) {
	seen := map[string]bool{}
	for e := range x.Of(history.Process) {
		if e.Name != history.Started || !s.Has(e.Client) {
			continue
		}
		if starts++; seen[e.Client] {
			n++
		}
		seen[e.Client] = true
	}
	return n, starts
}

func faults(x *history.Index) []Fault {
	var all []Fault
	for e := range x.Of(history.Fault) {
		f := Fault{Name: e.Name, Injected: e.At, Healed: e.End}
		if r := e.Fault; r != nil {
			f.Step, f.Fault, f.Active, f.Clear, f.Evidence = r.Step, r.Fault, r.Active, r.Clear, r.Evidence
			f.Service = targeted(x.Log.Header, r)
			f.Several = x.FaultName(e) != e.Name
			f.Ready = readyAgain(x, r)
		}
		all = append(all, f)
	}
	return all
}

// readyAgain is when the last of the instances was ready that the end of a fault has
// started: what was ended by it is the first to be started once it was seen to be there.
func readyAgain(x *history.Index, f *history.FaultRecord) time.Duration {
	if f.Active == 0 || f.Fault.Kind.OnEdge() {
		return 0
	}
	var last time.Duration
	waits, done := map[string]bool{}, map[string]bool{}
	for e := range x.Of(history.Process) {
		switch {
		case !slices.Contains(f.Instances, e.Client) || e.At < f.Active || done[e.Client]:
		case e.Name == history.Started:
			waits[e.Client] = true
		case e.Name == history.Ready && waits[e.Client]:
			last, waits[e.Client], done[e.Client] = e.At, false, true
		case e.Name == history.Exited && waits[e.Client]:
			done[e.Client] = true // and waits
		}
	}
	for _, still := range waits {
		if still {
			return 0
		}
	}
	return last
}

func exercised(x *history.Index) Exercised {
	e := Exercised{Events: len(x.Log.Events)}
	for r := range x.Of(history.Request) {
		e.Scheduled++
		if r.At > 0 || r.End > 0 || r.Scheduled == 0 {
			e.Sent++
		}
		e.Lateness = max(e.Lateness, r.At-r.Scheduled)
		switch r.Outcome {
		case history.OK:
			e.OK++
		case history.Failed:
			e.Failed++
		default:
			e.Unknown++
		}
	}
	for fault := range x.Of(history.Fault) {
		e.Faults++
		if f := fault.Fault; f != nil && f.Active > 0 && f.Clear > 0 && f.Undone == 0 {
			e.Witnessed++
		}
	}
	type member struct{ group, client, member string }
	members := map[member]bool{}
	for r := range x.Of(history.Resume) {
		members[member{r.Group, r.Client, cmp.Or(r.Member, r.Client)}] = true
	}
	e.Incarnations = len(members)
	for ledger := range x.Sinks() {
		e.Effects += ledger.Effects.Count()
		e.Redelivered += ledger.Attempts.Count() - ledger.Attempts.Len()
	}
	return e
}
