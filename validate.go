package breakwater

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
)

// What is saved is called after these, and a file's name has its limits.
var (
	serviceName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)
	contenderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	longestTitle  = 120
)

func (r Request) validate(s Scenario) (errs []error) {
	add := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("request %s: "+format, append([]any{r.Name()}, a...)...))
	}
	if v, ok := s.Service(r.Service); !ok {
		add("service %q is none of the scenario's (%s)", r.Service, s.names())
	} else if len(v.Early()) == 0 {
		add("service %q is one that the system begins without; send it to another, or set Late to less than its instances", r.Service)
	}
	if r.Method == "" || !strings.HasPrefix(r.Path, "/") {
		add("give a method and a path that begins with /")
	} else if _, err := http.NewRequest(r.Method, "http://service"+fill(r.Path, "id", "key"), nil); err != nil { //nolint:noctx // it is not sent
		add("it cannot be sent (%w); write the method in letters, and escape what is special in the path", err)
	}
	if !(r.Weight >= 0) || math.IsInf(r.Weight, 0) {
		add("weight %g; give a positive number, or 0 for 1", r.Weight)
	}
	for name, value := range r.Header {
		if name == "" || strings.ContainsAny(name, " :\t\r\n") || strings.ContainsAny(value, "\r\n") {
			add("header %q: %q cannot be sent; write a name without space and colon, and a value of one line", name, value)
		}
	}
	return errs
}

// fill puts an event's id and key where a request wants them.
func fill(text, id, key string) string {
	return strings.NewReplacer("${id}", id, "${key}", key).Replace(text)
}

func (r Require) validate(s Scenario) (errs []error) {
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf("require: "+format, a...)) }
	if r.MinOperations < 0 {
		add("minOperations %d; give a positive number", r.MinOperations)
	}
	if !(r.Availability >= 0 && r.Availability <= 1) {
		add("availability %g; give a share from 0 to 1, 0 for none", r.Availability)
	}
	if !(r.Amplification >= 0) {
		add("amplification %g; give a positive number, or 0 for no limit", r.Amplification)
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"recovery", r.Recovery}, {"latency", r.Latency}, {"maxLateness", r.MaxLateness}, {"settle", r.Settle}, {"deadline", r.Deadline}} {
		if d.value < 0 {
			add("%s %s; give a positive duration", d.field, time.Duration(d.value))
		}
	}
	operations := s.operations()
	for _, o := range []struct{ field, name string }{{"operation", r.Operation}, {"unrelated", r.Unrelated}} {
		if o.name != "" && !slices.Contains(operations, o.name) {
			add("%s %q is none of the requests (%s)", o.field, o.name, cmp.Or(strings.Join(operations, ", "), "none"))
		}
	}
	return errs
}

// operation is the name of the request, see [Request.Name].
func (s Scenario) operation(r Request) string {
	if slices.ContainsFunc(s.Requests, func(o Request) bool { return o.Name() == r.Name() && o.Service != r.Service }) {
		return r.Name() + " to " + r.Service
	}
	return r.Name()
}

func (s Scenario) operations() (names []string) {
	for _, r := range s.Requests {
		names = append(names, s.operation(r))
	}
	return names
}

// validatePredictions finds those that could never be decided. Those of other
// contenders are about other services.
func (s Scenario) validatePredictions(contender string) (errs []error) {
	if len(s.Predict) == 0 {
		return []error{errors.New("predict: nothing is predicted; a run without a prediction decides nothing")}
	}
	for i, p := range s.Predict {
		if p.Contender != "" && p.Contender != contender {
			continue
		}
		if err := p.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("predict, %d: %w", i+1, err))
			continue
		}
		known := s.subjects()
		if _, subject := measure.Split(p.Measurement); subject != "" && !slices.Contains(known, subject) {
			errs = append(errs, fmt.Errorf("predict, %d (%s): there is no %q to measure; there are %s", i+1, p, subject, strings.Join(known, ", ")))
		}
	}
	return errs
}

