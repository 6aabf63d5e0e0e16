package defects

import (
	"context"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/twmb/franz-go/pkg/kgo"
)

// These stand for analytics as it is by default.

// commitBeforeProcessing commits the offsets of what it has polled, and processes it
// after that.
//
// People write it because the offsets are at hand right after the poll, because
// it looks safe to "confirm" quickly, or so that a poison record cannot come
// back. It makes the consumer at most once: what is in hand when the process
// dies is committed, so nobody reads it again. No error shows it.
func commitBeforeProcessing(config *analytics.Config) {
	config.Loop = consumer.Polling(kgo.DisableAutoCommit(),
		func(ctx context.Context, m *consumer.Member, client *kgo.Client, records []*kgo.Record) bool {
			// The defect: these two are in the wrong order.
			commit(ctx, m, client)
			return m.ProcessAll(ctx, records)
		})
}

// commitPastFailure goes on after some attempts, and commits the offset behind the
// record that failed.
//
// People write it against retrying for ever: three attempts, then the next
// record. Nothing reports it, but a commit is about all records before an offset,
// not about one. So the record that failed is done with as far as Kafka knows,
// and what was a short failure of the database is a loss.
func commitPastFailure(config *analytics.Config) {
	const attempts = 3
	config.Loop = consumer.Polling(kgo.DisableAutoCommit(),
		func(ctx context.Context, m *consumer.Member, client *kgo.Client, records []*kgo.Record) bool {
			for _, r := range records {
				for n := 1; n <= attempts && m.Attempt(context.WithoutCancel(ctx), r, n) != nil; n++ {
					time.Sleep(100 * time.Millisecond)
				}
				// The defect: whether any attempt succeeded is not asked.
			}
			commit(ctx, m, client)
			return true
		})
}

func commit(ctx context.Context, m *consumer.Member, client *kgo.Client) {
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		m.Log.Warn("could not commit", "error", err)
	}
}

// readUncommitted also reads the records of transactions that were aborted.
//
// People do not write it, they leave it: it is the default of every client
// (isolation.level=read_uncommitted). It goes unnoticed as long as producers use
// no transactions. From then on events take effect that their producer has taken
// back, and those it sends again take effect twice, under two offsets.
func readUncommitted(config *analytics.Config) {
	config.Consumer.Options = append(config.Consumer.Options,
		kgo.FetchIsolationLevel(kgo.ReadUncommitted())) // The defect: ReadCommitted.
}

// startAtLatest starts at the end of the topic where its group has no committed
// offset.
//
// People do not write it, they leave it: it is the default of the Java client
// (auto.offset.reset=latest) and of many that follow it. All that was published
// before the group's first commit is skipped: before the first deployment, in a
// partition that was added later and found later, and after the offsets have
// expired over a long stop.
func startAtLatest(config *analytics.Config) {
	config.Consumer.Options = append(config.Consumer.Options,
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd())) // The defect: AtStart.
}

// partitionOffsets are where to read on, by topic and partition.
type partitionOffsets = map[string]map[int32]kgo.Offset

// seekToEndOnRebalance goes to the end of its partitions whenever it is given some.
//
// People write it for a dashboard that only needs what is new, or against the
// flood of old records after a restart, and it is copied from there. Every
// restart, every deployment and every member that comes or goes then skips all
// that was published since the last commit.
func seekToEndOnRebalance(config *analytics.Config) {
	config.Consumer.Options = append(config.Consumer.Options, kgo.AdjustFetchOffsetsFn(
		func(_ context.Context, offsets partitionOffsets) (partitionOffsets, error) {
			for _, partitions := range offsets {
				for number := range partitions {
					partitions[number] = kgo.NewOffset().AtEnd() // The defect: this was the committed offset.
				}
			}
			return offsets, nil
		}))
}

// skipFirstAfterRebalance passes over the first record of each partition that it
// takes up again.
//
// People write it who take the committed offset for that of the last record
// processed. It is that of the next one: what they commit is right, since the
// client adds the one for them, and what they "have already seen" after a
// rebalance is the one record that nobody has. One event for each partition and
// rebalance is lost.
func skipFirstAfterRebalance(config *analytics.Config) {
	config.Loop = func(config consumer.Config) (consumer.Loop, error) {
		var committed sync.Map // by partition
		config.Options = append(config.Options, kgo.AdjustFetchOffsetsFn(
			func(_ context.Context, offsets partitionOffsets) (partitionOffsets, error) {
				for number, offset := range offsets[config.Topic] {
					committed.Store(number, offset.EpochOffset().Offset)
				}
				return offsets, nil
			}))
		handle := config.Handle
		config.Handle = func(ctx context.Context, r *kgo.Record) error {
			if last, ok := committed.Load(r.Partition); ok && r.Offset <= last.(int64) { // The defect: < would do no harm.
				return nil
			}
			return handle(ctx, r)
		}
		return consumer.New(config)
	}
}

// workersWithAutoCommit hands records to a pool of workers and polls on, while the
// client commits in the background. It stands for analytics with auto-commit.
//
// People write it when one thread is too slow; auto-commit was there before,
// and went well. But auto-commit takes the next poll as the sign that the last
// one's records are done with, and now that only means that they are queued.
// What waits or is being worked on when the process dies is lost, the more the
// slower the sink; and the order within a key is gone besides.
func workersWithAutoCommit(config *analytics.Config) {
	const waiting = 500
	config.Loop = func(config consumer.Config) (consumer.Loop, error) {
		queue := make(chan func(), waiting)
		loop, err := consumer.Polling(kgo.AutoCommitInterval(time.Second),
			func(ctx context.Context, m *consumer.Member, _ *kgo.Client, records []*kgo.Record) bool {
				for _, r := range records {
					queue <- func() { m.Process(ctx, r) }
				}
				return true // The defect: they are queued, they are not done.
			})(config)
		return pool{loop, queue}, err
	}
}

// pool is a loop with workers beside it.
type pool struct {
	consumer.Loop
	queue chan func()
}

func (p pool) Run(ctx context.Context) error {
	const workers = 2
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for process := range p.queue {
				process()
			}
		})
	}
	defer working.Wait()
	defer close(p.queue)
	return p.Loop.Run(ctx)
}
