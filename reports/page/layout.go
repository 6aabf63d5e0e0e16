package page

import (
	"cmp"
	"math"
	"slices"
)

// The layout of the cascade map: services in columns by who calls whom, and in rows so that
// few edges cross.

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
