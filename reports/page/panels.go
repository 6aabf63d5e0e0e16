package page

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// panel is a chart that waits to be drawn, for each contender.
type panel struct {
	caption, note string
	name          string // what the summary of the folded ones says
	chart         chart
	lines         func(contender) (lines []series, fact string)
	focus         bool
}

// panels are all charts over time, in the order in which they are read.
func (e *experiment) panels(f focus) []panel {
	var all []panel
	add := func(focus bool, caption, note, name string, c chart, lines func(contender) ([]series, string)) {
		all = append(all, panel{caption, note, name, c, lines, focus})
	}
	operations := e.operations()
	if len(operations) == 0 {
		e.leave("rates and latency", "no operation of the load was measured")
	}
	// What was required of an operation that nothing was wrong with comes first.
	first := slices.DeleteFunc(slices.Clone(operations), func(op string) bool { return op != f.unrelated })
	operations = slices.Concat(first, slices.DeleteFunc(operations, func(op string) bool { return op == f.unrelated }))
	other := slices.ContainsFunc(e.sinkNames(), func(s string) bool { return f.sinks[s] }) || slices.ContainsFunc(e.groupNames(), func(g string) bool { return f.groups[g] })
	rates := "per second; dashed: offered, filled: served, dotted red: failed or unknown"
	if e.Alone() {
		rates = "offered (dashed), served, failed or unknown (dotted) per second"
	}
	for _, op := range operations {
		caption := op
		if op == f.unrelated {
			caption += ", unrelated to the fault"
		}
		add(f.operations[op], caption, rates, "rates of "+op, chart{Unit: "/s", Height: 64}, func(c contender) ([]series, string) { return ratesOf(c, op) })
		latency := panel{chart: chart{Log: true}, lines: func(c contender) ([]series, string) { return e.latency(c, op) }}
		if !e.drawable(latency) {
			e.leave("latency of "+op, "nothing completed")
		}
		add(f.operations[op] && (f.answers || !e.Alone() || !other), "Intended latency, "+op, "thick p99, thin p50; log scale, counted from the scheduled instant",
			"latency of "+op, chart{Unit: "ms", Log: true, Height: 92}, latency.lines)
	}
	for _, name := range e.sinkNames() {
		add(f.sinks[name], "Effects in "+name, "per second, by its own ledger", "effects in "+name, chart{Unit: "/s", Height: 50}, func(c contender) ([]series, string) { return effects(c, name) })
	}
	if len(e.sinkNames()) == 0 {
		e.leave("effects", "no sink keeps a ledger")
	}
	for _, name := range slices.Sorted(maps.Keys(f.waits)) {
		add(true, "Consistency window of "+name, "from acknowledgement to effect, by when it was acknowledged; thick p99, thin p50", "consistency window of "+name,
			chart{Unit: "ms", Height: 72}, func(c contender) ([]series, string) { return waits(c, name) })
	}
	for _, name := range slices.Sorted(maps.Keys(f.views)) {
		add(true, "Staleness of "+name, "age of the oldest acknowledged event that is not in its sink", "staleness of "+name,
			chart{Unit: "s", Height: 64}, func(c contender) ([]series, string) { return staleness(c, name) })
	}
	for _, name := range e.groupNames() {
		add(f.groups[name], "Lag of group "+name, "records, over all partitions", "lag of "+name, chart{Unit: "count", Height: 50}, func(c contender) ([]series, string) { return lag(c, name) })
	}
	if len(e.groupNames()) == 0 {
		e.leave("lag", "no consumer group was sampled")
	}
	return all
}

// centred moves each window's value to the middle of its window.
func centred(c contender, points []measure.Point) []measure.Point {
	out := slices.Clone(points)
	for i := range out {
		out[i].At += c.M.Window / 2
	}
	return out
}

