// Package subjects describes the sample system to the kit: its services, what
// they need, where their effects are written down, and how registration can be
// built (the contenders).
package subjects

import (
	"cmp"
	"maps"
	"os"
	"strings"

	"github.com/breakwater-kit/breakwater"
)

const program = "github.com/breakwater-kit/breakwater/services"

// Operations of the load, as measurements and predictions name them.
const (
	Register = "POST /register"
	Catalog  = "GET /catalog"
)

// The contenders: how registration reaches the others.
const (
	SyncSequential = "sync-sequential" // three HTTP calls, one after the other
	SyncFanout     = "sync-fanout"     // three HTTP calls at once
	SyncHardened   = "sync-hardened"   // at once, with time-outs, bounded retries, breakers and bulkheads
	Event          = "event"           // publishes to Kafka; three groups consume
	EventOutbox    = "event-outbox"    // writes the event beside the user; a relay publishes it
	Transactional  = "event-transactional"
)

// Contenders are those of the great comparison.
func Contenders() []breakwater.Contender {
	return []breakwater.Contender{
		{Name: SyncSequential, Services: System(SyncSequential)},
		{Name: SyncFanout, Services: System(SyncFanout)},
		{Name: SyncHardened, Services: System(SyncHardened)},
		{Name: Event, Services: System(Event)},
		{Name: EventOutbox, Services: Outbox()},
	}
}

// EventDriven is the system whose registration publishes events.
func EventDriven() []breakwater.Service { return System(Event) }

// System is the whole system with registration built as the contender says.
func System(contender string) []breakwater.Service {
	return []breakwater.Service{
		registration(contender), email(contender), analytics(contender), cache(contender), mailbox(),
	}
}

// Requests is what users do: they register, and they look at the catalog, which
// has nothing to do with registering but is served by the same pool.
func Requests() []breakwater.Request {
	return []breakwater.Request{
		{
			Service: "registration", Method: "POST", Path: "/register", Event: true, Weight: 4,
			Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": "${id}"},
			Body:   `{"userId": "${key}", "action": "registered"}`,
		},
		{Service: "registration", Method: "GET", Path: "/catalog", Weight: 1},
	}
}

func service(name string, env map[string]string, needs ...breakwater.Need) breakwater.Service {
	env["LISTEN"] = "${listen}"
	return breakwater.Service{
		Name:    name,
		Program: breakwater.Program{Go: program, Args: []string{name}},
		Env:     env,
		Needs:   needs,
	}
}

func to(name string) breakwater.Need { return breakwater.Need{To: name} }

// workers is the size of registration's pool, the same for every contender.
const workers = "16"

func registration(contender string) breakwater.Service {
	env := map[string]string{
		"MODE":         contender,
		"DATABASE_URL": "${database}",
		"WORKERS":      workers,
	}
	needs := []breakwater.Need{to(breakwater.Database)}
	settings := map[string]string{"workers": workers, "queue time-out": "1s"}
	if publishes(contender) {
		env["KAFKA_BROKERS"], env["KAFKA_TOPIC"], env["KAFKA_INSTANCE"] = "${kafka}", "${topic}", "${instance}"
		needs = append(needs, to(breakwater.Kafka))
		maps.Copy(settings, map[string]string{"publish time-out": "2s", "acks": "all in-sync replicas", "idempotence": "on", "linger": "0"})
	} else {
		for name, variable := range map[string]string{"email": "EMAIL_URL", "analytics": "ANALYTICS_URL", "cache": "CACHE_URL"} {
			env[variable] = "http://${" + name + "}"
		}
		needs = append(needs, to("email"), to("analytics"), to("cache"))
		settings["call time-out"] = "1s"
	}
	switch contender {
	case SyncHardened: // as services/registration/hardened.go has it
		maps.Copy(settings, map[string]string{
			"attempt time-out": "150ms", "attempts": "2", "retry delay": "20ms ± 10ms", "retry budget": "20 % of the attempts under way",
			"breaker": "opens when 10 of 20 attempts failed, tries again after 500ms", "bulkhead": "a quarter of the workers for each callee",
		})
	case EventOutbox:
		maps.Copy(settings, map[string]string{"relay interval": "250ms, and whenever a row is written", "relay batch": "200 rows"})
	}
	s := service("registration", env, needs...)
	s.Settings = settings
	s.Ledger = &breakwater.Ledger{Sink: "users", Of: breakwater.Database, Table: "users", Key: "user_id", At: "created_at", Once: true}
	return s
}

