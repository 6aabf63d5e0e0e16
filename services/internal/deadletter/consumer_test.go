package deadletter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	group = "readers"
	dead  = "dead"
)

var retry = []string{"retry-1", "retry-2"}

// sink fails as it is told, by a record's value.
type sink struct {
	fails map[string]error // for ever
	once  map[string]error // the first time
	lost  map[string]bool  // it is done the first time, and the answer lost; then it is down, for as long as
	down  time.Time        // this has not come
	slow  time.Duration

	mu       sync.Mutex
	attempts map[string][]time.Time
	effects  map[string]int
}

func (s *sink) take(ctx context.Context, r *kgo.Record) error {
	if s.slow > 0 {
		backoff.Sleep(ctx, s.slow)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value := string(r.Value)
	if s.attempts == nil {
		s.attempts, s.effects = map[string][]time.Time{}, map[string]int{}
	}
	s.attempts[value] = append(s.attempts[value], time.Now())
	if err := s.fails[value]; err != nil {
		return err
	}
	if s.lost[value] {
		switch {
		case len(s.attempts[value]) == 1:
			s.effects[value]++
			return &consumer.Unknown{Err: errors.New("no answer")}
		case time.Now().Before(s.down):
			return errors.New("sink is down")
		}
		return nil // it takes a repeated event for one
	}
	if err := s.once[value]; err != nil && len(s.attempts[value]) == 1 {
		return err
	}
	s.effects[value]++
	return nil
}

func (s *sink) of(value string) (attempts []time.Time, effects int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempts[value]), s.effects[value]
}

// join runs a member until the test ends or stop is called.
func join(t *testing.T, k *kafkatest.Kafka, s *sink, policy Policy, change ...func(*consumer.Config)) (stop func()) {
	t.Helper()
	config := consumer.Config{
		Brokers: k.Brokers, Topic: k.Topic, Group: group, Dial: k.Dial, Log: slog.New(slog.DiscardHandler), Handle: s.take,
	}
	for _, f := range change {
		f(&config)
	}
	loop, err := policy.Loop(config)
	if err != nil {
		t.Fatal(err)
	}
	return servicetest.Run(t, loop)
}

func put(k *kafkatest.Kafka, partition int32, values ...string) {
	for _, value := range values {
		k.Put(&kgo.Record{Partition: partition, Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "event-id", Value: []byte("id-" + value)}}})
	}
}

func headers(r *kgo.Record) map[string]string {
	all := map[string]string{}
	for _, h := range r.Headers {
		all[h.Key] = string(h.Value)
	}
	return all
}

var poison = &consumer.Fatal{Class: "poison", Err: errors.New("nobody knows this")}

func TestFatalGoesToTheDeadLetterTopicAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead, retry[0], retry[1])
		s := &sink{fails: map[string]error{"b": fmt.Errorf("store: %w", poison)}}
		put(k, 0, "a", "b", "c")
		join(t, k, s, Policy{Topic: dead, RetryTopics: retry})
		k.WaitCommitted(group, 0, 3)
		deadLetters := k.Read(dead, 1)
		if len(deadLetters) != 1 || string(deadLetters[0].Value) != "b" {
			t.Fatalf("letters %v, want one for b", deadLetters)
		}
		want := map[string]string{
			"event-id": "id-b", "origin-topic": k.Topic, "origin-partition": "0", "origin-offset": "1",
			"error": "poison", "error-detail": "store: poison: nobody knows this", "attempt": "1",
		}
		if got := headers(deadLetters[0]); !maps.Equal(got, want) {
			t.Errorf("headers %v, want %v", got, want)
		}
		for value, want := range map[string]int{"a": 1, "b": 0, "c": 1} {
			if attempts, effects := s.of(value); effects != want || len(attempts) != 1 {
				t.Errorf("%s: %d effects in %d attempts", value, effects, len(attempts))
			}
		}
		for _, topic := range retry {
			if n := k.PartitionInfo(topic, 0).HighWatermark; n != 0 {
				t.Errorf("%s has %d records: a retry cannot help", topic, n)
			}
		}
	})
}

func TestRetriesHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead, retry[0], retry[1])
		down := errors.New("sink is down")
		s := &sink{fails: map[string]error{"b": down}, once: map[string]error{"c": down}}
		began := time.Now()
		put(k, 0, "a", "b", "c", "d")
		join(t, k, s, Policy{Topic: dead, RetryTopics: retry, MaxAttempts: 4, Backoff: 10 * time.Second})
		k.WaitCommitted(group, 0, 4)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the topic was held up for %v", took)
		}
		time.Sleep(2 * time.Minute) // virtual

		attempts, effects := s.of("b")
		if len(attempts) != 4 || effects != 0 {
			t.Fatalf("b: %d effects in %d attempts, want 4 attempts", effects, len(attempts))
		}
		for i, least := range []time.Duration{10 * time.Second, 20 * time.Second, 20 * time.Second} {
			if gap := attempts[i+1].Sub(attempts[i]); gap < least || gap > least+2*time.Second {
				t.Errorf("attempt %d came %v after the one before, want %v", i+2, gap, least)
			}
		}
		deadLetters := k.Read(dead, 1)
		if len(deadLetters) != 1 {
			t.Fatalf("%d letters, want 1", len(deadLetters))
		}
		got := headers(deadLetters[0])
		if got["attempt"] != "4" || got["error"] != "failed" || got["origin-topic"] != k.Topic || got["origin-offset"] != "1" {
			t.Errorf("headers %v, want the fourth attempt and the first place", got)
		}
		if attempts, effects := s.of("c"); len(attempts) != 2 || effects != 1 {
			t.Errorf("c: %d effects in %d attempts, want it at the second", effects, len(attempts))
		}
	})
}

// What may have been done is not given up: it would have an effect and a dead letter.
func TestWhatMayHaveBeenDoneIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead, retry[0], retry[1])
		s := &sink{lost: map[string]bool{"b": true}, fails: map[string]error{"c": errors.New("sink is down")}, down: time.Now().Add(time.Minute)}
		put(k, 0, "a", "b", "c")
		join(t, k, s, Policy{Topic: dead, RetryTopics: retry, MaxAttempts: 3, Backoff: time.Second})
		time.Sleep(2 * time.Minute) // virtual
		if deadLetters := k.Read(dead, 1); len(deadLetters) != 1 || string(deadLetters[0].Value) != "c" {
			t.Errorf("letters %v, want c alone", deadLetters)
		}
		attempts, effects := s.of("b")
		if effects != 1 || len(attempts) < 20 {
			t.Errorf("%d effects in %d attempts, want 1 and as many as two seconds fit into the minute", effects, len(attempts))
		}
		if last := attempts[len(attempts)-1]; last.Before(s.down) || last.After(s.down.Add(5*time.Second)) {
			t.Errorf("the last attempt was %v after the sink was back, want one that it answered", last.Sub(s.down))
		}
		for _, topic := range retry {
			for _, r := range k.Read(topic, int(k.PartitionInfo(topic, 0).HighWatermark)/2) {
				if string(r.Value) == "b" && (headers(r)[Unknown] != "true" || headers(r)[Attempt] > "2") {
					t.Errorf("%s: headers %v", topic, headers(r))
				}
			}
		}
	})
}

// A member dies after its dead letter is in the log and before the transaction ends.
func TestCrashLeavesOneLetter(t *testing.T) {
	for name, heir := range map[string]string{
		"the same instance comes back": "instance-1",
		"another takes over":           "instance-2",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := kafkatest.Virtual(t, 1, dead)
				s := &sink{fails: map[string]error{"b": poison}}
				named := func(id string) func(*consumer.Config) { return func(c *consumer.Config) { c.ClientID = id } }

				net := kafkatest.NewSwitch(k.Dial)
				crashed := make(chan struct{})
				k.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
					close(crashed)
					net.Silence()
					return nil, errors.New("never arrived"), true
				})
				put(k, 0, "a", "b", "c")
				join(t, k, s, Policy{Topic: dead}, named("instance-1"), func(c *consumer.Config) { c.Dial = net.Dial })
				<-crashed
				if n := k.PartitionInfo(dead, 0).HighWatermark; n != 1 {
					t.Fatalf("%d records in the dead letter topic before the crash, want 1 of an open transaction", n)
				}
				began := time.Now()
				join(t, k, &sink{fails: s.fails}, Policy{Topic: dead}, named(heir))
				k.WaitCommitted(group, 0, 3)
				if took := time.Since(began); took > transact.Timeout+10*time.Second || heir == "instance-1" && took > 5*time.Second {
					t.Errorf("went on after %v", took)
				}
				if deadLetters := k.Read(dead, 1); len(deadLetters) != 1 {
					t.Errorf("%d letters, want 1", len(deadLetters))
				}
				net.Restore()
				time.Sleep(time.Minute)
				if deadLetters := k.Read(dead, 1); len(deadLetters) != 1 {
					t.Errorf("%d letters after the first came back, want 1", len(deadLetters))
				}
			})
		})
	}
}

