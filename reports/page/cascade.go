package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// The cascade map shows who failed because of whom. Nodes stand in columns by
// their distance from the load, in the direction in which work travels: a
// consumer stands behind the broker it reads from. Every edge ends in a
// straight piece before its target, at a height of its own, and its label lies
// on that piece. So no two labels can meet, whatever the system looks like.

const (
	mapFont  = 12.0
	mapSmall = 11.0
	nodeTall = 32.0
	portGap  = 30.0 // for an edge with a label where it ends at a node
	barePort = 10.0 // for one without
	rowGap   = 14.0 // between nodes of a column
	bend     = 34.0 // room for an edge to change its height
	mapPad   = 6.0
)

// mapNode is a service of the map, or the place where a long edge crosses a
// column (Name is then "").
type mapNode struct {
	Name   string
	Fault  string // kind of the fault put on this process
	Failed bool   // calls to it failed
	Load   bool   // the generator

	layer      int
	order      float64
	x, y, w, h float64 // centre in y, left in x
	ins        []*mapEdge
}

// mapEdge is a hop in the direction in which work travels.
type mapEdge struct {
	hop      measure.Hop
	fault    string // kind of the fault put on this edge
	from, to *mapNode
	via      []*mapNode // crossings, one for each column between from and to
	port     float64    // where it ends, in y
	back     bool       // turned round, for it closes a cycle
	above    string
	below    string
}

type cascade struct {
	nodes []*mapNode
	edges []*mapEdge
	w, h  float64
}

// newCascade lays out the map. The same hops give the same picture.
func newCascade(hops []measure.Hop, faults []measure.Fault) cascade {
	c := cascade{}
	byName := map[string]*mapNode{}
	node := func(name string) *mapNode {
		if n := byName[name]; n != nil {
			return n
		}
		n := &mapNode{Name: name, Load: name == "load"}
		byName[name] = n
		c.nodes = append(c.nodes, n)
		return n
	}
	reached := reachable(hops)
	for _, h := range hops {
		if h.Client == h.To {
			continue
		}
		e := &mapEdge{hop: h, from: node(h.Client), to: node(h.To)}
		if h.Protocol == "kafka" && !reached[h.Client] {
			e.from, e.to = e.to, e.from
		}
		e.fault = edgeFault(h, faults)
		// Behind a broken edge the service may well be whole, and so may the one
		// whose caller was broken.
		if failedShare(h) >= slight && e.fault == "" && !brokenProcess(h.Client, faults) {
			node(h.To).Failed = true
		}
		e.above, e.below = edgeWords(e)
		c.edges = append(c.edges, e)
	}
	for _, f := range faults {
		if n := byName[f.Service]; n != nil && !f.Fault.Kind.OnEdge() {
			n.Fault = string(f.Fault.Kind)
		}
	}
	c.assignLayers()
	c.placeColumns()
	return c
}

// slight is the share of failed calls below which an edge is drawn calm: some
// calls are always later than nearly all others. Its label still says the share.
const slight = 0.02

func failedShare(h measure.Hop) float64 {
	if h.Failed <= 0 {
		return 0
	}
	return float64(h.Failed) / float64(max(h.Calls, h.Failed))
}

// reachable are the services that the load reaches by calls. Who is not among
// them and talks to Kafka is a consumer.
func reachable(hops []measure.Hop) map[string]bool {
	reached := map[string]bool{"load": true}
	for range hops {
		for _, h := range hops {
			if reached[h.Client] && h.Protocol != "kafka" {
				reached[h.To] = true
			}
		}
	}
	return reached
}

// edgeFault is the kind of the fault on this edge, "" for none.
func edgeFault(h measure.Hop, faults []measure.Fault) string {
	for _, f := range faults {
		if f.Fault.Kind.OnEdge() && f.Service == h.Client && f.Fault.Edge.To == h.To {
			return string(f.Fault.Kind)
		}
	}
	if h.Faulted {
		return "fault"
	}
	return ""
}

// brokenProcess is whether a fault was put on a process of the service.
func brokenProcess(name string, faults []measure.Fault) bool {
	return slices.ContainsFunc(faults, func(f measure.Fault) bool { return f.Service == name && !f.Fault.Kind.OnEdge() })
}

