// Package workerswithautocommit is analytics with a planted defect: it hands records to
// a pool of workers and polls on, while the client commits in the background.
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

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
)

const queued = 256 // records that wait for a worker or have one

// New makes the service; it stands for analytics with auto-commit.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Loop = loop
	return analytics.New(config)
}

// pool is a loop that waits for its workers at the end.
type pool struct {
	consumer.Poller
	workers sync.WaitGroup
}

func (p *pool) Run(ctx context.Context) error {
	defer p.workers.Wait()
	return p.Poller.Run(ctx)
}

func loop(config consumer.Config) (consumer.Loop, error) {
	m, err := consumer.NewMember(config)
	if err != nil {
		return nil, err
	}
	free := make(chan struct{}, queued)
	p := &pool{Poller: consumer.Poller{Member: m, Own: []kgo.Opt{kgo.AutoCommitInterval(time.Second)}}}
	p.Work = func(ctx context.Context, _ *kgo.Client, records []*kgo.Record) bool {
		for _, r := range records {
			free <- struct{}{}
			p.workers.Go(func() {
				m.Process(ctx, r)
				<-free
			})
		}
		return true // The defect: they have begun, they are not done.
	}
	return p, nil
}
