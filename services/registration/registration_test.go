package registration

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const addr = "localhost:80"

// world is a running registration service, on a network in memory and in
// virtual time.
type world struct {
	*kafkatest.Kafka
	*servicetest.Client
	db      *sql.DB
	callees *callees
	stop    func()
}

// callees stand in for email, analytics and cache.
type callees struct {
	mu    sync.Mutex
	calls []string // "path id body", in the order of arrival
	// answer is called for each call, by path. None means 200.
	answer map[string]http.HandlerFunc
}

func (c *callees) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.calls = append(c.calls, fmt.Sprintf("%s %s %s", r.URL.Path, r.Header.Get(event.IDHeader), body))
	c.mu.Unlock()
	if answer := c.answer[r.URL.Path]; answer != nil {
		answer(w, r)
	}
}

func (c *callees) paths() (paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		path, _, _ := strings.Cut(call, " ")
		paths = append(paths, path)
	}
	return paths
}

func after(d time.Duration) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
	}
}

func fails(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", status) }
}

func start(t *testing.T, mode Mode, change ...func(*Config)) *world {
	t.Helper()
	w := &world{Kafka: kafkatest.Virtual(t, 3), callees: &callees{answer: map[string]http.HandlerFunc{}}}
	w.Client = servicetest.NewClient(t, w.Dial)
	w.db = servicetest.OpenDB(t, "sqlite::memory:")

	listener, err := w.Listen("tcp", "localhost:81")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.callees}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })

	if listener, err = w.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	config := Config{
		Listener: listener, DB: w.db, Mode: mode, Dial: w.Dial, Log: slog.New(slog.DiscardHandler),
		EmailURL: "http://localhost:81", AnalyticsURL: "http://localhost:81", CacheURL: "http://localhost:81",
		Brokers: w.Brokers,
	}
	for _, f := range change {
		f(&config)
	}
	service, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	w.stop = servicetest.Run(t, service)
	synctest.Wait()
	return w
}

// register registers a user and reports how long the answer took.
func (w *world) register(id string) (servicetest.Answer, time.Duration) {
	began := time.Now()
	answer := w.Post(addr, "/register", id, `{"userId":"u17","action":"registered"}`)
	return answer, time.Since(began)
}

func (w *world) users(t *testing.T) (n int) {
	t.Helper()
	if err := w.db.QueryRow("SELECT count(*) FROM users").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSyncModes(t *testing.T) {
	const ms = time.Millisecond
	all := []string{"/invalidate", "/log-event", "/send-welcome"}
	for name, test := range map[string]struct {
		mode   Mode
		answer map[string]http.HandlerFunc
		status int
		took   time.Duration
		calls  []string // sorted
	}{
		"sequential adds up": {SyncSequential,
			map[string]http.HandlerFunc{"/send-welcome": after(300 * ms), "/log-event": after(200 * ms), "/invalidate": after(100 * ms)},
			201, 600 * ms, all},
		"sequential stops at a failure": {SyncSequential,
			map[string]http.HandlerFunc{"/log-event": fails(500)},
			502, 0, []string{"/log-event", "/send-welcome"}},
		"sequential stops at a time-out": {SyncSequential,
			map[string]http.HandlerFunc{"/send-welcome": after(time.Hour)},
			504, time.Second, []string{"/send-welcome"}},
		"fan-out waits for the slowest": {SyncFanout,
			map[string]http.HandlerFunc{"/send-welcome": after(300 * ms), "/log-event": after(200 * ms), "/invalidate": after(100 * ms)},
			201, 300 * ms, all},
		"fan-out calls all in spite of a failure": {SyncFanout,
			map[string]http.HandlerFunc{"/send-welcome": fails(400), "/invalidate": after(500 * ms)},
			502, 500 * ms, all},
		"fan-out times out": {SyncFanout,
			map[string]http.HandlerFunc{"/send-welcome": after(time.Hour), "/log-event": fails(500)},
			504, time.Second, all},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := start(t, test.mode)
				w.callees.answer = test.answer
				answer, took := w.register("e1")
				if answer.Status != test.status || took != test.took {
					t.Errorf("%d after %v, want %d after %v: %s", answer.Status, took, test.status, test.took, answer.Body)
				}
				if got := slices.Sorted(slices.Values(w.callees.paths())); !slices.Equal(got, test.calls) {
					t.Errorf("called %v, want %v", got, test.calls)
				}
				for _, call := range w.callees.calls {
					if !strings.HasSuffix(call, ` e1 {"userId":"u17","action":"registered"}`) {
						t.Errorf("call %q does not carry the event", call)
					}
				}
				if n := w.users(t); n != 1 {
					t.Errorf("%d users, want 1 whatever the calls said", n)
				}
			})
		})
	}
}