func edgeWords(e *mapEdge) (above, below string) {
	h := e.hop
	if h.Failed > 0 {
		above = quantity.Percent(failedShare(h))
		below = "+" + quantity.Duration(h.FirstFailure)
	}
	if e.fault != "" {
		below = strings.TrimSpace(above + " " + below)
		above = e.fault
	}
	return above, below
}

func (e *mapEdge) labelWidth() float64 {
	if e.above == "" && e.below == "" {
		return 0
	}
	return math.Max(textWidth(e.above, mapSmall), textWidth(e.below, mapSmall)) + 10
}

// assignLayers puts each node one column behind the farthest node that feeds
// it. An edge that closes a cycle is turned round, so that all go to the right,
// and drawn with its head at the other end.
func (c *cascade) assignLayers() {
	c.breakCycles()
	feeds := map[*mapNode][]*mapNode{}
	for _, e := range c.edges {
		feeds[e.to] = append(feeds[e.to], e.from)
	}
	done := map[*mapNode]bool{}
	var visit func(*mapNode) int
	visit = func(n *mapNode) int {
		if !done[n] {
			for _, from := range feeds[n] {
				n.layer = max(n.layer, visit(from)+1)
			}
			done[n] = true
		}
		return n.layer
	}
	for _, n := range c.nodes {
		visit(n)
	}
	// A source that is not the load stands directly before what it feeds.
	for _, n := range c.nodes {
		if n.Load || len(feeds[n]) > 0 {
			continue
		}
		next := math.MaxInt
		for _, e := range c.edges {
			if e.from == n {
				next = min(next, e.to.layer)
			}
		}
		if next != math.MaxInt && next > 0 {
			n.layer = next - 1
		}
	}
}

// breakCycles walks from the load and turns round every edge that leads back to
// where the walk has come from.
func (c *cascade) breakCycles() {
	const walking, walked = 1, 2
	state := map[*mapNode]int{}
	var walk func(*mapNode)
	walk = func(n *mapNode) {
		state[n] = walking
		for _, e := range c.edges {
			if e.from != n || e.back {
				continue
			}
			switch state[e.to] {
			case walking:
				e.from, e.to, e.back = e.to, e.from, true
			case 0:
				walk(e.to)
			}
		}
		state[n] = walked
	}
	for _, load := range []bool{true, false} {
		for _, n := range c.nodes {
			if n.Load == load && state[n] == 0 {
				walk(n)
			}
		}
	}
}

func (c *cascade) columns() [][]*mapNode {
	var columns [][]*mapNode
	put := func(n *mapNode) {
		for len(columns) <= n.layer {
			columns = append(columns, nil)
		}
		columns[n.layer] = append(columns[n.layer], n)
	}
	for _, n := range c.nodes {
		put(n)
	}
	for _, e := range c.edges {
		for _, n := range e.via {
			put(n)
		}
	}
	return columns
}

func (c *cascade) placeColumns() {
	if len(c.nodes) == 0 {
		return
	}
	for _, e := range c.edges {
		for l := e.from.layer + 1; l < e.to.layer; l++ {
			e.via = append(e.via, &mapNode{layer: l, h: 4})
		}
		e.to.ins = append(e.to.ins, e)
	}
	columns := c.columns()

	// Node sizes, then column positions from left to right.
	for _, n := range c.nodes {
		n.h = 4.0
		for _, e := range n.ins {
			n.h += e.slot()
		}
		n.h = math.Max(n.h, nodeTall)
		n.w = math.Max(textWidth(n.Name, mapFont)+22, 52)
		if n.Fault != "" {
			n.w = math.Max(n.w, textWidth(n.Fault, mapSmall)+22)
		}
		n.w = math.Min(n.w, 150)
	}
	x := mapPad
	for l, column := range columns {
		width, gap := 0.0, 0.0
		for _, n := range column {
			width = math.Max(width, n.w)
		}
		for _, n := range column {
			n.w = width
			n.x = x
		}
		for _, e := range c.edges {
			if e.to.layer == l+1 {
				gap = math.Max(gap, e.labelWidth())
			}
		}
		x += width
		if l < len(columns)-1 {
			x += bend + math.Max(gap, 16)
		}
	}
	c.w = x + mapPad

	c.orderRows(columns)
	c.placeRows(columns)
	for _, n := range c.nodes {
		c.placePorts(n)
	}
}

