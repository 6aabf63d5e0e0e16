package breakwater

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What is saved is called after these, and a file's name has its limits.
var (
	systemName    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	serviceName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)
	contenderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	longestTitle  = 120
)

// The most of each: a typing error shall not occupy a machine, nor its memory before
// anything starts.
const (
	mostInstances  = 100 // of a service
	mostServices   = 200
	mostSteps      = 200
	mostRequests   = 200 // kinds of them
	mostPartitions = 1000
	longestLoad    = Duration(24 * time.Hour)
	longestWait    = Duration(time.Hour) // a time-out, or the drain
	mostKeys       = 1_000_000
)

// validateSize finds what there is so much of that nothing else can be looked at.
func (s Scenario) validateSize() error {
	var errs []error
	for _, c := range []struct {
		what    string
		n, most int
	}{
		{"services", len(s.Services), mostServices},
		{"requests", len(s.Requests), mostRequests},
		{"plan", len(s.Plan), mostSteps},
	} {
		if c.n > c.most {
			errs = append(errs, fmt.Errorf("%s: there are %d; give at most %d", c.what, c.n, c.most))
		}
	}
	for _, v := range s.Services {
		if v.Instances < 0 || v.Instances > mostInstances {
			errs = append(errs, fmt.Errorf("service %s: %d instances; give 1 to %d", v.Name, v.Instances, mostInstances))
		}
	}
	if n := s.Topic.Partitions; n < 1 || n > mostPartitions {
		errs = append(errs, fmt.Errorf("topic: %d partitions; give 1 or more, up to %d", n, mostPartitions))
	}
	return errors.Join(errs...)
}

// validateRequests finds what is wrong with each, and between them.
func (s Scenario) validateRequests() (errs []error) {
	events := map[string]bool{}
	total := 0.0
	for _, r := range s.Requests {
		errs = append(errs, r.validate(s)...)
		if is, known := events[r.Name()]; known && is != r.Event {
			errs = append(errs, fmt.Errorf("request %s: it is there twice, and an event only once; set Event of both, or of none", r.Name()))
		}
		events[r.Name()] = r.Event
		total += r.Weight
	}
	if math.IsInf(total, 0) {
		errs = append(errs, errors.New("requests: their weights are too large to be added up; give smaller ones"))
	}
	return errs
}

// headerName is a token of RFC 9110.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// What is no header of the caller's: it is a part of how the request is framed.
var framing = []string{"Content-Length", "Transfer-Encoding", "Trailer", "Connection"}

// validateHeader finds what could not be sent, or would not be.
func (r Request) validateHeader() (errs []error) {
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		value, canonical := r.Header[name], http.CanonicalHeaderKey(name)
		other, twice := seen[canonical]
		seen[canonical] = name
		switch {
		case !headerName.MatchString(name) || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			errs = append(errs, fmt.Errorf("header %q: %q cannot be sent; write a name of letters, digits and hyphens, and a value of one line", name, value))
		case slices.Contains(framing, canonical):
			errs = append(errs, fmt.Errorf("header %q: it follows from how the request is sent; leave it out", name))
		case twice:
			errs = append(errs, fmt.Errorf("headers %q and %q are one; leave one of them", other, name))
		}
	}
	return errs
}

// nearReference is a reference that fill would leave as it is: ${ID}, ${ key }.
var nearReference = regexp.MustCompile(`(?i)\$\{\s*(id|key)\s*\}`)

func (r Request) validate(s Scenario) (errs []error) {
	add := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("request %s: "+format, append([]any{r.Name()}, a...)...))
	}
	if v, ok := s.Service(r.Service); !ok {
		add("service %q is none of the scenario's (%s)", r.Service, s.names())
	} else if len(v.InitialInstances()) == 0 {
		add("service %q is one that the system begins without; send it to another, or set Deferred to less than its instances", r.Service)
	}
	if r.Method == "" || !strings.HasPrefix(r.Path, "/") {
		add("give a method and a path that begins with /")
	} else if _, err := http.NewRequest(r.Method, "http://service"+fill(r.Path, "id", "key"), nil); err != nil { //nolint:noctx // it is not sent
		add("it cannot be sent (%w); write the method in letters, and escape what is special in the path", err)
	}
	if !(r.Weight >= 0) || math.IsInf(r.Weight, 0) {
		add("weight %g; give a positive number, or 0 for 1", r.Weight)
	}
	if strings.Contains(r.Path, "#") {
		add("what follows the # in its path is not sent; write %%23, or leave it out")
	}
	for _, err := range r.validateHeader() {
		add("%w", err)
	}
	texts := append([]string{r.Path, r.Body}, slices.Collect(maps.Values(r.Header))...)
	for _, text := range texts {
		for _, ref := range nearReference.FindAllString(text, -1) {
			if fill(ref, "", "") != "" {
				add("%s is nothing that it can hold; write ${id} or ${key}", ref)
			}
		}
	}
	due := s.Asks(s.Operation(r)) && slices.ContainsFunc(s.Services, func(v Service) bool { return v.Ledger != nil })
	if due && !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "${id}") }) {
		add("its effects are looked for in a ledger, and nothing in it holds ${id}, by which they are found; put that in its path, body or a header, or set Event of others that are the events")
	}
	return errs
}

