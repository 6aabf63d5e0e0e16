// Package skipfirstafterrebalance is analytics with a planted defect: it passes over the
// first record of each partition that it takes up again.
//
// People write it who take the committed offset for that of the last record
// processed. It is that of the next one: what they commit is right, since the
// client adds the one for them, and what they "have already seen" after a
// rebalance is the one record that nobody has. One event for each partition and
// rebalance is lost.
package skipfirstafterrebalance

import (
	"context"
	"sync"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/twmb/franz-go/pkg/kgo"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Loop = loop
	return analytics.New(config)
}

func loop(config consumer.Config) (consumer.Loop, error) {
	var committed sync.Map // by partition
	config.Options = append(config.Options, kgo.AdjustFetchOffsetsFn(
		func(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
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