// ratesOf are the lines of an operation's rates, and how much of it was ok.
func ratesOf(c contender, op string) ([]series, string) {
	o, ok := operation(c, op)
	if !ok {
		return nil, ""
	}
	until := lastAbove(o.Offered, o.Served, o.Failed)
	s := []series{
		{Name: "offered", Reads: "offered", Class: "offered", Points: centred(c, upTo(o.Offered, until))},
		{Name: "served", Reads: "served", Class: c.Class, Points: centred(c, upTo(o.Served, until)), Area: true},
	}
	if some(o.Failed) {
		s = append(s, series{Name: "failed", Reads: "failed", Class: "failed", Points: centred(c, flights(o.Failed)), Gap: 3 * c.M.Window / 2})
	}
	fact := ""
	if v, measured := c.M.Lookup(breakwater.AvailabilityOf(op)); measured {
		fact = v.String() + " ok during the fault"
		if len(c.Rounds) > 1 {
			fact = measure.Over(v.Name, c.measured()).String() + " ok during the fault"
		}
	}
	return s, fact
}

// lastAbove is the last instant at which any of the series is above zero: where
// the load ended. A line need not lie on the axis after it.
func lastAbove(all ...[]measure.Point) time.Duration {
	last := time.Duration(0)
	for _, points := range all {
		for _, p := range points {
			if p.Value > 0 {
				last = max(last, p.At)
			}
		}
	}
	return last
}

func upTo(points []measure.Point, until time.Duration) []measure.Point {
	var out []measure.Point
	for _, p := range points {
		if p.At <= until {
			out = append(out, p)
		}
	}
	return out
}

// flights are the points above zero with the zeros beside them: a line of failures
// along the axis would look like one.
func flights(points []measure.Point) []measure.Point {
	var out []measure.Point
	for i, p := range points {
		if p.Value > 0 || i > 0 && points[i-1].Value > 0 || i+1 < len(points) && points[i+1].Value > 0 {
			out = append(out, p)
		}
	}
	return out
}

func some(points []measure.Point) bool {
	return slices.ContainsFunc(points, func(p measure.Point) bool { return p.Value > 0 })
}

// latency are the lines of an operation's latency, and by how much it rose.
func (e *experiment) latency(c contender, op string) ([]series, string) {
	o, ok := operation(c, op)
	if !ok {
		return nil, ""
	}
	gap := 3 * c.M.Window
	s := []series{
		{Name: "p99", Reads: "p99", Class: c.Class + " strong", Points: centred(c, o.P99), Gap: gap},
		{Name: "p50", Reads: "p50", Class: c.Class + " thin", Points: centred(c, o.P50), Gap: gap},
	}
	return s, overRounds(c, breakwater.LatencyAdded(e.quantile(op), op))
}

// quantile is the one that predictions on the operation's latency are about; the
// median where they name several or none.
func (e *experiment) quantile(op string) string {
	var named []string
	for _, c := range e.Contenders {
		for _, p := range c.T.Predictions {
			if m, known := breakwater.MeasureOf(p.Measurement); known && m.Subject == op && m.Quantile != "" {
				named = append(named, m.Quantile)
			}
		}
	}
	if named = lists.Distinct(named); len(named) == 1 {
		return named[0]
	}
	return breakwater.P50
}

func effects(c contender, sink string) (s []series, fact string) {
	for _, k := range c.M.Sinks {
		if k.Name == sink && some(k.Rate) {
			s = append(s, series{Reads: "effects", Class: c.Class, Points: centred(c, k.Rate), Area: true})
		}
		if k.Name == sink {
			fact = quantity.Count(k.Effects) + " " + quantity.Plural(k.Effects, "effect")
			if k.Missing > 0 {
				fact += ", " + quantity.Count(k.Missing) + " missing"
			}
		}
	}
	return s, fact
}

