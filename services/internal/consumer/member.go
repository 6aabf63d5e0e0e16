package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/kafka"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Loop is a way to consume. [New], [AutoCommit] and the others that make one
// differ in when they commit.
type Loop interface {
	// Run consumes until ctx ends, finishes or leaves what is in hand, leaves
	// the group and returns nil.
	Run(ctx context.Context) error
	// Ready returns nil once the group has given this member its first
	// assignment, even an empty one, and reports what is missing before.
	Ready() error
}

// Assignment is how a group divides the partitions among its members. All members
// of one group must agree.
type Assignment string

// Ways to divide partitions. What each costs while it happens is in the package's
// comment.
const (
	// Eager: every member gives up all it has, and then each gets its share.
	Eager Assignment = "eager"
	// Cooperative: only what changes hands is given up, in a second rebalance
	// (KIP-429).
	Cooperative Assignment = "cooperative"
	// ConsumerProtocol: the coordinator divides, and tells each member what to give up
	// and what to take (KIP-848). Session time-out and heartbeat interval are the
	// broker's. A broker that does not know it gets Eager.
	ConsumerProtocol Assignment = "consumer-protocol"
)

// Assignments are all of them.
var Assignments = []Assignment{Eager, Cooperative, ConsumerProtocol}

// NewLoop makes a loop that is not running yet.
type NewLoop func(Config) (Loop, error)

// Config describes one member of a consumer group. Brokers, Topic, Group and
// Handle are required. A tag names the environment's variable for a setting, and fix
// completes the sentence "set it to …" in the error about it.
type Config struct {
	Brokers []string `env:"KAFKA_BROKERS" fix:"host:port,host:port"` // each a seed
	Topic   string   `env:"KAFKA_TOPIC" envDefault:"user-events" fix:"a topic's name"`
	Group   string   `env:"KAFKA_GROUP" fix:"a consumer group's name"`
	// ClientID names this instance in the broker's log and metrics. Default:
	// the group's name.
	ClientID string `env:"KAFKA_INSTANCE" fix:"a client id"`
	// Assignment is how the group divides its partitions. Default [Eager].
	Assignment Assignment `env:"ASSIGNMENT" envDefault:"eager" fix:"eager, cooperative or consumer-protocol"`
	// InstanceID makes this a static member (KIP-345): it does not leave when it
	// stops, and one that is back under the same id within the session time-out gets
	// its partitions again without a rebalance; until then nobody reads them. No two
	// running members may share it. Default: none, a dynamic member.
	InstanceID string `env:"GROUP_INSTANCE_ID" fix:"a name that no other member of the group has"`
	// SessionTimeout is how long the coordinator waits for a heartbeat before
	// it gives this member's partitions to others. Default 3s; the broker's
	// group.min.session.timeout.ms must allow it.
	SessionTimeout time.Duration `env:"SESSION_TIMEOUT" envDefault:"3s" fix:"a positive duration like 3s"`
	// HeartbeatInterval is at most a third of SessionTimeout. Default 500ms.
	HeartbeatInterval time.Duration `env:"HEARTBEAT_INTERVAL" envDefault:"500ms" fix:"a positive duration like 500ms"`
	// FetchMaxWait is how long a broker may hold a fetch that has nothing to
	// answer. Default 250ms.
	FetchMaxWait time.Duration `env:"FETCH_MAX_WAIT" envDefault:"250ms" fix:"a positive duration like 250ms"`
	// MaxPollRecords bounds one round, and so how much a crash delivers
	// again. Default 100.
	MaxPollRecords int `env:"MAX_POLL_RECORDS" envDefault:"100" fix:"a positive number like 100"`
	// AttemptTimeout bounds one attempt at one record. Default 5s.
	AttemptTimeout time.Duration
	// Options are more settings of the client. They come last, and win.
	Options []kgo.Opt
	Dial    kafka.Dial   // nil means net.Dialer
	Log     *slog.Logger // nil means slog.Default()
	// Handle processes one record. An error that wraps a [Fatal] says that no
	// retry can help; after any other it is tried again with back-off. Calls
	// for one partition are in order and never overlap; different partitions
	// run side by side.
	Handle func(context.Context, *kgo.Record) error
	// Skip is notified of each record that is passed over because of a Fatal. An
	// error makes it be told again. It may be nil.
	Skip func(context.Context, *kgo.Record) error
	// Claim is for a sink that keeps the group's offsets itself: nothing is
	// committed to Kafka then. It reports where each of the partitions that were
	// assigned in this generation of the group goes on; what it leaves out
	// starts at the beginning. After an error it is asked again, until ctx ends
	// because the assignment does. It may be nil.
	Claim func(ctx context.Context, generation int32, partitions []int32) (next map[int32]int64, err error)
}

