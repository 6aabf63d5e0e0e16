package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/defects"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWrongUsage(t *testing.T) {
	const listen = "127.0.0.1:0"
	for name, test := range map[string]struct {
		args    string
		environ map[string]string
		want    []string
	}{
		"no service":      {"", nil, []string{"usage: services analytics|cache|email|mailbox|projection|projection rebuild|redrive|registration|transfer|defect DEFECT"}},
		"unknown service": {"mail", nil, []string{`unknown service "mail"`, "usage:"}},
		"two services":    {"email cache", nil, []string{"usage:"}},
		"no defect":       {"defect", nil, []string{"usage: services defect as-of-now|commit-before-processing|"}},
		"unknown defect":  {"defect luck", nil, []string{`unknown defect "luck"`, "|unfenced-offsets|"}},

		"nothing set": {"registration", nil, []string{
			"LISTEN is not set: set it to host:port to serve HTTP on, for example 127.0.0.1:8080",
			"MODE is not set: set it to one of sync-sequential",
			"DATABASE_URL is not set: set it to sqlite:/path/file.db or postgres://",
		}},
		"empty": {"cache", map[string]string{"LISTEN": "", "REDIS_ADDR": ""}, []string{
			"LISTEN is empty", "REDIS_ADDR is empty: set it to Redis's host:port",
		}},
		"malformed": {"email", map[string]string{
			"LISTEN": listen, "SMTP_ADDR": "x:25", "SMTP_TIMEOUT": "5", "MAX_POLL_RECORDS": "many", "LOG_LEVEL": "loud",
		}, []string{
			"SMTP_TIMEOUT=5 is malformed: set it to a positive duration like 5s",
			"MAX_POLL_RECORDS=many is malformed: set it to a positive number like 100",
			"LOG_LEVEL=loud is malformed: set it to debug, info, warn or error",
		}},
		"not positive": {"registration", map[string]string{
			"LISTEN": listen, "MODE": "event", "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092", "WORKERS": "0", "CALL_TIMEOUT": "-1s",
		}, []string{
			"WORKERS=0 is not positive: set it to a positive number like 32",
			"CALL_TIMEOUT=-1s is not positive: set it to a positive duration like 1s",
		}},
		"unknown mode": {"registration", map[string]string{"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "MODE": "async"}, []string{
			"MODE=async is unknown: set it to one of [sync-sequential",
		}},
		"sync without URLs": {"registration", map[string]string{"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "MODE": "sync-fanout"}, []string{
			"EMAIL_URL is not set, and MODE=sync-fanout needs it", "ANALYTICS_URL", "CACHE_URL",
		}},
		"event without Kafka": {"registration", map[string]string{"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "MODE": "event"}, []string{
			"KAFKA_BROKERS is not set, and MODE=event needs it: set it to host:port,host:port",
		}},
		"short session": {"analytics", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092", "SESSION_TIMEOUT": "1s",
		}, []string{"SESSION_TIMEOUT=1s is less than three times HEARTBEAT_INTERVAL=500ms"}},
		"unknown assignment": {"cache", map[string]string{"LISTEN": listen, "REDIS_ADDR": "x:6379", "ASSIGNMENT": "lazy"}, []string{
			"ASSIGNMENT=lazy is unknown: set it to one of [eager cooperative consumer-protocol]",
		}},
		"static owner of a view": {"projection", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092", "GROUP_INSTANCE_ID": "a",
		}, []string{"GROUP_INSTANCE_ID are not for offsets that are kept with the effects"}},
		"unknown ways": {"analytics", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "COMMIT": "later", "OFFSETS": "mind", "RETRY_TOPICS": "r",
		}, []string{
			"COMMIT=later is unknown: set it to processed or auto", "OFFSETS=mind is unknown: set it to kafka or sink",
			"RETRY_TOPICS is set and DEAD_LETTER_TOPIC is not",
		}},
		"two ways": {"defect no-deduplication", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "COMMIT": "auto", "OFFSETS": "sink", "DEAD_LETTER_TOPIC": "d",
		}, []string{"COMMIT=auto and OFFSETS=sink and DEAD_LETTER_TOPIC exclude each other: set one of them"}},
		"same topic twice": {"analytics", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092", "DEAD_LETTER_TOPIC": "user-events",
		}, []string{`topic "user-events" is named twice`}},
		"no dead letters": {"defect dead-letter-then-commit", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092",
		}, []string{"set DEAD_LETTER_TOPIC"}},
		"no Kafka to project": {"projection", map[string]string{"LISTEN": listen, "DATABASE_URL": "sqlite::memory:"}, []string{
			"KAFKA_BROKERS is not set, and the view is made of what is in Kafka: set it to host:port,host:port",
		}},
		"perhaps rebuild": {"projection", map[string]string{"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "KAFKA_BROKERS": "x:9092", "REBUILD": "perhaps"}, []string{
			"REBUILD=perhaps is malformed: set it to true (delete the view at every start, and make it again from offset 0) or false",
		}},
		"rebuild alone": {"rebuild", nil, []string{`unknown service "rebuild"`}},
		"nothing to redrive": {"redrive", nil, []string{
			"KAFKA_BROKERS is not set: set it to host:port,host:port", "DEAD_LETTER_TOPIC is not set: set it to a topic's name",
		}},
		"nowhere to transfer": {"transfer", map[string]string{"LISTEN": listen}, []string{"KAFKA_OUTPUT is not set: set it to a topic's name"}},
		"nothing to transfer": {"transfer", map[string]string{"LISTEN": listen, "KAFKA_OUTPUT": "o"}, []string{"KAFKA_BROKERS is not set"}},
		"transferred to itself": {"transfer", map[string]string{"LISTEN": listen, "KAFKA_BROKERS": "x:9092", "KAFKA_OUTPUT": "user-events"}, []string{
			`Output is "user-events": name a topic, other than the one that is read`,
		}},
		"transactions without idempotence": {"registration", map[string]string{
			"LISTEN": listen, "DATABASE_URL": "sqlite::memory:", "MODE": "event-transactional", "KAFKA_BROKERS": "x:9092", "IDEMPOTENT": "false",
		}, []string{"IDEMPOTENT=false, and MODE=event-transactional is nothing without it: leave it true"}},
		"unknown database": {"analytics", map[string]string{"LISTEN": listen, "DATABASE_URL": "mysql://u:secret@h/d"}, []string{
			`DATABASE_URL: database URL starts with "mysql": use sqlite:`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), strings.Fields(test.args), test.environ, io.Discard)
			if err == nil || !errors.As(err, &usageError{}) {
				t.Fatalf("run: %v, want a usage error", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q tells a password", err)
			}
		})
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, environ := range []map[string]string{
		{"LISTEN": taken.Addr().String(), "SMTP_LISTEN": "127.0.0.1:0"},
		{"LISTEN": "127.0.0.1:0", "SMTP_LISTEN": taken.Addr().String()},
	} {
		err := run(t.Context(), []string{"mailbox"}, environ, io.Discard)
		if err == nil || errors.As(err, &usageError{}) || !strings.Contains(err.Error(), "LISTEN="+taken.Addr().String()) {
			t.Errorf("run: %v", err)
		}
	}
}

