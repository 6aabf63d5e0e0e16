// Package consumer holds the loops with which a member of a Kafka consumer
// group works, and what they are built from.
//
// The loop of choice is [Consumer], which processes, then commits: at least
// once, in order per partition, never past a record that was not processed.
// [AutoCommit] is the simple one.
//
// One round is: poll records, process them, commit what was processed, let the
// group rebalance. What is in hand (polled but not processed, or processed but
// not committed) is finished before anything new is polled, so at most one
// poll's worth of records is ever delivered again after a crash.
//
// # Rebalances
//
// The group may not move partitions during a round, so a commit never goes out
// for a partition that another member owns by then. So that a slow or hanging
// sink cannot hold up the group for ever, a rebalance that wants to begin ends
// the round early: no new attempt starts, the one under way has 2.5s to
// finish, what was processed is committed, and the rest is read again by
// whoever gets the partition. Heartbeats go on in the background all along.
//
// [Assignment] is eager unless configured otherwise: a member gives up every partition
// before it joins again. The price is that the whole group pauses for a rebalance,
// about one heartbeat interval. With the other two only those partitions pause that
// change hands, and a member goes on reading the rest while it joins; but one that is
// frozen in that moment until its session expires may rejoin under a new identity
// with old positions, and its next commit can take the group's offset back.
//
// # A frozen process
//
// A member that wakes after its session expired finishes the attempt under way
// (an effect may come late: that is inherent), fails to commit because the
// coordinator no longer knows it, drops what it has in hand, and joins again.
package consumer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// rebalanceTimeout is how long the group waits for a member that does not
	// give up its partitions before it goes on without it. Default 60s.
	rebalanceTimeout = 5 * time.Second
	// grace is how long an attempt under way may still take when the member
	// has to stop. One heartbeat (to notice), grace and commitTimeout together
	// fit rebalanceTimeout.
	grace         = 2500 * time.Millisecond
	commitTimeout = 1500 * time.Millisecond
	leaveTimeout  = 2 * time.Second
	// maxRetryDelay caps the back-off between attempts at one record, and so
	// how late a member notices that its sink is back.
	maxRetryDelay = time.Second
)

// Consumer is one member of a group.
type Consumer struct {
	*Member
	client *kgo.Client

	mu         sync.Mutex
	hand       map[int32]*partition // by partition number
	generation int32                // of the assignment that is in force
}

// partition is what this member has in hand of one partition.
type partition struct {
	records     []*kgo.Record   // polled, not yet processed, in order
	next        kgo.EpochOffset // the next offset to read
	uncommitted bool            // next has moved since it was last committed
}

// New checks config and fills in its defaults. Nothing runs before Run.
func New(config Config) (*Consumer, error) {
	member, err := NewMember(config)
	if err != nil {
		return nil, err
	}
	return &Consumer{Member: member, hand: map[int32]*partition{}}, nil
}

// ProcessThenCommit is [New] as a [NewLoop].
func ProcessThenCommit(config Config) (Loop, error) { return New(config) }

func (c *Consumer) options() []kgo.Opt {
	options := []kgo.Opt{
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsCallbackBlocked(c.Interrupt),
		kgo.OnPartitionsAssigned(c.assigned),
		kgo.OnPartitionsRevoked(c.dropped("revoked")),
		kgo.OnPartitionsLost(c.dropped("lost")),
	}
	if c.Claim != nil {
		options = append(options, kgo.AdjustFetchOffsetsFn(c.claim))
	}
	return c.ClientOptions(options...)
}

// Run consumes until ctx ends. Then it finishes the records in hand (one more
// attempt each, all within a few seconds), commits, leaves the group and
// returns nil.
func (c *Consumer) Run(ctx context.Context) error {
	clientCtx, cancelClient := ClientContext(ctx)
	defer cancelClient()
	client, err := kgo.NewClient(append(c.options(), kgo.WithContext(clientCtx))...)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	c.client = client
	defer c.Leave(ctx, client, cancelClient)

	for failures := 0; ctx.Err() == nil; {
		err := c.round(ctx)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		c.Log.Warn("consumer round failed, will try again", "error", err)
		backoff.Wait(ctx, failures, maxRetryDelay)
	}
	return nil
}

// round is one turn of the loop: poll, process, commit.
func (c *Consumer) round(ctx context.Context) error {
	round, endRound := c.BeginRound()
	defer endRound()
	defer c.client.AllowRebalance()
	polled := c.poll(ctx)
	c.process(ctx, round)
	return errors.Join(polled, c.commit(context.WithoutCancel(ctx)))
}

