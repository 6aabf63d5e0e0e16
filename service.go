package breakwater

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Service is one program of the system under test. It is data: a saved scenario
// holds everything needed to start it again.
//
// Instances are named analytics/1, analytics/2, … . Each instance has an edge of
// its own to everything it needs, so one can be cut off while the others are not.
type Service struct {
	Name      string  `json:"name"`
	Instances int     `json:"instances,omitempty"` // default 1
	Program   Program `json:"program"`

	// Deferred is how many of its instances, the last ones, the system begins without;
	// default 0. Their edges are there from the beginning, and a step of the plan
	// starts them, see [Start].
	Deferred int `json:"deferred,omitempty"`

	// Env is the service's configuration. Values may refer to what only the
	// world knows: ${listen} and ${listen.NAME} (the address of its own
	// listeners), ${NEED} (the address of its edge to a need; for a database the
	// connection URL, which see [Database]), ${NEED.name} for one that needs Names (the
	// name under which they have that address), ${instance} (analytics-1) and ${topic}. A
	// secret is referred to as ${secret:NAME}, for the environment variable NAME of the run, see
	// [IsSecret]; so it can be in arguments and in requests.
	Env map[string]string `json:"env,omitempty"`

	// Ports names its listeners. Default: ["http"]. ${listen} is the first.
	Ports []string `json:"ports,omitempty"`

	// Ready is how the world knows that it serves: a path on the first listener
	// that answers 200 ("/healthz", the default), or "log:TEXT" for a program
	// that logs it.
	Ready string `json:"ready,omitempty"`

	// Needs is what it connects to. Each is one edge per instance.
	Needs []Need `json:"needs,omitempty"`

	// Group is the consumer group it consumes the scenario's topic with; "" for
	// a service that consumes nothing.
	Group   string  `json:"group,omitempty"`
	Offsets Offsets `json:"offsets,omitempty"` // where its position lives; default kafka

	// DeadLetter is what it does with records that it cannot process. Nil: it
	// promises nothing about them.
	DeadLetter *DeadLetter `json:"deadLetter,omitempty"`

	// Output is a topic of its own to which it passes on records of the scenario's
	// topic, under the same event id. "": none. By itself that promises nothing.
	Output string `json:"output,omitempty"`

	// ExactlyOnce promises that each record of the scenario's topic comes to Output
	// exactly once. It needs an Output.
	ExactlyOnce bool `json:"exactlyOnce,omitempty"`

	// PublishesOnce promises that it publishes each event id at most once, as far as
	// readers of committed records see: in each topic that it publishes to, its own
	// retry and dead letter topics left aside. A producer that is idempotent or
	// transactional does not promise that by itself: what the application sends again
	// is new to it. Default: an id may come twice.
	PublishesOnce bool `json:"publishesOnce,omitempty"`

	// Outbox is the topic to which each effect in its Ledger is published under
	// the same event id, once it is committed; it may be the scenario's topic. "":
	// none.
	Outbox string `json:"outbox,omitempty"`

	// TransactionTimeout is the longest that one of its transactions in Kafka may
	// stay open, as it is configured to ask for; 0: it promises nothing.
	TransactionTimeout Duration `json:"transactionTimeout,omitempty"`

	// Ledger is where the effects of this service are written down by the sink
	// itself. Without one, guarantees about effects are not asked of it.
	Ledger *Ledger `json:"ledger,omitempty"`

	// Settings are the time-outs that explain its recovery; they are only shown.
	Settings map[string]string `json:"settings,omitempty"`
}

// Program describes how a service is started. The local world runs Command or the Go
// program; the docker world runs Image, or an image made of the Go program.
type Program struct {
	Go      string   `json:"go,omitempty"`      // Go main package, built once: "github.com/…/services"
	Command []string `json:"command,omitempty"` // any other program: argv; files relative to the module's root
	Image   string   `json:"image,omitempty"`   // container image, or the name of one that fixtures/images can make
	Args    []string `json:"args,omitempty"`    // arguments after the Go program or the image's entry point

	// Files are copied into the container: path there → file relative to the module's root.
	Files map[string]string `json:"files,omitempty"`

	// Probe is a command that must succeed in the local world before anything
	// starts: `python3 -c "import confluent_kafka"`. If it fails, the world
	// cannot run this program, and ProbeHint describes how to change that.
	Probe     []string `json:"probe,omitempty"`
	ProbeHint string   `json:"probeHint,omitempty"`
}

// Need is one dependency of a service.
type Need struct {
	// To is a system, which the world provides (Kafka, Database, Redis, NameService, or one
	// of [RegisterSystem]), or the name of another service of the scenario.
	To string `json:"to"`

	// Port is the listener of the other service, default its first.
	Port string `json:"port,omitempty"`

	// Protocol chooses the edge's tap: kafka, http or tcp. Default: that of the
	// system, http for a service.
	Protocol string `json:"protocol,omitempty"`
}