func (c Config) withDefaults() Config {
	c.ClientID = cmp.Or(c.ClientID, c.Group)
	c.Assignment = cmp.Or(c.Assignment, Eager)
	c.SessionTimeout = cmp.Or(c.SessionTimeout, 3*time.Second)
	c.HeartbeatInterval = cmp.Or(c.HeartbeatInterval, 500*time.Millisecond)
	c.FetchMaxWait = cmp.Or(c.FetchMaxWait, 250*time.Millisecond)
	c.MaxPollRecords = cmp.Or(c.MaxPollRecords, 100)
	c.AttemptTimeout = cmp.Or(c.AttemptTimeout, 5*time.Second)
	c.Log = cmp.Or(c.Log, slog.Default())
	return c
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
	if !slices.Contains(Assignments, c.Assignment) {
		errs = append(errs, fmt.Errorf("Assignment is %q: give one of %v", c.Assignment, Assignments))
	}
	if c.Claim != nil && (c.Assignment == ConsumerProtocol || c.InstanceID != "") {
		// Of the one each member has an epoch of its own, and of the other the next
		// incarnation has the same generation.
		errs = append(errs, fmt.Errorf("Claim fences by the group's generation, which does not distinguish owners  with Assignment %s and InstanceID %q: leave them out",
			c.Assignment, c.InstanceID))
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

// Member is what every loop is built on: the settings of a client that is a
// member of the group, and whether the group has let it in.
type Member struct {
	Config               // with its defaults filled in
	ready  chan struct{} // closed by the first assignment

	mu       sync.Mutex
	joining  error // why the group did not let this member in
	endRound context.CancelFunc
}

// NewMember checks config and fills in its defaults.
func NewMember(config Config) (*Member, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	m := &Member{Config: config, ready: make(chan struct{}), endRound: func() {}}
	if err := kgo.ValidateOpts(m.ClientOptions()...); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	return m, nil
}

// ClientOptions are the client's settings: those that all loops share, the
// loop's own, and last those of the Config. A loop that sets OnPartitionsAssigned
// must call Assigned there.
func (m *Member) ClientOptions(own ...kgo.Opt) []kgo.Opt {
	options := append(kafka.Options(m.Brokers, m.ClientID, m.Dial, m.Log),
		kgo.ConsumerGroup(m.Group),
		kgo.ConsumeTopics(m.Topic),
		// Earliest, both for a new group and where the committed offset is no
		// longer in the log: rather read again than skip.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// Default: also records of transactions that are aborted later.
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(m.FetchMaxWait),
		kgo.SessionTimeout(m.SessionTimeout),
		kgo.HeartbeatInterval(m.HeartbeatInterval),
		kgo.RebalanceTimeout(rebalanceTimeout),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(m.Assigned),
	)
	switch {
	case m.Assignment == Cooperative:
		options = append(options, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	case m.Assignment == ConsumerProtocol:
		options = append(options, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	case m.InstanceID != "":
		options = append(options, kgo.Balancers(sameWords{kgo.RangeBalancer()}))
	default:
		// Sticky, so that a member mostly gets back what it had; range, to share a
		// group with other clients.
		options = append(options, kgo.Balancers(kgo.StickyBalancer(), kgo.RangeBalancer()))
	}
	if m.InstanceID != "" {
		options = append(options, kgo.InstanceID(m.InstanceID))
	}
	return append(append(options, own...), m.Options...)
}

// sameWords joins without a word of the generation and the partitions that the member
// has, so that one that is back joins as it did before, and a coordinator that
// compares sees that nothing has changed.
type sameWords struct{ kgo.GroupBalancer }

func (b sameWords) JoinGroupMetadata(topics []string, _ map[string][]int32, _ int32) []byte {
	return b.GroupBalancer.JoinGroupMetadata(topics, nil, -1)
}

// Ready implements [Loop].
func (m *Member) Ready() error {
	select {
	case <-m.ready:
		return nil
	default:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.joining != nil {
		return fmt.Errorf("consumer group %s: %w", m.Group, m.joining)
	}
	return fmt.Errorf("waiting for the first assignment of consumer group %s", m.Group)
}

// Assigned is the client's callback that makes the member ready.
func (m *Member) Assigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	m.Log.Info("partitions assigned", "topic", m.Topic, "partitions", added[m.Topic])
	select {
	case <-m.ready:
	default:
		close(m.ready)
	}
}

// BeginRound is for a loop that works in rounds. What it returns ends with the call of
// end, and as soon as a rebalance waits; should that come late and hit the next round,
// what is left in hand is to be taken up again. A round begins before its poll: from the
// moment that the poll holds off rebalances, an interruption must find a round to end.
func (m *Member) BeginRound() (round context.Context, end context.CancelFunc) {
	round, end = context.WithCancel(context.Background())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endRound = end
	return round, end
}

// Interrupt is the client's callback that ends the round in progress.
func (m *Member) Interrupt(context.Context, *kgo.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endRound()
}

// Attempts is a context that ends when the time of grace is over that begins with the
// end of the round or of ctx.
func Attempts(ctx, round context.Context, grace time.Duration) (attempts context.Context, cancel context.CancelFunc) {
	attempts, end := context.WithCancel(context.WithoutCancel(ctx))
	later := func() {
		backoff.Sleep(attempts, grace)
		end()
	}
	stops := [...]func() bool{context.AfterFunc(round, later), context.AfterFunc(ctx, later)}
	return attempts, func() {
		for _, stop := range stops {
			stop()
		}
		end()
	}
}

// FetchErrors are what went wrong with a poll that ctx did not end. They are
// for the log: the client tries again by itself.
func (m *Member) FetchErrors(ctx context.Context, polled kgo.Fetches) error {
	var errs []error
	polled.EachError(func(topic string, number int32, err error) {
		if notJoined := (*kgo.ErrGroupSession)(nil); errors.As(err, &notJoined) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.joining = notJoined.Err // the client has logged it
		} else if ctx.Err() == nil {
			errs = append(errs, fmt.Errorf("fetch %s/%d: %w", topic, number, err))
		}
	})
	return errors.Join(errs...)
}

// ClientContext is for [kgo.WithContext]. It does not end with ctx, since the
// client still has to commit and leave, but with the call of Leave.
func ClientContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(context.WithoutCancel(ctx))
}

// Leave leaves the group and closes the client, all within a few seconds.
// cancel ends the client's own context.
func (m *Member) Leave(ctx context.Context, client *kgo.Client, cancel context.CancelFunc) {
	client.AllowRebalance()
	ctx, giveUp := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer giveUp()
	if err := client.LeaveGroupContext(ctx); err != nil {
		m.Log.Warn("could not leave the consumer group, which will notice after the session time-out", "error", err)
	}
	cancel() // without it Close would wait for an answer that may never come
	client.Close()
	client.AllowRebalance() // Close polls a last time, which would hold up a goroutine of the client's for ever
}