// net/http would send a request with an Idempotency-Key again by itself.
func TestOneCallIsOneAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncSequential)
		if answer, _ := w.register("warm-up"); answer.Status != 201 { // leaves a connection to be used again
			t.Fatalf("warm-up: %d %s", answer.Status, answer.Body)
		}
		w.callees.calls = nil
		w.callees.answer["/send-welcome"] = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		if answer, _ := w.register("e1"); answer.Status != 502 {
			t.Errorf("%d, want 502", answer.Status)
		}
		if got := w.callees.paths(); !slices.Equal(got, []string{"/send-welcome"}) {
			t.Errorf("called %v, want one attempt", got)
		}
	})
}

func TestBusyWorkersTurnRequestsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncFanout, func(c *Config) { c.Workers, c.QueueTimeout, c.CallTimeout = 2, 500*time.Millisecond, 10*time.Second })
		w.callees.answer["/log-event"] = after(time.Hour)
		var busy sync.WaitGroup
		for i := range 2 {
			busy.Go(func() { w.register(fmt.Sprint("slow-", i)) })
		}
		synctest.Wait()

		began := time.Now()
		for _, answer := range []servicetest.Answer{
			w.Get(addr, "/catalog"),
			w.Post(addr, "/register", "e1", `{"userId":"u17","action":"registered"}`),
		} {
			if answer.Status != 503 || answer.Header.Get("Retry-After") == "" {
				t.Errorf("%d %v, want 503 with Retry-After", answer.Status, answer.Header)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("turned two away after %v, want twice the queue time-out", took)
		}
		if answer := w.Get(addr, "/healthz"); answer.Status != 200 {
			t.Errorf("/healthz needs no worker, but: %d", answer.Status)
		}
		if n := w.users(t); n != 2 {
			t.Errorf("%d users: a request that was turned away did something", n)
		}
		busy.Wait()
		if answer := w.Get(addr, "/catalog"); answer.Status != 200 || !strings.Contains(answer.Body, "basic") {
			t.Errorf("with free workers: %d %s", answer.Status, answer.Body)
		}
	})
}

// consumed is what is in the topic, in the order of the partitions.
func consumed(t *testing.T, w *world, n int) (records []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.Brokers...), kgo.Dialer(w.Dial), kgo.ConsumeTopics(w.Topic))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d of %d records: %v", len(records), n, err)
		}
		records = append(records, fetches.Records()...)
	}
	return records
}

func length(w *world) (n int64) {
	for _, p := range w.PartitionInfos(w.Topic) {
		n += p.HighWatermark
	}
	return n
}

func TestEventMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Event)
		acks := make(chan int16, 1)
		w.ControlKey(kmsg.Produce.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
			acks <- r.(*kmsg.ProduceRequest).Acks
			return nil, nil, false
		})
		answer, _ := w.register("e1")
		if answer.Status != 202 || answer.Header.Get(event.IDHeader) != "e1" {
			t.Fatalf("%d %v %s, want 202 and the id", answer.Status, answer.Header, answer.Body)
		}
		if got := <-acks; got != -1 {
			t.Errorf("acks=%d, want all", got)
		}
		r := consumed(t, w, 1)[0]
		if string(r.Key) != "u17" || string(r.Value) != `{"userId":"u17","action":"registered"}` ||
			len(r.Headers) != 1 || r.Headers[0].Key != "event-id" || string(r.Headers[0].Value) != "e1" {
			t.Errorf("record: key %s, value %s, headers %v", r.Key, r.Value, r.Headers)
		}
		if r.ProducerID < 0 {
			t.Error("the producer is not idempotent")
		}
		if len(w.callees.calls) != 0 {
			t.Errorf("called %v", w.callees.calls)
		}
	})
}

