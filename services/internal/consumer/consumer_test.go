package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const group = "readers"

// journal is a sink: it remembers what it was given, in order.
type journal struct {
	mu   sync.Mutex
	seen map[int32][]int64 // offsets by partition
	// handle may hold up or refuse a record before it is remembered.
	handle func(context.Context, *kgo.Record) error
}

func (j *journal) take(ctx context.Context, r *kgo.Record) error {
	if j.handle != nil {
		if err := j.handle(ctx, r); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.seen == nil {
		j.seen = map[int32][]int64{}
	}
	j.seen[r.Partition] = append(j.seen[r.Partition], r.Offset)
	return nil
}

func (j *journal) of(partition int32) []int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.seen[partition])
}

func (j *journal) has(partition int32, offset int64) bool {
	return slices.Contains(j.of(partition), offset)
}

// member is a consumer that runs.
type member struct {
	*journal
	*Consumer
	stop func() // and wait until it has
}

func join(t *testing.T, k *kafkatest.Kafka, j *journal, change ...func(*Config)) *member {
	t.Helper()
	config := Config{
		Brokers: k.Brokers,
		Topic:   k.Topic,
		Group:   group,
		Dial:    k.Dial,
		Log:     slog.New(slog.DiscardHandler),
		Handle:  j.take,
	}
	for _, f := range change {
		f(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &member{journal: j, Consumer: c, stop: servicetest.Run(t, c)}
}

func put(k *kafkatest.Kafka, partition int32, n int) {
	for range n {
		k.Put(&kgo.Record{Partition: partition, Value: []byte("x")})
	}
}

func upTo(n int64) (offsets []int64) {
	for o := range n {
		offsets = append(offsets, o)
	}
	return offsets
}

// commits calls fn with every commit that reaches the broker.
func commits(k *kafkatest.Kafka, fn func(partition int32, offset int64)) {
	k.ControlKey(kmsg.OffsetCommit.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		for _, topic := range request.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range topic.Partitions {
				fn(p.Partition, p.Offset)
			}
		}
		return nil, nil, false
	})
}

func TestProcessesThenCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		j := &journal{}
		committed := 0
		commits(k, func(partition int32, offset int64) {
			committed++
			if got := j.of(partition); !slices.Equal(got, upTo(offset)) {
				t.Errorf("commit of partition %d at %d, but processed %v", partition, offset, got)
			}
		})
		put(k, 0, 30)
		put(k, 1, 30)
		m := join(t, k, j, func(c *Config) { c.MaxPollRecords = 7 })
		k.WaitCommitted(group, 0, 30)
		k.WaitCommitted(group, 1, 30)
		m.stop()
		for p := range int32(2) {
			if got := j.of(p); !slices.Equal(got, upTo(30)) {
				t.Errorf("partition %d: processed %v, want each offset once, in order", p, got)
			}
		}
		if committed < 60/7 {
			t.Errorf("%d commits for 60 records in polls of at most 7", committed)
		}
	})
}

func TestNeverCommitsPastAFailedRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		const bad = 3
		healed := make(chan struct{})
		var attempts, highest atomic.Int64
		j := &journal{handle: func(_ context.Context, r *kgo.Record) error {
			if r.Offset != bad {
				return nil
			}
			attempts.Add(1)
			select {
			case <-healed:
				return nil
			default:
				return errors.New("sink is down")
			}
		}}
		commits(k, func(_ int32, offset int64) { highest.Store(max(highest.Load(), offset)) })
		put(k, 0, 10)
		join(t, k, j)

		time.Sleep(time.Minute) // virtual
		if got := highest.Load(); got > bad {
			t.Errorf("committed %d while record %d was never processed", got, bad)
		}
		if got := j.of(0); !slices.Equal(got, upTo(bad)) {
			t.Errorf("processed %v, want to stop before %d", got, bad)
		}
		// Doubling from 10ms to the cap takes eight attempts; then it is one
		// every half to full second.
		if n := attempts.Load(); n < 60 || n > 130 {
			t.Errorf("%d attempts in a minute, want about 80", n)
		}
		close(healed)
		k.WaitCommitted(group, 0, 10)
		if got := j.of(0); !slices.Equal(got, upTo(10)) {
			t.Errorf("processed %v, want each offset once, in order", got)
		}
	})
}

func TestStopsInTheMiddleOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 10)
		reached := make(chan struct{}, 1)
		first := join(t, k, &journal{handle: func(_ context.Context, r *kgo.Record) error {
			if r.Offset == 4 {
				reached <- struct{}{}
				return errors.New("sink is down")
			}
			return nil
		}})
		<-reached
		first.stop()
		if got := k.Committed(group, 0); got != 4 {
			t.Errorf("committed %d after the stop, want the 4 processed records", got)
		}
		if info := k.GroupInfo(group); len(info.Members) != 0 {
			t.Errorf("the group still has members after the stop: %+v", info.Members)
		}
		second := join(t, k, &journal{})
		k.WaitCommitted(group, 0, 10)
		if got, want := second.of(0), upTo(10)[4:]; !slices.Equal(got, want) {
			t.Errorf("the next member processed %v, want %v", got, want)
		}
	})
}

func TestFinishesTheBatchOnShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 10)
		reached := make(chan struct{}, 1)
		m := join(t, k, &journal{handle: func(ctx context.Context, r *kgo.Record) error {
			if r.Offset == 0 {
				reached <- struct{}{}
			}
			backoff.Sleep(ctx, 100*time.Millisecond)
			return ctx.Err()
		}})
		<-reached
		m.stop()
		if got := k.Committed(group, 0); got != 10 {
			t.Errorf("committed %d, want all 10 records of the batch in hand", got)
		}
	})
}

func TestShutdownDoesNotWaitForASilentSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 1)
		reached := make(chan struct{}, 1)
		m := join(t, k, &journal{handle: func(ctx context.Context, r *kgo.Record) error {
			reached <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}}, func(c *Config) { c.AttemptTimeout = time.Hour })
		<-reached
		began := time.Now()
		m.stop()
		if took := time.Since(began); took > grace+time.Second {
			t.Errorf("stopped after %v, want at most the grace of %v", took, grace)
		}
	})
}

func TestShutdownWhileTheBrokerIsUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		net := kafkatest.NewSwitch(k.Dial)
		m := join(t, k, &journal{}, func(c *Config) { c.Dial = net.Dial })
		k.WaitMembers(group, 1)
		net.Silence()
		began := time.Now()
		m.stop()
		net.Restore()
		if took := time.Since(began); took > leaveTimeout+commitTimeout+time.Second {
			t.Errorf("stopped after %v", took)
		}
	})
}

func TestShutdownWhileJoining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		joining := make(chan struct{}, 10)
		k.ControlKey(kmsg.JoinGroup.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
			k.KeepControl()
			joining <- struct{}{}
			return nil, nil, true // never answered
		})
		m := join(t, k, &journal{})
		<-joining
		began := time.Now()
		m.stop()
		if took := time.Since(began); took > leaveTimeout+time.Second {
			t.Errorf("stopped after %v, want at most the %v that leaving may take", took, leaveTimeout)
		}
	})
}

func TestSkipsWhatCannotBeDecoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 3)
		var log strings.Builder
		m := join(t, k, &journal{handle: func(_ context.Context, r *kgo.Record) error {
			if r.Offset == 1 {
				return fmt.Errorf("x: %w", &Fatal{Class: Undecodable, Err: errors.New("not JSON")})
			}
			return nil
		}}, func(c *Config) {
			c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
		})
		k.WaitCommitted(group, 0, 3)
		m.stop()
		if got := m.of(0); !slices.Equal(got, []int64{0, 2}) {
			t.Errorf("processed %v, want all but offset 1", got)
		}
		for _, want := range []string{"topic=user-events", "partition=0", "offset=1", "not JSON"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("log %q does not say %s", log.String(), want)
			}
		}
	})
}

func TestCommitsAgainAfterAFailedCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		// One partition's commit is refused three times. Nothing is published
		// meanwhile that could carry the offset along.
		k.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: k.Topic, Partitions: []int32{1},
			Err: kerr.InvalidCommitOffsetSize, Count: 3,
		})
		put(k, 0, 5)
		put(k, 1, 5)
		m := join(t, k, &journal{})
		k.WaitCommitted(group, 0, 5)
		k.WaitCommitted(group, 1, 5)
		if got := m.of(1); !slices.Equal(got, upTo(5)) {
			t.Errorf("processed %v, want each offset once", got)
		}
	})
}

