package breakwater_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// declared is a scenario whose service declares all that there is.
func declared() breakwater.Scenario {
	s := scenario()
	s.Topic.Name = "events"
	v := &s.Services[0]
	v.Group = "api"
	v.Needs = append(v.Needs, breakwater.Need{To: breakwater.Kafka}, breakwater.Need{To: breakwater.Database})
	v.Offsets = breakwater.OffsetsInSink
	v.Output, v.Outbox = "copied", "events"
	v.ExactlyOnce, v.PublishesOnce = true, true
	v.TransactionTimeout = breakwater.Duration(10 * time.Second)
	v.DeadLetter = &breakwater.DeadLetter{
		Topic: "given-up", Retry: []string{"soon", "later"}, MaxAttempts: 3, Backoff: breakwater.Duration(500 * time.Millisecond),
		Fatal: []string{"undecodable"}, Headers: breakwater.DeadLetterHeaders{Offset: "kafka_dlt-original-offset"},
	}
	v.Ledger = &breakwater.Ledger{
		Sink: "totals", Of: breakwater.Database, Table: "effects", Attempts: "deliveries",
		Instance: "instance", Epoch: "epoch", Positions: "positions", Once: true, Fenced: true,
		Projection: breakwater.CountByKey, State: "totals",
	}
	return s
}

func TestTopicsAreEachMadeOnce(t *testing.T) {
	s := declared()
	if got, want := s.Topics(), []string{"events", "given-up", "soon", "later", "copied"}; !slices.Equal(got, want) {
		t.Errorf("topics %q, want %q", got, want)
	}
	s.Services[0].Outbox = "published"
	if got := s.Topics(); got[len(got)-1] != "published" {
		t.Errorf("the outbox's own topic is not among %q", got)
	}
}

