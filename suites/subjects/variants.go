package subjects

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// Topics, as measurements and predictions name them.
const (
	Topic       = "user-events"
	Transferred = Topic + ".transferred" // what Transferring passes on
)

// with changes one service of a system; the system given stays as it is.
func with(system []breakwater.Service, name string, change func(*breakwater.Service)) []breakwater.Service {
	changed := slices.Clone(system)
	for i := range changed {
		if s := &changed[i]; s.Name == name {
			s.Env, s.Settings = maps.Clone(s.Env), maps.Clone(s.Settings)
			change(s)
		}
	}
	return changed
}

// Scaled is the system with n instances of one service.
func Scaled(system []breakwater.Service, name string, n int) []breakwater.Service {
	return with(system, name, func(s *breakwater.Service) { s.Instances = n })
}

// Growing is the system with n instances of one service, of which only the first
// is started with it.
func Growing(system []breakwater.Service, name string, n int) []breakwater.Service {
	return with(system, name, func(s *breakwater.Service) { s.Instances, s.Deferred = n, n-1 })
}

// OneByOne is registration, and n instances of an analytics that takes one record
// at a time: how fast it is depends on how many there are.
func OneByOne(n int) []breakwater.Service {
	system := with(EventDriven(), "analytics", func(s *breakwater.Service) {
		s.Instances = n
		s.Env["MAX_POLL_RECORDS"], s.Settings["records a poll"] = "1", "1"
	})
	return slices.DeleteFunc(system, func(s breakwater.Service) bool { return s.Name != "registration" && s.Name != "analytics" })
}

// Calling is registration with n callees that are all alike, each an analytics with a
// group and a database of its own, and few workers: how many requests it takes a
// second depends on how long one worker waits for them.
func Calling(contender string, n int) []breakwater.Service {
	const few = "4"
	caller := registration(contender)
	caller.Env["WORKERS"], caller.Settings["workers"] = few, few
	caller.Ledger = nil
	if !publishes(contender) {
		caller.Needs = []breakwater.Need{to(breakwater.Database)}
		for _, variable := range []string{"EMAIL_URL", "ANALYTICS_URL", "CACHE_URL"} {
			delete(caller.Env, variable)
		}
	}
	var callees []breakwater.Service
	var urls []string
	for i := range n {
		s := analytics(contender)
		s.Name = fmt.Sprintf("callee%d", i+1)
		if s.Group != "" {
			s.Group, s.Env["KAFKA_GROUP"] = s.Name, s.Name
		}
		s.Ledger.Sink = s.Name
		callees, urls = append(callees, s), append(urls, "http://${"+s.Name+"}/log-event")
		if !publishes(contender) {
			caller.Needs = append(caller.Needs, to(s.Name))
		}
	}
	if !publishes(contender) {
		caller.Env["CALLEES"] = strings.Join(urls, ",")
	}
	return append([]breakwater.Service{caller}, callees...)
}

// Named is the contender's system whose registration knows what it connects to by
// name, and not by address.
func Named(contender string) []breakwater.Service {
	return with(System(contender), "registration", func(s *breakwater.Service) {
		s.Needs = append(slices.Clone(s.Needs), to(breakwater.NameService))
		s.Env["NAMES_SERVER"], s.Env["NAMES_TTL"] = "${names}", "1s"
		s.Settings["names"] = "each believed for 1s"
		for name, value := range s.Env {
			for _, n := range s.Needs {
				if n.To != breakwater.Database && n.To != breakwater.NameService { // the one is a whole URL, the other is who is asked
					value = strings.ReplaceAll(value, "${"+n.To+"}", "${"+n.To+".name}")
				}
			}
			s.Env[name] = value
		}
		if publishes(contender) {
			s.Env["KAFKA_BROKERS"] += ":9092" // the port that counts is told with the host
		}
	})
}