func publishes(contender string) bool { return strings.HasPrefix(contender, Event) }

// consumer makes a service that is called by the synchronous contenders and
// consumes the topic for the others.
func consumer(contender string, s breakwater.Service) breakwater.Service {
	if !publishes(contender) {
		return s
	}
	s.Env["KAFKA_BROKERS"], s.Env["KAFKA_TOPIC"] = "${kafka}", "${topic}"
	s.Env["KAFKA_GROUP"], s.Env["KAFKA_INSTANCE"] = s.Name, "${instance}"
	s.Env["SESSION_TIMEOUT"], s.Env["HEARTBEAT_INTERVAL"] = "3s", "500ms"
	s.Needs = append(s.Needs, to(breakwater.Kafka))
	s.Group = s.Name
	s.Settings = map[string]string{
		"session time-out": "3s", "heartbeat interval": "500ms", "assignment": "eager, sticky", "offset reset": "earliest",
		"isolation": "read committed", "records a poll": "100", "commit": "after each poll, when its records are processed",
	}
	return s
}

func email(contender string) breakwater.Service {
	s := service("email", map[string]string{"SMTP_ADDR": "${mailbox}"},
		breakwater.Need{To: "mailbox", Port: "smtp", Protocol: "tcp"})
	s.Ledger = &breakwater.Ledger{Sink: "mailbox", Of: "mailbox", Path: "/ledger"}
	return consumer(contender, s)
}

func analytics(contender string) breakwater.Service {
	s := service("analytics", map[string]string{"DATABASE_URL": "${database}"}, to(breakwater.Database))
	s.Ledger = &breakwater.Ledger{
		Sink: "analytics", Of: breakwater.Database, Table: "events", Attempts: "deliveries", Key: "user_id", Once: true,
		Instance: "instance",
	}
	return consumer(contender, s)
}

func cache(contender string) breakwater.Service {
	s := service("cache", map[string]string{"REDIS_ADDR": "${redis}"}, to(breakwater.Redis))
	s.Ledger = &breakwater.Ledger{Sink: "cache", Of: breakwater.Redis, Stream: "ledger"}
	return consumer(contender, s)
}

// WithPythonConsumer is a system whose consumer is a program in another language, with
// another client library and nothing of ours in it. It keeps no ledger that
// could be read, so what became of its effects is not asked.
func WithPythonConsumer() []breakwater.Service {
	producer := registration(Event)
	producer.Ledger = nil
	python := cmp.Or(os.Getenv("BREAKWATER_PYTHON"), "python3")
	return []breakwater.Service{producer, {
		Name: "archive",
		Program: breakwater.Program{
			Command:   []string{python, "services/foreign/consumer.py"},
			Image:     "foreign",
			Files:     map[string]string{"/app/consumer.py": "services/foreign/consumer.py"},
			Probe:     []string{python, "-c", "import confluent_kafka"},
			ProbeHint: "install it (pip install confluent-kafka, or Debian's python3-confluent-kafka) and name the interpreter in BREAKWATER_PYTHON",
		},
		Env: map[string]string{
			"KAFKA_BROKERS": "${kafka}", "KAFKA_TOPIC": "${topic}", "KAFKA_GROUP": "archive",
			"KAFKA_INSTANCE": "${instance}", "SESSION_TIMEOUT_MS": "3000",
		},
		Ready:    "log:ready",
		Needs:    []breakwater.Need{to(breakwater.Kafka)},
		Group:    "archive",
		Settings: map[string]string{"session time-out": "3s", "heartbeat interval": "500ms"},
	}}
}

// mailbox is where mails arrive. It stays when email is killed: it is the
// outside world.
func mailbox() breakwater.Service {
	s := service("mailbox", map[string]string{"SMTP_LISTEN": "${listen.smtp}"})
	s.Ports = []string{"http", "smtp"}
	return s
}
