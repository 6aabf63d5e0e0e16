package measure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// edge is one service's connections to another.
type edge struct{ client, to string }

// lane is one kind of call over one edge: what was late by the time before the
// fault is late of its kind.
type lane struct {
	edge
	protocol string
	baseline []time.Duration
	late     time.Duration // 0: no baseline, nothing is late
}

// exchange is one call that crossed an edge, of whatever protocol.
type exchange struct {
	*lane
	event    *history.Event
	sent     time.Duration // by the schedule, where there is one
	took     time.Duration
	answered bool
	ok       bool
}

// traffic is everything that crossed an edge of the system, with what is late
// on each.
type traffic struct {
	index     *history.Index
	services  map[string]string // by instance, those met so far
	exchanges []exchange
	faulted   map[edge]bool
	broken    map[string]bool // services and dependencies at the ends of a fault
}

func newTraffic(index *history.Index, s spans, kinds ...history.Kind) *traffic {
	t := &traffic{index: index, services: map[string]string{}, faulted: map[edge]bool{}, broken: map[string]bool{}}
	entry := entryService(index.Log.Header)
	type call struct{ client, to, name string }
	byInstance, lanes := map[call]*lane{}, map[call]*lane{}
	gone := absences(index)
	for e := range index.Of(kinds...) {
		if e.Outcome != history.OK && slices.ContainsFunc(gone[e.Client], func(w history.Window) bool { return e.At < w.To && (e.End == 0 || e.End >= w.From) }) {
			continue // who called was gone before it could be answered
		}
		here := call{e.Client, e.To, e.Name}
		x := exchange{event: e, sent: e.At, took: e.End - e.At, answered: e.End > 0, ok: e.Outcome == history.OK}
		protocol := "http"
		switch e.Kind {
		case history.Request:
			here.client, here.to = "load", cmp.Or(e.To, entry)
			x.sent, x.took = e.Scheduled, e.End-e.Scheduled
		case history.Call:
			if t.service(e.Client) == "load" {
				continue // the request itself is there
			}
		default:
			here.to, here.name, protocol = cmp.Or(e.To, "kafka"), string(e.Kind), "kafka"
		}
		if x.lane = byInstance[here]; x.lane == nil {
			between := call{t.service(here.client), t.service(here.to), here.name}
			if lanes[between] == nil {
				lanes[between] = &lane{edge: edge{between.client, between.to}, protocol: protocol}
			}
			x.lane = lanes[between]
			byInstance[here] = x.lane
		}
		t.exchanges = append(t.exchanges, x)
		if x.answered && s.contains(breakwater.Before, x.sent) {
			x.baseline = append(x.baseline, x.took)
		}
	}
	for _, l := range lanes {
		slices.Sort(l.baseline)
		l.late = Late(t.index, quantile(l.baseline, 0.99))
	}
	for e := range index.Of(history.Fault) {
		if e.Fault == nil || e.Fault.Active == 0 {
			continue
		}
		from := targeted(index.Log.Header, e.Fault)
		t.broken[from] = true
		if f := e.Fault.Fault; f.Kind.OnEdge() {
			t.broken[f.Edge.To] = true
			t.faulted[edge{from, f.Edge.To}] = true
		}
	}
	return t
}

// absences are when instances were not there to wait for an answer: from when a fault of
// processes began to end one, or it ended by itself, until it was started again.
func absences(x *history.Index) map[string][]history.Window {
	all := map[string][]history.Window{}
	for e := range x.Of(history.Process) {
		windows := all[e.Client]
		switch n := len(windows); {
		case e.Name == history.Exited:
			from := e.At
			for f := range x.Of(history.Fault) {
				ends := f.Fault != nil && !f.Fault.Fault.Kind.OnEdge() && slices.Contains(f.Fault.Instances, e.Client)
				if ends && f.At <= e.At && e.At <= f.Fault.Active {
					from = min(from, f.At)
				}
			}
			all[e.Client] = append(windows, history.Window{From: from, To: math.MaxInt64})
		case e.Name == history.Started && n > 0:
			windows[n-1].To = min(windows[n-1].To, e.At)
		}
	}
	return all
}

// service is the name of the service that an instance belongs to: "email" for
// "email/1".
func (t *traffic) service(instance string) string {
	name, met := t.services[instance]
	if !met {
		name = serviceName(t.index.Log.Header, instance)
		t.services[instance] = name
	}
	return name
}

func serviceName(h history.Header, instance string) string {
	if s, known := h.ServiceOf(instance); known {
		return s.Name
	}
	return instance
}

// targeted is the service of the instances that a fault was aimed at.
func targeted(h history.Header, f *history.FaultRecord) string {
	if len(f.Instances) == 0 {
		return ""
	}
	return serviceName(h, f.Instances[0])
}

// entryService is whom the load talks to when its requests do not say: the
// first service that consumes nothing and that no other needs.
func entryService(h history.Header) string {
	for _, s := range h.Services {
		needed := slices.ContainsFunc(h.Services, func(o breakwater.Service) bool { return o.Uses(s.Name) })
		if s.Group == "" && !needed {
			return s.Name
		}
	}
	return "system"
}

