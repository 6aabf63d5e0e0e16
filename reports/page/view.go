package page

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// view is what the template reads.
type view struct {
	Run
	Policy      template.HTML
	Style       template.CSS
	Script      template.JS
	Summary     Summary
	Meta        []string
	Worlds      int
	Anchors     map[string]string // section of each trial
	Experiments []experiment
	Matrices    []matrix
	Exercised   []exercisedRow
	Environs    []environment
}

// experiment is one section: the trials that are contenders of one scenario.
type experiment struct {
	ID         string
	Claim      string
	Title      string
	Spec       string
	Meta       []string
	Outcome    trial.Outcome
	Known      bool
	Contenders []contender
	Boxes      []explanation
	Story      []figure
	Lanes      []lane
	Ladders    []figure // folded: the partitions with less to tell
	Steps      []ladderOf
	Maps       []figure
	Hops       []hopRow
	Recoveries []recoveryRow
	Quiet      string // subjects with nothing to recover from
	Findings   []finding
	Held       []heldRow
	Missing    string // figures with nothing to show, and why
}

// contender is one trial with its name and colour.
type contender struct {
	Label string
	Class string // c0 … c7: the same contender has the same colour in the whole page
	T     *trial.Trial
	M     *measure.Measurements
	Known bool
}

func (c contender) Outcome() trial.Outcome { return claimRow(c.T).Outcome }

// figure is one picture in its two sizes, or one that suits both.
type figure struct {
	Caption string
	Note    string
	Lines   []string
	Keys    []key
	Pics    []drawing
}

// key explains a mark that no label in the picture can.
type key struct{ Class, Text string }

const colours = 8

func newView(run Run) view {
	v := view{Run: run, Policy: template.HTML(template.HTMLEscapeString(policy())), Style: template.CSS(style), Script: template.JS(script), Summary: Summarize(run)}
	v.Meta = runMeta(run)
	classes := map[string]string{}
	for _, t := range run.Trials {
		if _, ok := classes[t.Contender]; !ok {
			classes[t.Contender] = fmt.Sprintf("c%d", len(classes)%colours)
		}
	}
	type group struct{ claim, title, world string }
	var order []group
	members := map[group][]*trial.Trial{}
	for _, t := range run.Trials {
		g := group{t.Claim, scenarioTitle(t), t.World}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], t)
	}
	worlds := distinct(collect(run.Trials, func(t *trial.Trial) string { return t.World }))
	for n, g := range order {
		e := newExperiment(fmt.Sprintf("x%d", n+1), g.title, members[g], classes, len(worlds) > 1)
		v.Experiments = append(v.Experiments, e)
	}
	v.Anchors = map[string]string{}
	for _, e := range v.Experiments {
		for _, c := range e.Contenders {
			v.Anchors[c.T.ID] = e.ID
		}
	}
	v.Worlds = len(worlds)
	v.Matrices = newMatrices(run.Trials, classes)
	v.Exercised = exercisedRows(v.Experiments)
	v.Environs = environments(run)
	return v
}

func collect[T, R any](s []T, f func(T) R) []R {
	out := make([]R, 0, len(s))
	for _, v := range s {
		out = append(out, f(v))
	}
	return out
}

func runMeta(run Run) []string {
	meta := distinct(append([]string{run.World}, collect(run.Trials, func(t *trial.Trial) string { return t.World })...))
	for _, name := range []string{"kafka"} {
		for _, version := range distinct(collect(run.Trials, func(t *trial.Trial) string { return t.Environment.Versions[name] })) {
			if version != "" {
				meta = append(meta, version)
			}
		}
	}
	if n := len(run.Trials); n > 0 {
		meta = append(meta, fmt.Sprintf("%d %s", n, plural(n, "trial")))
	}
	meta = append(meta, seeds(run.Trials))
	if !run.Started.IsZero() {
		meta = append(meta, run.Started.UTC().Format("2006-01-02 15:04")+" UTC")
	}
	if run.Took > 0 {
		meta = append(meta, quantity.Duration(run.Took))
	}
	return slices.DeleteFunc(meta, func(s string) bool { return s == "" })
}

