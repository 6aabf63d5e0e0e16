package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.CommittedMonotone, committedMonotone) }

func committedMonotone(x *history.Index) Verdict {
	return ofConsumers(x, func(s breakwater.Service) finding {
		f, met := finding{subject: s.Group}, 0
		for _, p := range positions(x, s) {
			m := monotone{position: *p, x: x, f: &f, reported: map[*history.Event]bool{}}
			if keepsPositions(s) {
				m.samples = nil // they show the sink, and not always
			}
			m.committed()
			m.sampled()
			m.kept()
			met += m.met
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "positions of %s fell below an earlier one", brief: "positions fell"}
		if f.allowed > 0 {
			f.count.note = quantity.Count(f.allowed) + " times to a commit that was on its way"
		}
		switch {
		case f.examined > 0 || len(f.anomalies) > 0:
		case met > 0:
			f.count, f.why = nil, fmt.Sprintf("none of %s positions came after another of its partition was known to stand", quantity.Count(met))
		case keepsPositions(s):
			f.count, f.status, f.why = nil, NotAsked, "its offsets live in its sink, and nothing records them there"
		default:
			f.count, f.why = nil, "no commit was acknowledged"
		}
		return f
	})
}

// monotone looks for falls of one position.
type monotone struct {
	position
	x        *history.Index
	f        *finding
	reported map[*history.Event]bool // commits that were found to have lowered it
	met      int                     // commits and stored positions, also those that could be held against none

	byOffset map[int64][]*history.Event // see members
}

// committed looks at the commits alone. Of two that were on the way together
// nobody knows which came first, so that each is held against those only that had
// been answered when it was sent.
func (m *monotone) committed() {
	resets := m.resets()
	var acked []*history.Event
	for _, c := range m.commits {
		if _, certain := since(c); certain && !m.outside(c) && c.Offset >= 0 {
			acked = append(acked, c)
		}
	}
	answered := sorted(acked, byEnd)
	base := time.Duration(0) // from when on earlier commits count
	if len(acked) > 0 {
		base = acked[0].At
	}
	var highest *history.Event
	for _, c := range acked {
		m.met++
		for len(resets) > 0 && resets[0] <= c.At {
			base, highest, resets = resets[0], nil, resets[1:]
		}
		for len(answered) > 0 && answered[0].End <= c.At {
			if d := answered[0]; d.At >= base && (highest == nil || d.Offset > highest.Offset) {
				highest = d
			}
			answered = answered[1:]
		}
		if highest == nil {
			continue // nothing to be held against
		}
		if m.f.examined++; c.Offset >= highest.Offset {
			continue
		}
		m.reported[c] = true
		m.fell(c, fmt.Sprintf("%s committed %s at %s, after %s had committed %d (event %d)",
			c.Client, m.At(c.Offset), quantity.Duration(c.At), highest.Client, highest.Offset, highest.N), highest)
		base, highest = c.At, nil // what follows is held against this one
	}
}

// resets are the instants from which on a lower offset is somebody's wish.
func (m *monotone) resets() []time.Duration {
	var at []time.Duration
	for _, c := range m.commits {
		if m.outside(c) && c.Outcome != history.Failed {
			at = append(at, c.At)
		}
	}
	for i := 1; i < len(m.samples); i++ {
		before, after := m.samples[i-1], m.samples[i]
		if after.Committed >= 0 && after.Committed < before.Committed && len(m.members()[after.Committed]) == 0 {
			at = append(at, before.At)
		}
	}
	slices.Sort(at)
	return at
}

// members are the commits that may have been applied, by offset, but for those
// from outside. They are asked for where a sample fell, which is seldom.
func (m *monotone) members() map[int64][]*history.Event {
	if m.byOffset != nil {
		return m.byOffset
	}
	by := map[int64][]*history.Event{}
	m.byOffset = by
	for _, c := range m.commits {
		if !m.outside(c) && c.Outcome != history.Failed {
			by[c.Offset] = append(by[c.Offset], c)
		}
	}
	return by
}

// sampled looks at what the broker said between the commits. A sample that knows
// of no offset shows nothing: it cannot be told from one that could not be read.
func (m *monotone) sampled() {
	var outside, samples []*history.Event
	for _, c := range m.commits {
		if m.outside(c) && c.Outcome != history.Failed {
			outside = append(outside, c)
		}
	}
	for _, s := range m.samples {
		if s.Committed >= 0 {
			samples = append(samples, s)
		}
	}
	for i := 1; i < len(samples); i++ {
		before, after := samples[i-1], samples[i]
		if after.Committed != before.Committed {
			m.f.examined++
		}
		if after.Committed >= before.Committed {
			continue
		}
		// What had returned a whole sample earlier was applied by then.
		settled := time.Duration(0)
		if i > 1 {
			settled = samples[i-2].At
		}
		onTheWay := func(c *history.Event) bool {
			return c.At <= after.At && (c.End == 0 || c.Outcome == history.Unknown || c.End >= settled)
		}
		same := m.members()[after.Committed]
		if len(same) == 0 || slices.ContainsFunc(outside, onTheWay) {
			continue // set from outside
		}
		what := fmt.Sprintf("a sample found %s at %s at %s, and the one before at %d", m.group, m.At(after.Committed), quantity.Duration(after.At), before.Committed)
		switch late := slices.IndexFunc(same, onTheWay); {
		case late < 0:
			m.fell(after, what, before)
		case !m.reported[same[late]]:
			m.f.expect(func() Anomaly {
				return Anomaly{
					What:    what + fmt.Sprintf("; that commit was on its way (event %d)", same[late].N),
					Events:  []uint64{after.N, before.N, same[late].N},
					Offsets: []string{m.At(before.Committed), m.At(after.Committed)},
				}
			})
		}
	}
}

// kept looks at the positions in the service's own sink. Those of one instant, as
// far as its clock can tell, have no order.
func (m *monotone) kept() {
	if len(m.stored) == 0 {
		return
	}
	base := m.stored[0].At
	earlier := m.stored
	var highest *history.Event
	for _, c := range m.stored {
		if m.outside(c) {
			base, highest = c.At, nil
			continue
		}
		m.met++
		for len(earlier) > 0 && earlier[0].At < c.At-m.x.Skew(m.service) {
			if d := earlier[0]; d.At >= base && (highest == nil || d.Offset > highest.Offset) {
				highest = d
			}
			earlier = earlier[1:]
		}
		if highest == nil {
			continue
		}
		if m.f.examined++; c.Offset >= highest.Offset {
			continue
		}
		m.fell(c, fmt.Sprintf("%s held %s at %s, after it had held %d (event %d)",
			c.Sink, m.At(c.Offset), quantity.Duration(c.At), highest.Offset, highest.N), highest)
		base, highest = c.At, nil
	}
}

func (m *monotone) fell(to *history.Event, what string, from *history.Event) {
	offset := func(e *history.Event) int64 {
		if e.Kind == history.Sample {
			return e.Committed
		}
		return e.Offset
	}
	a := Anomaly{
		What:    what,
		Events:  []uint64{to.N, from.N},
		Offsets: []string{m.At(offset(from)), m.At(offset(to))},
		Setting: setting(m.service, "session", "commit", "offset"),
	}
	for _, record := range clip(m.x.Between(m.Partition, offset(to), offset(from))) {
		if record.ID != "" {
			a.IDs = append(a.IDs, record.ID)
		}
	}
	m.f.anomalies = append(m.f.anomalies, a)
}
