package projection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/database"
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

// world is the service in virtual time: a broker and HTTP on a network in memory,
// and a database that is handed in.
type world struct {
	*testing.T
	*kafkatest.Kafka
	client *servicetest.Client
	db     *sql.DB
	put    int // records
}

const addr = "localhost:80"

func newWorld(t *testing.T) *world {
	k := kafkatest.Virtual(t, 2)
	return &world{T: t, Kafka: k, client: servicetest.NewClient(t, k.Dial), db: servicetest.OpenDB(t, "sqlite::memory:")}
}

func (w *world) start(change ...func(*Config)) (stop func()) {
	w.Helper()
	listener, err := w.Listen("tcp", addr)
	if err != nil {
		w.Fatal(err)
	}
	config := Config{Listener: listener, DB: w.db, Dial: w.Dial, Consumer: Consumer{Brokers: w.Brokers, Topic: w.Topic}}
	for _, c := range change {
		c(&config)
	}
	stop = run(w.T, config)
	w.WaitMembers(name, 1)
	return stop
}

func rebuilding(c *Config) { c.Rebuild = true }

// publish puts an event of a user whose name ends with the partition's number.
func (w *world) publish(partition int32, id, user, action string) {
	w.Helper()
	w.PutEvent(partition, event.Event{ID: id, UserID: user, Action: action})
	w.put++
}

// settle waits until all that was put is behind the view.
func (w *world) settle() {
	w.Helper()
	for range 6000 {
		if got := servicetest.Strings(w.T, w.db, "SELECT COALESCE(sum(next_offset), 0) FROM offsets"); got[0] == fmt.Sprint(w.put) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.Fatalf("%d records after a minute: %q", w.put, servicetest.Strings(w.T, w.db, "SELECT partition || ':' || next_offset FROM offsets"))
}

// deleteBefore deletes the partition's records below the offset.
func (w *world) deleteBefore(partition int32, offset int64) {
	w.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.Brokers...), kgo.Dialer(w.Dial))
	if err != nil {
		w.Fatal(err)
	}
	defer client.Close()
	var upTo kadm.Offsets
	upTo.AddOffset(w.Topic, partition, offset, -1)
	if _, err := kadm.NewClient(client).DeleteRecords(w.Context(), upTo); err != nil {
		w.Fatal(err)
	}
}

func (w *world) users() map[string]User {
	w.Helper()
	rows, err := w.db.Query("SELECT key, value, latest_action FROM users")
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	all := map[string]User{}
	for rows.Next() {
		var id string
		var u User
		if err := rows.Scan(&id, &u.Events, &u.LatestAction); err != nil {
			w.Fatal(err)
		}
		all[id] = u
	}
	return all
}

func (w *world) get(path string, into any) (status int, body string) {
	w.Helper()
	answer := w.client.Get(addr, path)
	if into != nil {
		if err := json.Unmarshal([]byte(answer.Body), into); err != nil {
			w.Errorf("GET %s: %d %s: %v", path, answer.Status, answer.Body, err)
		}
	}
	return answer.Status, answer.Body
}

func (w *world) wantUsers(when string, want map[string]User) {
	w.Helper()
	if got := w.users(); !maps.Equal(got, want) {
		w.Errorf("%s: users %v, want %v", when, got, want)
	}
}

func TestViewAndRebuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.publish(0, "e1", "u0", "registered")
		w.publish(1, "e2", "u1", "registered")
		stop := w.start()
		w.publish(0, "e3", "u0", "updated")
		w.publish(0, "e1", "u0", "registered") // published twice
		w.settle()
		want := map[string]User{"u0": {2, "updated"}, "u1": {1, "registered"}}
		w.wantUsers("live", want)

		var u0 struct {
			UserID string `json:"userId"`
			User
		}
		if status, _ := w.get("/users/u0", &u0); status != 200 || u0.UserID != "u0" || u0.User != want["u0"] {
			t.Errorf("GET /users/u0: %d %+v", status, u0)
		}
		if status, body := w.get("/users/u7", nil); status != 404 || !strings.Contains(body, "no event of this user") {
			t.Errorf("GET /users/u7: %d %s", status, body)
		}

		// A restart goes on, a rebuild begins again, and the state is the same.
		stop()
		w.publish(1, "e4", "u1", "deleted")
		stop = w.start()
		w.settle()
		want["u1"] = User{2, "deleted"}
		w.wantUsers("after a restart", want)
		if _, err := w.db.Exec("UPDATE users SET value = 99"); err != nil { // of which the log knows nothing
			t.Fatal(err)
		}
		stop()
		w.publish(1, "e5", "u3", "registered")
		w.start(rebuilding)
		w.settle()
		want["u3"] = User{1, "registered"}
		w.wantUsers("after a rebuild", want)

		for query, want := range map[string][]string{
			"SELECT build || ' ' || id FROM events ORDER BY build, id":                            {"0 e1", "0 e2", "0 e3", "0 e4", "1 e1", "1 e2", "1 e3", "1 e4", "1 e5"},
			"SELECT partition || ':' || record_offset FROM events WHERE build = 0 ORDER BY id":    {"0:0", "1:0", "0:1", "1:1"},
			"SELECT count(*) FROM deliveries WHERE id = 'e1'":                                     {"4"},
			"SELECT next_offset || '' FROM positions WHERE instance = 'reset' ORDER BY partition": {"0", "0"},
			"SELECT count(*) FROM positions WHERE next_offset = 3 AND partition = 0":              {"3"},
		} {
			if got := servicetest.Strings(t, w.db, query); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		if got := w.Committed(name, 0); got != 0 {
			t.Errorf("committed %d to Kafka", got)
		}
	})
}

// The state and its position are written by one transaction, which is sent again
// when its answer is lost.
func TestAnswerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var attempts atomic.Int32
		w.start(func(c *Config) {
			c.Fold = func(v View, r *kgo.Record, e event.Event) []database.Statement {
				statements := v.Fold(r, e)
				if attempts.Add(1)%2 == 1 { // done, and nobody hears of it
					moved := database.Statement{SQL: "UPDATE offsets SET next_offset = $1 WHERE partition = $2", Args: []any{r.Offset + 1, r.Partition}}
					if err := database.ExecAll(t.Context(), w.db, append(statements, moved)...); err != nil {
						t.Error(err)
					}
					return []database.Statement{{SQL: "the answer is lost"}}
				}
				return statements
			}
		})
		w.publish(0, "e1", "u0", "registered")
		w.publish(0, "e2", "u0", "updated")
		w.publish(0, "e1", "u0", "registered")
		for attempts.Load() < 6 {
			time.Sleep(time.Second)
		}
		w.settle()
		w.wantUsers("after lost answers", map[string]User{"u0": {2, "updated"}})
	})
}

// A record that is no event is passed, and what comes behind it counts.
func TestNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		w.Put(&kgo.Record{Value: []byte("hello")})
		w.put++
		w.publish(0, "e1", "u0", "registered")
		w.settle()
		want := map[string]User{"u0": {1, "registered"}}
		w.wantUsers("live", want)
		var as AsOf
		if status, _ := w.get("/as-of?offsets=0:2", &as); status != 200 || !maps.Equal(as.Users, want) {
			t.Errorf("as of the end: %d %v", status, as)
		}
	})
}