// While the commit is outstanding nothing new is processed, so that a crash
// can deliver at most one poll's records again.
func TestAtMostOnePollIsUncommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		refuse := k.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: k.Topic, Err: kerr.InvalidCommitOffsetSize, Count: -1,
		})
		put(k, 0, 20)
		m := join(t, k, &journal{}, func(c *Config) { c.MaxPollRecords = 5 })
		time.Sleep(10 * time.Second) // virtual
		if got := m.of(0); len(got) > 5 {
			t.Errorf("processed %v with no commit, want at most 5", got)
		}
		refuse.Remove()
		k.WaitCommitted(group, 0, 20)
	})
}

func TestRebalanceLosesNothing(t *testing.T) {
	for _, assignment := range Assignments {
		t.Run(string(assignment), dividing(assignment, func(t *testing.T, start startKafka) { rebalanceLosesNothing(t, start, assignment) }))
	}
}

type startKafka = func(*testing.T, int32, ...string) *kafkatest.Kafka

// dividing is a test of a way to divide partitions. Only of the eager one is all
// waiting seen through by synctest: where members work while they join, a commit
// waits for a mutex in the client.
func dividing(assignment Assignment, test func(*testing.T, startKafka)) func(*testing.T) {
	if assignment != Eager {
		return func(t *testing.T) { test(t, kafkatest.Loopback) }
	}
	return func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, kafkatest.Virtual) })
	}
}

func rebalanceLosesNothing(t *testing.T, start startKafka, assignment Assignment) {
	assigned := func(c *Config) { c.Assignment = assignment }
	const partitions, perPartition = 4, 200
	k := start(t, partitions)
	highest := map[int32]int64{}
	commits(k, func(partition int32, offset int64) {
		if offset < highest[partition] {
			t.Errorf("the commit of partition %d went back from %d to %d", partition, highest[partition], offset)
		}
		highest[partition] = offset
	})
	// slow is a sink, and closes the channel when it is well at work.
	slow := func() (*journal, <-chan struct{}) {
		var done atomic.Int32
		atWork := make(chan struct{})
		return &journal{handle: func(ctx context.Context, _ *kgo.Record) error {
			backoff.Sleep(ctx, 7*time.Millisecond)
			if done.Add(1) == 50 {
				close(atWork)
			}
			return ctx.Err()
		}}, atWork
	}
	one, oneAtWork := slow()
	a := join(t, k, one, assigned)
	produced := make(chan struct{})
	go func() {
		defer close(produced)
		for range perPartition {
			for p := range int32(partitions) {
				put(k, p, 1)
			}
			time.Sleep(20 * time.Millisecond) // the pace of what comes in
		}
	}()
	k.WaitMembers(group, 1)
	<-oneAtWork
	other, otherAtWork := slow()
	b := join(t, k, other, assigned)
	k.WaitMembers(group, 2)
	<-otherAtWork
	a.stop()
	k.WaitMembers(group, 1)
	third, _ := slow()
	c := join(t, k, third, assigned)
	k.WaitMembers(group, 2)
	<-produced
	duplicates := 0
	for p := range int32(partitions) {
		k.WaitCommitted(group, p, perPartition)
		seen := slices.Concat(a.of(p), b.of(p), c.of(p))
		slices.Sort(seen)
		duplicates += len(seen)
		if got := slices.Compact(seen); !slices.Equal(got, upTo(perPartition)) {
			t.Errorf("partition %d: processed %d of %d records", p, len(got), perPartition)
		}
	}
	if duplicates -= partitions * perPartition; duplicates != 0 {
		t.Errorf("%d records processed twice, though every rebalance was a clean one", duplicates)
	}
	if len(b.of(0))+len(b.of(1))+len(b.of(2))+len(b.of(3)) == 0 {
		t.Error("the second member processed nothing: there was no rebalance to speak of")
	}
}

// Who stays keeps reading what it keeps while another member comes.
func TestOnlyEagerPausesWhatStays(t *testing.T) {
	for _, assignment := range Assignments {
		t.Run(string(assignment), dividing(assignment, func(t *testing.T, start startKafka) {
			k := start(t, 4)
			revoked := revocations{Handler: slog.DiscardHandler, of: &sync.Map{}}
			observe := func(c *Config) {
				c.Assignment = assignment
				c.Log = slog.New(revoked)
			}
			a := join(t, k, &journal{}, observe)
			k.WaitMembers(group, 1)
			b := join(t, k, &journal{}, func(c *Config) { c.Assignment = assignment })
			k.WaitMembers(group, 2)
			for p := range int32(4) {
				put(k, p, 1)
				k.WaitCommitted(group, p, 1)
			}
			kept := 0
			for p := range int32(4) {
				if _, was := revoked.of.Load(p); a.has(p, 0) && !was {
					kept++
				}
			}
			if len(b.of(0))+len(b.of(1))+len(b.of(2))+len(b.of(3)) != 2 {
				t.Error("the second member did not get half of the partitions")
			}
			if want := map[Assignment]int{Eager: 0, Cooperative: 2, ConsumerProtocol: 2}[assignment]; kept != want {
				t.Errorf("the first member kept %d partitions throughout, want %d", kept, want)
			}
		}))
	}
}

