package deadletter

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
)

// deadLetters puts n letters about records of user-events into the dead letter
// topic, each in a transaction, so that the topic ends with a control record.
func deadLetters(t *testing.T, k *kafkatest.Kafka, n int) {
	t.Helper()
	producer, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers...), kgo.Dialer(k.Dial), kgo.TransactionalID("letters"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for i := range n {
		original := &kgo.Record{Topic: k.Topic, Value: fmt.Append(nil, i)}
		err := errors.Join(producer.BeginTransaction(),
			producer.ProduceSync(t.Context(), NewLetter(dead, original, Failure{Class: "failed", Attempt: 1})).FirstErr(),
			producer.EndTransaction(t.Context(), kgo.TryCommit))
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2, dead)
		redrive := Redrive{Brokers: k.Brokers, Topic: dead, Dial: k.Dial, Log: slog.New(slog.DiscardHandler)}
		for _, step := range []struct{ put, want int }{{0, 0}, {5, 5}, {0, 0}, {1, 1}} {
			deadLetters(t, k, step.put)
			if got, err := redrive.Run(t.Context()); err != nil || got != step.want {
				t.Fatalf("with %d new letters: %d, %v", step.put, got, err)
			}
		}
		if got := k.Read(k.Topic, 6); len(got) != 6 {
			t.Errorf("%d records are back, want 6", len(got))
		}
	})
}

// Neither a commit that is refused nor a run that is cut short sends a dead letter
// back twice.
func TestRedriveOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead)
		deadLetters(t, k, 3)
		redrive := Redrive{Brokers: k.Brokers, Topic: dead, Dial: k.Dial, Log: slog.New(slog.DiscardHandler)}
		k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: 1})
		if got, err := redrive.Run(t.Context()); err != nil || got != 3 {
			t.Errorf("%d, %v", got, err)
		}
		if got := k.Read(k.Topic, 3); len(got) != 3 {
			t.Errorf("%d records are back, want 3", len(got))
		}
	})
}

func TestRedriveWithoutOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead)
		producer, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers...), kgo.Dialer(k.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer producer.Close()
		if err := producer.ProduceSync(t.Context(), &kgo.Record{Topic: dead, Value: []byte("?")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		deadLetters(t, k, 1)
		redrive := Redrive{Brokers: k.Brokers, Topic: dead, Dial: k.Dial, Log: slog.New(slog.DiscardHandler)}
		if got, err := redrive.Run(t.Context()); got != 1 || !errors.Is(err, ErrNoOrigin) || !strings.HasSuffix(err.Error(), ": 1") {
			t.Errorf("%d, %v; want one sent back and one passed over", got, err)
		}
	})
}