// Both folds, that in the database and that in memory, agree at every point of
// the log, and neither question nor answer touches the live view.
func TestAsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		type point struct {
			at    time.Time
			users map[string]User
			upTo  Offsets
		}
		points := []point{{time.Now(), map[string]User{}, Offsets{0: 0, 1: 0}}}
		upTo := Offsets{0: 0, 1: 0}
		for i := range 30 {
			time.Sleep(time.Second)
			partition := int32(i % 3 % 2)
			id := fmt.Sprintf("e%d", i)
			if i%7 == 6 {
				id = fmt.Sprintf("e%d", i-3) // again, with another action
			}
			w.publish(partition, id, fmt.Sprintf("u%d%d", i%4, partition), fmt.Sprintf("action%d", i))
			w.settle()
			upTo = maps.Clone(upTo)
			upTo[partition]++
			points = append(points, point{time.Now(), w.users(), upTo})
		}
		for i, p := range points {
			list := fmt.Sprintf("0:%d,1:%d", p.upTo[0], p.upTo[1])
			for _, question := range []string{"offsets=" + list, "time=" + url.QueryEscape(p.at.Format(time.RFC3339Nano))} {
				var as AsOf
				if status, body := w.get("/as-of?"+question, &as); status != 200 || !maps.Equal(as.Users, p.users) || !maps.Equal(as.Offsets, p.upTo) {
					t.Errorf("event %d, as of %s: %d %s, want %v", i, question, status, body, p)
				}
			}
		}
		w.wantUsers("afterwards", points[len(points)-1].users)
		if got := servicetest.Strings(t, w.db, "SELECT count(*) FROM deliveries"); got[0] != "30" {
			t.Errorf("%s deliveries, want 30", got)
		}
		// Without a partition nothing of it is read.
		var as AsOf
		if status, _ := w.get("/as-of?offsets=1:10", &as); status != 200 || len(as.Users) == 0 || len(as.Users) == len(w.users()) {
			t.Errorf("of one partition: %d %v", status, as)
		}
		for question, want := range map[string]string{
			"":                      "ask with either time=",
			"?time=x&offsets=0:1":   "ask with either time=",
			"?time=yesterday":       "time=yesterday is malformed",
			"?offsets=0":            `offsets=0 is malformed at "0"`,
			"?offsets=0:-1":         `malformed at "0:-1"`,
			"?offsets=0:1,0:2":      `malformed at "0:2"`,
			"?offsets=7:1":          "has no partition 7: it has 0 to 1",
			"?offsets=0:21":         "partition 0 ends at 20: ask for an offset up to there, not for 21",
			"?offsets=5000000000:1": "malformed",
		} {
			if status, body := w.get("/as-of"+question, nil); status != 400 || !strings.Contains(body, strings.ReplaceAll(want, `"`, `\"`)) {
				t.Errorf("GET /as-of%s: %d %s, want 400 and %q", question, status, body, want)
			}
		}
	})
}

// A log that no longer begins at 0 cannot tell the state.
func TestForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		for i := range 5 {
			w.publish(0, fmt.Sprint("e", i), "u0", "updated")
		}
		w.settle()
		w.deleteBefore(0, 3)
		if status, body := w.get("/as-of?offsets=0:4", nil); status != 410 || !strings.Contains(body, "begins at 3") {
			t.Errorf("as of what is gone: %d %s, want 410", status, body)
		}
		if status, body := w.get("/as-of?offsets=0:0,1:0", nil); status != 200 {
			t.Errorf("as of the beginning, of which nothing is needed: %d %s", status, body)
		}
	})
}

func TestStaleness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		network := kafkatest.NewSwitch(w.Dial)
		w.start(func(c *Config) { c.Dial = network.Dial })
		ask := func() (s Staleness) {
			t.Helper()
			if status, body := w.get("/staleness", &s); status != 200 {
				t.Errorf("GET /staleness: %d %s", status, body)
			}
			return s
		}
		if s := ask(); s.Newest != nil || s.Age != nil || s.Lag == nil || *s.Lag != 0 {
			t.Errorf("of an empty view: %+v", s)
		}
		published := time.Now()
		w.publish(0, "e1", "u0", "registered")
		w.settle()
		time.Sleep(3 * time.Second)
		if s := ask(); s.Newest == nil || s.Newest.Sub(published).Abs() > 10*time.Millisecond || *s.Age < 3 || *s.Age > 3.1 || *s.Lag != 0 {
			t.Errorf("3 s after the only event: %+v", s)
		}
		network.Silence()
		w.publish(0, "e2", "u0", "updated")
		w.publish(1, "e3", "u1", "registered")
		time.Sleep(5 * time.Second)
		if s := ask(); s.Newest == nil || *s.Age < 8 || s.Lag != nil || s.Unknown == "" {
			t.Errorf("cut off from Kafka: %+v, want the age, and that the lag is not known", s)
		}
		network.Restore()
		w.settle()
		if s := ask(); s.Lag == nil || *s.Lag != 0 || s.Newest.Sub(published) < 3*time.Second {
			t.Errorf("afterwards: %+v", s)
		}
		w.db.Close()
		if status, _ := w.get("/staleness", nil); status != 502 {
			t.Errorf("with its database gone: %d, want 502", status)
		}
		if status, _ := w.get("/users/u0", nil); status != 502 {
			t.Errorf("with its database gone: %d, want 502", status)
		}
	})
}

