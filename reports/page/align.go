package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// align moves the contenders of one experiment in time, so that their loads
// begin together: one system takes longer to come up than another, and its
// picture would lie beside theirs. It reports who was moved by how much.
func align(contenders []contender) []string {
	last := time.Duration(0)
	for _, c := range contenders {
		last = max(last, c.M.Begin)
	}
	var moved []string
	for i := range contenders {
		c := &contenders[i]
		by := last - c.M.Begin
		if by == 0 {
			continue
		}
		m := later(*c.M, by)
		c.M = &m
		if by >= c.M.Window {
			moved = append(moved, c.Label+" by "+quantity.Duration(by))
		}
	}
	return moved
}

// later is the measurements with every instant moved. Durations stay as they are.
func later(m measure.Measurements, by time.Duration) measure.Measurements {
	points := func(all []measure.Point) []measure.Point {
		return changed(all, func(p *measure.Point) { p.At += by })
	}
	m.Begin, m.End = m.Begin+by, m.End+by
	m.Operations = changed(m.Operations, func(o *measure.Operation) {
		for _, series := range []*[]measure.Point{&o.Offered, &o.Served, &o.Failed, &o.P50, &o.P99} {
			*series = points(*series)
		}
	})
	m.Faults = changed(m.Faults, func(f *measure.Fault) {
		for _, at := range []*time.Duration{&f.Injected, &f.Active, &f.Healed, &f.Clear} {
			if *at > 0 { // zero: never
				*at += by
			}
		}
	})
	m.Sinks = changed(m.Sinks, func(s *measure.Sink) { s.Rate = points(s.Rate) })
	m.Groups = changed(m.Groups, func(g *measure.Group) { g.Lag = points(g.Lag) })
	m.Ladders = changed(m.Ladders, func(l *measure.Ladder) {
		l.LogEnd = points(l.LogEnd)
		l.Incarnations = changed(l.Incarnations, func(in *measure.Incarnation) {
			in.From, in.Until, in.Progress, in.Commits = in.From+by, in.Until+by, points(in.Progress), points(in.Commits)
		})
	})
	return m
}

// changed is a copy of the values with a change of each.
func changed[T any](all []T, change func(*T)) []T {
	all = slices.Clone(all)
	for i := range all {
		change(&all[i])
	}
	return all
}

func describeMoved(moved []string) string {
	if len(moved) == 0 {
		return ""
	}
	return fmt.Sprintf("Drawn later, so that the loads begin together: %s. Times in tables are moved with them; times in verdicts are the run's own.", strings.Join(moved, ", "))
}