func TestLetterHeadersHaveDefaults(t *testing.T) {
	got := declared().Services[0].DeadLetter.DeadLetterHeaders()
	want := breakwater.DeadLetterHeaders{
		Topic: "origin-topic", Partition: "origin-partition", Offset: "kafka_dlt-original-offset", Error: "error", Attempt: "attempt",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDeclaredSurvivesItsJSON(t *testing.T) {
	s := declared()
	b, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"backoff":"500ms"`, `"transactionTimeout":"10s"`, `"headers":{"offset":"kafka_dlt-original-offset"}`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
	again, err := breakwater.ParseScenario(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Services, s.Services) {
		t.Errorf("read back\n%+v, want\n%+v", again.Services[0], s.Services[0])
	}
}

// A saved scenario knows nothing of what was declared later, and what declares
// nothing is saved as before.
func TestUndeclaredLeavesNoTraceInJSON(t *testing.T) {
	b, err := json.Marshal(breakwater.Service{Name: "api", Ledger: &breakwater.Ledger{Sink: "users", Of: "database"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b), `{"name":"api","program":{},"ledger":{"sink":"users","of":"database"}}`; got != want {
		t.Errorf("saved as %s, want %s", got, want)
	}
}

func TestDeclaredIsValidated(t *testing.T) {
	if err := declared().Validate(); err != nil {
		t.Fatalf("what all cases begin with: %v", err)
	}
	for want, with := range map[string]func(s *breakwater.Scenario, v *breakwater.Service){
		"its dead letter names no topic":                                     func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.Topic = "" },
		"retry topic without a name":                                         func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.Retry[1] = "" },
		`dead letter topic is "given-up" but it consumes nothing; set Group`: func(_ *breakwater.Scenario, v *breakwater.Service) { v.Group = "" },
		`output "copied" but it consumes nothing; set Group`:                 func(_ *breakwater.Scenario, v *breakwater.Service) { v.Group = "" },
		"promises exactlyOnce but has no output; name in Output":             func(_ *breakwater.Scenario, v *breakwater.Service) { v.Output = "" },
		"promises publishesOnce but does not need kafka; add Need{To: breakwater.Kafka}": func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.Needs = nil
		},
		"allows -1 attempts":       func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.MaxAttempts = -1 },
		"allows 1 attempt but has": func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.MaxAttempts = 1 },
		"waits -1s between attempts": func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.DeadLetter.Backoff = -breakwater.Duration(time.Second)
		},
		"waits 500ms between attempts": func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.Retry = nil },
		`its retry topic "given-up" is used by api, as its retry topic`: func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.DeadLetter.Retry = []string{"given-up", "given-up"}
		},
		`its dead letter topic "events" is used by the scenario itself`: func(_ *breakwater.Scenario, v *breakwater.Service) { v.DeadLetter.Topic = "events" },
		`its output topic "given-up" is used by api, as its dead letter topic; give each a topic of its own`: func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.Output = "given-up"
		},
		`its outbox topic "published" is used by api, as its outbox topic`: func(s *breakwater.Scenario, v *breakwater.Service) {
			v.Outbox = "published"
			s.Services = append(s.Services, breakwater.Service{
				Name: "other", Program: v.Program, Outbox: "published", Ledger: &breakwater.Ledger{Sink: "other", Of: breakwater.Redis, Stream: "effects"},
			})
		},
		`outbox "events" but no ledger`: func(_ *breakwater.Scenario, v *breakwater.Service) { v.Ledger = nil },
		`outbox "events" but no service needs kafka`: func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.Needs = slices.DeleteFunc(v.Needs, func(n breakwater.Need) bool { return n.To == breakwater.Kafka })
		},
		`topic "copied!": use up to 249`:         func(_ *breakwater.Scenario, v *breakwater.Service) { v.Output = "copied!" },
		`topic "..": use up to 249`:              func(s *breakwater.Scenario, _ *breakwater.Service) { s.Topic.Name = ".." },
		"transaction time-out -1ns":              func(_ *breakwater.Scenario, v *breakwater.Service) { v.TransactionTimeout = -1 },
		`offsets "zookeeper"; use kafka or sink`: func(_ *breakwater.Scenario, v *breakwater.Service) { v.Offsets = "zookeeper" },
		`is of "redis" but has positions in a table "positions"; keep it in the database`: func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.Ledger.Of, v.Ledger.Stream = breakwater.Redis, "effects"
		},
		"is fenced but nothing in it holds an epoch": func(_ *breakwater.Scenario, v *breakwater.Service) {
			v.Ledger.Epoch, v.Ledger.Positions = "", ""
		},
		`has a projection "sum"; the one that is known is "count"`: func(_ *breakwater.Scenario, v *breakwater.Service) { v.Ledger.Projection = "sum" },
		"has a projection but not both tables":                     func(_ *breakwater.Scenario, v *breakwater.Service) { v.Ledger.State = "" },
		`has a state table "totals" but no projection`:             func(_ *breakwater.Scenario, v *breakwater.Service) { v.Ledger.Projection = "" },
	} {
		s := declared()
		with(&s, &s.Services[0])
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func scenario() breakwater.Scenario {
	return breakwater.Scenario{
		Title:    "An API is looked at",
		Services: []breakwater.Service{{Name: "api", Program: breakwater.Program{Go: "example.org/api"}, Needs: []breakwater.Need{{To: breakwater.Redis}}}},
		Requests: []breakwater.Request{{Service: "api", Method: "GET", Path: "/"}},
		Load:     breakwater.Constant(50).For(10 * time.Second),
		Predict:  breakwater.Holds("availability"),
	}
}

func cut() breakwater.Fault { return breakwater.Cut(breakwater.Edge("api", "redis")) }

func TestAsks(t *testing.T) {
	events := breakwater.Scenario{Requests: []breakwater.Request{{Method: "GET", Path: "/legacy-write", Event: true}, {Method: "POST", Path: "/register"}}}
	for _, c := range []struct {
		scenario  breakwater.Scenario
		operation string
		want      bool
	}{
		{breakwater.Scenario{}, "POST /register", true},
		{breakwater.Scenario{}, "GET /catalog", false},
		{breakwater.Scenario{}, "register", true},
		{breakwater.Scenario{Require: breakwater.Require{Unrelated: "POST /search"}}, "POST /search", false},
		{events, "GET /legacy-write", true},
		{events, "POST /register", false},
	} {
		if got := c.scenario.Asks(c.operation); got != c.want {
			t.Errorf("Asks(%q) = %v", c.operation, got)
		}
	}
}

func TestInstances(t *testing.T) {
	s := breakwater.Scenario{Services: []breakwater.Service{{Name: "api"}, {Name: "api-2", Instances: 12}}}
	for instance, want := range map[string]string{
		"api/1": "api", "api-2/12": "api-2", "api": "", "api/0": "", "api/2": "", "api/01": "", "api/+1": "", "api-2/13": "", "load": "", "": "",
	} {
		if v, known := s.ServiceOf(instance); v.Name != want || known != (want != "") {
			t.Errorf("%q is of %q", instance, v.Name)
		}
	}
	for _, f := range []breakwater.Fault{breakwater.Kill("api-2/3"), breakwater.Cut(breakwater.Edge("api-2/3", breakwater.Kafka))} {
		if got := s.Targets(f); !slices.Equal(got, []string{"api-2/3"}) {
			t.Errorf("%s strikes %q", f, got)
		}
	}
}

// A system of another module is needed like any other, once it is registered; a name is
// registered once, and can be that of a host.
func TestRegisterSystem(t *testing.T) {
	s := breakwater.Scenario{
		Title: "a ledger is kept",
		Services: []breakwater.Service{{
			Name: "api", Program: breakwater.Program{Go: "example.org/api"}, Needs: []breakwater.Need{{To: "vault"}},
			Env: map[string]string{"VAULT": "${vault}"},
		}},
		Requests: []breakwater.Request{{Service: "api", Method: "GET", Path: "/"}},
		Load:     breakwater.Constant(1).For(time.Second),
		Predict:  breakwater.Holds(breakwater.NoPhantom),
	}
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "nothing that a world provides") {
		t.Errorf("before it is registered: %v", err)
	}
	breakwater.RegisterSystem("vault", "http")
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if tap := s.Services[0].Needs[0].Tap(); tap != "http" {
		t.Errorf("its edges speak %s", tap)
	}
	for _, name := range []string{"vault", breakwater.Kafka, "Vault", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was registered", name)
				}
			}()
			breakwater.RegisterSystem(name, "tcp")
		}()
	}
}
