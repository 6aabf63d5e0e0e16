package defects_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/breakwater-kit/breakwater/services/defects"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
	"github.com/breakwater-kit/breakwater/services/projection"
)

// What each defective projection holds after two events, of which one was published
// twice, and what it says that it held when there was one.
func TestProjections(t *testing.T) {
	want := map[string]string{"right": "2 events, 1 then", "counts-deliveries": "3 events, 1 then", "as-of-now": "2 events, 2 then"}
	defective := maps.Clone(defects.Projection)
	defective["right"] = func(*projection.Config) {}
	if got, tested := slices.Sorted(maps.Keys(defective)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, tested) {
		t.Fatalf("tested are %v, and there are %v", tested, got)
	}
	for name, plant := range defective {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := kafkatest.Virtual(t, 1)
				db := (&gate{}).open(filepath.Join(t.TempDir(), "projection.db"))
				defer db.Close()
				listener, err := k.Listen("tcp", "localhost:80")
				if err != nil {
					t.Fatal(err)
				}
				config := projection.Config{
					Listener: listener, DB: db, Dial: k.Dial, Log: slog.New(slog.DiscardHandler),
					Consumer: projection.Consumer{Brokers: k.Brokers, Topic: k.Topic},
				}
				plant(&config)
				s, err := projection.New(config)
				if err != nil {
					t.Fatal(err)
				}
				stop := servicetest.Run(t, s)
				put := func(id string) { k.PutEvent(0, event.Event{ID: id, UserID: "u1", Action: "registered"}) }
				put("e1")
				time.Sleep(time.Second) // virtual: the log tells instants apart by the millisecond
				then := url.QueryEscape(time.Now().Format(time.RFC3339Nano))
				time.Sleep(time.Second)
				put("e2")
				put("e1")
				time.Sleep(10 * time.Second) // virtual: for all that is to come
				var events int
				if err := db.QueryRow("SELECT value FROM users WHERE key = 'u1'").Scan(&events); err != nil {
					t.Error(err)
				}
				var was projection.AsOf
				answer := servicetest.NewClient(t, k.Dial).Get("localhost:80", "/as-of?time="+then)
				if err := json.Unmarshal([]byte(answer.Body), &was); err != nil {
					t.Error(err)
				}
				if got := fmt.Sprintf("%d events, %d then", events, was.Users["u1"].Events); got != want[name] {
					t.Errorf("%s, want %s", got, want[name])
				}
				stop()
			})
		})
	}
}