func seeds(trials []*trial.Trial) string {
	var all []string
	for _, t := range trials {
		if s := fmt.Sprint(t.Seed); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	switch {
	case len(all) == 0:
		return ""
	case len(all) == 1:
		return "seed " + all[0]
	case len(all) <= 4:
		return "seeds " + strings.Join(all, ", ")
	}
	return fmt.Sprintf("%d seeds", len(all))
}

func newExperiment(id, title string, trials []*trial.Trial, classes map[string]string, manyWorlds bool) experiment {
	e := experiment{ID: id, Claim: trials[0].Claim, Title: title, Spec: trials[0].Spec}
	if e.Spec == e.Title {
		e.Spec = ""
	}
	for _, t := range trials {
		c := contender{Label: cmp.Or(t.Contender, "system"), Class: classes[t.Contender], T: t, M: &t.Measurements, Known: known(t)}
		e.Contenders = append(e.Contenders, c)
	}
	tellApart(e.Contenders)
	e.Outcome, e.Known = combine(collect(trials, claimRow))
	e.Meta = experimentMeta(trials, manyWorlds)
	for _, c := range e.Contenders {
		if c.T.Outcome != trial.Confirmed || !c.T.AsPredicted() {
			e.Boxes = append(e.Boxes, explain(c, len(e.Contenders) > 1))
		}
	}
	e.tell()
	e.mapCascade()
	e.takeRecoveryApart()
	e.judge()
	return e
}

// tellApart gives trials of one contender different names: by seed, then by number.
func tellApart(cs []contender) {
	count := map[string]int{}
	for _, c := range cs {
		count[c.Label]++
	}
	used := map[string]int{}
	for i := range cs {
		if count[cs[i].Label] == 1 {
			continue
		}
		label := fmt.Sprintf("%s, seed %d", cs[i].Label, cs[i].T.Seed)
		used[label]++
		if n := used[label]; n > 1 {
			label = fmt.Sprintf("%s, no. %d", label, n)
		}
		cs[i].Label = label
	}
}

func experimentMeta(trials []*trial.Trial, manyWorlds bool) []string {
	var meta []string
	if manyWorlds {
		meta = append(meta, trials[0].World)
	}
	end, scheduled := time.Duration(0), []string{}
	for _, t := range trials {
		end = max(end, t.Measurements.End)
		scheduled = append(scheduled, quantity.Count(t.Measurements.Exercised.Scheduled)+" requests scheduled")
	}
	if end > 0 {
		meta = append(meta, quantity.Duration(end))
	}
	if s := distinct(scheduled); len(s) == 1 && s[0] != "0 requests scheduled" {
		if len(trials) > 1 {
			s[0] += " for each"
		}
		meta = append(meta, s[0])
	}
	return append(meta, seeds(trials))
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

	n := 0
	panel := func(caption, note string, c chart) bool {
		n++
		c.End, c.Bands = end, bands
		c.Title = caption
		f, ok := twice(caption, fmt.Sprintf("%s-c%d", e.ID, n), c.draw)
		if ok {
			f.Note = note
			e.Story = append(e.Story, f)
		}
		return ok
	}
	small := 0 // panels in the last stack, of which the last has the time axis
	for _, name := range e.sinkNames() {
		small += min(len(e.effects(name)), 1)
	}
	for _, name := range e.groupNames() {
		small += min(len(e.lag(name)), 1)
	}
	below := func() bool { small--; return small > 0 }
	operations := e.operations()
	if len(operations) == 0 {
		leave("rates and latency", "no operation of the load was measured")
	}
	alone := len(e.Contenders) == 1
	for _, op := range operations {
		if alone {
			panel(op, "offered, served and failed per second", chart{Unit: "/s", Height: 104, Bare: true, Series: e.rates(op)})
			continue
		}
		panel("Served, "+op, "per second; dashed: offered", chart{Unit: "/s", Height: 92, Bare: true, Series: e.served(op)})
		if failed := e.failed(op); len(failed) > 0 {
			panel("Failed or unknown, "+op, "per second", chart{Unit: "/s", Height: 76, Bare: true, Series: failed})
		} else {
			leave("failed "+op, "none failed")
		}
	}
	for _, op := range operations {
		if !panel("Intended latency, "+op, "thick p99, thin p50; log scale, counted from the scheduled instant", chart{Unit: "ms", Log: true, Height: 132, Series: e.latency(op)}) {
			leave("latency of "+op, "nothing completed")
		}
	}
	if !e.panelEach(e.sinkNames(), e.effects, func(name string, s []series) bool {
		return panel("Effects in "+name, "per second, by its own ledger", chart{Unit: "/s", Height: 58, Bare: below(), Series: s})
	}) {
		leave("effects", "no sink keeps a ledger")
	}
	if !e.panelEach(e.groupNames(), e.lag, func(name string, s []series) bool {
		return panel("Lag of group "+name, "records, over all partitions", chart{Unit: "count", Height: 58, Bare: below(), Series: s})
	}) {
		leave("lag", "no consumer group was sampled")
	}
	if !e.climb(end, bands) {
		leave("replay ladder", "no consumer took up a partition")
	}
	e.Missing = strings.Join(missing, ", ")
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

func (e *experiment) panelEach(names []string, lines func(string) []series, panel func(string, []series) bool) bool {
	any := false
	for _, name := range names {
		if s := lines(name); len(s) > 0 {
			any = panel(name, s) || any
		}
	}
	return any
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

// foldedLadders bounds how many of the less interesting ladders are drawn; the
// table below them has the incarnations of all.
const foldedLadders = 8

func (e *experiment) climb(end time.Duration, bands []band) bool {
	for _, c := range e.Contenders {
		for _, l := range c.M.Ladders {
			if _, _, ok := (ladderOf{l, c}).extent(); ok && len(l.Incarnations) > 0 {
				e.Steps = append(e.Steps, ladderOf{l, c})
			}
		}
	}
	sortLadders(e.Steps)
	for n, l := range e.Steps {
		caption := fmt.Sprintf("Replay ladder, group %s on %s", l.Group, l.name())
		if len(e.Contenders) > 1 {
			caption += ", " + l.c.Label
		}
		id := fmt.Sprintf("%s-l%d", e.ID, n+1)
		if n == 0 {
			f, ok := twice(caption, id, func(cv canvas, id string) (drawing, bool) { return l.draw(cv, id, end, bands) })
			if ok {
				f.Note = "offset over time, a line for each incarnation"
				f.Keys = []key{{"tick", "commit"}, {"dot", "resumed"}, {"box", "replayed"}, {"dash", "log end"}}
				e.Story = append(e.Story, f)
			}
			continue
		}
		if n > foldedLadders {
			break
		}
		if d, ok := l.draw(wide, id, end, bands); ok {
			d.Class = "both"
			e.Ladders = append(e.Ladders, figure{Caption: caption, Pics: []drawing{d}})
		}
	}
	return len(e.Steps) > 0
}

type hopRow struct {
	Contender, Class string
	measure.Hop
	Fault string
}

func (h hopRow) Share() string {
	if h.Calls == 0 && h.Failed == 0 {
		return ""
	}
	return quantity.Percent(float64(h.Failed) / float64(max(h.Calls, h.Failed)))
}

func (h hopRow) First() string {
	if h.Failed == 0 {
		return ""
	}
	return "+" + quantity.Duration(h.FirstFailure)
}

// mapCascade draws one map for each contender whose calls were seen while a
// fault was active.
func (e *experiment) mapCascade() {
	for n, c := range e.Contenders {
		m := newCascade(c.M.Hops, c.M.Faults)
		if len(c.M.Faults) == 0 {
			continue
		}
		d, ok := m.drawing(fmt.Sprintf("%s-m%d", e.ID, n+1), "Cascade map of "+c.Label, m.describe())
		if !ok {
			continue
		}
		e.Maps = append(e.Maps, figure{Caption: c.Label, Lines: blast(c, m), Pics: []drawing{d}, Keys: []key{{c.Class, ""}}})
		for _, h := range c.M.Hops {
			e.Hops = append(e.Hops, hopRow{Contender: c.Label, Class: c.Class, Hop: h, Fault: edgeFault(h, c.M.Faults)})
		}
	}
	if len(e.Maps) == 0 {
		why := "no call was seen while a fault was active"
		if len(e.Lanes) == 0 {
			why = "no fault was injected"
		}
		e.Missing = strings.TrimPrefix(e.Missing+", cascade map ("+why+")", ", ")
	}
}

// blast says how far the failure reached, beyond the services at the ends of the
// fault. The number is measured; where it was not, it counts what the map shows.
func blast(c contender, m cascade) []string {
	broken := map[string]bool{}
	for _, f := range c.M.Faults {
		client, to, isEdge := cutEdge(f.Target)
		broken[service(client)] = true
		if isEdge {
			broken[service(to)] = true
		}
	}
	var hit []string
	services := 0
	for _, n := range m.nodes {
		if n.Load || broken[n.Name] {
			continue
		}
		services++
		if n.Failed {
			hit = append(hit, n.Name)
		}
	}
	radius := len(hit)
	if v, ok := c.M.Lookup(measure.BlastRadius); ok {
		radius = int(v.Value)
	}
	says := fmt.Sprintf("Blast radius %d of %d %s", radius, services, plural(services, "service"))
	if len(hit) > 0 && radius == len(hit) {
		says += ": " + strings.Join(hit, ", ")
	}
	lines := []string{says}
	for _, o := range c.M.Operations {
		if s, ok := o.Phases["during"]; ok && s.Scheduled > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s available", o.Name, quantity.Percent(s.Availability)))
		}
	}
	return lines
}

// recoveryRow is one subject's recovery from one fault, as bars on one scale.
type recoveryRow struct {
	Contender, Class string
	Many             bool
	measure.Recovery
	Spans []spanBar
	Extra string
	Floor string
}

// spanBar is one span with the length of its bar.
type spanBar struct {
	Name  string
	Class string
	Text  string
	Width px // of 100
	Open  bool
	Ideal px // place of the ideal catch-up, 0 for none
	None  bool
}

// Fringe is where the pieces of an open end stand.
func (b spanBar) Fringe() []px {
	return []px{max(b.Width-10, 0), max(b.Width-6, 2), max(b.Width-2, 4)}
}

func spanText(s measure.Span) string {
	switch {
	case s.None:
		return "none"
	case !s.Reached:
		return "> " + quantity.Duration(s.Took)
	}
	return quantity.Duration(s.Took)
}

func (e *experiment) takeRecoveryApart() {
	longest := time.Duration(0)
	for _, c := range e.Contenders {
		for _, r := range c.M.Recoveries {
			if r.Detection.None && r.CatchUp.None {
				continue
			}
			for _, s := range []measure.Span{r.Detection, r.Outage, r.FirstProgress, r.CatchUp} {
				if !s.None {
					longest = max(longest, s.Took)
				}
			}
		}
	}
	var quiet []string
	rows := 0
	for _, c := range e.Contenders {
		for _, r := range c.M.Recoveries {
			rows++
			if r.Detection.None && r.CatchUp.None && len(r.Unmeasured) == 0 {
				quiet = append(quiet, quietly(c, r, len(e.Contenders) > 1))
				continue
			}
			e.Recoveries = append(e.Recoveries, recoveryOf(c, r, longest, len(e.Contenders) > 1))
		}
	}
	if len(quiet) > 0 {
		e.Quiet = strings.Join(distinct(quiet), "; ")
	}
	if rows == 0 {
		why := "nothing was measured to recover"
		if len(e.Lanes) == 0 {
			why = "no fault was injected"
		}
		e.Missing = strings.TrimPrefix(e.Missing+", recovery ("+why+")", ", ")
	}
}

// quietly is one untouched subject: its name and the longest gap it had anyway.
func quietly(c contender, r measure.Recovery, many bool) string {
	var about []string
	if many {
		about = append(about, c.Label)
	}
	if !r.Outage.None {
		about = append(about, "longest gap "+spanText(r.Outage))
	}
	if len(about) == 0 {
		return r.Subject
	}
	return r.Subject + " (" + strings.Join(about, ", ") + ")"
}

func recoveryOf(c contender, r measure.Recovery, longest time.Duration, many bool) recoveryRow {
	row := recoveryRow{Contender: c.Label, Class: c.Class, Many: many, Recovery: r}
	for _, f := range c.M.Faults {
		if f.Name == r.Fault {
			row.Fault = faultLabel(f)
			break
		}
	}
	width := func(d time.Duration) px {
		if longest <= 0 || d <= 0 {
			return 0
		}
		return px(max(100*float64(d)/float64(longest), 1))
	}
	for _, s := range []struct {
		name, class string
		span        measure.Span
	}{
		{"Detection", "s0", r.Detection}, {"Outage", "s1", r.Outage}, {"First progress", "s2", r.FirstProgress}, {"Catch-up", "s3", r.CatchUp},
	} {
		b := spanBar{Name: s.name, Class: s.class, Text: spanText(s.span), None: s.span.None}
		if slices.Contains(r.Unmeasured, strings.ToLower(s.name)) {
			b.Text, b.None = "not measured", true
		} else if !s.span.None {
			b.Width, b.Open = width(s.span.Took), !s.span.Reached
		}
		if s.name == "Catch-up" && r.Ideal.Reached && !r.Ideal.None && !s.span.None {
			b.Ideal = min(width(r.Ideal.Took), 100)
		}
		row.Spans = append(row.Spans, b)
	}
	var extra []string
	switch {
	case r.Ideal.None:
	case r.Ideal.Reached && r.Ideal.Took > 0:
		s := "ideal catch-up " + quantity.Duration(r.Ideal.Took)
		if r.CatchUp.Reached && !r.CatchUp.None {
			s += fmt.Sprintf(" (took %s × that)", quantity.Value(float64(r.CatchUp.Took)/float64(r.Ideal.Took), "ratio"))
		}
		extra = append(extra, s)
	case !r.Ideal.Reached && r.Headroom > 0:
		extra = append(extra, "ideal catch-up: never, at this rate")
	}
	if r.Headroom > 0 {
		extra = append(extra, "replays at "+quantity.Value(r.Headroom, "ratio")+" × the arrival rate")
	}
	if r.ReplayDepth > 0 {
		extra = append(extra, quantity.Count(r.ReplayDepth)+" records fetched again")
	}
	if r.Redelivered > 0 {
		extra = append(extra, quantity.Count(r.Redelivered)+" redelivered")
	}
	row.Extra = strings.Join(extra, " · ")
	row.Floor = strings.Join(r.Floors, ", ")
	return row
}

// explanation says why a trial is not simply green.
type explanation struct {
	Class string // refuted, undecided, trouble
	Title string
	Why   string
	Lines []string
	Known []string
	Look  []string // settings
}

func explain(c contender, many bool) explanation {
	t := c.T
	outcome := c.Outcome()
	x := explanation{Class: string(outcome), Why: t.Why}
	who := ""
	if many || t.Contender != "" {
		who = " for " + c.Label
	}
	subject := cmp.Or(t.Claim, t.Title, t.ID)
	switch {
	case outcome == trial.Trouble:
		x.Title = subject + " was not judged" + who + ": the kit had trouble"
	case outcome == trial.Confirmed:
		x.Class = "refuted"
		x.Title = subject + who + " came out confirmed, which is not as marked"
	case c.Known:
		x.Title = subject + " refuted" + who + ", as is known"
	default:
		x.Title = subject + " " + string(outcome) + who
	}
	if len(t.Predictions) == 0 {
		x.Lines = append(x.Lines, "Nothing was predicted, so nothing could be confirmed.")
	}
	for _, p := range t.Predictions {
		if p.Outcome == trial.Confirmed && p.KnownRefuted == "" {
			continue
		}
		line := "Predicted: " + sayPrediction(p) + ". "
		switch {
		case p.Outcome == trial.Confirmed:
			line += "It held, though it is marked as known to be refuted: take the mark away."
		case p.Observed != "":
			line += "Observed: " + strings.TrimSuffix(p.Observed, ".") + "."
		default:
			line += "Nothing was observed."
		}
		x.Lines = append(x.Lines, line)
		if p.KnownRefuted != "" {
			x.Known = append(x.Known, p.KnownRefuted)
		}
		for _, v := range t.Verdicts {
			if v.Guarantee != p.Guarantee || p.Guarantee == "" {
				continue
			}
			if v.Why != "" && !strings.Contains(p.Observed, v.Why) && !strings.Contains(t.Why, v.Why) {
				x.Lines = append(x.Lines, sentence(v.Why))
			}
			for _, a := range v.Anomalies {
				if a.Setting != "" {
					x.Look = append(x.Look, a.Setting)
				}
			}
		}
	}
	for _, p := range t.Predictions {
		if p.Outcome != trial.Confirmed && p.Observed != "" && strings.Contains(x.Why, p.Observed) {
			x.Why = "" // the lines say it
		}
	}
	x.Why = sentence(x.Why)
	x.Known, x.Look = distinct(x.Known), distinct(x.Look)
	return x
}

// sentence begins with a capital, unless its first word is a name or a number,
// and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		s += "."
	}
	return s
}