// Dividing is registration, and three instances of an analytics whose group divides
// its partitions in the given way; the last of them comes late. Static: each has a
// name of its own in the group.
func Dividing(assignment string, static bool) []breakwater.Service {
	system := with(EventDriven(), "analytics", func(s *breakwater.Service) {
		s.Instances, s.Deferred = 3, 1
		s.Env["ASSIGNMENT"], s.Settings["assignment"] = assignment, assignment+", sticky"
		if static {
			s.Env["GROUP_INSTANCE_ID"] = "${instance}"
			s.Settings["assignment"] = assignment + ", range, static members"
			// Longer than it takes to be back: that is what one is static for.
			s.Env["SESSION_TIMEOUT"], s.Settings["session time-out"] = "10s", "10s"
		}
	})
	return slices.DeleteFunc(system, func(s breakwater.Service) bool { return s.Name != "registration" && s.Name != "analytics" })
}

// Audited is the contender's system with a fourth dependent, audit, that it begins
// without. It is the same program as analytics, with a group and a database of its
// own. A synchronous registration knows nothing of it.
func Audited(contender string) []breakwater.Service {
	s := analytics(contender)
	s.Name, s.Deferred = "audit", 1
	if s.Group != "" {
		s.Group, s.Env["KAFKA_GROUP"] = s.Name, s.Name
	}
	s.Ledger.Sink = s.Name
	return append(System(contender), s)
}

// Remembering is the event-driven system whose email remembers, in a database of
// its own, which mails it has sent.
func Remembering() []breakwater.Service {
	return with(EventDriven(), "email", func(s *breakwater.Service) {
		s.Env["DATABASE_URL"] = "${database}"
		s.Needs = append(slices.Clone(s.Needs), to(breakwater.Database))
		ledger := *s.Ledger
		ledger.Once = true
		s.Ledger = &ledger
	})
}

// Flawed is the system with one service replaced by one that has the planted
// defect, and nothing else changed. Package services/defects reports what it is.
func Flawed(system []breakwater.Service, name, defect string) []breakwater.Service {
	return with(system, name, func(s *breakwater.Service) { s.Program.Args = []string{"defect", defect} })
}

// Defective is the scenario with a planted defect in one service, which settles no
// claim: what the right service is predicted to keep, this one must be seen to break.
func Defective(s breakwater.Scenario, name, defect string, breaks breakwater.Predictions) breakwater.Scenario {
	s.Claim = "defect: " + defect
	s.Services = Flawed(s.Services, name, defect)
	s.Require.MayFail = true
	s.Predict = breaks
	return s
}

// AutoCommitting is the event-driven system whose analytics lets its client
// commit what the last poll returned.
func AutoCommitting() []breakwater.Service {
	return with(EventDriven(), "analytics", func(s *breakwater.Service) {
		s.Env["COMMIT"], s.Settings["commit"] = "auto", "in the background, of what was polled"
	})
}

// StoringOffsets is the event-driven system whose analytics keeps its position
// in its own database, with the effects and fenced by the group's generation.
func StoringOffsets() []breakwater.Service {
	return with(EventDriven(), "analytics", func(s *breakwater.Service) {
		s.Env["OFFSETS"], s.Settings["commit"] = "sink", "in the database, with the effects"
		s.Env["SESSION_TIMEOUT"], s.Env["HEARTBEAT_INTERVAL"] = "1500ms", "300ms"
		s.Settings["session time-out"], s.Settings["heartbeat interval"] = "1.5s", "300ms"
		s.Offsets = breakwater.OffsetsInSink
		ledger := *s.Ledger
		ledger.Positions, ledger.Fenced = "positions", true
		s.Ledger = &ledger
	})
}

// How analytics gives up records in DeadLettering.
const (
	deadLetterTopic = Topic + ".analytics.dead"
	retryTopic      = Topic + ".analytics.retry"
	maxAttempts     = 4
	retryBackoff    = 500 * time.Millisecond
)

// DeadLettering is the event-driven system whose analytics retries later what fails
// for a while, and gives up what no retry can help.
func DeadLettering() []breakwater.Service {
	return with(EventDriven(), "analytics", func(s *breakwater.Service) {
		s.Env["DEAD_LETTER_TOPIC"], s.Env["RETRY_TOPICS"] = deadLetterTopic, retryTopic
		s.Env["MAX_ATTEMPTS"], s.Env["RETRY_BACKOFF"] = "4", retryBackoff.String()
		s.DeadLetter = &breakwater.DeadLetter{
			Topic: deadLetterTopic, Retry: []string{retryTopic},
			MaxAttempts: maxAttempts, Backoff: breakwater.Duration(retryBackoff), Fatal: []string{"unknown-action"},
		}
		s.TransactionTimeout = breakwater.Duration(5 * time.Second)
		s.Settings["retry back-off"] = retryBackoff.String()
	})
}

