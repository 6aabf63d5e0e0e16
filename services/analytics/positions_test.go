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

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

// The zombie's effect is refused together with its position.
func TestFence(t *testing.T) {
	db := servicetest.OpenDB(t, "sqlite::memory:")
	config := Config{DB: db, Consumer: Consumer{Topic: "t", ClientID: "zombie"}}
	zombie, store := NewPositions(config), NewEvents(config)
	config.Consumer.ClientID = "heir"
	heir := NewPositions(config)
	if err := database.Migrate(t.Context(), db, slog.New(slog.DiscardHandler), append(store.Tables(), zombie.Tables()...)...); err != nil {
		t.Fatal(err)
	}
	record := func(p Positions, offset int64) error {
		e := event.Event{ID: fmt.Sprint("e", offset), UserID: "u1", Action: "registered"}
		return store.Record(t.Context(), e, p.Advance(&kgo.Record{Topic: "t", Partition: 1, Offset: offset})...)
	}
	if next, err := zombie.Claim(t.Context(), 3, []int32{0, 1}); err != nil || len(next) != 2 || next[1] != 0 {
		t.Fatalf("first claim: %v, %v", next, err)
	}
	if err := record(zombie, 41); err != nil {
		t.Fatal(err)
	}
	// A claim alone shuts the old owner out: it read where to go on.
	if next, err := heir.Claim(t.Context(), 4, []int32{1}); err != nil || len(next) != 1 || next[1] != 42 {
		t.Fatalf("second claim: %v, %v", next, err)
	}
	if err := record(zombie, 42); err == nil || consumer.IsFatal(err) {
		t.Errorf("the zombie's write: %v, want it refused, and not skipped", err)
	}
	if next, err := zombie.Claim(t.Context(), 3, []int32{1}); err == nil || !strings.Contains(err.Error(), "set epoch to 0 in the table offsets") {
		t.Errorf("the zombie's claim: %v, %v; want it refused, with a way out", next, err)
	}
	if err := record(heir, 43); err != nil {
		t.Error(err)
	}
	if got, want := servicetest.Strings(t, db, "SELECT id FROM events ORDER BY id"), []string{"e41", "e43"}; !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	if got, want := servicetest.Strings(t, db, "SELECT partition || ':' || next_offset || ' ' || epoch || ' ' || instance FROM positions ORDER BY seq"),
		[]string{"0:0 3 zombie", "1:0 3 zombie", "1:42 3 zombie", "1:42 4 heir", "1:44 4 heir"}; !slices.Equal(got, want) {
		t.Errorf("positions %q, want %q", got, want)
	}
	if got, want := servicetest.Strings(t, db, "SELECT partition || ':' || next_offset || ' ' || epoch FROM offsets ORDER BY 1"),
		[]string{"0:0 3", "1:44 4"}; !slices.Equal(got, want) {
		t.Errorf("offsets %q, want %q", got, want)
	}
}

// Two instances that come and go: every event once, each position behind the
// last one, and nothing committed to Kafka.
func TestOffsetsInTheDatabase(t *testing.T) {
	k := kafkatest.Loopback(t, 4)
	url := "sqlite:" + filepath.Join(t.TempDir(), "analytics.db")
	start := func(name string) (stop func()) {
		listener, err := k.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		config := Config{Listener: listener, DB: servicetest.OpenDB(t, url), Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic, ClientID: name}}
		config.Positions = NewPositions(config)
		return run(t, config)
	}
	put := func(from, to int) {
		for i := from; i < to; i++ {
			e := event.Event{ID: fmt.Sprintf("e%03d", i), UserID: "u1", Action: "registered"}
			if i%50 == 49 {
				e.Action = "corrupt"
			}
			k.PutEvent(int32(i%4), e)
		}
	}
	first := start("1")
	k.WaitMembers("analytics", 1)
	put(0, 100)
	start("2")
	k.WaitMembers("analytics", 2)
	put(100, 200)
	first()
	put(200, 300)

	db := servicetest.OpenDB(t, url)
	positions := func() []string {
		return servicetest.Strings(t, db, "SELECT partition || ' ' || next_offset FROM offsets ORDER BY 1")
	}
	for began := time.Now(); !slices.Equal(positions(), []string{"0 75", "1 75", "2 75", "3 75"}); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("positions %q after half a minute, want 75 in all four", positions())
		}
	}
	if got := servicetest.Strings(t, db, "SELECT id FROM events ORDER BY id"); len(got) != 294 {
		t.Errorf("%d events, want 300 without the 6 that no retry can help", len(got))
	}
	if fell := servicetest.Strings(t, db, `SELECT a.seq FROM positions a JOIN positions b ON a.partition = b.partition AND a.seq < b.seq
		WHERE a.next_offset > b.next_offset OR a.epoch > b.epoch`); len(fell) > 0 {
		t.Errorf("%d positions fell", len(fell))
	}
	if got := servicetest.Strings(t, db, "SELECT DISTINCT instance FROM deliveries ORDER BY 1"); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("delivered by %q", got)
	}
	for p := range int32(4) {
		if got := k.Committed("analytics", p); got != 0 {
			t.Errorf("partition %d: committed %d to Kafka", p, got)
		}
	}
}

// An action that has no meaning here is refused by the database itself.
func TestUnknownAction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		db := servicetest.OpenDB(t, "sqlite::memory:")
		listener, _ := k.Listen("tcp", "localhost:80")
		run(t, Config{Listener: listener, DB: db, Dial: k.Dial, Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic}})
		k.WaitMembers("analytics", 1)
		client := servicetest.NewClient(t, k.Dial)
		if got := client.Post("localhost:80", "/log-event", "e1", `{"userId":"u1","action":"corrupt"}`); got.Status != 422 || !strings.Contains(got.Body, "unknown-action") {
			t.Errorf("POST /log-event: %d %s, want 422", got.Status, got.Body)
		}
		k.PutEvent(0, event.Event{ID: "e2", UserID: "u1", Action: "corrupt"})
		k.PutEvent(0, event.Event{ID: "e3", UserID: "u1", Action: "updated"})
		k.WaitCommitted("analytics", 0, 2)
		if got := servicetest.Strings(t, db, "SELECT id || ' ' || instance FROM deliveries"); !slices.Equal(got, []string{"e3 analytics"}) {
			t.Errorf("deliveries %q, want the event that can be recorded", got)
		}
	})
}

func TestLoopsExcludeEachOther(t *testing.T) {
	db := servicetest.OpenDB(t, "sqlite::memory:")
	consumer := Consumer{Brokers: []string{"127.0.0.1:9092"}, Topic: "t"}
	k := kafkatest.Loopback(t, 1)
	listener, err := k.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for want, config := range map[string]Config{
		"Loop and DeadLetter are both set": {Loop: AutoCommit, DeadLetter: DeadLetter{Topic: "d"}},
		"choose one of them":               {Positions: NewPositions(Config{DB: db}), DeadLetter: DeadLetter{Topic: "d"}},
		"keeps its offsets in Kafka":       {Positions: NewPositions(Config{DB: db}), Loop: AutoCommit},
		`"t" is named twice`:               {DeadLetter: DeadLetter{Topic: "t"}},
	} {
		config.DB, config.Listener, config.Consumer = db, listener, consumer
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
}