// finding is a verdict that does not simply hold.
type finding struct {
	Contender, Class string
	Many             bool
	check.Verdict
	AsPredicted bool
}

// More is how many anomalies are not listed.
func (f finding) More() int { return max(f.Total-len(f.Anomalies), 0) }

// heldRow is one guarantee in one line for all contenders.
type heldRow struct {
	Guarantee string
	Cells     []heldCell
}

type heldCell struct {
	Contender, Class string
	Many             bool
	check.Verdict
}

func (e *experiment) judge() {
	many := len(e.Contenders) > 1
	rows := map[string]int{}
	for _, c := range e.Contenders {
		for _, v := range c.T.Verdicts {
			if v.Status != check.Holds && v.Status != check.NotAsked {
				f := finding{Contender: c.Label, Class: c.Class, Many: many, Verdict: v}
				for _, p := range c.T.Predictions {
					f.AsPredicted = f.AsPredicted || p.Guarantee == v.Guarantee && p.Expect == v.Status
				}
				e.Findings = append(e.Findings, f)
			}
			i, ok := rows[v.Guarantee]
			if !ok {
				i = len(e.Held)
				rows[v.Guarantee] = i
				e.Held = append(e.Held, heldRow{Guarantee: v.Guarantee})
			}
			e.Held[i].Cells = append(e.Held[i].Cells, heldCell{Contender: c.Label, Class: c.Class, Many: many, Verdict: v})
		}
	}
	worst := map[check.Status]int{check.Broken: 0}
	slices.SortStableFunc(e.Findings, func(a, b finding) int {
		ra, okA := worst[a.Status]
		rb, okB := worst[b.Status]
		if !okA {
			ra = 1
		}
		if !okB {
			rb = 1
		}
		return cmp.Compare(ra, rb)
	})
}

