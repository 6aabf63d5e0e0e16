package consumer

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// autoCommitInterval bounds, together with the rate, how much a crash delivers
// again. Default 5s.
const autoCommitInterval = time.Second

// AutoCommit makes the loop that one writes first: poll, process, poll again,
// and let the client commit in the background. It is at least once all the
// same, because of two things that must not be taken away: the client commits
// only what polls before the latest one returned, and nothing is polled before
// all of the latest one is processed. Give the records to other goroutines, or
// poll on after a failure, and it loses them.
//
// What it gives up against [New]: after a crash a whole interval is read again,
// and a sink that fails for longer than the group waits for a rebalance costs
// the member its place in the group, since it cannot stop in the middle of a
// poll.
func AutoCommit(config Config) (Loop, error) {
	if config.Claim != nil {
		return nil, errors.New("consumer: a loop with auto-commit keeps its offsets in Kafka: take another, or leave out Claim")
	}
	return Polling(kgo.AutoCommitInterval(autoCommitInterval),
		func(ctx context.Context, m *Member, _ *kgo.Client, records []*kgo.Record) bool {
			return m.ProcessAll(ctx, records)
		})(config)
}