// Projected is the event-driven system with a fourth consumer: projection, which
// keeps a view of all users and, in the same transactions, how far it goes.
func Projected() []breakwater.Service {
	s := service("projection", map[string]string{"DATABASE_URL": "${database}"}, to(breakwater.Database))
	s.Ledger = &breakwater.Ledger{
		Sink: "projection", Of: breakwater.Database, Table: "events", Attempts: "deliveries", Key: "user_id", Once: true,
		Instance: "instance", Positions: "positions", Fenced: true,
		Projection: breakwater.CountByKey, State: "users",
		AsOf: &breakwater.AsOf{Path: "/as-of", Keys: "users", Value: "events"},
	}
	s = consumer(Event, s)
	s.Offsets, s.Settings["commit"] = breakwater.OffsetsInSink, "in the database, with the view"
	return append(EventDriven(), s)
}

// Rebuilding is Projected with a projection that deletes its view whenever it
// starts, and makes it again from the beginning of the log. So each event takes
// effect once in every view that it made.
func Rebuilding() []breakwater.Service {
	return with(Projected(), "projection", func(s *breakwater.Service) {
		s.Env["REBUILD"] = "true"
		ledger := *s.Ledger
		ledger.Once = false
		s.Ledger = &ledger
	})
}

// Outbox is the system whose registration writes its events beside its users.
func Outbox() []breakwater.Service {
	return with(System(EventOutbox), "registration", func(s *breakwater.Service) { s.Outbox = Topic })
}

// Transacting is the system whose registration publishes in Kafka transactions.
// Users are not asked about: Kafka and a database do not commit as one.
func Transacting() []breakwater.Service {
	return with(System(Transactional), "registration", func(s *breakwater.Service) {
		s.TransactionTimeout = breakwater.Duration(10 * time.Second)
		s.Settings["transaction time-out"] = "10s"
		s.Ledger = nil
	})
}

// Transferring is registration, which publishes events, and a service that reads
// them and passes them on in Kafka transactions.
func Transferring() []breakwater.Service {
	transfer := consumer(Event, service("transfer", map[string]string{"KAFKA_OUTPUT": Transferred}))
	transfer.Output, transfer.ExactlyOnce = Transferred, true
	transfer.TransactionTimeout = breakwater.Duration(5 * time.Second)
	transfer.Settings["transaction time-out"], transfer.Settings["commit"] = "5s", "in the transaction, with the records"
	return []breakwater.Service{registration(Event), transfer}
}

// Repeating is Transferring with a producer that is not idempotent: what
// registration is not told was appended it appends again.
func Repeating() []breakwater.Service {
	return with(Transferring(), "registration", func(s *breakwater.Service) {
		s.Env["IDEMPOTENT"], s.Settings["idempotence"] = "false", "off"
	})
}

// Redriving is DeadLettering with a service that sends back, whenever it starts,
// the dead letters that are there.
func Redriving() []breakwater.Service {
	return append(DeadLettering(), service("redrive",
		map[string]string{"KAFKA_BROKERS": "${kafka}", "DEAD_LETTER_TOPIC": deadLetterTopic}, to(breakwater.Kafka)))
}

// Congested is the hardened system with so many workers that nothing holds back
// what comes in, before a mail server that takes 30 mails a second.
func Congested() []breakwater.Service {
	system := with(System(SyncHardened), "registration", func(s *breakwater.Service) {
		s.Env["WORKERS"], s.Settings["workers"] = "1000", "1000"
	})
	return with(system, "mailbox", func(s *breakwater.Service) { s.Env["MAILS_PER_SECOND"] = "30" })
}

// Poisoned are the requests of users some of whom do what analytics cannot
// store: that share of the registrations.
func Poisoned(share float64) []breakwater.Request {
	requests := Requests()
	poison := requests[0]
	poison.Weight = share * requests[0].Weight
	requests[0].Weight -= poison.Weight
	poison.Body = strings.Replace(poison.Body, "registered", "corrupt", 1)
	return append(requests, poison)
}