// orderRows sorts each column by where its neighbours stand, to and fro a few
// times, which removes most crossings.
func (c *cascade) orderRows(columns [][]*mapNode) {
	near := map[*mapNode][2][]*mapNode{}
	link := func(a, b *mapNode) {
		x, y := near[a], near[b]
		x[1], y[0] = append(x[1], b), append(y[0], a)
		near[a], near[b] = x, y
	}
	for _, e := range c.edges {
		chain := append(append([]*mapNode{e.from}, e.via...), e.to)
		for i := 1; i < len(chain); i++ {
			link(chain[i-1], chain[i])
		}
	}
	number := func(column []*mapNode) {
		for i, n := range column {
			n.order = float64(i) - float64(len(column)-1)/2
		}
	}
	for _, column := range columns {
		number(column)
	}
	sweep := func(column []*mapNode, side int) {
		want := map[*mapNode]float64{}
		for _, n := range column {
			want[n] = n.order
			if others := near[n][side]; len(others) > 0 {
				sum := 0.0
				for _, o := range others {
					sum += o.order
				}
				want[n] = sum / float64(len(others))
			}
		}
		slices.SortStableFunc(column, func(a, b *mapNode) int { return cmp.Compare(want[a], want[b]) })
		number(column)
	}
	for range 4 {
		for l := 1; l < len(columns); l++ {
			sweep(columns[l], 0)
		}
		for l := len(columns) - 2; l >= 0; l-- {
			sweep(columns[l], 1)
		}
	}
	for l := 1; l < len(columns); l++ {
		sweep(columns[l], 0)
	}
}

// placeRows gives each node a height: in order, apart from each other, and as
// near to the middle of its neighbours as that allows.
func (c *cascade) placeRows(columns [][]*mapNode) {
	tall := nodeTall
	for _, n := range c.nodes {
		tall = math.Max(tall, n.h)
	}
	rows := 0
	for _, column := range columns {
		rows = max(rows, len(column))
	}
	pitch := tall + rowGap
	c.h = float64(rows)*pitch - rowGap + 2*mapPad
	lo, hi := mapPad+tall/2, c.h-mapPad-tall/2
	for _, column := range columns {
		for _, n := range column {
			n.y = c.h/2 + n.order*pitch
		}
	}
	towards := func(column []*mapNode, left bool) {
		wanted := make([]float64, len(column))
		for i, n := range column {
			sum, count := 0.0, 0
			for _, e := range c.edges {
				chain := append(append([]*mapNode{e.from}, e.via...), e.to)
				for k, m := range chain {
					if m == n && left && k > 0 {
						sum, count = sum+chain[k-1].y, count+1
					}
					if m == n && !left && k+1 < len(chain) {
						sum, count = sum+chain[k+1].y, count+1
					}
				}
			}
			wanted[i] = n.y
			if count > 0 {
				wanted[i] = sum / float64(count)
			}
			// Equal wishes keep the order of the column.
			wanted[i] += float64(i) * 1e-6
			if i > 0 {
				wanted[i] = math.Max(wanted[i], wanted[i-1]+1e-6)
			}
		}
		for i, y := range spread(wanted, pitch, lo, hi) {
			column[i].y = y
		}
	}
	for range 3 {
		for l := 1; l < len(columns); l++ {
			towards(columns[l], true)
		}
		for l := len(columns) - 2; l >= 0; l-- {
			towards(columns[l], false)
		}
	}
}

// slot is how much of its target's side an edge takes.
func (e *mapEdge) slot() float64 {
	if e.above+e.below != "" {
		return portGap
	}
	return barePort
}

// placePorts spreads the edges that end at n over its side, in the order in
// which they arrive.
func (c *cascade) placePorts(n *mapNode) {
	slices.SortStableFunc(n.ins, func(a, b *mapEdge) int { return cmp.Compare(a.before().y, b.before().y) })
	total := 0.0
	for _, e := range n.ins {
		total += e.slot()
	}
	y := n.y - total/2
	for _, e := range n.ins {
		e.port = y + e.slot()/2
		y += e.slot()
	}
}

// before is the last node or crossing that the edge leaves on its way.
func (e *mapEdge) before() *mapNode {
	if len(e.via) > 0 {
		return e.via[len(e.via)-1]
	}
	return e.from
}