// subjects are what something can be measured of.
func (s Scenario) subjects() []string {
	known := s.operations()
	for _, v := range s.Services {
		known = append(known, v.Name, v.Group)
		if v.Ledger != nil {
			known = append(known, v.Ledger.Sink)
		}
		for _, n := range v.Needs {
			known = append(known, n.To)
		}
	}
	known = slices.DeleteFunc(append(known, s.Topics()...), func(name string) bool { return name == "" })
	slices.Sort(known)
	return slices.Compact(known)
}

// most instances of a service: a typing error shall not occupy a machine.
const mostInstances = 100

// validateStart finds what would keep an instance from being started.
func (v Service) validateStart() (errs []error) {
	add := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("service %s: "+format, append([]any{v.Name}, a...)...))
	}
	if v.Instances < 0 || v.Instances > mostInstances {
		add("%d instances; give 1 to %d", v.Instances, mostInstances)
	}
	if n := len(v.Names()); v.Late < 0 || v.Late > n {
		add("late %d; give 0 to %d, how many of its instances a Start step starts", v.Late, n)
	}
	ports := map[string]bool{}
	for _, p := range v.Ports {
		if p == "" || ports[p] {
			add("port %q: give each listener a name of its own", p)
		}
		ports[p] = true
	}
	if v.Ready != "" && !strings.HasPrefix(v.Ready, "/") && (!strings.HasPrefix(v.Ready, "log:") || v.Ready == "log:") {
		add("ready %q; write a path that begins with /, or log: and what it says when it is", v.Ready)
	}
	known := map[string]string{"listen": "", "instance": "", "topic": "", "data": ""}
	for _, p := range v.Listeners() {
		known["listen."+p] = ""
	}
	needs := map[string]bool{}
	for _, n := range v.Needs {
		if needs[n.To] {
			add("it needs %q twice; it has one edge to it", n.To)
		}
		needs[n.To], known[n.To] = true, ""
		if !slices.Contains([]string{"kafka", "http", "tcp"}, n.Tap()) {
			add("it needs %q by protocol %q; use kafka, http or tcp", n.To, n.Protocol)
		}
	}
	if needs[Names] {
		for need := range needs {
			known[need+".name"] = ""
		}
	}
	if _, err := v.Expand(known); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// validateTrigger finds what the edge's tap would wait for in vain.
func (s Scenario) validateTrigger(t Trigger) error {
	v, n := s.edge(t.Client, t.To)
	_, _, isHTTP := strings.Cut(t.API, " ")
	switch {
	case v == nil: // said already
		return nil
	case t.Done && n.Tap() != "kafka":
		return fmt.Errorf("its trigger holds the answer to %s of %s→%s; answers are held on a kafka edge only, hold the request", t.API, t.Client, t.To)
	case n.Tap() == "tcp":
		return fmt.Errorf("its trigger waits for %s of %s→%s, whose tap sees bytes only; inject at a time", t.API, t.Client, t.To)
	case isHTTP != (n.Tap() == "http"):
		return fmt.Errorf("its trigger waits for %q of %s→%s, which speaks %s; name a request such as %s", t.API, t.Client, t.To, n.Tap(),
			exampleAPI[n.Tap()])
	}
	return nil
}

// validateDrop finds answers that could never be told from others.
func (s Scenario) validateDrop(f Fault) error {
	v, n := s.edge(f.Edge.Client, f.Edge.To)
	_, _, isHTTP := strings.Cut(f.API, " ")
	switch {
	case f.Kind != KindDrop || v == nil: // the second is said already
		return nil
	case n.Tap() == "tcp":
		return fmt.Errorf("it drops answers to %s of %s, whose tap sees bytes only; use Silence towards the client", f.API, f.Edge)
	case isHTTP != (n.Tap() == "http"):
		return fmt.Errorf("it drops answers to %q of %s, which speaks %s; name a request such as %s", f.API, f.Edge, n.Tap(), exampleAPI[n.Tap()])
	}
	return nil
}

var exampleAPI = map[string]string{"kafka": "OffsetCommit", "http": `"POST /log-event"`}

// edge finds the need behind an edge; nil where there is none.
func (s Scenario) edge(client, to string) (*Service, Need) {
	for _, v := range s.Services {
		if v.Name != client && !slices.Contains(v.Names(), client) {
			continue
		}
		for _, n := range v.Needs {
			if n.To == to {
				return &v, n
			}
		}
	}
	return nil, Need{}
}
