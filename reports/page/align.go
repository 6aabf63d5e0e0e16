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
// picture would lie beside theirs. It says who was moved by how much.
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
		all = slices.Clone(all)
		for i := range all {
			all[i].At += by
		}
		return all
	}
	m.Begin, m.End = m.Begin+by, m.End+by
	m.Operations = slices.Clone(m.Operations)
	for i := range m.Operations {
		o := &m.Operations[i]
		for _, series := range []*[]measure.Point{&o.Offered, &o.Served, &o.Failed, &o.P50, &o.P99} {
			*series = points(*series)
		}
	}
	m.Faults = slices.Clone(m.Faults)
	for i := range m.Faults {
		f := &m.Faults[i]
		for _, at := range []*time.Duration{&f.Injected, &f.Active, &f.Healed, &f.Clear} {
			if *at > 0 { // zero: never
				*at += by
			}
		}
	}
	m.Sinks = slices.Clone(m.Sinks)
	for i := range m.Sinks {
		m.Sinks[i].Rate = points(m.Sinks[i].Rate)
	}
	m.Groups = slices.Clone(m.Groups)
	for i := range m.Groups {
		m.Groups[i].Lag = points(m.Groups[i].Lag)
	}
	m.Ladders = slices.Clone(m.Ladders)
	for i := range m.Ladders {
		l := &m.Ladders[i]
		l.LogEnd, l.Incarnations = points(l.LogEnd), slices.Clone(l.Incarnations)
		for k := range l.Incarnations {
			in := &l.Incarnations[k]
			in.From, in.Until, in.Progress, in.Commits = in.From+by, in.Until+by, points(in.Progress), points(in.Commits)
		}
	}
	return m
}

func sayMoved(moved []string) string {
	if len(moved) == 0 {
		return ""
	}
	return fmt.Sprintf("Drawn later, so that the loads begin together: %s. Times in tables are moved with them; times in verdicts are the run's own.", strings.Join(moved, ", "))
}
