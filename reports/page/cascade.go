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
	var wording []string
	for _, e := range c.edges {
		h := e.hop
		switch {
		case h.Failed > 0:
			wording = append(wording, fmt.Sprintf("%s to %s: %s failed, first after %s", h.Client, h.To, quantity.Of(h.Failed, max(h.Calls, h.Failed)), quantity.Duration(h.FirstFailure)))
		case e.fault != "":
			wording = append(wording, fmt.Sprintf("%s to %s: %s put here", h.Client, h.To, e.fault))
		}
	}
	if len(wording) == 0 {
		return "No call failed."
	}
	return strings.Join(wording, "; ") + "."
}