// box is a rectangle that nothing else may cover.
type box struct{ x, y, w, h float64 }

func (a box) overlaps(b box) bool {
	return a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h
}

// labels are the boxes of the edge's two lines of text.
func (e *mapEdge) labels() (above, below box) {
	right := e.to.x - 10
	w := textWidth(e.above, mapSmall)
	above = box{right - w, e.port - 4 - mapSmall*0.8, w, mapSmall}
	w = textWidth(e.below, mapSmall)
	below = box{right - w, e.port + 4, w, mapSmall}
	return above, below
}

func (e *mapEdge) curve() string {
	var b strings.Builder
	x, y := e.from.x+e.from.w, e.from.y
	fmt.Fprintf(&b, "M%s %s", px(x), px(y))
	step := func(toX, toY float64) {
		mid := x + bend/2
		fmt.Fprintf(&b, "C%s %s %s %s %s %s", px(mid), px(y), px(mid), px(toY), px(x+bend), px(toY))
		fmt.Fprintf(&b, "H%s", px(toX))
		x, y = toX, toY
	}
	for _, n := range e.via {
		step(n.x+n.w, n.y)
	}
	step(e.to.x-1, e.port)
	return b.String()
}

// drawing renders the map at its natural size.
func (c cascade) drawing(id, title, desc string) (drawing, bool) {
	if len(c.edges) == 0 {
		return drawing{}, false
	}
	d := drawing{ID: id, W: px(math.Ceil(c.w)), H: px(math.Ceil(c.h)), Class: "natural", Title: title, Desc: desc}
	// What failed is drawn over what did not.
	edges := slices.Clone(c.edges)
	slices.SortStableFunc(edges, func(a, b *mapEdge) int { return cmp.Compare(a.weight(), b.weight()) })
	for _, e := range edges {
		class := e.class()
		d.path("edge "+class, e.curve())
		if e.back {
			d.path("head "+class, fmt.Sprintf("M%s %sl7 -3.5v7z", px(e.from.x+e.from.w+1), px(e.from.y)))
			continue
		}
		d.path("head "+class, fmt.Sprintf("M%s %sl-7 -3.5v7z", px(e.to.x-1), px(e.port)))
	}
	for _, e := range edges {
		right := e.to.x - 10
		if e.above != "" {
			d.text("small "+e.class(), "end", right, e.port-4.5, e.above)
		}
		if e.below != "" {
			d.text("small "+e.class(), "end", right, e.port+4+mapSmall*0.85, e.below)
		}
	}
	for _, n := range c.nodes {
		class := "node"
		switch {
		case n.Fault != "":
			class += " fault"
		case n.Load:
			class += " load"
		case n.Failed:
			class += " bad"
		}
		d.rect(class, n.x, n.y-n.h/2, n.w, n.h, 6, n.Name)
		name := shorten(n.Name, mapFont, n.w-12)
		if n.Fault == "" {
			d.text("nodename", "middle", n.x+n.w/2, n.y+mapFont*0.34, name)
			continue
		}
		d.text("nodename", "middle", n.x+n.w/2, n.y-2, name)
		d.text("small fault", "middle", n.x+n.w/2, n.y+mapSmall, shorten(n.Fault, mapSmall, n.w-8))
	}
	return d, true
}

func (e *mapEdge) class() string {
	switch {
	case e.fault != "":
		return "fault"
	case failedShare(e.hop) >= slight:
		return "bad"
	case e.hop.Calls == 0:
		return "idle"
	}
	return "good"
}

func (e *mapEdge) weight() int {
	return map[string]int{"idle": 0, "good": 1, "bad": 2, "fault": 3}[e.class()]
}

// describe says in words what the map shows.
func (c cascade) describe() string {
	var says []string
	for _, e := range c.edges {
		h := e.hop
		switch {
		case h.Failed > 0:
			says = append(says, fmt.Sprintf("%s to %s: %s failed, first after %s", h.Client, h.To, quantity.Of(h.Failed, max(h.Calls, h.Failed)), quantity.Duration(h.FirstFailure)))
		case e.fault != "":
			says = append(says, fmt.Sprintf("%s to %s: %s put here", h.Client, h.To, e.fault))
		}
	}
	if len(says) == 0 {
		return "No call failed."
	}
	return strings.Join(says, "; ") + "."
}
