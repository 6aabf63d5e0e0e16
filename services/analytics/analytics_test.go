package analytics

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the service until the test ends or stop is called.
func run(t *testing.T, config Config) (stop func()) {
	t.Helper()
	config.Log = slog.New(slog.DiscardHandler)
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return servicetest.Run(t, s)
}

// The whole service in virtual time: a broker and HTTP on a network in memory,
// and a database that is handed in.
func TestInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		db := servicetest.OpenDB(t, "sqlite::memory:")
		listener, err := k.Listen("tcp", "localhost:80")
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, Config{Listener: listener, DB: db, Dial: k.Dial, Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic}})
		client := servicetest.NewClient(t, k.Dial)
		k.WaitMembers("analytics", 1)

		began := time.Now()
		k.PutEvent(0, event.Event{ID: "e1", UserID: "u1", Action: "registered"})
		k.WaitCommitted("analytics", 0, 1)
		if status := client.Post("localhost:80", "/log-event", "e2", `{"userId":"u2","action":"registered"}`).Status; status != 200 {
			t.Errorf("POST /log-event: %d", status)
		}
		// Again, each by the other way.
		k.PutEvent(1, event.Event{ID: "e2", UserID: "u2", Action: "registered"})
		k.WaitCommitted("analytics", 1, 1)
		if status := client.Post("localhost:80", "/log-event", "e1", `{"userId":"u1","action":"registered"}`).Status; status != 200 {
			t.Errorf("POST /log-event: %d", status)
		}
		stop()

		if got, want := servicetest.Strings(t, db, "SELECT id || ' ' || user_id || ' ' || action FROM events ORDER BY recorded_at"),
			[]string{"e1 u1 registered", "e2 u2 registered"}; !slices.Equal(got, want) {
			t.Errorf("events %q, want %q", got, want)
		}
		if got, want := servicetest.Strings(t, db, "SELECT id FROM deliveries ORDER BY seq"), []string{"e1", "e2", "e2", "e1"}; !slices.Equal(got, want) {
			t.Errorf("deliveries %q, want %q", got, want)
		}
		var first int64
		if err := db.QueryRow("SELECT min(recorded_at) FROM deliveries").Scan(&first); err != nil {
			t.Fatal(err)
		}
		if at := time.Unix(0, first); at.Before(began) || at.After(time.Now()) {
			t.Errorf("recorded at %v, which is not in this test's time", at)
		}
	})
}

func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		db := servicetest.OpenDB(t, "sqlite::memory:")
		listener, _ := k.Listen("tcp", "localhost:80")
		run(t, Config{Listener: listener, DB: db})
		client := servicetest.NewClient(t, k.Dial)
		synctest.Wait()
		for name, test := range map[string]struct {
			id, body string
			want     int
		}{
			"good":     {"e1", `{"userId":"u1","action":"registered"}`, 200},
			"no id":    {"", `{"userId":"u1","action":"registered"}`, 400},
			"no user":  {"e1", `{"action":"registered"}`, 400},
			"not JSON": {"e1", `hello`, 400},
		} {
			if got := client.Post("localhost:80", "/log-event", test.id, test.body).Status; got != test.want {
				t.Errorf("%s: %d, want %d", name, got, test.want)
			}
		}
		db.Close()
		if got := client.Post("localhost:80", "/log-event", "e3", `{"userId":"u1","action":"registered"}`).Status; got != 502 {
			t.Errorf("with its database gone: %d, want 502", got)
		}
	})
}

// Two instances share one file. An event that both are given is one event and
// two deliveries.
func TestTwoInstancesOneFile(t *testing.T) {
	k := kafkatest.Loopback(t, 4)
	url := "sqlite:" + filepath.Join(t.TempDir(), "analytics.db")
	for range 2 {
		listener, err := k.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		run(t, Config{Listener: listener, DB: servicetest.OpenDB(t, url), Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic}})
	}
	k.WaitMembers("analytics", 2)
	for i := range 200 {
		e := event.Event{ID: fmt.Sprintf("e%d", i/2), UserID: "u1", Action: "registered"} // each id twice
		k.PutEvent(int32(i%4), e)
	}
	for p := range int32(4) {
		k.WaitCommitted("analytics", p, 50)
	}
	db := servicetest.OpenDB(t, url)
	if got := len(servicetest.Strings(t, db, "SELECT id FROM events")); got != 100 {
		t.Errorf("%d events, want 100", got)
	}
	if got := len(servicetest.Strings(t, db, "SELECT id FROM deliveries")); got != 200 {
		t.Errorf("%d deliveries, want 200", got)
	}
}

func TestConfigErrors(t *testing.T) {
	k := servicetest.OpenDB(t, "sqlite::memory:")
	for want, config := range map[string]Config{
		"DB is nil":       {},
		"Listener is nil": {DB: k},
		"has no Topic":    {DB: k, DeadLetter: DeadLetter{NewLetter: deadletter.NewLetter}},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
}
