package registration

import (
	"context"
	"fmt"
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
)

// A callee that hangs costs the hardened caller two short attempts, then nothing;
// it is named in the answer, the others are told, and once it is back it is told again.
func TestHardened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncHardened)
		if answer, _ := w.register("e0"); answer.Status != 201 || strings.Contains(answer.Body, "missed") {
			t.Fatalf("all well: %d %s", answer.Status, answer.Body)
		}
		w.callees.answer["/send-welcome"] = after(time.Minute)
		answer, took := w.register("e1")
		if answer.Status != 201 || !strings.Contains(answer.Body, `"missed":["email"]`) {
			t.Errorf("email hangs: %d %s", answer.Status, answer.Body)
		}
		if least, most := attempts*attemptTimeout, attempts*attemptTimeout+retryDelay+retryJitter; took < least || took > most {
			t.Errorf("email hangs: answered after %v, want %v to %v", took, least, most)
		}
		for i := range breakerWindow {
			w.register(fmt.Sprintf("e2-%d", i))
		}
		before := len(w.callees.paths())
		if answer, took = w.register("e3"); took > 10*time.Millisecond || !strings.Contains(answer.Body, `"missed":["email"]`) {
			t.Errorf("with the breaker open: %s after %v, want an answer at once", answer.Body, took)
		}
		called := w.callees.paths()[before:]
		slices.Sort(called)
		if !slices.Equal(called, []string{"/invalidate", "/log-event"}) {
			t.Errorf("with the breaker open it called %v", called)
		}
		delete(w.callees.answer, "/send-welcome")
		time.Sleep(breakerDelay)
		if answer, _ = w.register("e4"); answer.Status != 201 || strings.Contains(answer.Body, "missed") {
			t.Errorf("email is back: %d %s", answer.Status, answer.Body)
		}
	})
}

// What the bulkhead turns away shows nothing about the callee: the breaker opens all
// the same, and lets one attempt through at a time.
func TestHardenedUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncHardened, func(c *Config) { c.Workers = 16 })
		w.callees.answer["/send-welcome"] = after(time.Minute)
		mails := func() (n int) {
			for _, path := range w.callees.paths() {
				if path == "/send-welcome" {
					n++
				}
			}
			return n
		}
		load := func(name string, seconds int) {
			var all sync.WaitGroup
			for i := range 60 * seconds {
				all.Go(func() { w.register(fmt.Sprintf("%s-%d", name, i)) })
				time.Sleep(time.Second / 60)
			}
			all.Wait()
		}
		load("opens", 1)
		before := mails()
		const seconds = 5
		load("open", seconds)
		if n, most := mails()-before, int(seconds*time.Second/breakerDelay)+1; before == 0 || n > most {
			t.Errorf("email hangs and was called %d times, and then %d times in %d s, want at most %d", before, n, seconds, most)
		}
	})
}

// With all callees hanging, what needs none of them is served.
func TestHardenedLeavesWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, SyncHardened, func(c *Config) { c.Workers = 8 })
		for _, path := range []string{"/send-welcome", "/log-event", "/invalidate"} {
			w.callees.answer[path] = after(time.Minute)
		}
		var busy sync.WaitGroup
		for i := range 7 {
			busy.Go(func() { w.register(fmt.Sprintf("e%d", i)) })
		}
		synctest.Wait()
		began := time.Now()
		if answer := w.Get(addr, "/catalog"); answer.Status != 200 || time.Since(began) > 10*time.Millisecond {
			t.Errorf("the catalog: %d after %v", answer.Status, time.Since(began))
		}
		busy.Wait()
	})
}

// ids are the event ids of the records.
func ids(records []*kgo.Record) (all []string) {
	for _, r := range records {
		all = append(all, string(r.Headers[0].Value))
	}
	slices.Sort(all)
	return all
}

