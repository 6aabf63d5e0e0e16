// Package workerswithautocommit is analytics with a planted defect: it hands
// records to a pool of workers and polls on, while the client commits in the
// background.
//
// People write it when one thread is too slow; auto-commit was there before,
// and went well. But auto-commit takes the next poll as the sign that the last
// one's records are done with, and now that only means that they are queued.
// What waits or is being worked on when the process dies is lost, the more the
// slower the sink; and the order within a key is gone besides.
package workerswithautocommit

import (
	"context"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/twmb/franz-go/pkg/kgo"
)

const workers, waiting = 2, 500

// New makes the service; it stands for analytics with auto-commit.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Loop = loop
	return analytics.New(config)
}

// pool is a loop with workers beside it.
type pool struct {
	consumer.Poller
	queue chan *kgo.Record
}

func loop(config consumer.Config) (consumer.Loop, error) {
	m, err := consumer.NewMember(config)
	if err != nil {
		return nil, err
	}
	p := &pool{queue: make(chan *kgo.Record, waiting)}
	p.Poller = consumer.Poller{Member: m, Own: []kgo.Opt{kgo.AutoCommitInterval(time.Second)}, Work: p.enqueue}
	return p, nil
}

func (p *pool) enqueue(_ context.Context, _ *kgo.Client, records []*kgo.Record) bool {
	for _, r := range records {
		p.queue <- r
	}
	return true // The defect: they are queued, they are not done.
}

func (p *pool) Run(ctx context.Context) error {
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for r := range p.queue {
				p.Process(ctx, r)
			}
		})
	}
	defer working.Wait()
	defer close(p.queue)
	return p.Poller.Run(ctx)
}
