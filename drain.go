package breakwater

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

const (
	// standsStill is for how long nothing may move, while records wait, before a system
	// counts as one that stands still: longer than any sensible session time-out, back-off
	// or rebalance of a group whose members are there. A session that is known to be open
	// and a declared back-off are waited for besides.
	standsStill = 15 * time.Second

	// worksLong is the same while some of those records are with a consumer, which may be
	// at work on one of them: longer than any sensible record takes.
	worksLong = time.Minute

	// slowest is how many times the longest pause between two effects under load is still
	// no sign that the last one has come: what works in batches pauses between them.
	slowest = 1.5
)

// drain waits after the load until the system has done what it was asked to, or is
// known not to do it any more: as long as anything moves that may still bring an
// effect. What it waited for, and how that ended, is for the judge.
//
// Lag is waited for as long as a position or an effect moves, a session is known to be
// open, or neither has been so for less than [standsStill], or [worksLong] where a consumer
// may be at work. Without lag, effects that are missing may still come, from whatever was
// accepted and is done later: they are waited for until effects and calls have paused for
// longer than Require.Settle, and for longer than effects ever paused under load.
func (c *conductor) drain(ctx context.Context) *history.Drained {
	d := drain{
		conductor: c, begin: c.world.Now(), settle: time.Duration(c.scenario.Require.Settle), held: map[string]int{},
	}
	d.still, d.work = max(standsStill, d.settle)+c.scenario.backoff(), max(worksLong, d.settle)+c.scenario.backoff()
	d.deadline = d.begin + time.Duration(c.scenario.Require.Deadline)
	d.moved, d.called, d.behind = d.begin, d.begin, d.begin
	for ctx.Err() == nil {
		if end := d.look(ctx); end != "" {
			return &history.Drained{End: end, Behind: d.last.Lag, Still: c.world.Now() - d.moved, Limit: d.still, AtWork: d.work}
		}
		c.sleepUntil(ctx, c.world.Now()+samplePause)
	}
	return nil
}

// drain is what was seen of a drain so far.
type drain struct {
	*conductor
	begin, deadline time.Duration
	still, work     time.Duration
	settle          time.Duration

	last    Sampled
	moved   time.Duration // the last time that a position or an effect was seen to have moved
	called  time.Duration // the last time that a call was
	behind  time.Duration // the last time that there was lag
	read    time.Duration // when the ledgers began to be read the last time, 0 never
	again   time.Duration // when they may be read again
	missing bool          // what was acknowledged was not in all of them then
	held    map[string]int
	pace    time.Duration // how long effects may pause under load, 0 while it is not known
}

// look returns how the drain has ended, "" when it has not.
func (d *drain) look(ctx context.Context) string {
	now := d.world.Now()
	s := d.sampled()
	if s.Position != d.last.Position {
		d.moved = now
	}
	if s.Calls != d.last.Calls {
		d.called = now
	}
	if s.Lag != 0 {
		d.behind = now
	}
	d.last = s
	limit := d.still
	if s.AtWork {
		limit = d.work
	}
	drained := s.Lag == 0 && now-d.behind >= settled
	if (drained || s.Lag != 0 && now-d.moved >= d.settle) && now >= d.again {
		d.ledgers(ctx)
	}
	switch {
	case drained && d.read > d.behind && !d.missing:
		return history.DrainQuiet
	case drained && d.pace > 0 && now-max(d.moved, d.behind, d.called) >= max(d.settle, d.pace):
		return history.DrainQuiet
	case s.Lag != 0 && now-max(d.moved, s.Open) >= limit:
		return history.DrainStill
	case now >= d.deadline:
		return history.DrainDeadline
	}
	return ""
}

// ledgers reads what the sinks hold by now, to know whether anything is missing and
// whether more has come. One that cannot be read is reported when it is read at the end.
func (d *drain) ledgers(ctx context.Context) {
	began := d.world.Now()
	effects, err := d.world.Effects(ctx)
	took := d.world.Now() - began
	d.read, d.again = began, began+5*took+samplePause // a long ledger is read less often
	at, ids := map[string][]time.Duration{}, map[string]map[string]bool{}
	for _, e := range effects {
		if ids[e.Sink] == nil {
			ids[e.Sink] = map[string]bool{}
		}
		ids[e.Sink][e.ID] = true
		at[e.Sink] = append(at[e.Sink], e.At)
	}
	acknowledged := d.driver.acknowledged()
	d.missing = err != nil
	for _, sink := range d.scenario.sinks() {
		if before, known := d.held[sink]; known && before != len(at[sink]) {
			d.moved = began
		}
		d.held[sink] = len(at[sink])
		d.missing = d.missing || slices.ContainsFunc(acknowledged, func(id string) bool { return !ids[sink][id] })
	}
	if d.pace == 0 {
		d.pace = d.pauses(at)
	}
}

// pauses is for how long effects of one sink paused at most under load, with room to
// spare, times under a fault left aside. Where a sink has none yet that gives no
// measure, and they are waited for as long as for one that stands still.
func (d *drain) pauses(at map[string][]time.Duration) time.Duration {
	longest := samplePause
	for _, sink := range d.scenario.sinks() {
		times := slices.Sorted(slices.Values(at[sink]))
		if len(times) == 0 {
			return d.still
		}
		for i := 1; i < len(times) && times[i] <= d.begin; i++ {
			if !d.broken(times[i-1], times[i]) {
				longest = max(longest, times[i]-times[i-1])
			}
		}
	}
	return time.Duration(slowest * float64(longest))
}

// broken is whether a fault was active at some time between the two instants.
func (d *drain) broken(from, to time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.spans, func(s span) bool { return s.injected > 0 && s.injected < to && cmp.Or(s.healed, to) > from })
}

// sinks are the names of all ledgers.
func (s Scenario) sinks() (names []string) {
	for _, v := range s.Services {
		if v.Ledger != nil {
			names = append(names, v.Ledger.Sink)
		}
	}
	return names
}

// backoff is the longest time for which records wait in a retry topic.
func (s Scenario) backoff() time.Duration {
	var longest Duration
	for _, v := range s.Services {
		if v.DeadLetter != nil {
			longest = max(longest, v.DeadLetter.Backoff)
		}
	}
	return time.Duration(longest)
}
