package sink

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An event must not be given up because the store is not there yet.
func TestConsumesOnceItIsPrepared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, "dead")
		listener, err := k.Listen("tcp", "localhost:80")
		if err != nil {
			t.Fatal(err)
		}
		var prepared atomic.Bool
		s, err := New(Config{
			Name: "sink", Path: "/take", Listener: listener, Dial: k.Dial, Log: slog.New(slog.DiscardHandler),
			Consumer: consumer.Config{Brokers: k.Brokers, Topic: k.Topic},
			Loop:     deadletter.Policy{Topic: "dead"}.Loop,
			Prepare: func(ctx context.Context) error {
				time.Sleep(time.Minute) // virtual
				prepared.Store(true)
				return nil
			},
			Handle: func(context.Context, event.Event) error {
				if !prepared.Load() {
					return errors.New("no such table")
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		servicetest.Run(t, s)
		client := servicetest.NewClient(t, k.Dial)
		k.PutEvent(0, event.Event{ID: "e1", UserID: "u1", Action: "registered"})
		time.Sleep(10 * time.Second)
		if got := client.Get("localhost:80", "/healthz"); got.Status != 503 || !strings.Contains(got.Body, "preparing") {
			t.Errorf("while it prepares: %d %s", got.Status, got.Body)
		}
		time.Sleep(time.Minute)
		k.WaitCommitted("sink", 0, 1)
		if deadLetters := k.Read("dead", 0); len(deadLetters) > 0 {
			t.Errorf("%d events were given up", len(deadLetters))
		}
		if got := client.Get("localhost:80", "/healthz"); got.Status != 200 {
			t.Errorf("when it is ready: %d %s", got.Status, got.Body)
		}
	})
}
