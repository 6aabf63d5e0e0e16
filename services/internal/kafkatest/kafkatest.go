// Package kafkatest is a Kafka for tests: one broker in this process, on
// loopback TCP or on a network in memory that testing/synctest can see through.
package kafkatest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Kafka is a broker with one topic.
type Kafka struct {
	*kfake.Cluster
	Topic   string
	Brokers []string
	// Dial reaches the broker; Listen opens more addresses on its network.
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Listen func(network, addr string) (net.Listener, error)

	t          *testing.T
	partitions int
	producer   *kgo.Client
}

// Loopback starts a broker on TCP. It ends with the test. More topics have as
// many partitions.
func Loopback(t *testing.T, partitions int32, more ...string) *Kafka {
	return start(t, partitions, more, (&net.Dialer{}).DialContext, net.Listen)
}

// Virtual starts a broker on a network in memory, for use inside a synctest
// bubble. Addresses are localhost:port with a port of the caller's choice.
func Virtual(t *testing.T, partitions int32, more ...string) *Kafka {
	network := &kfake.VirtualNetwork{}
	return start(t, partitions, more, network.DialContext, network.Listen, kfake.Ports(9092), kfake.ListenFn(network.Listen))
}

func start(t *testing.T, partitions int32, more []string,
	dial func(context.Context, string, string) (net.Conn, error),
	listen func(string, string) (net.Listener, error), opts ...kfake.Opt,
) *Kafka {
	t.Helper()
	k := &Kafka{Topic: "user-events", Dial: dial, Listen: listen, t: t, partitions: int(partitions)}
	opts = append(opts, kfake.NumBrokers(1), kfake.SeedTopics(partitions, append(more, k.Topic)...), kfake.GroupMinSessionTimeout(time.Second),
		kfake.BrokerConfigs(map[string]string{"group.consumer.heartbeat.interval.ms": "100"})) // of KIP-848, where it is the broker's to say
	var err error
	if k.Cluster, err = kfake.NewCluster(opts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	k.Brokers = k.ListenAddrs()

	k.producer, err = kgo.NewClient(
		kgo.SeedBrokers(k.Brokers...),
		kgo.Dialer(dial),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.producer.Close)
	return k
}

// Put appends r to its partition and waits for the acknowledgement.
func (k *Kafka) Put(r *kgo.Record) {
	k.t.Helper()
	r.Topic = k.Topic
	if err := k.producer.ProduceSync(k.t.Context(), r).FirstErr(); err != nil {
		k.t.Fatal(err)
	}
}

// PutEvent appends an event to a partition.
func (k *Kafka) PutEvent(partition int32, e event.Event) {
	k.t.Helper()
	r := e.Record(k.Topic)
	r.Partition = partition
	k.Put(r)
}

// Read returns what a reader of committed records finds in topic from its
// beginning, once it is n records and a second has passed in which no more came.
func (k *Kafka) Read(topic string, n int) (records []*kgo.Record) {
	k.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers...), kgo.Dialer(k.Dial), kgo.ConsumeTopics(topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		k.t.Fatal(err)
	}
	defer client.Close()
	for {
		patience := 30 * time.Second
		if len(records) >= n {
			patience = time.Second
		}
		ctx, cancel := context.WithTimeout(k.t.Context(), patience)
		more := client.PollFetches(ctx).Records()
		cancel()
		if len(more) == 0 {
			return records
		}
		records = append(records, more...)
	}
}

// Committed is the offset that group has committed for a partition, or 0.
func (k *Kafka) Committed(group string, partition int32) int64 {
	info := k.GroupInfo(group)
	if info == nil {
		return 0
	}
	return info.Commits[k.Topic][partition].Offset
}

// WaitCommitted waits until group has committed offset for a partition.
func (k *Kafka) WaitCommitted(group string, partition int32, offset int64) {
	k.t.Helper()
	k.wait(group, func(info *kfake.GroupInfo) bool { return info.Commits[k.Topic][partition].Offset == offset })
}

// WaitMembers waits until group is stable with n members that own all
// partitions.
func (k *Kafka) WaitMembers(group string, n int) {
	k.t.Helper()
	k.wait(group, func(info *kfake.GroupInfo) bool {
		return info.State == "Stable" && len(info.Members) == n && info.NumAssigned() == k.partitions
	})
}

func (k *Kafka) wait(group string, until func(*kfake.GroupInfo) bool) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 30*time.Second)
	defer cancel()
	info, err := k.WaitGroupInfo(ctx, group, func(info *kfake.GroupInfo) bool { return info != nil && until(info) })
	if err != nil {
		k.t.Fatalf("group %s: %v; last seen: %+v", group, err, info)
	}
}
