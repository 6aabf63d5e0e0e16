package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"

	"github.com/breakwater-kit/breakwater"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// focus is what a scenario is about. Everything else is drawn as well, and folded.
type focus struct {
	operations, sinks, groups map[string]bool
	waits                     map[string]bool // sinks of which is predicted how long their readers wait
	views                     map[string]bool // services of which is predicted how stale their sinks are
	answers                   bool            // something is predicted about how requests are answered
	unrelated                 string          // the operation that contained is judged by, "" for none
}

// focus finds what predictions name, and the sinks and groups of the services
// that were broken. With several broken at once their sinks say little that the
// lag of their groups does not.
func (e *experiment) focus() focus {
	f := focus{operations: map[string]bool{}, sinks: map[string]bool{}, groups: map[string]bool{}, waits: map[string]bool{}, views: map[string]bool{}}
	broken := map[string]bool{}
	for _, c := range e.Contenders {
		for _, fault := range c.M.Faults {
			broken[fault.Service], broken[fault.Fault.Edge.To] = true, true
		}
		for _, p := range c.T.Predictions {
			name, subject := breakwater.SplitMeasure(p.Measurement)
			switch kind, _, _ := strings.Cut(name, "."); kind {
			case "lost", "duplicates", "redelivered", "effects", "overtaken":
				f.sinks[subject] = true
			case "consistency", "stale-reads":
				f.waits[subject] = true
			case "staleness", "fresh-again":
				f.views[subject] = true
			default:
				f.operations[subject], f.groups[subject] = true, true
			}
			f.answers = f.answers || slices.Contains(e.operations(), subject)
		}
	}
	damaged := 0 // services of the scenario that were broken
	seen := map[string]bool{}
	for _, c := range e.Contenders {
		for _, k := range c.M.Sinks {
			if s := cmp.Or(k.Service, k.Name); broken[s] && !seen[s] {
				seen[s] = true
				damaged++
			}
		}
	}
	for _, c := range e.Contenders {
		for _, k := range c.M.Sinks {
			f.sinks[k.Name] = f.sinks[k.Name] || broken[cmp.Or(k.Service, k.Name)] && damaged < 2
		}
		for _, g := range c.M.Groups {
			f.groups[g.Group] = f.groups[g.Group] || broken[cmp.Or(g.Service, g.Group)] && (damaged < 2 || len(e.Contenders) == 1)
		}
	}
	f.unrelated = e.unrelated()
	asked := slices.ContainsFunc(e.operations(), func(op string) bool { return f.operations[op] && op != f.unrelated })
	if op := e.busiest(); op != "" && !asked {
		f.operations[op] = true
	}
	if f.unrelated != "" {
		f.operations[f.unrelated], f.answers = true, true
	}
	return f
}

// unrelated is the operation by which contained was judged, if it was: nothing was
// wrong with it, so that it shows what the fault did to bystanders.
func (e *experiment) unrelated() string {
	for _, c := range e.Contenders {
		judged := slices.ContainsFunc(c.T.Verdicts, func(v check.Verdict) bool {
			return v.Guarantee == breakwater.Contained && v.Status != check.NotAsked
		})
		if op := c.T.Scenario.Require.Unrelated; judged && slices.Contains(e.operations(), op) {
			return op
		}
	}
	return ""
}

// busiest is the operation that was asked for most, but for the unrelated one
// where there is another.
func (e *experiment) busiest() string {
	best, most := "", -1
	operations := e.operations()
	if len(operations) > 1 {
		operations = slices.DeleteFunc(operations, func(op string) bool { return op == e.unrelated() })
	}
	for _, op := range operations {
		n := 0
		for _, c := range e.Contenders {
			o, _ := operation(c, op)
			for _, s := range o.Phases {
				n += s.Scheduled
			}
		}
		if n > most {
			best, most = op, n
		}
	}
	return best
}

// panel is a chart that waits to be drawn, for each contender.
type panel struct {
	caption, note string
	name          string // what the summary of the folded ones says
	chart         chart
	lines         func(contender) (lines []series, fact string)
	focus         bool
}

