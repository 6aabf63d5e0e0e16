package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
)

// focus is what a scenario is about. Everything else is drawn as well, and folded.
type focus struct {
	operations, sinks, groups map[string]bool
	answers                   bool // something is predicted about how requests are answered
}

// focus finds what predictions name, and the sinks and groups of the services
// that were broken. With several broken at once their sinks say little that the
// lag of their groups does not.
func (e *experiment) focus() focus {
	f := focus{operations: map[string]bool{}, sinks: map[string]bool{}, groups: map[string]bool{}}
	broken := map[string]bool{}
	consumers := map[string]bool{}
	for _, c := range e.Contenders {
		for _, fault := range c.M.Faults {
			client, to, isEdge := cutEdge(fault.Target)
			broken[service(client)] = true
			if isEdge {
				broken[service(to)] = true
			}
		}
		for _, g := range c.M.Groups {
			consumers[cmp.Or(g.Service, g.Group)] = true
		}
		for _, p := range c.T.Predictions {
			name, subject := measure.Split(p.Measurement)
			switch name {
			case "lost", "duplicates", "redelivered", "effects.during", "effects.ratio":
				f.sinks[subject] = true
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
	if !slices.ContainsFunc(e.operations(), func(op string) bool { return f.operations[op] }) {
		if op := e.busiest(); op != "" {
			f.operations[op] = true
		}
	}
	return f
}

// busiest is the operation that was asked for most.
func (e *experiment) busiest() string {
	best, most := "", -1
	for _, op := range e.operations() {
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

// panel is a chart that waits to be drawn.
type panel struct {
	caption, note, name string // name is what the summary of the folded ones says
	chart               chart
	focus               bool
}

// tell draws the story over time.
func (e *experiment) tell() {
	end := time.Duration(0)
	for _, c := range e.Contenders {
		end = max(end, c.M.End)
	}
	e.Lanes = buildLanes(e.Contenders, max(end/60, 200*time.Millisecond))
	bands := bandsOf(e.Lanes, end)
	var missing []string
	leave := func(what, why string) { missing = append(missing, what+" ("+why+")") }

	if end <= 0 {
		leave("charts over time", "the trial measured no time")
		e.Missing = strings.Join(missing, ", ")
		return
	}
	if f, ok := twice("Faults", e.ID+"-faults", func(cv canvas, id string) (drawing, bool) { return drawLanes(e.Lanes, end, bands, cv, id) }); ok {
		f.Note = "outline: injected to healed; solid: witnessed"
		e.Story = append(e.Story, f)
	} else {
		leave("fault lanes", "no fault was injected")
	}
	f := e.focus()
	panels := e.panels(f, leave)
	n := 0
	stack := func(focus bool) (figures []figure, names []string) {
		chosen := slices.DeleteFunc(slices.Clone(panels), func(p panel) bool {
			_, _, ok := p.chart.extent()
			return p.focus != focus || !ok
		})
		for i, p := range chosen {
			n++
			p.chart.End, p.chart.Bands, p.chart.Title = end, bands, p.caption
			p.chart.Bare = i < len(chosen)-1 // the panels of a stack share the time axis below it
			draw := twice
			if !focus {
				draw = once
			}
			if fig, ok := draw(p.caption, fmt.Sprintf("%s-c%d", e.ID, n), p.chart.draw); ok {
				fig.Note = p.note
				figures, names = append(figures, fig), append(names, p.name)
			}
		}
		return figures, names
	}
	story, _ := stack(true)
	e.Story = append(e.Story, story...)
	var names []string
	e.More, names = stack(false)
	e.MoreNames = strings.Join(names, ", ")
	if !e.climb(f, end, bands) {
		leave("replay ladder", "no consumer took up a partition")
	}
	e.Missing = strings.Join(missing, ", ")
}

// panels are all charts over time, in the order in which they are read.
func (e *experiment) panels(f focus, leave func(what, why string)) []panel {
	var all []panel
	add := func(focus bool, caption, note, name string, c chart) {
		all = append(all, panel{caption, note, name, c, focus})
	}
	operations := e.operations()
	if len(operations) == 0 {
		leave("rates and latency", "no operation of the load was measured")
	}
	alone := len(e.Contenders) == 1
	other := slices.ContainsFunc(e.sinkNames(), func(s string) bool { return f.sinks[s] }) || slices.ContainsFunc(e.groupNames(), func(g string) bool { return f.groups[g] })
	for _, op := range operations {
		focus := f.operations[op]
		if alone {
			add(focus, op, "offered, served and failed per second", "rates of "+op, chart{Unit: "/s", Height: 66, Series: e.rates(op)})
		} else {
			add(focus, "Served, "+op, "per second; dashed: offered", "rates of "+op, chart{Unit: "/s", Height: 72, Series: e.served(op)})
			if failed := e.failed(op); len(failed) > 0 {
				add(focus, "Failed or unknown, "+op, "per second", "failures of "+op, chart{Unit: "/s", Height: 60, Series: failed})
			}
		}
		latency := chart{Unit: "ms", Log: true, Height: 104, Series: e.latency(op)}
		if _, _, ok := latency.extent(); !ok {
			leave("latency of "+op, "nothing completed")
		}
		add(focus && (f.answers || !alone || !other), "Intended latency, "+op, "thick p99, thin p50; log scale, counted from the scheduled instant", "latency of "+op, latency)
	}
	if !e.addEach(e.sinkNames(), e.effects, func(name string, s []series) {
		add(f.sinks[name], "Effects in "+name, "per second, by its own ledger", "effects in "+name, chart{Unit: "/s", Height: 46, Series: s})
	}) {
		leave("effects", "no sink keeps a ledger")
	}
	if !e.addEach(e.groupNames(), e.lag, func(name string, s []series) {
		add(f.groups[name], "Lag of group "+name, "records, over all partitions", "lag of "+name, chart{Unit: "count", Height: 46, Series: s})
	}) {
		leave("lag", "no consumer group was sampled")
	}
	return all
}

func (e *experiment) addEach(names []string, lines func(string) []series, add func(string, []series)) bool {
	any := false
	for _, name := range names {
		if s := lines(name); len(s) > 0 {
			add(name, s)
			any = true
		}
	}
	return any
}

// twice draws a picture for both canvases.
func twice(caption, id string, draw func(canvas, string) (drawing, bool)) (figure, bool) {
	f := figure{Caption: caption}
	for _, cv := range []canvas{wide, narrow} {
		d, ok := draw(cv, id+"-"+cv.name)
		if !ok {
			return f, false
		}
		f.Pics = append(f.Pics, d)
	}
	return f, true
}

// once draws a picture in the one size that a folded one has.
func once(caption, id string, draw func(canvas, string) (drawing, bool)) (figure, bool) {
	d, ok := draw(wide, id)
	d.Class = "both"
	return figure{Caption: caption, Pics: []drawing{d}}, ok
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
	return distinct(names)
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

func (e *experiment) rates(op string) []series {
	c := e.Contenders[0]
	o, _ := operation(c, op)
	until := lastAbove(o.Offered, o.Served, o.Failed)
	s := []series{
		{Name: "offered", Reads: "offered", Class: "offered", Points: centred(c, upTo(o.Offered, until))},
		{Name: "served", Reads: "served", Class: c.Class, Points: centred(c, upTo(o.Served, until)), Area: true},
	}
	if some(o.Failed) {
		s = append(s, series{Name: "failed", Reads: "failed", Class: "failed", Points: centred(c, upTo(o.Failed, until))})
	}
	return s
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

func some(points []measure.Point) bool {
	return slices.ContainsFunc(points, func(p measure.Point) bool { return p.Value > 0 })
}

func (e *experiment) served(op string) []series {
	var s []series
	for _, c := range e.Contenders {
		if o, ok := operation(c, op); ok {
			until := lastAbove(o.Offered, o.Served, o.Failed)
			if len(s) == 0 {
				s = append(s, series{Name: "", Reads: "offered", Class: "offered", Points: centred(c, upTo(o.Offered, until))})
			}
			s = append(s, series{Name: c.Label, Reads: c.Label, Class: c.Class, Points: centred(c, upTo(o.Served, until))})
		}
	}
	return s
}

func (e *experiment) failed(op string) []series {
	var s []series
	for _, c := range e.Contenders {
		if o, ok := operation(c, op); ok && some(o.Failed) {
			until := lastAbove(o.Offered, o.Served, o.Failed)
			s = append(s, series{Name: c.Label, Reads: c.Label, Class: c.Class, Points: centred(c, upTo(o.Failed, until))})
		}
	}
	return s
}

func (e *experiment) latency(op string) []series {
	var s []series
	for _, c := range e.Contenders {
		o, ok := operation(c, op)
		if !ok {
			continue
		}
		gap := 3 * c.M.Window
		label := c.Label
		if len(e.Contenders) == 1 {
			label = ""
		}
		s = append(s,
			series{Name: cmp.Or(label, "p99"), Reads: strings.TrimSpace(label + " p99"), Class: c.Class + " strong", Points: centred(c, o.P99), Gap: gap},
			series{Name: map[bool]string{true: "p50"}[label == ""], Reads: strings.TrimSpace(label + " p50"), Class: c.Class + " thin", Points: centred(c, o.P50), Gap: gap})
	}
	return s
}

func (e *experiment) effects(sink string) []series {
	var s []series
	for _, c := range e.Contenders {
		for _, k := range c.M.Sinks {
			if k.Name == sink && some(k.Rate) {
				s = append(s, series{Name: lineName(e, c), Reads: c.Label, Class: c.Class, Points: centred(c, k.Rate), Area: len(e.Contenders) == 1})
			}
		}
	}
	return s
}

func (e *experiment) lag(group string) []series {
	var s []series
	for _, c := range e.Contenders {
		for _, g := range c.M.Groups {
			if g.Group == group && len(g.Lag) > 0 {
				s = append(s, series{Name: lineName(e, c), Reads: c.Label, Class: c.Class, Points: g.Lag, Area: len(e.Contenders) == 1})
			}
		}
	}
	return s
}

// lineName names the line of a panel that has one line for each contender; a
// panel's only line is what its caption says.
func lineName(e *experiment, c contender) string {
	if len(e.Contenders) == 1 {
		return ""
	}
	return c.Label
}

// climb draws the ladder of the most telling partition of each group: in the
// story when the scenario is about that group alone, else folded. The table below
// has the incarnations of all partitions.
func (e *experiment) climb(f focus, end time.Duration, bands []band) bool {
	for _, c := range e.Contenders {
		for _, l := range c.M.Ladders {
			if _, _, ok := (ladderOf{l, c}).extent(); ok && len(l.Incarnations) > 0 {
				e.Steps = append(e.Steps, ladderOf{l, c})
			}
		}
	}
	sortLadders(e.Steps)
	drawn := map[string]bool{}
	for _, l := range e.Steps {
		if drawn[l.c.Label+" "+l.Group] {
			continue
		}
		drawn[l.c.Label+" "+l.Group] = true
		caption := fmt.Sprintf("Replay ladder, group %s on %s", l.Group, l.name())
		if len(e.Contenders) > 1 {
			caption += ", " + l.c.Label
		}
		id := fmt.Sprintf("%s-l%d", e.ID, len(drawn))
		draw := func(cv canvas, id string) (drawing, bool) { return l.draw(cv, id, end, bands) }
		if len(drawn) == 1 && len(e.Contenders) == 1 && (f.groups[l.Group] || l.replays()) {
			if fig, ok := twice(caption, id, draw); ok {
				fig.Note = "offset over time, a line for each incarnation"
				fig.Keys = ladderKeys
				e.Story = append(e.Story, fig)
				e.Tale = tale(l, e.Steps)
			}
			continue
		}
		if fig, ok := once(caption, id, draw); ok {
			fig.Keys = ladderKeys
			e.Ladders = append(e.Ladders, fig)
		}
	}
	return len(e.Steps) > 0
}

var ladderKeys = []key{{"tick", "commit"}, {"dot", "resumed"}, {"box", "replayed"}, {"dash", "log end"}}