// revocations notes the partitions that a member logs as revoked.
type revocations struct {
	slog.Handler
	of *sync.Map
}

func (r revocations) Enabled(context.Context, slog.Level) bool { return true }

func (r revocations) Handle(_ context.Context, record slog.Record) error {
	if record.Message == "partitions revoked" {
		record.Attrs(func(a slog.Attr) bool {
			if numbers, ok := a.Value.Any().([]int32); ok {
				for _, number := range numbers {
					r.of.Store(number, true)
				}
			}
			return true
		})
	}
	return nil
}

func TestStaticMemberComesBackWithoutARebalance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		static := func(id string) func(*Config) { return func(c *Config) { c.InstanceID = id } }
		a := join(t, k, &journal{}, static("a"))
		b := join(t, k, &journal{}, static("b"))
		k.WaitMembers(group, 2)
		put(k, 0, 1)
		put(k, 1, 1)
		k.WaitCommitted(group, 0, 1)
		k.WaitCommitted(group, 1, 1)
		of := int32(0) // what b has
		if b.has(1, 0) {
			of = 1
		}
		b.stop()
		put(k, of, 1)
		time.Sleep(time.Second) // less than the session time-out
		if a.has(of, 1) {
			t.Error("another member took over what belongs to a static one that is away for a moment")
		}
		rejoined := atomic.Bool{}
		k.ControlKey(kmsg.JoinGroup.Int16(), func(request kmsg.Request) (kmsg.Response, error, bool) {
			k.KeepControl()
			if id := request.(*kmsg.JoinGroupRequest).InstanceID; id != nil && *id == "a" {
				rejoined.Store(true)
			}
			return nil, nil, false
		})
		back := join(t, k, &journal{}, static("b"))
		k.WaitCommitted(group, of, 2)
		if !back.has(of, 1) || rejoined.Load() {
			t.Errorf("back: processed %v; the other member had to join again: %v", back.of(of), rejoined.Load())
		}
	})
}

func TestSilentSinkDoesNotHoldUpARebalance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 2)
		put(k, 0, 5)
		put(k, 1, 5)
		stuck := make(chan struct{}, 2)
		a := join(t, k, &journal{handle: func(ctx context.Context, _ *kgo.Record) error {
			stuck <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}}, func(c *Config) { c.AttemptTimeout = time.Hour })
		<-stuck
		<-stuck
		time.Sleep(time.Minute) // many sessions: heartbeats go on
		before := k.GroupInfo(group)
		if len(before.Members) != 1 {
			t.Fatalf("the member with the silent sink was expelled: %+v", before)
		}

		began := time.Now()
		b := join(t, k, &journal{})
		k.WaitMembers(group, 2)
		if took := time.Since(began); took > rebalanceTimeout {
			t.Errorf("the rebalance took %v, want less than %v", took, rebalanceTimeout)
		}
		after := k.GroupInfo(group)
		if !slices.ContainsFunc(after.Members, func(m kfake.GroupMember) bool { return m.MemberID == before.Members[0].MemberID }) {
			t.Error("the member with the silent sink had to join anew: it was expelled")
		}
		var own int32
		for _, m := range after.Members {
			if m.MemberID != before.Members[0].MemberID {
				own = m.Assignment[k.Topic][0]
			}
		}
		k.WaitCommitted(group, own, 5)
		if got := b.of(own); !slices.Equal(got, upTo(5)) {
			t.Errorf("the new member processed %v", got)
		}
		if got := len(a.of(0)) + len(a.of(1)); got != 0 {
			t.Errorf("the silent sink has %d records", got)
		}
	})
}