// The transaction is committed, and the member does not hear of it.
func TestUnknownOutcomeLeavesOneLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead)
		s := &sink{fails: map[string]error{"b": poison}}
		net := kafkatest.NewSwitch(k.Dial)
		ending := make(chan struct{})
		k.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			net.Silence()
			close(ending)
			return nil, nil, false // it is done; the answer does not pass
		})
		put(k, 0, "a", "b", "c")
		join(t, k, s, Policy{Topic: dead}, func(c *consumer.Config) { c.Dial = net.Dial })
		<-ending
		time.Sleep(10 * time.Second)
		net.Restore()
		put(k, 0, "d")
		k.WaitCommitted(group, 0, 4)
		if deadLetters := k.Read(dead, 1); len(deadLetters) != 1 {
			t.Errorf("%d letters, want 1", len(deadLetters))
		}
		if attempts, _ := s.of("b"); len(attempts) != 1 {
			t.Errorf("%d attempts at the record of the committed transaction, want 1", len(attempts))
		}
	})
}

// Members come and go: every input ends in exactly one of effect and dead letter.
func TestRebalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partitions, perPartition = 4, 100
		k := kafkatest.Virtual(t, partitions, dead, retry[0])
		policy := Policy{Topic: dead, RetryTopics: retry[:1], MaxAttempts: 2, Backoff: time.Second}
		s := &sink{fails: map[string]error{}, once: map[string]error{}, slow: 5 * time.Millisecond}
		var values []string
		for i := range partitions * perPartition {
			value := fmt.Sprint(i)
			values = append(values, value)
			switch i % 10 {
			case 3:
				s.fails[value] = poison
			case 5:
				s.fails[value] = errors.New("down")
			case 7:
				s.once[value] = errors.New("down")
			}
		}
		named := func(id string) func(*consumer.Config) { return func(c *consumer.Config) { c.ClientID = id } }
		produced := make(chan struct{})
		go func() {
			defer close(produced)
			for i, value := range values {
				put(k, int32(i%partitions), value)
				time.Sleep(5 * time.Millisecond)
			}
		}()
		a := join(t, k, s, policy, named("a"))
		time.Sleep(500 * time.Millisecond)
		join(t, k, s, policy, named("b"))
		time.Sleep(700 * time.Millisecond)
		a()
		join(t, k, s, policy, named("c"))
		<-produced
		for p := range int32(partitions) {
			k.WaitCommitted(group, p, k.PartitionInfo(k.Topic, p).HighWatermark)
		}
		deadLetters := map[string]int{}
		for _, r := range k.Read(dead, len(s.fails)) {
			deadLetters[string(r.Value)]++
		}
		redelivered := 0
		for _, value := range values {
			attempts, effects := s.of(value)
			want := 1
			if s.fails[value] != nil {
				want = 0
			}
			if deadLetters[value] != 1-want || min(effects, 1) != want {
				t.Errorf("%s: %d effects, %d letters in %d attempts; want %d and %d", value, effects, deadLetters[value], len(attempts), want, 1-want)
			}
			redelivered += max(effects-1, 0)
		}
		if redelivered > 0 {
			t.Errorf("%d effects repeated, though every rebalance was a clean one", redelivered)
		}
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1, dead, retry[0])
		s := &sink{fails: map[string]error{"b": errors.New("down")}}
		put(k, 0, "a", "b")
		stop := join(t, k, s, Policy{Topic: dead, RetryTopics: retry[:1], Backoff: time.Hour})
		k.WaitCommitted(group, 0, 2)
		time.Sleep(time.Minute)
		began := time.Now()
		stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("stopped after %v: it must not wait for what waits", took)
		}
		if info := k.GroupInfo(group); len(info.Members) != 0 {
			t.Errorf("the group still has members: %+v", info.Members)
		}
	})
}

func TestPolicyErrors(t *testing.T) {
	config := consumer.Config{
		Brokers: []string{"127.0.0.1:9092"}, Topic: "t", Group: "g",
		Handle: func(context.Context, *kgo.Record) error { return nil },
	}
	for want, policy := range map[string]Policy{
		"has no name":        {},
		"MaxAttempts is -1":  {Topic: "d", MaxAttempts: -1},
		"Backoff is -1s":     {Topic: "d", Backoff: -time.Second},
		`"t" is named twice`: {Topic: "t"},
		`"r" is named twice`: {Topic: "d", RetryTopics: []string{"r", "r"}},
	} {
		if _, err := policy.Loop(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Loop: %v, want an error that contains %q", err, want)
		}
	}
}