// Fill is the request with an event's id and key where it refers to them.
func (r Request) Fill(id, key string) Request {
	r.Path, r.Body = fill(r.Path, id, key), fill(r.Body, id, key)
	header := make(map[string]string, len(r.Header))
	for name, value := range r.Header {
		header[name] = fill(value, id, key)
	}
	r.Header = header
	return r
}

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
	if !(r.Amplification >= 0) || math.IsInf(r.Amplification, 0) {
		add("amplification %g; give a positive number, or 0 for no limit", r.Amplification)
	}
	if r.MinOperations > maxRequests {
		add("minOperations %d; a load has at most %d requests", r.MinOperations, maxRequests)
	}
	if r.Replay && !slices.ContainsFunc(s.Services, func(v Service) bool { return v.Group != "" }) {
		add("replay asks that a consumer resumes, and no service has a Group")
	}
	for _, d := range []struct {
		field string
		value Duration
	}{{"recovery", r.Recovery}, {"latency", r.Latency}, {"maxLateness", r.MaxLateness}, {"settle", r.Settle}, {"deadline", r.Deadline}} {
		if d.value < 0 || d.value > longestWait {
			add("%s %s; give a positive duration of at most %s", d.field, d.value, longestWait)
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

// Asks is whether an acknowledged request of that operation must have an effect in every
// sink: each that is an Event; where none is, all but Require.Unrelated and those with a
// safe HTTP method.
func (s Scenario) Asks(operation string) bool {
	if slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Event }) {
		return slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Event && s.Operation(r) == operation })
	}
	if operation == s.Require.Unrelated && operation != "" {
		return false
	}
	method, _, _ := strings.Cut(operation, " ")
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// Operation is the name of the request, see [Request.Name].
func (s Scenario) Operation(r Request) string {
	if slices.ContainsFunc(s.Requests, func(o Request) bool { return o.Name() == r.Name() && o.Service != r.Service }) {
		return r.Name() + " to " + r.Service
	}
	return r.Name()
}

func (s Scenario) operations() (names []string) {
	for _, r := range s.Requests {
		names = append(names, s.Operation(r))
	}
	return names
}

// validatePredictions finds those that could never be decided. Those of other
// contenders are about other services.
func (s Scenario) validatePredictions(contender string) (errs []error) {
	if len(s.Predict) == 0 {
		return []error{errors.New("predict: nothing is predicted; a run without a prediction decides nothing")}
	}
	if contender != "" && len(s.Predict.Of(contender)) == 0 {
		return []error{fmt.Errorf("predict: nothing is predicted of %s; a run without a prediction decides nothing; add one with By", contender)}
	}
	for i, p := range s.Predict {
		if p.Contender != "" && p.Contender != contender {
			continue
		}
		if err := p.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("predict, %d: %w", i+1, err))
			continue
		}
		known := s.Subjects()
		if _, subject := SplitMeasure(p.Measurement); subject != "" && !slices.Contains(known, subject) {
			errs = append(errs, fmt.Errorf("predict, %d (%s): there is no %q to measure; there are %s", i+1, p, subject, strings.Join(known, ", ")))
		}
	}
	return errs
}