// Tally is "12 hold, 1 broken, 4 not asked".
func (e experiment) Tally() string {
	counts := map[check.Status]int{}
	for _, r := range e.Held {
		for _, c := range r.Cells {
			counts[c.Status]++
		}
	}
	var parts []string
	for _, s := range []struct {
		s    check.Status
		name string
	}{{check.Holds, "hold"}, {check.Broken, "broken"}, {check.Unknown, "unknown"}, {check.NotAsked, "not asked"}} {
		if n := counts[s.s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.name))
		}
	}
	return strings.Join(parts, ", ")
}

// Alone is the experiment's only contender.
func (e experiment) Alone() bool { return len(e.Contenders) == 1 }

// Logs are the log tails of red trials.
func (e experiment) Logs() []logTail {
	var out []logTail
	for _, c := range e.Contenders {
		if c.T.AsPredicted() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(c.T.Logs)) {
			out = append(out, logTail{Contender: c.Label, Many: !e.Alone(), Instance: name, Text: tail(c.T.Logs[name], 40_000)})
		}
	}
	return out
}

type logTail struct {
	Contender string
	Many      bool
	Instance  string
	Text      string
}

// tail keeps the last n bytes, from the beginning of a line, and drops control
// characters: colours of a terminal mean nothing here.
func tail(s string, n int) string {
	if len(s) > n {
		s = s[len(s)-n:]
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		}
	}
	s = ansi.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "�"))
}