// The answer must not wait for a broker that does not answer; but the record
// may still be delivered, once.
func TestEventModeTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Event)
		w.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			return nil, nil, true // the first request is swallowed
		})
		answer, took := w.register("e1")
		if answer.Status != 504 || took != 2*time.Second {
			t.Errorf("%d after %v, want 504 after 2s", answer.Status, took)
		}
		time.Sleep(10 * time.Second)
		if n := length(w); n != 1 {
			t.Errorf("%d records in the log, want the one whose outcome was unknown", n)
		}
		if n := w.users(t); n != 1 {
			t.Errorf("%d users", n)
		}
		if answer, _ := w.register("e2"); answer.Status != 202 {
			t.Errorf("the next one: %d %s", answer.Status, answer.Body)
		}
	})
}

func TestEventModeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Event)
		w.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: w.Topic, Err: kerr.TopicAuthorizationFailed})
		if answer, _ := w.register("e1"); answer.Status != 502 {
			t.Errorf("%d %s, want 502", answer.Status, answer.Body)
		}
	})
}

func TestStopFinishesRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncSequential)
		w.callees.answer["/invalidate"] = after(900 * time.Millisecond)
		status := make(chan int)
		go func() {
			answer, _ := w.register("e1")
			status <- answer.Status
		}()
		synctest.Wait()
		go w.stop()
		if got := <-status; got != 201 {
			t.Errorf("the request in flight got %d", got)
		}
	})
}

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncSequential)
		const body = `{"userId":"u17","action":"registered"}`
		if answer := w.Post(addr, "/register", "", body); answer.Status != 201 || len(answer.Header.Get(event.IDHeader)) != 36 {
			t.Errorf("without an id: %d %v, want 201 and a new id", answer.Status, answer.Header)
		}
		w.callees.calls = nil
		for name, test := range map[string]struct {
			id, body string
			want     int
		}{
			"not JSON":        {"bad", `hello`, 400},
			"no user":         {"bad", `{"action":"registered"}`, 400},
			"bad id":          {"a b", body, 400},
			"too large":       {"bad", `{"userId":"` + strings.Repeat("u", 1<<17) + `"}`, 413},
			"wrong method is": {"", "", 0},
		} {
			if test.want == 0 {
				if answer := w.Get(addr, "/register"); answer.Status != 405 {
					t.Errorf("GET: %d", answer.Status)
				}
				continue
			}
			if answer := w.Post(addr, "/register", test.id, test.body); answer.Status != test.want {
				t.Errorf("%s: %d %s, want %d", name, answer.Status, answer.Body, test.want)
			}
		}
		if n := w.users(t); n != 1 || len(w.callees.calls) != 0 {
			t.Errorf("bad requests left %d users and made the calls %v", n-1, w.callees.calls)
		}

		w.register("e1")
		w.register("e1")
		if n := w.users(t); n != 2 {
			t.Errorf("%d users after the same id twice, want one more", n)
		}
		if answer := w.Post(addr, "/register", "e1", `{"userId":"other","action":"registered"}`); answer.Status != 422 {
			t.Errorf("an id used again for another user: %d, want 422", answer.Status)
		}
		w.db.Close()
		if answer, _ := w.register("e3"); answer.Status != 502 {
			t.Errorf("with its database gone: %d, want 502", answer.Status)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing":         {Config{}, []string{"Listener is nil", "DB is nil", `Mode is ""`}},
		"unknown mode":    {Config{Mode: "async"}, []string{`Mode is "async"`, "sync-hardened event event-outbox"}},
		"sync, no URLs":   {Config{Mode: SyncFanout, EmailURL: "email:8080"}, []string{`EmailURL is "email:8080"`, "AnalyticsURL", "CacheURL"}},
		"event, no Kafka": {Config{Mode: Event}, []string{"Brokers is empty"}},
		"negative": {Config{Workers: -1, QueueTimeout: -1, CallTimeout: -1, PublishTimeout: -1},
			[]string{"Workers is -1", "QueueTimeout is -1ns", "CallTimeout is -1ns", "PublishTimeout is -1ns"}},
	} {
		_, err := New(test.config)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error that contains %q", name, err, want)
			}
		}
	}
}
