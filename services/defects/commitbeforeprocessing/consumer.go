// Package commitbeforeprocessing is analytics with a planted defect: it commits the
// offsets of what it has polled, and processes it after that.
//
// People write it because the offsets are at hand right after the poll, because
// it looks safe to "confirm" quickly, or so that a poison record cannot come
// back. It makes the consumer at most once: what is in hand when the process
// dies is committed, so nobody reads it again. No error shows it.
package commitbeforeprocessing

import (
	"context"

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
	m, err := consumer.NewMember(config)
	if err != nil {
		return nil, err
	}
	return &consumer.Poller{
		Member: m,
		Own:    []kgo.Opt{kgo.DisableAutoCommit()},
		Work: func(ctx context.Context, client *kgo.Client, records []*kgo.Record) bool {
			// The defect: these two are in the wrong order.
			if err := client.CommitUncommittedOffsets(ctx); err != nil {
				m.Log.Warn("could not commit", "error", err)
			}
			for _, r := range records {
				if !m.Process(ctx, r) {
					return false
				}
			}
			return true
		},
	}, nil
}