// process is a service as main runs it.
type process struct {
	name    string
	environ map[string]string
}

func (p process) Run(ctx context.Context) error {
	return run(ctx, strings.Fields(p.name), p.environ, io.Discard)
}

// begin runs a service and returns its HTTP address once it is ready.
func begin(t *testing.T, client *servicetest.Client, name string, environ map[string]string) string {
	t.Helper()
	environ = maps.Clone(environ)
	environ["LISTEN"] = freeAddr(t)
	servicetest.Run(t, process{name, environ})
	for {
		// The address is not taken until the service listens on it.
		conn, err := net.Dial("tcp", environ["LISTEN"])
		if err != nil {
			continue
		}
		conn.Close()
		if client.Get(environ["LISTEN"], "/healthz").Status == http.StatusOK {
			return environ["LISTEN"]
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// The whole system, as main puts it together: whichever way registration tells
// the others, each does its work once.
func TestWholeSystem(t *testing.T) {
	for _, mode := range []string{"sync-sequential", "sync-fanout", "event"} {
		t.Run(mode, func(t *testing.T) {
			k := kafkatest.Loopback(t, 3)
			redis := miniredis.RunT(t)
			analyticsDB := "sqlite:" + filepath.Join(t.TempDir(), "analytics.db")
			client := servicetest.NewClient(t, (&net.Dialer{}).DialContext)
			kafka := map[string]string{"KAFKA_BROKERS": strings.Join(k.Brokers, ",")}
			with := func(more ...string) map[string]string {
				environ := maps.Clone(kafka)
				for i := 0; i < len(more); i += 2 {
					environ[more[i]] = more[i+1]
				}
				return environ
			}
			smtp := freeAddr(t)
			mailbox := begin(t, client, "mailbox", map[string]string{"SMTP_LISTEN": smtp})
			email := begin(t, client, "email", with("SMTP_ADDR", smtp, "DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "mails.db")))
			analytics := begin(t, client, "analytics", with("DATABASE_URL", analyticsDB))
			cache := begin(t, client, "cache", with("REDIS_ADDR", redis.Addr()))
			registration := begin(t, client, "registration", with(
				"MODE", mode, "DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "users.db"),
				"EMAIL_URL", "http://"+email, "ANALYTICS_URL", "http://"+analytics, "CACHE_URL", "http://"+cache,
				"CALL_TIMEOUT", "30s", "PUBLISH_TIMEOUT", "30s")) // a slow machine is no fault here

			var want []string
			for i := range 20 {
				id := fmt.Sprintf("e%02d", i)
				want = append(want, id)
				answer := client.Post(registration, "/register", id, fmt.Sprintf(`{"userId":"u%d","action":"registered"}`, i))
				if answer.Status/100 != 2 {
					t.Fatalf("POST /register: %d %s", answer.Status, answer.Body)
				}
			}
			if mode == "event" {
				for _, group := range []string{"email", "analytics", "cache"} {
					for p := range int32(3) {
						if end := k.PartitionInfo(k.Topic, p).HighWatermark; end > 0 {
							k.WaitCommitted(group, p, end)
						}
					}
				}
			}

			var mails []string
			for line := range strings.Lines(client.Get(mailbox, "/ledger").Body) {
				var entry struct{ ID string }
				if err := json.Unmarshal([]byte(line), &entry); err != nil {
					t.Fatal(err)
				}
				mails = append(mails, entry.ID)
			}
			var invalidated []string
			stream, err := redis.Stream("ledger")
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range stream {
				invalidated = append(invalidated, entry.Values[1])
			}
			for name, got := range map[string][]string{"mails": mails, "invalidations": invalidated, "deliveries": ids(t, analyticsDB)} {
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("%s: %v, want each id once", name, got)
				}
			}
		})
	}
}

// Every way to consume, and every service with a defect, is up to its work when
// nothing disturbs it.
func TestEveryAnalytics(t *testing.T) {
	cases := map[string]map[string]string{
		"analytics": nil, "auto": {"COMMIT": "auto"}, "sink": {"OFFSETS": "sink"},
		"letters": {"DEAD_LETTER_TOPIC": "dead", "RETRY_TOPICS": "retry-1,retry-2", "MAX_ATTEMPTS": "4", "RETRY_BACKOFF": "100ms"},
	}
	for defect := range defects.Analytics {
		cases["defect "+defect] = nil
		if strings.HasPrefix(defect, "dead-letter") {
			cases["defect "+defect] = cases["letters"]
		}
	}
	for name, environ := range cases {
		t.Run(name, func(t *testing.T) {
			k := kafkatest.Loopback(t, 2, "dead", "retry-1", "retry-2")
			url := "sqlite:" + filepath.Join(t.TempDir(), "analytics.db")
			environ := maps.Clone(environ)
			if environ == nil {
				environ = map[string]string{}
			}
			environ["KAFKA_BROKERS"], environ["DATABASE_URL"] = strings.Join(k.Brokers, ","), url
			service := "analytics"
			if strings.HasPrefix(name, "defect ") {
				service = name
			}
			begin(t, servicetest.NewClient(t, (&net.Dialer{}).DialContext), service, environ)
			// Some begin at the end, and have to find it first.
			for p := range int32(2) {
				warm := fmt.Sprint("warm-", p)
				for !slices.Contains(ids(t, url), warm) && t.Context().Err() == nil {
					k.PutEvent(p, event.Event{ID: warm, UserID: "u1", Action: "registered"})
				}
			}
			var want []string
			for i := range 20 {
				id := fmt.Sprintf("e%02d", i)
				want = append(want, id)
				k.PutEvent(int32(i%2), event.Event{ID: id, UserID: "u1", Action: "registered"})
			}
			var got []string
			for len(got) < len(want) && t.Context().Err() == nil {
				got = slices.DeleteFunc(ids(t, url), func(id string) bool { return strings.HasPrefix(id, "warm") })
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("deliveries %v, want each id once", got)
			}
		})
	}
}

// A view that is deleted says the same again.
func TestProjection(t *testing.T) {
	k := kafkatest.Loopback(t, 2)
	environ := map[string]string{
		"KAFKA_BROKERS": strings.Join(k.Brokers, ","), "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "projection.db"),
	}
	client := servicetest.NewClient(t, (&net.Dialer{}).DialContext)
	for i := range 20 {
		k.PutEvent(int32(i%2), event.Event{ID: fmt.Sprint("e", i), UserID: fmt.Sprint("u", i%2), Action: "updated"})
	}
	for i, service := range []string{"projection", "projection rebuild"} {
		addr := begin(t, client, service, environ)
		for !strings.Contains(client.Get(addr, "/users/u1").Body, `"events":10`) && t.Context().Err() == nil {
		}
		if deliveries := ids(t, environ["DATABASE_URL"]); len(deliveries) < (i+1)*10 {
			t.Errorf("%s: %d deliveries", service, len(deliveries))
		}
	}
}

// What was given up comes back when it is sent back, and once.
func TestRedrive(t *testing.T) {
	k := kafkatest.Loopback(t, 1, "dead")
	url := "sqlite:" + filepath.Join(t.TempDir(), "analytics.db")
	environ := map[string]string{"KAFKA_BROKERS": strings.Join(k.Brokers, ","), "DATABASE_URL": url, "DEAD_LETTER_TOPIC": "dead"}
	client := servicetest.NewClient(t, (&net.Dialer{}).DialContext)
	begin(t, client, "analytics", environ)
	k.PutEvent(0, event.Event{ID: "poison", UserID: "u1", Action: "corrupt"})
	k.WaitCommitted("analytics", 0, 1)
	if deadLetters := k.Read("dead", 1); len(deadLetters) != 1 {
		t.Fatalf("%d letters, want 1", len(deadLetters))
	}

	// With nobody to teach analytics what it did not know, the dead letter comes back.
	if err := run(t.Context(), []string{"redrive"}, environ, io.Discard); err != nil {
		t.Fatal(err)
	}
	if deadLetters := k.Read("dead", 2); len(deadLetters) != 2 {
		t.Errorf("%d letters, want the second one", len(deadLetters))
	}
	begin(t, client, "redrive", environ) // which stays, with LISTEN
	if deadLetters := k.Read("dead", 3); len(deadLetters) != 3 {
		t.Errorf("%d letters, want the third one", len(deadLetters))
	}
	if events := k.Read(k.Topic, 3); len(events) != 3 {
		t.Errorf("%d records, want the event and each dead letter that was sent back once", len(events))
	}
}

// Each event that registration publishes is in the output, once.
func TestTransfer(t *testing.T) {
	k := kafkatest.Loopback(t, 2, "output")
	client := servicetest.NewClient(t, (&net.Dialer{}).DialContext)
	brokers := strings.Join(k.Brokers, ",")
	registration := begin(t, client, "registration", map[string]string{
		"KAFKA_BROKERS": brokers, "MODE": "event", "IDEMPOTENT": "false", "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "users.db"),
	})
	begin(t, client, "transfer", map[string]string{"KAFKA_BROKERS": brokers, "KAFKA_OUTPUT": "output"})
	for _, id := range []string{"e1", "e2", "e3"} {
		if answer := client.Post(registration, "/register", id, `{"userId":"u-`+id+`","action":"registered"}`); answer.Status != http.StatusAccepted {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
	}
	if records := k.Read("output", 3); len(records) != 3 {
		t.Errorf("%d records in the output, want 3", len(records))
	}
}

func ids(t *testing.T, url string) []string {
	t.Helper()
	db := servicetest.OpenDB(t, url)
	defer db.Close() // now: it is asked again and again
	return servicetest.Strings(t, db, "SELECT id FROM deliveries ORDER BY seq")
}