func (t *traffic) bad(x exchange) bool {
	return !x.ok || x.late > 0 && x.took > x.late
}

// hops is the cascade map: what crossed each edge while a fault was active, and
// every edge that the header knows of.
func (t *traffic) hops(s spans) []Hop {
	found := map[edge]*Hop{}
	hop := func(e edge) *Hop {
		if found[e] == nil {
			found[e] = &Hop{Client: e.client, To: e.to, Faulted: t.faulted[e]}
		}
		return found[e]
	}
	for _, svc := range t.index.Log.Header.Services {
		for _, need := range svc.Needs {
			hop(edge{svc.Name, need.To})
		}
	}
	for e := range t.faulted {
		hop(e)
	}
	var start time.Duration
	if w := t.index.Windows(); len(w) > 0 {
		start = w[0].From
	}
	took := map[edge][]time.Duration{}
	for _, x := range t.exchanges {
		h := hop(x.edge)
		h.Protocol = x.protocol
		if !s.contains(breakwater.During, x.sent) {
			continue
		}
		h.Calls++
		if x.answered {
			took[x.edge] = append(took[x.edge], x.took)
		}
		if !t.bad(x) {
			continue
		}
		failed := x.sent
		if x.answered {
			failed += x.took
		}
		if failed = max(0, failed-start); h.Failed == 0 || failed < h.FirstFailure {
			h.FirstFailure = failed
		}
		h.Failed++
	}
	var hops []Hop
	for _, e := range slices.SortedFunc(maps.Keys(found), func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.to, b.to))
	}) {
		h := found[e]
		slices.Sort(took[e])
		h.P50, h.P99 = quantile(took[e], 0.50), quantile(took[e], 0.99)
		hops = append(hops, *h)
	}
	return hops
}

// breaches says of every service that was called while a fault was active how it
// served its callers. Both ends of a faulted edge count as broken on purpose:
// neither can do its work over it.
func (t *traffic) breaches(s spans) []Breach {
	during, before := map[string]*Breach{}, map[string][2]int{}
	late := map[string][]time.Duration{} // when those were sent that are bad for having come late
	for _, x := range t.exchanges {
		if x.protocol != "http" {
			continue
		}
		if s.contains(breakwater.Before, x.sent) {
			n := before[x.to]
			n[0]++
			if t.bad(x) {
				n[1]++
			}
			before[x.to] = n
		}
		if !s.contains(breakwater.During, x.sent) {
			continue
		}
		b := during[x.to]
		if b == nil {
			b = &Breach{Service: x.to, Faulted: t.broken[x.to]}
			during[x.to] = b
		}
		b.Calls++
		if t.bad(x) {
			b.Bad++
			if x.ok {
				late[x.to] = append(late[x.to], x.sent)
			}
		}
	}
	var all []Breach
	for _, name := range slices.Sorted(maps.Keys(during)) {
		b := during[name]
		if n := before[name]; n[0] > 0 {
			b.Baseline = round(float64(n[1]) / float64(n[0]))
		}
		bad := b.Bad
		if at := late[name]; len(at) > 0 && slices.Max(at)-slices.Min(at) < Window {
			bad -= len(at)
		}
		b.Breached = float64(bad)/float64(b.Calls) > b.Baseline+BreachShare
		all = append(all, *b)
	}
	return all
}

// Amplified is the calls to each service while a fault was active, and the root
// requests that ask for effects which were scheduled then.
type Amplified struct {
	Roots int
	Calls map[string]int  // by service
	Leaf  map[string]bool // services that themselves called nobody
}

func (t *traffic) amplified(s spans) Amplified {
	a := Amplified{Calls: map[string]int{}, Leaf: map[string]bool{}}
	for r := range t.index.Asking() {
		if s.contains(breakwater.During, r.Scheduled) {
			a.Roots++
		}
	}
	calls := map[string]bool{}
	for _, x := range t.exchanges {
		if x.protocol != "http" || x.client == "load" {
			continue
		}
		calls[x.client] = true
		if s.contains(breakwater.During, x.sent) {
			a.Calls[x.to]++
		}
	}
	for to := range a.Calls {
		a.Leaf[to] = !calls[to]
	}
	return a
}

// Cascade is what crossed the system's edges while a fault was active: the
// breach of every service and the amplification of every leaf.
func Cascade(x *history.Index) ([]Breach, Amplified) {
	s := newSpans(x)
	t := newTraffic(x, s, history.Request, history.Call) // only calls are breached
	return t.breaches(s), t.amplified(s)
}

// CallsTo are the requests and calls to a service that were sent while a fault was
// active, in order of time; with bad, those by which it let its callers down.
func CallsTo(x *history.Index, service string, bad bool) []*history.Event {
	s := newSpans(x)
	t := newTraffic(x, s, history.Request, history.Call)
	var found []*history.Event
	for _, x := range t.exchanges {
		if x.to == service && s.contains(breakwater.During, x.sent) && (!bad || t.bad(x)) {
			found = append(found, x.event)
		}
	}
	return found
}
