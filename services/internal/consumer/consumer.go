// Package consumer is a Kafka consumer group's member that processes, then
// commits: at least once, in order per partition, never past a record that was
// not processed.
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
// Assignment is eager: a member gives up every partition before it joins
// again. With cooperative assignment it would keep reading some of them while
// it joins; a member frozen in that moment until its session expired would
// rejoin under a new identity with old positions, and its next commit could
// take the group's offset back. The price is that the whole group pauses
// for a rebalance, about one heartbeat interval.
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
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/kafka"
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

// ErrUndecodable marks a record that no retry can help. It is logged at error
// level with its topic, partition and offset, and counts as processed.
var ErrUndecodable = errors.New("record cannot be decoded")

// Config describes one member of a consumer group. Brokers, Topic, Group and
// Handle are required.
type Config struct {
	Brokers []string // host:port, each a seed
	Topic   string
	Group   string
	// ClientID names this instance in the broker's log and metrics. Default:
	// the group's name.
	ClientID string
	// SessionTimeout is how long the coordinator waits for a heartbeat before
	// it gives this member's partitions to others. Default 3s; the broker's
	// group.min.session.timeout.ms must allow it.
	SessionTimeout time.Duration
	// HeartbeatInterval is at most a third of SessionTimeout. Default 500ms.
	HeartbeatInterval time.Duration
	// FetchMaxWait is how long a broker may hold a fetch that has nothing to
	// answer. Default 250ms.
	FetchMaxWait time.Duration
	// MaxPollRecords bounds one round, and so how much a crash delivers
	// again. Default 100.
	MaxPollRecords int
	// AttemptTimeout bounds one attempt at one record. Default 5s.
	AttemptTimeout time.Duration
	Dial           kafka.Dial   // nil means net.Dialer
	Log            *slog.Logger // nil means slog.Default()
	// Handle processes one record. It is tried again with back-off until it
	// returns nil or an error that wraps ErrUndecodable. Calls for one
	// partition are in order and never overlap; different partitions run side
	// by side.
	Handle func(context.Context, *kgo.Record) error
}

// Consumer is one member of a group.
type Consumer struct {
	config  Config
	options []kgo.Opt
	client  *kgo.Client
	ready   chan struct{} // closed by the first assignment

	mu       sync.Mutex
	joining  error                // why the group did not let this member in
	hand     map[int32]*partition // by partition number
	endRound context.CancelFunc
}

// partition is what this member has in hand of one partition.
type partition struct {
	records     []*kgo.Record   // polled, not yet processed, in order
	next        kgo.EpochOffset // the next offset to read
	uncommitted bool            // next has moved since it was last committed
}

// New checks config and fills in its defaults. Nothing runs before Run.
func New(config Config) (*Consumer, error) {
	setDefault(&config.ClientID, config.Group)
	setDefault(&config.SessionTimeout, 3*time.Second)
	setDefault(&config.HeartbeatInterval, 500*time.Millisecond)
	setDefault(&config.FetchMaxWait, 250*time.Millisecond)
	setDefault(&config.MaxPollRecords, 100)
	setDefault(&config.AttemptTimeout, 5*time.Second)
	setDefault(&config.Log, slog.Default())
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}

	c := &Consumer{config: config, ready: make(chan struct{}), hand: map[int32]*partition{}, endRound: func() {}}
	c.options = append(kafka.Options(config.Brokers, config.ClientID, config.Dial, config.Log),
		kgo.ConsumerGroup(config.Group),
		kgo.ConsumeTopics(config.Topic),
		// Earliest, both for a new group and where the committed offset is no
		// longer in the log: rather read again than skip.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// Default: also records of transactions that are aborted later.
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(config.FetchMaxWait),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(config.SessionTimeout),
		kgo.HeartbeatInterval(config.HeartbeatInterval),
		kgo.RebalanceTimeout(rebalanceTimeout),
		// Eager; see the package's comment. Sticky, so that a member mostly
		// gets back what it had; range, to share a group with other clients.
		kgo.Balancers(kgo.StickyBalancer(), kgo.RangeBalancer()),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsCallbackBlocked(func(context.Context, *kgo.Client) { c.interrupt() }),
		kgo.OnPartitionsAssigned(c.assigned),
		kgo.OnPartitionsRevoked(c.dropped("revoked")),
		kgo.OnPartitionsLost(c.dropped("lost")),
	)
	if err := kgo.ValidateOpts(c.options...); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("Brokers is empty: give at least one host:port"))
	}
	if c.Topic == "" {
		errs = append(errs, errors.New("Topic is empty: name the topic to read"))
	}
	if c.Group == "" {
		errs = append(errs, errors.New("Group is empty: name the consumer group to join"))
	}
	if c.Handle == nil {
		errs = append(errs, errors.New("Handle is nil: give the function that processes a record"))
	}
	if c.MaxPollRecords < 0 {
		errs = append(errs, fmt.Errorf("MaxPollRecords is %d: give at least 1", c.MaxPollRecords))
	}
	if c.SessionTimeout < 3*c.HeartbeatInterval {
		errs = append(errs, fmt.Errorf("SessionTimeout is %v and HeartbeatInterval %v: give the session at least three heartbeats",
			c.SessionTimeout, c.HeartbeatInterval))
	}
	if c.HeartbeatInterval < 0 || c.FetchMaxWait < 0 || c.AttemptTimeout < 0 {
		errs = append(errs, errors.New("HeartbeatInterval, FetchMaxWait or AttemptTimeout is negative: give a positive duration"))
	}
	return errors.Join(errs...)
}