// The outbox accepts while Kafka is away, and publishes each event when it is
// back, also those that another process wrote.
func TestOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, EventOutbox)
		var mu sync.Mutex
		away := true
		w.ControlKey(kmsg.Produce.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			mu.Lock()
			defer mu.Unlock()
			w.KeepControl()
			return nil, nil, away // swallowed
		})
		for _, id := range []string{"e1", "e2", "e2"} {
			if answer, took := w.register(id); answer.Status != 202 || took > time.Second {
				t.Errorf("with Kafka away: %d %s after %v", answer.Status, answer.Body, took)
			}
		}
		if answer := w.Post(addr, "/register", "e1", `{"userId":"other","action":"registered"}`); answer.Status != 422 {
			t.Errorf("an id used again for another user: %d, want 422", answer.Status)
		}
		if _, err := w.db.Exec(`INSERT INTO outbox (id, user_id, action) VALUES ('e3', 'u3', 'registered')`); err != nil {
			t.Fatal(err)
		}
		if n := length(w); n != 0 {
			t.Fatalf("%d records though Kafka is away", n)
		}
		mu.Lock()
		away = false
		mu.Unlock()
		if got := ids(consumed(t, w, 3)); !slices.Equal(got, []string{"e1", "e2", "e3"}) {
			t.Errorf("published %v", got)
		}
		time.Sleep(10 * time.Second)
		var left int
		if err := w.db.QueryRow("SELECT count(*) FROM outbox").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows are left in the outbox, %v", left, err)
		}
		if n := w.users(t); n != 2 {
			t.Errorf("%d users, want 2", n)
		}
	})
}

// A row that was published and not yet deleted when the process ended is
// published again: at least once, and under the same id.
func TestOutboxPublishesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, EventOutbox)
		w.register("e1")
		consumed(t, w, 1)
		if _, err := w.db.Exec(`INSERT INTO outbox (id, user_id, action) VALUES ('e1', 'u17', 'registered')`); err != nil {
			t.Fatal(err)
		}
		if got := ids(consumed(t, w, 2)); !slices.Equal(got, []string{"e1", "e1"}) {
			t.Errorf("published %v", got)
		}
	})
}

// Without idempotence a record has no number by which the broker could know it.
func TestRepeating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Event, func(c *Config) { c.Repeating = true })
		if answer, _ := w.register("e1"); answer.Status != 202 {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
		if r := consumed(t, w, 1)[0]; r.ProducerID != -1 {
			t.Errorf("published by producer %d", r.ProducerID)
		}
	})
}

// readers see the topic's records as read_committed and as read_uncommitted do.
func readers(t *testing.T, w *world) (committed, all int) {
	t.Helper()
	for isolation, n := range map[kgo.IsolationLevel]*int{kgo.ReadCommitted(): &committed, kgo.ReadUncommitted(): &all} {
		client, err := kgo.NewClient(kgo.SeedBrokers(w.Brokers...), kgo.Dialer(w.Dial), kgo.ConsumeTopics(w.Topic), kgo.FetchIsolationLevel(isolation))
		if err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); time.Since(began) < 2*time.Second; {
			*n += client.PollRecords(ended(t, 500*time.Millisecond), 100).NumRecords()
		}
		client.Close()
	}
	return committed, all
}

func TestTransactional(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, EventTransactional)
		var clients sync.WaitGroup
		for i := range 5 {
			clients.Go(func() {
				if answer, _ := w.register(fmt.Sprintf("e%d", i)); answer.Status != 202 {
					t.Errorf("%d %s", answer.Status, answer.Body)
				}
			})
		}
		clients.Wait()
		if committed, all := readers(t, w); committed != 5 || all != 5 || w.users(t) != 5 {
			t.Errorf("%d committed, %d in all, %d users; want 5 each", committed, all, w.users(t))
		}

		// Storing fails: the event is in the log, and no reader of committed
		// records sees it.
		if _, err := w.db.Exec("DROP TABLE users"); err != nil {
			t.Fatal(err)
		}
		if answer, _ := w.register("e6"); answer.Status != http.StatusBadGateway {
			t.Errorf("with the table gone: %d %s", answer.Status, answer.Body)
		}
		if committed, all := readers(t, w); committed != 5 || all != 6 {
			t.Errorf("%d committed, %d in all; want 5 and 6", committed, all)
		}
	})
}

// Where no transaction can be begun or ended, the answer reports it in time.
func TestTransactionalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, EventTransactional)
		w.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.TransactionalIDAuthorizationFailed})
		answer, took := w.register("e1")
		if answer.Status < 500 || took > 3*time.Second {
			t.Errorf("%d %s after %v", answer.Status, answer.Body, took)
		}
	})
}

func ended(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
