package page

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

// checkMap fails when a label of the map lies on another label, on a node, or
// outside the picture, or two nodes overlap.
func checkMap(t *testing.T, c cascade) {
	t.Helper()
	type named struct {
		box
		name string
	}
	var all []named
	for _, n := range c.nodes {
		all = append(all, named{box{n.x, n.y - n.h/2, n.w, n.h}, "node " + n.Name})
	}
	for _, e := range c.edges {
		above, below := e.labels()
		if e.above != "" {
			all = append(all, named{above, fmt.Sprintf("%s→%s above", e.hop.Client, e.hop.To)})
		}
		if e.below != "" {
			all = append(all, named{below, fmt.Sprintf("%s→%s below", e.hop.Client, e.hop.To)})
		}
	}
	for i, a := range all {
		if a.x < 0 || a.y < 0 || a.x+a.w > c.w || a.y+a.h > c.h {
			t.Errorf("%s leaves the picture of %.0f × %.0f: %+v", a.name, c.w, c.h, a.box)
		}
		for _, b := range all[:i] {
			if a.overlaps(b.box) {
				t.Errorf("%s overlaps %s: %+v %+v", a.name, b.name, a.box, b.box)
			}
		}
	}
}

func failing(client, to, protocol string) measure.Hop {
	return measure.Hop{Client: client, To: to, Protocol: protocol, Calls: 100, Failed: 99, FirstFailure: 1234 * time.Millisecond}
}

var (
	syncHops = []measure.Hop{
		failing("load", "registration", "http"), failing("registration", "email", "http"), failing("registration", "analytics", "http"), failing("registration", "cache", "http"),
		failing("email", "mailbox", "tcp"), failing("analytics", "database", "tcp"), failing("cache", "redis", "tcp"), failing("registration", "database", "tcp"),
	}
	eventHops = []measure.Hop{
		failing("load", "registration", "http"), failing("registration", "kafka", "kafka"), failing("registration", "database", "tcp"),
		failing("email", "kafka", "kafka"), failing("analytics", "kafka", "kafka"), failing("cache", "kafka", "kafka"),
		failing("email", "mailbox", "tcp"), failing("analytics", "database", "tcp"), failing("cache", "redis", "tcp"),
	}
)

func TestCascadeColumns(t *testing.T) {
	for _, c := range []struct {
		name string
		hops []measure.Hop
		want map[string]int
	}{
		{"calls go to the right", syncHops, map[string]int{"load": 0, "registration": 1, "email": 2, "analytics": 2, "mailbox": 3, "database": 3}},
		{"consumers stand behind the broker", eventHops, map[string]int{"load": 0, "registration": 1, "kafka": 2, "email": 3, "mailbox": 4, "database": 4}},
		{"a cycle ends", []measure.Hop{failing("load", "a", "http"), failing("a", "b", "http"), failing("b", "a", "http")}, map[string]int{"load": 0, "a": 1, "b": 2}},
		{"a second source stands before what it feeds", []measure.Hop{failing("load", "a", "http"), failing("a", "b", "http"), failing("b", "c", "http"), failing("relay", "c", "http")}, map[string]int{"relay": 2, "c": 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newCascade(c.hops, nil)
			checkMap(t, m)
			for _, n := range m.nodes {
				if want, ok := c.want[n.Name]; ok && n.layer != want {
					t.Errorf("%s stands in column %d, want %d", n.Name, n.layer, want)
				}
			}
		})
	}
}

func TestCascadeLabelsNeverCollide(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 500 {
		services := []string{"load"}
		for i := range 2 + r.IntN(9) {
			services = append(services, []string{"a", "registration", "a-service-with-a-long-name", "kafka", "日本語サービス"}[r.IntN(5)]+fmt.Sprint(i))
		}
		var hops []measure.Hop
		seen := map[[2]string]bool{}
		for range 2 + r.IntN(16) {
			a, b := r.IntN(len(services)), r.IntN(len(services))
			if a > b && r.IntN(8) > 0 { // some edges go back
				a, b = b, a
			}
			if seen[[2]string{services[a], services[b]}] {
				continue
			}
			seen[[2]string{services[a], services[b]}] = true
			h := failing(services[a], services[b], []string{"http", "kafka", "tcp", ""}[r.IntN(4)])
			if r.IntN(3) == 0 {
				h.Failed = 0
			}
			h.Faulted = r.IntN(6) == 0
			hops = append(hops, h)
		}
		faults := []measure.Fault{{Fault: breakwater.Kill(services[1] + "/1"), Service: services[1]}}
		checkMap(t, newCascade(hops, faults))
		if t.Failed() {
			t.Fatalf("round %d: %+v", round, hops)
		}
	}
}

func TestCascadeMarks(t *testing.T) {
	hops := []measure.Hop{failing("load", "registration", "http"), failing("registration", "email", "http"), failing("email", "mailbox", "tcp"),
		{Client: "registration", To: "analytics", Protocol: "http", Calls: 1000, Failed: 4}}
	m := newCascade(hops, []measure.Fault{{Fault: breakwater.Silence(breakwater.Edge("email/1", "mailbox")), Service: "email"}, {Fault: breakwater.Kill("analytics/2"), Service: "analytics"}})
	failed := map[string]bool{}
	for _, n := range m.nodes {
		failed[n.Name] = n.Failed
		if n.Name == "analytics" && n.Fault != "kill" {
			t.Errorf("analytics is marked %q, want kill", n.Fault)
		}
	}
	if !failed["registration"] || !failed["email"] {
		t.Errorf("registration and email let their callers down, but the map says %v", failed)
	}
	if failed["mailbox"] {
		t.Error("mailbox is marked as failed, but the fault was on the edge to it")
	}
	if failed["analytics"] {
		t.Error("analytics is marked as failed for 0.4 % of its calls")
	}
	for _, e := range m.edges {
		if e.hop.To == "mailbox" && (e.fault != "silence" || e.class() != "fault") {
			t.Errorf("the edge to mailbox is %s with %q", e.class(), e.fault)
		}
	}
}

func TestCascadeOfNothing(t *testing.T) {
	if _, ok := newCascade(nil, nil).drawing("x", "", ""); ok {
		t.Error("a map without hops was drawn")
	}
	if _, ok := newCascade([]measure.Hop{{Client: "a", To: "a", Calls: 1}}, nil).drawing("x", "", ""); ok {
		t.Error("a service that only calls itself was drawn")
	}
}