// A member that comes back after its session expired must not take back what
// another member has done since.
func TestZombieCommitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 5)

		net := kafkatest.NewSwitch(k.Dial)
		frozen, wake := make(chan struct{}), make(chan struct{})
		freeze := sync.OnceFunc(func() { close(frozen); <-wake })
		zombie := join(t, k, &journal{handle: func(_ context.Context, r *kgo.Record) error {
			if r.Offset == 2 {
				freeze()
			}
			return nil
		}}, func(c *Config) { c.Dial = net.Dial })
		<-frozen
		net.Silence()

		heir := join(t, k, &journal{})
		k.WaitCommitted(group, 0, 5)
		put(k, 0, 5)
		k.WaitCommitted(group, 0, 10)

		net.Restore()
		close(wake)
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
			if got := k.Committed(group, 0); got < 10 {
				t.Fatalf("the committed offset fell from 10 to %d, %v after the zombie woke", got, time.Since(began))
			}
		}
		k.WaitMembers(group, 2)
		put(k, 0, 5)
		k.WaitCommitted(group, 0, 15)
		if !zombie.has(0, 2) {
			t.Error("the zombie did not finish the record it had in hand")
		}
		all := slices.Concat(heir.of(0), zombie.of(0))
		slices.Sort(all)
		if got := slices.Compact(all); !slices.Equal(got, upTo(15)) {
			t.Errorf("processed %v, want all 15", got)
		}
	})
}

// An interruption may come late and hit a round that nobody waits for. What
// the round leaves in hand must not be skipped.
func TestInterruptedRoundSkipsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		put(k, 0, 50)
		var m *member
		started := make(chan struct{})
		m = join(t, k, &journal{handle: func(_ context.Context, r *kgo.Record) error {
			<-started
			if r.Offset%5 == 0 {
				m.Interrupt(t.Context(), nil)
			}
			return nil
		}})
		close(started)
		k.WaitCommitted(group, 0, 50)
		if got := m.of(0); !slices.Equal(got, upTo(50)) {
			t.Errorf("processed %v, want each offset once, in order", got)
		}
	})
}

func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		refuse := k.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, TopLevel: true, Err: kerr.GroupAuthorizationFailed, Count: -1})
		m := join(t, k, &journal{})
		if err := m.Ready(); err == nil {
			t.Error("ready before it joined")
		}
		time.Sleep(time.Second)
		if err := m.Ready(); !errors.Is(err, kerr.GroupAuthorizationFailed) {
			t.Errorf("Ready() = %v, want it to say why", err)
		}
		refuse.Remove()
		k.WaitMembers(group, 1)
		synctest.Wait()
		if err := m.Ready(); err != nil {
			t.Errorf("not ready after the first assignment: %v", err)
		}
	})
}

func claimNothing(context.Context, int32, []int32) (map[int32]int64, error) { return nil, nil }

func TestConfigErrors(t *testing.T) {
	valid := Config{
		Brokers: []string{"127.0.0.1:9092"}, Topic: "t", Group: "g",
		Handle: func(context.Context, *kgo.Record) error { return nil },
	}
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no brokers":        {func(c *Config) { c.Brokers = nil }, "Brokers is empty"},
		"no topic":          {func(c *Config) { c.Topic = "" }, "Topic is empty"},
		"no group":          {func(c *Config) { c.Group = "" }, "Group is empty"},
		"no handle":         {func(c *Config) { c.Handle = nil }, "Handle is nil"},
		"negative poll":     {func(c *Config) { c.MaxPollRecords = -1 }, "MaxPollRecords is -1"},
		"slow heartbeat":    {func(c *Config) { c.HeartbeatInterval = 2 * time.Second }, "at least three heartbeats"},
		"negative duration": {func(c *Config) { c.AttemptTimeout = -1 }, "negative"},
		"no such way":       {func(c *Config) { c.Assignment = "lazy" }, `Assignment is "lazy": give one of [eager cooperative consumer-protocol]`},
		"fenced by epochs":  {func(c *Config) { c.Claim, c.Assignment = claimNothing, ConsumerProtocol }, "leave them out"},
		"fenced statically": {func(c *Config) { c.Claim, c.InstanceID = claimNothing, "a" }, "leave them out"},
	} {
		t.Run(name, func(t *testing.T) {
			config := valid
			test.change(&config)
			if _, err := New(config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New: %v, want an error that contains %q", err, test.want)
			}
		})
	}
	if _, err := New(valid); err != nil {
		t.Errorf("New with a valid config: %v", err)
	}
}
