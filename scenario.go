package breakwater

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Scenario is the plan of one experiment with one system: what runs, what is
// sent, what breaks and when, and what is predicted. It is data, complete
// enough to be performed again from its JSON.
type Scenario struct {
	Title string `json:"title"`           // what happens, in a few words
	Claim string `json:"claim,omitempty"` // the row of the claims it belongs to: "E2"
	Seed  uint64 `json:"seed,omitempty"`  // of arrivals and keys; 0 is a seed too

	Topic    Topic     `json:"topic,omitzero"`
	Services []Service `json:"services"`

	Requests []Request `json:"requests"`
	Load     Load      `json:"load"`
	Plan     Plan      `json:"plan,omitempty"`

	Require Require     `json:"require"`
	Predict Predictions `json:"predict"`
}

// Topic is the topic that services publish to and consume from.
type Topic struct {
	Name       string `json:"name"`       // default "user-events"
	Partitions int    `json:"partitions"` // of this and of every other topic that a service declares; default 4
	IDHeader   string `json:"idHeader"`   // record header that carries the event id; default "event-id"

	// Compacted makes it with cleanup.policy=compact: of each key the broker keeps
	// the newest record only, so that a record which is missing proves nothing.
	Compacted bool `json:"compacted,omitempty"`
}

// Request is one kind of request that the load sends. Path, Body and header
// values may hold ${id}, the event's id, unique in the run, and ${key}, its
// business key, one of the load's pool.
type Request struct {
	Service string            `json:"service"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Header  map[string]string `json:"header,omitempty"`
	Body    string            `json:"body,omitempty"`
	Weight  float64           `json:"weight,omitempty"` // share of the arrivals; default 1

	// Event says that an acknowledged request of this kind is an event whose
	// effects are due. Others, like GET /catalog, are only answered. A status below 400
	// acknowledges it. One of 4xx, or 503 with Retry-After, refuses it: it must never have
	// an effect then. Of any other it may have one, or none.
	Event bool `json:"event,omitempty"`
}

// Require is what the run must reach to decide anything, and the objectives of
// the guarantees that have one. Zero values ask nothing, except where a default
// is named.
type Require struct {
	// MinOperations is how many root requests must succeed before, during and
	// after the faults; default 20. With MayFail those during the faults need only
	// have been sent: that all of them fail is a result too.
	MinOperations int  `json:"minOperations,omitempty"`
	MayFail       bool `json:"mayFail,omitempty"`

	Replay        bool     `json:"replay,omitempty"`        // at least one consumer must resume behind the log's end
	Recovery      Duration `json:"recovery,omitempty"`      // bounded-recovery's objective, from the witnessed heal
	Availability  float64  `json:"availability,omitempty"`  // availability's objective while a fault is active, 0…1
	Operation     string   `json:"operation,omitempty"`     // which operation Availability is about; default all
	Unrelated     string   `json:"unrelated,omitempty"`     // operation that contained asks to be untouched
	Amplification float64  `json:"amplification,omitempty"` // contained's limit for leaf calls ÷ root requests

	// Latency is the objective for the p99 of requests by which capacity is measured.
	Latency Duration `json:"latency,omitempty"`

	// MaxLateness is how far the generator may fall behind its schedule before
	// the run decides nothing; default 250 ms.
	MaxLateness Duration `json:"maxLateness,omitempty"`

	// Settle is for how long effects and calls must have paused, after the load and
	// without lag, before what is missing counts as never coming; default 3 s. Longer
	// pauses that effects made under load are respected by themselves. Where records wait,
	// a group that has not moved for 15 s stands still, and one that may be at work on
	// some of them for a minute: longer if Settle is.
	Settle Duration `json:"settle,omitempty"`

	// Deadline is how long the drain after the load may take at most; default 2 min. It
	// ends by itself as soon as nothing is missing, or nothing moves any more; at the
	// deadline what is still on its way is not judged.
	Deadline Duration `json:"deadline,omitempty"`
}

// Name is the operation as history and report call it: "POST /register". Where the load
// sends the same to several services they add to whom: "GET /health to cache".
func (r Request) Name() string { return r.Method + " " + r.Path }

// WithDefaults is the scenario with the default in place of each zero value that has one.
func (s Scenario) WithDefaults() Scenario {
	s.Load = s.Load.withDefaults()
	s.Topic.Name = cmp.Or(s.Topic.Name, "user-events")
	s.Topic.Partitions = cmp.Or(s.Topic.Partitions, 4)
	s.Topic.IDHeader = cmp.Or(s.Topic.IDHeader, "event-id")
	s.Require.MinOperations = cmp.Or(s.Require.MinOperations, 20)
	s.Require.MaxLateness = cmp.Or(s.Require.MaxLateness, Duration(250*time.Millisecond))
	s.Require.Settle = cmp.Or(s.Require.Settle, Duration(3*time.Second))
	s.Require.Deadline = cmp.Or(s.Require.Deadline, Duration(2*time.Minute))
	return s
}

// Service finds a service by name.
func (s Scenario) Service(name string) (Service, bool) {
	i := slices.IndexFunc(s.Services, func(v Service) bool { return v.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return s.Services[i], true
}

// Topics are all that the services declare, each once, the scenario's own
// first. A world makes them, samples them and audits them.
func (s Scenario) Topics() []string {
	topics := []string{s.Topic.Name}
	for _, v := range s.Services {
		for _, t := range append(v.DeadLetters().Topics(), v.Output, v.Outbox) {
			if t != "" && !slices.Contains(topics, t) {
				topics = append(topics, t)
			}
		}
	}
	return topics
}

// Uses is whether any service needs what the world provides under that name.
func (s Scenario) Uses(provided string) bool {
	return slices.ContainsFunc(s.Services, func(v Service) bool { return v.Uses(provided) })
}

// Input is the topic that the service consumes, "" for none: one that does has a group,
// or keeps its offsets in its sink.
func (s Scenario) Input(v Service) string {
	if v.Group == "" && v.Offsets != OffsetsInSink {
		return ""
	}
	return s.Topic.Name
}

// Compacts is whether the broker keeps the newest record of each key only in that topic.
func (s Scenario) Compacts(topic string) bool { return s.Topic.Compacted && topic == s.Topic.Name }

// Consumers are the services that have a group.
func (s Scenario) Consumers() []Service {
	return s.filter(func(v Service) bool { return v.Group != "" })
}

// Sinks are the services that have a ledger.
func (s Scenario) Sinks() []Service {
	return s.filter(func(v Service) bool { return v.Ledger != nil })
}

func (s Scenario) filter(are func(Service) bool) (some []Service) {
	for _, v := range s.Services {
		if are(v) {
			some = append(some, v)
		}
	}
	return some
}

// ServiceOf finds the service that an instance belongs to; there is none for "load" and
// "kafka".
func (s Scenario) ServiceOf(instance string) (Service, bool) {
	i := slices.IndexFunc(s.Services, func(v Service) bool { return v.Has(instance) })
	if i < 0 {
		return Service{}, false
	}
	return s.Services[i], true
}

// Targets lists the instances that a fault is aimed at: itself, or their edges.
func (s Scenario) Targets(f Fault) []string {
	if f.Kind.OnEdge() {
		return s.Match(f.Edge.Client)
	}
	return s.Match(f.Service)
}

// Match lists the instances that a target names: itself, or all of a service.
func (s Scenario) Match(target string) []string {
	var out []string
	for _, v := range s.Services {
		for _, name := range v.InstanceNames() {
			if name == target || v.Name == target {
				out = append(out, name)
			}
		}
	}
	return out
}

// JSON is the scenario's canonical form: what is saved, and what a replay reads.
func (s Scenario) JSON() (json.RawMessage, error) { return json.Marshal(s) }

// ParseScenario reads what [Scenario.JSON] wrote. Unknown fields are errors, so
// that a misspelt one in a plan written by hand is not silently ignored, and so
// is what follows the scenario.
func ParseScenario(b []byte) (Scenario, error) {
	var s Scenario
	if err := decode(b, &s); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	return s, s.Validate()
}

// decode reads one JSON value and knows all of its fields. A type with an
// UnmarshalJSON of its own must call it there: strictness is not handed down.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("unexpected data after the JSON value, at byte %d; remove it", d.InputOffset())
	}
	return nil
}

// Validate finds everything that is wrong with the scenario, before anything
// starts. Each problem names its field and the way out. What is predicted of a
// contender is not looked at: [Experiment.Validate] does.
func (s Scenario) Validate() error { return s.ValidateFor("") }

// ValidateFor is [Scenario.Validate] for one contender of an experiment: with what is
// predicted of it. "" is for a scenario that is no experiment.
func (s Scenario) ValidateFor(contender string) error {
	s = s.WithDefaults()
	if err := s.validateSize(); err != nil {
		return err // all else takes as long as there is of it
	}
	var errs []error
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }

	if strings.TrimSpace(s.Title) == "" {
		add("title: write in a few words what happens")
	} else if n := utf8.RuneCountInString(s.Title); n > longestTitle {
		add("title: it has %d characters; use at most %d, for it stands in tables and headings", n, longestTitle)
	}
	if len(s.Services) == 0 {
		add("services: there are none; name at least one")
	}
	seen := map[string]bool{}
	for _, v := range s.Services {
		if !serviceName.MatchString(v.Name) {
			add("service %q: give it a name of up to 40 letters, digits, hyphens and underscores that begins with a letter", v.Name)
		}
		// Hosts and files are called after it, of which some tell no capitals apart.
		if name := strings.ToLower(v.Name); seen[name] || (Need{To: name}).Provided() || name == "load" || name == "edge" {
			add("service %q: the name is taken; rename it", v.Name)
		}
		seen[strings.ToLower(v.Name)] = true
		errs = append(errs, s.validateService(v)...)
	}
	errs = append(errs, s.validateShared()...)
	errs = append(errs, s.validateTopics()...)
	if len(s.Requests) == 0 {
		add("requests: there are none; list what the load sends")
	}
	errs = append(errs, s.validateRequests()...)
	if err := s.Load.validate(); err != nil {
		errs = append(errs, err)
	}
	for i, step := range s.Plan {
		if err := s.validateStep(step); err != nil {
			errs = append(errs, fmt.Errorf("plan, step %d (%s): %w", i+1, step.Name(), err))
		}
	}
	errs = append(errs, s.validateOverlaps()...)
	if err := s.validateLate(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 { // an order is only asked of services that are sound in themselves
		if _, err := s.StartOrder(); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, s.Require.validate(s)...)
	errs = append(errs, s.validatePredictions(contender)...)
	if len(errs) == 0 { // it is saved with the trial, when all is over
		if _, err := s.JSON(); err != nil {
			add("it cannot be saved: %w; give numbers that are finite", err)
		}
	}
	return errors.Join(errs...)
}

func (s Scenario) validateService(v Service) (errs []error) {
	add := func(format string, a ...any) {
		errs = append(errs, fmt.Errorf("service %s: "+format, append([]any{v.Name}, a...)...))
	}
	errs = v.validateStart()
	if v.Program.Go == "" && len(v.Program.Command) == 0 && v.Program.Image == "" {
		add("it has no program; set Go, Command or Image")
	}
	for _, n := range v.Needs {
		if n.Provided() {
			continue
		}
		other, ok := s.Service(n.To)
		switch {
		case !ok:
			add("it needs %q, which is no service of the scenario (%s) and nothing that a world provides (%s)", n.To, s.names(), strings.Join(slices.Sorted(maps.Keys(systems)), ", "))
		case other.Name == v.Name:
			add("it needs itself")
		case len(other.InitialInstances()) == 0:
			add("it needs %q, which the system begins without; set Deferred of %s to 0, for what is needed has to be there", n.To, n.To)
		case other.Instances > 1:
			add("it needs %q, which has %d instances; a need goes to a service with one", n.To, other.Instances)
		case n.Port != "" && !slices.Contains(other.Listeners(), n.Port):
			add("it needs port %q of %s, which listens on %s", n.Port, n.To, strings.Join(other.Listeners(), ", "))
		}
	}
	if v.Group != "" && !v.Uses(Kafka) {
		add("group %q but no need of kafka; add Need{To: breakwater.Kafka}", v.Group)
	}
	if v.Offsets != "" && v.Offsets != OffsetsInKafka && v.Offsets != OffsetsInSink {
		add("offsets %q; use %s or %s", v.Offsets, OffsetsInKafka, OffsetsInSink)
	}
	if v.TransactionTimeout < 0 {
		add("transaction time-out %s; give a positive duration, or 0 to promise nothing", time.Duration(v.TransactionTimeout))
	}
	if v.Output != "" && v.Group == "" {
		add("output %q but it consumes nothing; set Group", v.Output)
	}
	if v.ExactlyOnce && v.Output == "" {
		add("it promises exactlyOnce but has no output; name in Output the topic to which it transfers")
	}
	if v.PublishesOnce && !v.Uses(Kafka) {
		add("it promises publishesOnce but does not need kafka; add Need{To: breakwater.Kafka}, or leave it out")
	}
	if v.Outbox != "" && v.Ledger == nil {
		add("outbox %q but no ledger; set Ledger to where the effects are that it publishes", v.Outbox)
	}
	if v.Outbox != "" && !s.Uses(Kafka) {
		add("outbox %q but no service needs kafka; add Need{To: breakwater.Kafka} to the one that publishes", v.Outbox)
	}
	parts := v.DeadLetter.validate(v.Group)
	if v.Ledger != nil {
		parts = append(parts, v.Ledger.validate(s, v)...)
	}
	for _, err := range parts {
		add("%w", err)
	}
	return errs
}

var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// validateTopics sees to it that what is found in a topic can be put down to
// one service, or to the load.
func (s Scenario) validateTopics() (errs []error) {
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	likes := map[string]string{}
	for _, t := range s.Topics() {
		if !topicName.MatchString(t) || t == "." || t == ".." {
			add("topic %q: use up to 249 letters, digits, dots, hyphens and underscores", t)
		}
		if strings.HasPrefix(t, "__") {
			add("topic %q: names that begin with __ are Kafka's own; rename it", t)
		}
		alike := strings.ReplaceAll(t, ".", "_")
		if other, taken := likes[alike]; taken {
			add("topic %q: Kafka does not distinguish it from %q, for it takes a dot for an underscore; rename one", t, other)
		}
		likes[alike] = t
	}
	users := map[string]string{s.Topic.Name: "the scenario itself"}
	claim := func(v Service, as, topic string) {
		if user := users[topic]; user != "" {
			add("service %s: its %s topic %q is used by %s; give each a topic of its own", v.Name, as, topic, user)
		}
		users[topic] = fmt.Sprintf("%s, as its %s topic", v.Name, as)
	}
	for _, v := range s.Services {
		if d := v.DeadLetter; d != nil {
			for _, t := range d.Retry {
				claim(v, "retry", t)
			}
			if d.Topic != "" {
				claim(v, "dead letter", d.Topic)
			}
		}
		if v.Output != "" {
			claim(v, "output", v.Output)
		}
		if v.Outbox != "" && v.Outbox != s.Topic.Name {
			claim(v, "outbox", v.Outbox)
		}
	}
	return errs
}

func (s Scenario) validateStep(step Step) error {
	if err := step.validate(); err != nil {
		return err
	}
	var errs []error
	f := step.Fault
	if f.Kind.OnEdge() {
		errs = append(errs, s.validateEdge(f.Edge.Client, f.Edge.To), s.validateDrop(f))
	} else {
		errs = append(errs, s.validateProcess(step))
	}
	if t := step.When; t != nil {
		errs = append(errs, s.validateEdge(t.Client, t.To), s.validateTrigger(*t))
		if step.Duration >= s.Load.Duration {
			errs = append(errs, fmt.Errorf("it lasts %s, the whole load is %s; shorten it or lengthen the load", step.Duration, s.Load.Duration))
		}
	} else if end := step.At + step.Duration; end >= s.Load.Duration || end < step.At {
		errs = append(errs, fmt.Errorf("it ends at %s, the load at %s; shorten it or lengthen the load", end, s.Load.Duration))
	}
	return errors.Join(errs...)
}

func (s Scenario) validateEdge(client, to string) error {
	matched := s.Match(client)
	if len(matched) == 0 {
		return fmt.Errorf("there is no edge %s→%s: %q is no service or instance of the scenario (%s)", client, to, client, s.names())
	}
	v, _ := s.ServiceOf(matched[0])
	var needs []string
	for _, n := range v.Needs {
		if n.To == to {
			return nil
		}
		needs = append(needs, n.To)
	}
	return fmt.Errorf("there is no edge %s→%s: %s has edges to %s", client, to, v.Name, cmp.Or(strings.Join(needs, ", "), "nothing"))
}

func (s Scenario) names() string {
	var names []string
	for _, v := range s.Services {
		names = append(names, v.Name)
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}
