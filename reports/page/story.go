package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
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

// mostTold is how many charts the story has at most, and mostFolded how many are
// drawn beside it. A system of many services has more; the saved trial has them.
const (
	mostTold   = 10
	mostFolded = 9
)

// tellStory draws the story over time.
func (e *experiment) tellStory() {
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
	var reported, folded []panel
	for _, p := range e.panels(f) {
		switch {
		case !e.drawable(p):
		case p.focus && len(reported) < mostTold:
			reported = append(reported, p)
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
	e.Story = append(e.Story, stack(reported)...)
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

func operation(c contender, name string) (measure.Operation, bool) {
	for _, o := range c.M.Operations {
		if o.Name == name {
			return o, true
		}
	}
	return measure.Operation{}, false
}

// mostLadders is how many ladders are drawn, and mostSteps how many incarnations
// the table has.
const (
	mostLadders = 4
	mostSteps   = 100
)
