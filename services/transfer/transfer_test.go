package transfer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const output = "output"

// listens are the addresses of the instances.
var listens = map[string]string{"transfer-1": "localhost:8001", "transfer-2": "localhost:8002"}

// start runs an instance until the test ends or stop is called.
func start(t *testing.T, k *kafkatest.Kafka, instance string, change ...func(*Config)) (stop func()) {
	t.Helper()
	listener, err := k.Listen("tcp", listens[instance])
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Listener: listener, Output: output, Dial: k.Dial, Log: slog.New(slog.DiscardHandler),
		Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic, ClientID: instance},
	}
	for _, f := range change {
		f(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return servicetest.Run(t, s)
}

func put(k *kafkatest.Kafka, partition int32, ids ...string) {
	for _, id := range ids {
		k.PutEvent(partition, event.Event{ID: id, UserID: "u-" + id, Action: "registered"})
	}
}

// transferred are the ids in the output, sorted, as a reader of committed records
// finds them.
func transferred(t *testing.T, k *kafkatest.Kafka, n int) (ids []string) {
	t.Helper()
	for _, r := range k.Read(output, n) {
		e, err := event.FromRecord(r)
		if err != nil || string(r.Key) != e.UserID {
			t.Errorf("%q under key %q: %v", r.Value, r.Key, err)
		}
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}

func expect(t *testing.T, k *kafkatest.Kafka, want ...string) {
	t.Helper()
	if got := transferred(t, k, len(want)); !slices.Equal(got, want) {
		t.Errorf("transferred %v, want %v", got, want)
	}
}

func TestPassesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2, output)
		put(k, 0, "a", "b")
		put(k, 1, "c")
		stop := start(t, k, "transfer-1")
		k.WaitCommitted("transfer", 0, 2)
		k.WaitCommitted("transfer", 1, 1)
		client := servicetest.NewClient(t, k.Dial)
		if answer := client.Get(listens["transfer-1"], "/healthz"); answer.Status != 200 {
			t.Errorf("GET /healthz: %d %s", answer.Status, answer.Body)
		}
		expect(t, k, "a", "b", "c")
		stop()
		put(k, 0, "d")
		start(t, k, "transfer-2")
		expect(t, k, "a", "b", "c", "d")
	})
}

// What the broker refuses on the way leaves nothing, and is done again.
func TestATransactionThatFails(t *testing.T) {
	for name, fault := range map[string]kfake.Fault{
		"to publish":                {Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidRecord, Count: 1},
		"to commit offsets":         {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: 1},
		"to end":                    {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.InvalidTxnState, Count: 1},
		"because it was superseded": {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ProducerFenced, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := kafkatest.Virtual(t, 1, output)
				put(k, 0, "a", "b")
				k.Fault(fault)
				start(t, k, "transfer-1")
				k.WaitCommitted("transfer", 0, 2)
				expect(t, k, "a", "b")
			})
		})
	}
}

// An instance dies after its records are in the log and before the transaction
// ends, or is cut off then and comes back when its work is in other hands.
func TestCrashInATransaction(t *testing.T) {
	for name, heir := range map[string]string{
		"the same instance comes back": "transfer-1",
		"another takes over":           "transfer-2",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := kafkatest.Virtual(t, 1, output)
				network := kafkatest.NewSwitch(k.Dial)
				crashed := make(chan struct{})
				k.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
					close(crashed)
					network.Silence()
					return nil, errors.New("never arrived"), true
				})
				put(k, 0, "a", "b")
				stop := start(t, k, "transfer-1", func(c *Config) { c.Dial = network.Dial })
				<-crashed
				if n := k.PartitionInfo(output, 0).HighWatermark; n == 0 {
					t.Fatal("nothing is in the output before the crash")
				}
				if heir == "transfer-1" {
					stop()
				}
				start(t, k, heir)
				k.WaitCommitted("transfer", 0, 2)
				expect(t, k, "a", "b")
				network.Restore()
				time.Sleep(time.Minute)
				expect(t, k, "a", "b")
			})
		})
	}
}

// The transaction is committed, and the instance does not hear of it.
func TestAnEndThatIsNotHeardOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, output)
		network := kafkatest.NewSwitch(k.Dial)
		ending := make(chan struct{})
		first := sync.OnceFunc(func() { network.Silence(); close(ending) })
		k.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			first()
			return nil, nil, false // it is done; the answer does not pass
		})
		put(k, 0, "a", "b")
		start(t, k, "transfer-1", func(c *Config) { c.Dial = network.Dial })
		<-ending
		time.Sleep(10 * time.Second)
		network.Restore()
		put(k, 0, "c")
		k.WaitCommitted("transfer", 0, 3)
		expect(t, k, "a", "b", "c")
	})
}

// Instances come and go under load.
func TestRebalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 4, output)
		var want []string
		stop := func() {}
		start(t, k, "transfer-1")
		for round := range 6 {
			for i := range 40 {
				id := fmt.Sprintf("%d-%02d", round, i)
				put(k, int32(i%4), id)
				want = append(want, id)
				time.Sleep(10 * time.Millisecond)
			}
			if stop(); round%2 == 0 {
				stop = start(t, k, "transfer-2")
			} else {
				stop = func() {}
			}
		}
		for p := range int32(4) {
			k.WaitCommitted("transfer", p, 60)
		}
		expect(t, k, want...)
	})
}

func claim(context.Context, int32, []int32) (map[int32]int64, error) { return nil, nil }

func TestConfigErrors(t *testing.T) {
	consumer := Consumer{Brokers: []string{"x:9092"}, Topic: "user-events"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for want, config := range map[string]Config{
		"Listener is nil":         {Consumer: consumer, Output: output},
		`Output is ""`:            {Listener: listener, Consumer: consumer},
		`Output is "user-events"`: {Listener: listener, Consumer: consumer, Output: "user-events"},
		"Brokers is empty":        {Listener: listener, Output: output},
		"leave out Claim":         {Listener: listener, Output: output, Consumer: Consumer{Claim: claim}},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
}