// Subjects are what something can be measured of.
func (s Scenario) Subjects() []string {
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

// validateStart finds what would keep an instance from being started.
func (v Service) validateStart() (errs []error) {
	add := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("service %s: "+format, append([]any{v.Name}, a...)...))
	}
	if n := len(v.InstanceNames()); v.Deferred < 0 || v.Deferred > n {
		add("late %d; give 0 to %d, how many of its instances a Start step starts", v.Deferred, n)
	}
	ports := map[string]bool{}
	for _, p := range v.Ports {
		if p == "" || ports[p] {
			add("port %q: give each listener a name of its own", p)
		}
		ports[p] = true
	}
	if v.Ready != "" && !strings.HasPrefix(v.Ready, "/") && (!strings.HasPrefix(v.Ready, "log:") || v.Ready == "log:") {
		add("ready %q; write a path that begins with /, or log: and what it logs when it is", v.Ready)
	}
	if path := v.Ready; strings.HasPrefix(path, "/") && !askable(path) {
		add("ready %q cannot be asked for; escape what is special in the path", path)
	}
	for name, value := range v.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			add("env %q: it cannot be handed to a program; write a name without =, and no NUL", name)
		}
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
		if all := protocols(); !slices.Contains(all, n.Tap()) {
			add("it needs %q by protocol %q; use one of %s", n.To, n.Protocol, strings.Join(all, ", "))
		}
	}
	if needs[NameService] {
		for need := range needs {
			known[need+".name"] = ""
		}
	}
	if _, err := v.Expand(known); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// askable is whether a path can be asked for as it is written.
func askable(path string) bool {
	u, err := url.Parse("http://service" + path)
	return err == nil && u.Fragment == "" && !strings.Contains(path, "#")
}

// validateShared finds what services say differently of what they share.
func (s Scenario) validateShared() (errs []error) {
	sinks, offsets := map[string]string{}, map[string]Service{}
	for _, v := range s.Services {
		if v.Ledger != nil && v.Ledger.Sink != "" {
			if other, taken := sinks[v.Ledger.Sink]; taken {
				errs = append(errs, fmt.Errorf("service %s: its ledger's sink %q is that of %s; each effect would count twice, name another, or declare the ledger of one of them", v.Name, v.Ledger.Sink, other))
			}
			sinks[v.Ledger.Sink] = v.Name
		}
		if v.Group == "" {
			continue
		}
		if other, shared := offsets[v.Group]; shared && cmp.Or(other.Offsets, OffsetsInKafka) != cmp.Or(v.Offsets, OffsetsInKafka) {
			errs = append(errs, fmt.Errorf("service %s: its group %q is that of %s, which keeps its offsets elsewhere; set Offsets of both to the same", v.Name, v.Group, other.Name))
		}
		offsets[v.Group] = v
	}
	return errs
}

// validateOverlaps finds two faults of a kind that would be on one edge, or one
// instance, at a time: the second could not be injected, and the first heal would end both.
func (s Scenario) validateOverlaps() (errs []error) {
	for i, a := range s.Plan {
		for j, b := range s.Plan[:i] {
			if a.When != nil || b.When != nil || a.Fault.Kind != b.Fault.Kind || a.Fault.Edge.To != b.Fault.Edge.To ||
				a.At >= b.At+b.Duration || b.At >= a.At+a.Duration {
				continue
			}
			if slices.ContainsFunc(s.Targets(a.Fault), func(name string) bool { return slices.Contains(s.Targets(b.Fault), name) }) {
				errs = append(errs, fmt.Errorf("plan, steps %d and %d (%s): both are there from %s to %s; let one begin when the other has ended",
					j+1, i+1, a.Name(), max(a.At, b.At), min(a.At+a.Duration, b.At+b.Duration)))
			}
		}
	}
	return errs
}

// farthest is the highest count of a trigger's requests: whatever a system makes of one
// request of the load, and what it asks for by itself, is no more.
func (s Scenario) farthest() int { return 10_000 + 100*s.Load.Requests() }

// validateTrigger finds what the edge's tap would wait for in vain.
func (s Scenario) validateTrigger(t Trigger) error {
	v, n := s.edge(t.Client, t.To)
	_, _, isHTTP := strings.Cut(t.API, " ")
	switch {
	case v == nil: // reported already
		return nil
	case t.Count > s.farthest():
		return fmt.Errorf("its trigger waits for request %d, and the load sends %d in all; count fewer", t.Count, s.Load.Requests())
	case t.HoldResponse && n.Tap() != "kafka":
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
	case f.Kind != KindDrop || v == nil: // the second is reported already
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
		if v.Name != client && !v.Has(client) {
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