// waits are the lines of a sink's consistency window, and how wide it was.
func waits(c contender, sink string) (s []series, fact string) {
	for _, k := range c.M.Sinks {
		if k.Name != sink || len(k.P99) == 0 {
			continue
		}
		gap := 3 * c.M.Window
		s = append(s,
			series{Name: "p99", Reads: "p99", Class: c.Class + " strong", Points: centred(c, k.P99), Gap: gap},
			series{Name: "p50", Reads: "p50", Class: c.Class + " thin", Points: centred(c, k.P50), Gap: gap})
	}
	if name := breakwater.ConsistencyWindow(breakwater.P99, breakwater.During, sink); len(s) > 0 {
		fact = overRounds(c, name)
	}
	return s, fact
}

// staleness is the line of a service's staleness, and how high it was.
func staleness(c contender, service string) (s []series, fact string) {
	for _, k := range c.M.Sinks {
		if k.Service == service && len(k.Staleness) > 0 {
			s = append(s, series{Reads: "staleness", Class: c.Class, Points: centred(c, k.Staleness), Area: true})
			fact = overRounds(c, breakwater.Staleness(service))
		}
	}
	return s, fact
}

// overRounds is a value in few words, and of several rounds its range; "" for one
// that was not measured.
func overRounds(c contender, name string) string {
	if _, measured := c.M.Lookup(name); !measured {
		return ""
	}
	if len(c.Rounds) > 1 {
		return measure.Lead(name) + " " + measure.Over(name, c.measured()).String()
	}
	return c.M.Brief(name)
}

func lag(c contender, group string) (s []series, fact string) {
	for _, g := range c.M.Groups {
		if g.Group == group && len(g.Lag) > 0 {
			s = append(s, series{Reads: "lag", Class: c.Class, Points: g.Lag, Area: true})
			fact = "up to " + quantity.Count(int(g.MaxLag)) + " behind"
		}
	}
	return s, fact
}

// climb draws the ladder of the most telling partition of each group: in the
// story when the scenario is about that group alone, else folded. The table below
// has the incarnations of all partitions.
func (e *experiment) climb(f focus) bool {
	for _, c := range e.Contenders {
		for _, l := range c.M.Ladders {
			if _, _, ok := (ladderOf{l, c}).extent(); ok && len(l.Incarnations) > 0 {
				e.Steps = append(e.Steps, ladderOf{l, c})
			}
		}
	}
	sortLadders(e.Steps)
	all := e.Steps
	drawn := map[string]bool{}
	for _, l := range all {
		if drawn[l.c.Label+" "+l.Group] || len(drawn) >= mostLadders {
			continue
		}
		drawn[l.c.Label+" "+l.Group] = true
		caption := fmt.Sprintf("Replay ladder, group %s on %s", l.Group, l.Name())
		if !e.Alone() {
			caption += ", " + l.c.Label
		}
		id := fmt.Sprintf("%s-l%d", e.ID, len(drawn))
		bands := bandsOf(l.c.M.Faults, e.over.to)
		draw := func(cv canvas, id string) (drawing, bool) { return l.draw(cv, id, e.over, bands) }
		if len(drawn) == 1 && e.Alone() && (f.groups[l.Group] || l.replays()) {
			if fig, ok := twice(caption, id, draw); ok {
				fig.Note = "offset over time, a line for each incarnation"
				fig.Keys = ladderKeys
				e.Story = append(e.Story, fig)
				e.Tale = tale(l, all)
			}
			continue
		}
		if fig, ok := once(caption, id, draw); ok {
			fig.Keys = ladderKeys
			e.Ladders = append(e.Ladders, fig)
		}
	}
	rows := 0
	for i, l := range all {
		if rows += len(l.Incarnations); rows > mostSteps && i > 0 {
			e.Steps = all[:i]
			e.leave(fmt.Sprintf("incarnations of %d more partitions", len(all)-i), "the saved trial has them")
			break
		}
	}
	return len(all) > 0
}

var ladderKeys = []key{{"tick", "commit"}, {"dot", "resumed"}, {"box", "replayed"}, {"dash", "log end"}}
