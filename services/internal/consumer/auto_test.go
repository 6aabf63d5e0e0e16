package consumer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func joinAuto(t *testing.T, k *kafkatest.Kafka, j *journal) (stop func()) {
	t.Helper()
	loop, err := AutoCommit(Config{
		Brokers: k.Brokers, Topic: k.Topic, Group: group, Dial: k.Dial, Log: slog.New(slog.DiscardHandler), Handle: j.take, MaxPollRecords: 5,
	})
	if err != nil {
		t.Fatal(err)
	}
	return servicetest.Run(t, loop)
}

func TestAutoCommitsOnlyWhatIsProcessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		j := &journal{handle: func(ctx context.Context, r *kgo.Record) error {
			if r.Offset == 31 {
				<-ctx.Done() // under way when it is stopped
			}
			backoff.Sleep(ctx, 300*time.Millisecond)
			return ctx.Err()
		}}
		next := &journal{}
		committed := 0
		commits(k, func(_ int32, offset int64) {
			committed++
			if !j.has(0, offset-1) && !next.has(0, offset-1) {
				t.Errorf("commit at %d, but processed %v, then %v", offset, j.of(0), next.of(0))
			}
		})
		put(k, 0, 30)
		stop := joinAuto(t, k, j)
		k.WaitCommitted(group, 0, 30)
		put(k, 0, 3)
		for !j.has(0, 30) { // the first of the three
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		if committed < 3 {
			t.Errorf("%d commits", committed)
		}
		joinAuto(t, k, next)
		k.WaitCommitted(group, 0, 33)
		if got, first := next.of(0), int64(len(j.of(0))); !slices.Contains(got, first) || got[len(got)-1] != 32 {
			t.Errorf("the first processed %d, the next one %v", first, got)
		}
	})
}

func TestAutoCommitsAllOnShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		j := &journal{}
		put(k, 0, 8)
		stop := joinAuto(t, k, j)
		for len(j.of(0)) < 8 {
			time.Sleep(time.Millisecond)
		}
		stop()
		if got := k.Committed(group, 0); got != 8 {
			t.Errorf("committed %d after the stop, want all 8", got)
		}
	})
}

func TestAutoCommitStopsWithAFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 5)
		stop := joinAuto(t, k, &journal{handle: func(context.Context, *kgo.Record) error { return errors.New("sink is down") }})
		time.Sleep(time.Minute)
		stop()
		if got := k.Committed(group, 0); got != 0 {
			t.Errorf("committed %d, and nothing was processed", got)
		}
	})
}

// A sink that keeps the offsets is asked where to go on, and nothing is
// committed.
func TestClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		put(k, 0, 10)
		put(k, 1, 10)
		commits(k, func(partition int32, offset int64) { t.Errorf("commit of partition %d at %d", partition, offset) })
		var asked atomic.Int32
		claim := func(_ context.Context, generation int32, partitions []int32) (map[int32]int64, error) {
			if asked.Add(1) < 3 {
				return nil, errors.New("database is down")
			}
			if generation < 1 || len(partitions) == 0 {
				t.Errorf("asked for %v in generation %d", partitions, generation)
			}
			return map[int32]int64{0: 7, 2: 5}, nil // 1 is not known yet, 2 does not exist
		}
		m := join(t, k, &journal{}, func(c *Config) { c.Claim = claim })
		for len(m.of(0)) < 3 || len(m.of(1)) < 10 {
			time.Sleep(10 * time.Millisecond)
		}
		if got := m.of(0); !slices.Equal(got, []int64{7, 8, 9}) {
			t.Errorf("partition 0: %v, want from 7", got)
		}
		if got := m.of(1); !slices.Equal(got, upTo(10)) {
			t.Errorf("partition 1: %v, want all", got)
		}
		put(k, 0, 1)
		second := join(t, k, &journal{}, func(c *Config) { c.Claim = claim })
		k.WaitMembers(group, 2)
		time.Sleep(time.Second)
		// Each partition has one reader, though both were told about partition 0.
		put(k, 0, 1)
		put(k, 1, 1)
		time.Sleep(time.Second)
		if a, b := m.has(0, 11), second.has(0, 11); a == b {
			t.Errorf("partition 0's last record: read by the first %v, by the second %v", a, b)
		}
	})
}