// poll takes new records in hand, unless something still is. Either way the
// group cannot rebalance from here to AllowRebalance.
func (c *Consumer) poll(ctx context.Context) error {
	c.mu.Lock()
	unfinished := len(c.hand) > 0
	c.mu.Unlock()
	if unfinished {
		// A poll whose context has ended takes no records, but holds off
		// rebalances like any other, after letting a waiting one go first.
		ended, cancel := context.WithCancel(ctx)
		cancel()
		ctx = ended
	}

	fetches := c.client.PollRecords(ctx, c.MaxPollRecords)
	c.mu.Lock()
	defer c.mu.Unlock()
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		if c.hand[p.Partition] == nil {
			c.hand[p.Partition] = &partition{}
		}
		c.hand[p.Partition].records = append(c.hand[p.Partition].records, p.Records...)
	})
	return c.FetchErrors(ctx, fetches)
}

// process works off the records in hand, partitions side by side, until all
// are done or the round has to end.
func (c *Consumer) process(ctx, round context.Context) {
	attempts, cancel := Attempts(ctx, round, grace)
	defer cancel()
	c.mu.Lock()
	hand := slices.Collect(maps.Values(c.hand))
	c.mu.Unlock()
	var workers sync.WaitGroup
	for _, p := range hand {
		workers.Go(func() {
			for len(p.records) > 0 && c.processed(ctx, round, attempts, p.records[0]) {
				r := p.records[0]
				p.records = p.records[1:]
				p.next = kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset + 1}
				p.uncommitted = true
			}
		})
	}
	workers.Wait()
}

// processed tries one record until it succeeds or is skipped. It gives up, and
// reports false, when the round has to end.
func (c *Consumer) processed(ctx, round, attempts context.Context, r *kgo.Record) bool {
	for failures := 1; ; failures++ {
		if round.Err() != nil || attempts.Err() != nil {
			return false
		}
		if c.Attempt(attempts, r, failures) == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false // shutting down: one attempt each
		case <-round.Done():
			return false
		case <-time.After(backoff.Delay(failures, maxRetryDelay)):
		}
	}
}

// commit commits, in one request, the next offset to read of every partition
// of which something was processed, and waits for the answer.
func (c *Consumer) commit(ctx context.Context) error {
	offsets := map[int32]kgo.EpochOffset{}
	c.mu.Lock()
	for number, p := range c.hand {
		if p.uncommitted {
			offsets[number] = p.next
		}
	}
	c.mu.Unlock()

	var committed []int32
	var errs []error
	switch {
	case len(offsets) == 0:
	case c.Claim != nil:
		committed = slices.Collect(maps.Keys(offsets)) // by the sink, with each effect
	default:
		ctx, cancel := context.WithTimeout(ctx, commitTimeout)
		defer cancel()
		byTopic := map[string]map[int32]kgo.EpochOffset{c.Topic: offsets}
		c.client.CommitOffsetsSync(ctx, byTopic, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
			committed, err = outcome(answer, err)
			errs = append(errs, err)
		})
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	for _, number := range committed {
		c.hand[number].uncommitted = false
	}
	maps.DeleteFunc(c.hand, func(_ int32, p *partition) bool {
		return len(p.records) == 0 && !p.uncommitted
	})
	return errors.Join(errs...)
}

// outcome reports which partitions a commit request did commit.
func outcome(answer *kmsg.OffsetCommitResponse, err error) (committed []int32, _ error) {
	if err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	var errs []error
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				errs = append(errs, fmt.Errorf("commit partition %d: %w", p.Partition, err))
				continue
			}
			committed = append(committed, p.Partition)
		}
	}
	return committed, errors.Join(errs...)
}

func (c *Consumer) assigned(ctx context.Context, client *kgo.Client, added map[string][]int32) {
	c.mu.Lock()
	_, c.generation = client.GroupMetadata()
	c.mu.Unlock()
	c.Assigned(ctx, client, added)
}

// claim replaces the offsets that the group knows (none: nothing was ever
// committed) by those that the sink keeps. The client calls it after assigned
// and before it fetches, and ends ctx when the assignment ends.
func (c *Consumer) claim(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	c.mu.Lock()
	generation := c.generation
	c.mu.Unlock()
	numbers := slices.Sorted(maps.Keys(offsets[c.Topic]))
	for failures := 1; len(numbers) > 0; failures++ {
		next, err := c.Claim(ctx, generation, numbers)
		if err == nil {
			for _, number := range numbers { // and no other: they may be in other hands
				if offset, ok := next[number]; ok {
					offsets[c.Topic][number] = kgo.NewOffset().At(offset)
				}
			}
			break
		}
		c.Log.Warn("could not read where to go on, will try again", "partitions", numbers, "error", err)
		backoff.Wait(ctx, failures, maxRetryDelay)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return offsets, nil
}

// dropped forgets what is in hand of partitions that are not ours any more.
// The client calls it between rounds only.
func (c *Consumer) dropped(how string) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
		numbers := gone[c.Topic]
		if len(numbers) == 0 {
			return
		}
		c.Log.Info("partitions "+how, "topic", c.Topic, "partitions", numbers)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, number := range numbers {
			delete(c.hand, number)
		}
	}
}