// mostTold is how many charts the story has at most, and mostFolded how many are
// drawn beside it. A system of many services has more; the saved trial has them.
const (
	mostTold   = 10
	mostFolded = 9
)

// tell draws the story over time.
func (e *experiment) tell() {
	for _, c := range e.Contenders {
		e.over.to = max(e.over.to, c.M.End)
		e.Faults += len(c.M.Faults)
	}
	e.over.from = e.begins()
	if e.over.length() <= 0 {
		e.leave("charts over time", "the trial measured no time")
		return
	}
	if f, ok := e.faultLanes(); ok {
		e.Story = append(e.Story, f)
	} else {
		e.leave("fault lanes", "no fault was injected")
	}
	f := e.focus()
	var told, folded []panel
	for _, p := range e.panels(f) {
		switch {
		case !e.drawable(p):
		case p.focus && len(told) < mostTold:
			told = append(told, p)
		default:
			p.focus = false
			folded = append(folded, p)
		}
	}
	if over := len(folded) - mostFolded; over > 0 {
		folded = folded[:mostFolded]
		e.leave(fmt.Sprintf("%d more charts", over), "the saved trial has them")
	}
	n := 0
	stack := func(panels []panel) (figures []figure) {
		for i, p := range panels {
			n++
			p.chart.Bare = i < len(panels)-1 // the panels of a stack share the time axis below it
			figures = append(figures, e.figure(p, fmt.Sprintf("%s-c%d", e.ID, n)))
		}
		return figures
	}
	e.Story = append(e.Story, stack(told)...)
	e.More = stack(folded)
	e.MoreNames = strings.Join(lists.Collect(folded, func(p panel) string { return p.name }), ", ")
	if !e.climb(f) {
		e.leave("replay ladder", "no consumer took up a partition")
	}
}

// begins is where the time axis begins: with the load, for a system that comes up
// has nothing to show, or with a request or a fault that came before it.
func (e *experiment) begins() time.Duration {
	begins := e.over.to
	for _, c := range e.Contenders {
		begins = min(begins, c.M.Begin)
		for _, o := range c.M.Operations {
			if i := slices.IndexFunc(o.Offered, func(p measure.Point) bool { return p.Value > 0 }); i >= 0 {
				begins = min(begins, o.Offered[i].At)
			}
		}
		for _, f := range c.M.Faults {
			begins = min(begins, f.Injected)
		}
	}
	return max(begins, 0)
}

// leave notes what is not shown, and why.
func (e *experiment) leave(what, why string) {
	e.Missing = strings.TrimPrefix(e.Missing+", "+what+" ("+why+")", ", ")
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
	operations = append(first, slices.DeleteFunc(operations, func(op string) bool { return op == f.unrelated })...)
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

func (e *experiment) operations() []string {
	return namesOf(e.Contenders, func(m *measure.Measurements) []measure.Operation { return m.Operations }, func(o measure.Operation) string { return o.Name })
}

func (e *experiment) sinkNames() []string {
	return namesOf(e.Contenders, func(m *measure.Measurements) []measure.Sink { return m.Sinks }, func(s measure.Sink) string { return s.Name })
}

func (e *experiment) groupNames() []string {
	return namesOf(e.Contenders, func(m *measure.Measurements) []measure.Group { return m.Groups }, func(g measure.Group) string { return g.Group })
}

func namesOf[T any](cs []contender, of func(*measure.Measurements) []T, name func(T) string) []string {
	var names []string
	for _, c := range cs {
		for _, v := range of(c.M) {
			names = append(names, name(v))
		}
	}
	return lists.Distinct(names)
}

// centred moves each window's value to the middle of its window.
func centred(c contender, points []measure.Point) []measure.Point {
	out := slices.Clone(points)
	for i := range out {
		out[i].At += c.M.Window / 2
	}
	return out
}

func operation(c contender, name string) (measure.Operation, bool) {
	for _, o := range c.M.Operations {
		if o.Name == name {
			return o, true
		}
	}
	return measure.Operation{}, false
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

// mostLadders is how many ladders are drawn, and mostSteps how many incarnations
// the table has.
const (
	mostLadders = 4
	mostSteps   = 100
)

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
