package flawed_test

import (
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/breakwater-kit/breakwater/services/flawed"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
	"github.com/breakwater-kit/breakwater/services/projection"
)

// What each flawed projection holds after two events, of which one was published
// twice.
func TestProjections(t *testing.T) {
	want := map[string]string{"right": "2 events", "counts-deliveries": "3 events"}
	builds := maps.Clone(flawed.Projection)
	builds["right"] = projection.New
	if got, tested := slices.Sorted(maps.Keys(builds)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, tested) {
		t.Fatalf("tested are %v, and there are %v", tested, got)
	}
	for name, build := range builds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := kafkatest.Virtual(t, 1)
				db := (&gate{}).open(filepath.Join(t.TempDir(), "projection.db"))
				defer db.Close()
				listener, err := k.Listen("tcp", "localhost:80")
				if err != nil {
					t.Fatal(err)
				}
				s, err := build(projection.Config{
					Listener: listener, DB: db, Dial: k.Dial, Log: slog.New(slog.DiscardHandler),
					Consumer: projection.Consumer{Brokers: k.Brokers, Topic: k.Topic},
				})
				if err != nil {
					t.Fatal(err)
				}
				stop := servicetest.Run(t, s)
				for _, id := range []string{"e1", "e2", "e1"} {
					k.PutEvent(0, event.Event{ID: id, UserID: "u1", Action: "registered"})
				}
				time.Sleep(10 * time.Second) // virtual: for all that is to come
				var events int
				if err := db.QueryRow("SELECT value FROM users WHERE key = 'u1'").Scan(&events); err != nil {
					t.Error(err)
				}
				if got := fmt.Sprint(events, " events"); got != want[name] {
					t.Errorf("%s, want %s", got, want[name])
				}
				stop()
			})
		})
	}
}