// Systems: what a world provides without being asked for a program.
const (
	Kafka = "kafka"
	Redis = "redis"

	// Database speaks PostgreSQL's protocol. What stands for it in the local world
	// understands the simple query protocol only, and its URL asks pgx for that by
	// default_query_exec_mode, a parameter that other drivers do not know and libpq
	// refuses: take it off, and ask for the protocol as the driver has it
	// (psycopg.ClientCursor; preferQueryMode=simple of JDBC).
	Database = "database"

	// NameService is a DNS server over TCP. Under the name of each need of the client that
	// asks it has SRV records of where that is now, with a time to live of 0. Nobody
	// else's resolver knows it: the client is given its address as ${names}.
	NameService = "names"
)

// systems has the protocol of the edges to each system.
var systems = map[string]string{Kafka: "kafka", Database: "tcp", Redis: "tcp", NameService: "tcp"}

// RegisterSystem adds a system, with the protocol that edges to it have by default
// ("": tcp), so that a service can need it. How worlds provide it is registered in fixtures/systems,
// which calls this. It is for an init function. It panics where the name is taken, or
// is no host name of small letters, digits and hyphens that begins with a letter.
func RegisterSystem(name, protocol string) {
	if systems[name] != "" || !systemName.MatchString(name) {
		panic(fmt.Sprintf("breakwater: system %q: the name is taken, or has more than small letters, digits and hyphens; choose another", name))
	}
	systems[name] = cmp.Or(protocol, "tcp")
}

// protocols that an edge can have.
func protocols() []string {
	all := append(slices.Collect(maps.Values(systems)), "http")
	slices.Sort(all)
	return slices.Compact(all)
}

// Offsets is where a consumer keeps its position.
type Offsets string

// Where a consumer can keep its position.
const (
	OffsetsInKafka Offsets = "kafka" // committed to the group; the default
	OffsetsInSink  Offsets = "sink"  // stored with the effects, by the sink
)

// InstanceNames lists the instances: analytics/1, analytics/2, …
func (s Service) InstanceNames() []string {
	names := make([]string, max(s.Instances, 1))
	for i := range names {
		names[i] = fmt.Sprintf("%s/%d", s.Name, i+1)
	}
	return names
}

// Has is whether one of its instances has that name. It is asked about each of a
// million events, and neither copies nor allocates.
func (s *Service) Has(instance string) bool {
	name, number, _ := strings.Cut(instance, "/")
	if name != s.Name {
		return false
	}
	n, err := strconv.Atoi(number)
	return err == nil && 1 <= n && n <= max(s.Instances, 1) && strconv.Itoa(n) == number
}

// Uses is whether it needs what has that name.
func (s Service) Uses(name string) bool {
	return slices.ContainsFunc(s.Needs, func(n Need) bool { return n.To == name })
}

// DeadLetters is DeadLetter, and for a service without one the zero value, which promises
// nothing.
func (s Service) DeadLetters() DeadLetter {
	if s.DeadLetter == nil {
		return DeadLetter{}
	}
	return *s.DeadLetter
}

// InitialInstances lists the instances that are started with the system: all but the deferred ones.
func (s Service) InitialInstances() []string {
	names := s.InstanceNames()
	return names[:max(0, len(names)-max(s.Deferred, 0))]
}

// DeferredInstances lists the other ones; nil for none.
func (s Service) DeferredInstances() []string {
	if names := s.InstanceNames(); s.Deferred > 0 {
		return names[len(s.InitialInstances()):]
	}
	return nil
}

// Listeners is Ports with its default.
func (s Service) Listeners() []string {
	if len(s.Ports) == 0 {
		return []string{"http"}
	}
	return s.Ports
}

// Tap is the protocol of the edge to the need.
func (n Need) Tap() string { return cmp.Or(n.Protocol, systems[n.To], "http") }

// Provided is whether the world itself provides the need: it is a system.
func (n Need) Provided() bool { return systems[n.To] != "" }

// Expand fills the ${…} references of the service's configuration. An unknown
// reference is an error that names the variable and what may be referred to.
func (s Service) Expand(known map[string]string) (map[string]string, error) {
	env := make(map[string]string, len(s.Env))
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		var missing string
		env[name] = expand(s.Env[name], func(ref string) string {
			v, ok := known[ref]
			if IsSecret(ref) { // it is filled in before anything is started
				v, ok = "${"+ref+"}", true
			}
			if !ok {
				missing = ref
			}
			return v
		})
		if missing != "" {
			return nil, fmt.Errorf("service %s: env %s refers to ${%s}; it may refer to %s",
				s.Name, name, missing, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return env, nil
}

// expand replaces ${name} only: a lone $ is legal in passwords and patterns.
func expand(s string, value func(string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("${" + rest)
			return b.String()
		}
		b.WriteString(value(name))
		s = after
	}
}