// Ready returns nil once the group has given this member its first assignment,
// even an empty one, and says what is missing before.
func (c *Consumer) Ready() error {
	select {
	case <-c.ready:
		return nil
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.joining != nil {
		return fmt.Errorf("consumer group %s: %w", c.config.Group, c.joining)
	}
	return fmt.Errorf("waiting for the first assignment of consumer group %s", c.config.Group)
}

// Run consumes until ctx ends. Then it finishes the records in hand (one more
// attempt each, all within a few seconds), commits, leaves the group and
// returns nil.
func (c *Consumer) Run(ctx context.Context) error {
	// The client's own context is not ctx: it still has to commit and leave.
	clientCtx, cancelClient := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelClient()
	client, err := kgo.NewClient(append(c.options, kgo.WithContext(clientCtx))...)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	c.client = client
	defer func() {
		client.AllowRebalance()
		leave, cancel := context.WithTimeout(clientCtx, leaveTimeout)
		defer cancel()
		if err := client.LeaveGroupContext(leave); err != nil {
			c.config.Log.Warn("could not leave the consumer group, which will notice after the session time-out", "error", err)
		}
		cancelClient() // without it Close would wait for an answer that may never come
		client.Close()
	}()

	for failures := 0; ctx.Err() == nil; {
		err := c.round(ctx)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		c.config.Log.Warn("consumer round failed, will try again", "error", err)
		sleep(ctx, backoff.Delay(failures, maxRetryDelay))
	}
	return nil
}

// round is one turn of the loop: poll, process, commit.
func (c *Consumer) round(ctx context.Context) error {
	// It begins before the poll: from the moment that the poll holds off
	// rebalances, an interruption must find a round to end.
	round, endRound := context.WithCancel(context.Background())
	defer endRound()
	c.mu.Lock()
	c.endRound = endRound
	c.mu.Unlock()

	defer c.client.AllowRebalance()
	polled := c.poll(ctx)
	c.process(ctx, round)
	return errors.Join(polled, c.commit(context.WithoutCancel(ctx)))
}

// interrupt ends the round in progress because a rebalance waits for it.
// Should it come late and hit the next round, nothing is lost: what is left in
// hand is taken up again.
func (c *Consumer) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endRound()
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

	fetches := c.client.PollRecords(ctx, c.config.MaxPollRecords)
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
	var errs []error
	fetches.EachError(func(topic string, number int32, err error) {
		if notJoined := (*kgo.ErrGroupSession)(nil); errors.As(err, &notJoined) {
			c.joining = notJoined.Err // the client has logged it and tries again
		} else if ctx.Err() == nil {
			errs = append(errs, fmt.Errorf("fetch %s/%d: %w", topic, number, err))
		}
	})
	return errors.Join(errs...)
}

// process works off the records in hand, partitions side by side, until all
// are done or the round has to end.
func (c *Consumer) process(ctx, round context.Context) {
	// attempts ends some time after the round or ctx did.
	attempts, cancelAttempts := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelAttempts()
	cancelLater := func() {
		sleep(attempts, grace)
		cancelAttempts()
	}
	defer context.AfterFunc(round, cancelLater)()
	defer context.AfterFunc(ctx, cancelLater)()

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

// processed tries one record until it succeeds. It gives up, and reports
// false, when the round has to end.
func (c *Consumer) processed(ctx, round, attempts context.Context, r *kgo.Record) bool {
	log := c.config.Log.With("topic", r.Topic, "partition", r.Partition, "offset", r.Offset)
	for failures := 1; ; failures++ {
		if round.Err() != nil || attempts.Err() != nil {
			return false
		}
		attempt, cancel := context.WithTimeout(attempts, c.config.AttemptTimeout)
		err := c.config.Handle(attempt, r)
		cancel()
		switch {
		case err == nil:
			return true
		case errors.Is(err, ErrUndecodable):
			log.Error("record skipped", "error", err)
			return true
		}
		log.Warn("record failed, will try again", "attempt", failures, "error", err)
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
	if len(offsets) > 0 {
		ctx, cancel := context.WithTimeout(ctx, commitTimeout)
		defer cancel()
		byTopic := map[string]map[int32]kgo.EpochOffset{c.config.Topic: offsets}
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

// outcome tells which partitions a commit request did commit.
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

func (c *Consumer) assigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	c.config.Log.Info("partitions assigned", "topic", c.config.Topic, "partitions", added[c.config.Topic])
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
}

// dropped forgets what is in hand of partitions that are not ours any more.
// The client calls it between rounds only.
func (c *Consumer) dropped(how string) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
		numbers := gone[c.config.Topic]
		if len(numbers) == 0 {
			return
		}
		c.config.Log.Info("partitions "+how, "topic", c.config.Topic, "partitions", numbers)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, number := range numbers {
			delete(c.hand, number)
		}
	}
}

// sleep waits for d, or less if ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
