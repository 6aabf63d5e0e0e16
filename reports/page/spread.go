package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

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
		e.Maps = append(e.Maps, figure{Caption: c.Label, Fact: blast(c), Pics: []drawing{d}, Keys: []key{{c.Class, ""}}})
		for _, h := range c.M.Hops {
			e.Hops = append(e.Hops, hopRow{Contender: c.Label, Class: c.Class, Hop: h, Fault: edgeFault(h, c.M.Faults)})
		}
	}
	e.Calm = !slices.ContainsFunc(e.Hops, func(h hopRow) bool { return failedShare(h.Hop) >= slight && h.Fault == "" })
	e.Spread = e.spread()
	if len(e.Maps) == 0 {
		why := "no call was seen while a fault was active"
		if e.Faults == 0 {
			why = "no fault was injected"
		}
		e.leave("cascade map", why)
	}
}

// spread reports how far the failure spread for whom: "spread to registration
// (sync-sequential, sync-fanout); spread to no other service (event)".
func (e *experiment) spread() string {
	hit := slices.DeleteFunc(slices.Clone(e.Contenders), func(c contender) bool { return len(c.M.Breaches) == 0 })
	return strings.Join(lists.Collect(lists.Group(hit, blast), func(g lists.Grouped[string, contender]) string {
		if e.Alone() {
			return g.Key
		}
		return g.Key + " (" + strings.Join(lists.Collect(g.All, func(c contender) string { return c.Label }), ", ") + ")"
	}), "; ")
}

// blast reports how far the failure spread, beyond what was broken.
func blast(c contender) string {
	var hit []string
	for _, b := range c.M.Breaches {
		if b.Breached && !b.Faulted {
			hit = append(hit, b.Service)
		}
	}
	if len(hit) == 0 {
		return "spread to no other service"
	}
	return "spread to " + strings.Join(hit, ", ")
}