// Two instances share one view, and one of them begins it anew while the other
// works: nobody counts anything into the new build that belonged to the old.
func TestRebuildBesideAnother(t *testing.T) {
	k := kafkatest.Loopback(t, 4)
	file := "sqlite:" + filepath.Join(t.TempDir(), "projection.db")
	start := func(instance string, rebuild bool) (stop func()) {
		listener, err := k.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return run(t, Config{Listener: listener, DB: servicetest.OpenDB(t, file), Rebuild: rebuild, Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic, ClientID: instance}})
	}
	put := func(from, to int) {
		for i := from; i < to; i++ {
			k.PutEvent(int32(i%4), event.Event{ID: fmt.Sprintf("e%03d", i), UserID: fmt.Sprint("u", i%8), Action: "updated"})
		}
	}
	start("1", false)
	k.WaitMembers(name, 1)
	put(0, 200)
	start("2", true)
	put(200, 300)
	k.WaitMembers(name, 2)
	put(300, 400)
	db := servicetest.OpenDB(t, file)
	positions := func() []string {
		return servicetest.Strings(t, db, "SELECT partition || ' ' || next_offset FROM offsets ORDER BY 1")
	}
	for began := time.Now(); !slices.Equal(positions(), []string{"0 100", "1 100", "2 100", "3 100"}); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("positions %q after a minute, want 100 in all four", positions())
		}
	}
	if got := servicetest.Strings(t, db, "SELECT DISTINCT value || '' FROM users"); !slices.Equal(got, []string{"50"}) {
		t.Errorf("events of the users: %q, want 50 of each", got)
	}
	if got := servicetest.Strings(t, db, "SELECT count(*) FROM events WHERE build = 1"); got[0] != "400" {
		t.Errorf("%s events in the new build, want 400", got)
	}
	if got := servicetest.Strings(t, db, "SELECT DISTINCT instance FROM positions ORDER BY 1"); !slices.Equal(got, []string{"1", "2", "reset"}) {
		t.Errorf("positions by %q", got)
	}
}

func TestConfigErrors(t *testing.T) {
	db := servicetest.OpenDB(t, "sqlite::memory:")
	for want, config := range map[string]Config{
		"DB is nil":                 {},
		"Consumer.Brokers is empty": {DB: db},
		"Listener is nil":           {DB: db, Consumer: Consumer{Brokers: []string{"127.0.0.1:1"}, Topic: "t"}},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
	k := kafkatest.Loopback(t, 1)
	listener, err := k.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := New(Config{DB: db, Listener: listener, Consumer: Consumer{Brokers: k.Brokers}}); err == nil || !strings.Contains(err.Error(), "Topic is empty") {
		t.Errorf("New: %v", err)
	}
}

// One that is asked to stop while its database is not up ends all the same.
func TestStopsBeforeItIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		db := servicetest.OpenDB(t, "sqlite::memory:")
		db.Close()
		listener, err := k.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{Listener: listener, DB: db, Dial: k.Dial, Rebuild: true, Log: slog.New(slog.DiscardHandler), Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Run(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
