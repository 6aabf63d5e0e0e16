package consumer

import (
	"context"
	"fmt"
	"slices"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Polling makes the simple loop: poll, work, let the group rebalance. What is
// committed, and when, is the business of its work and its own client option.
func Polling(own kgo.Opt, work Work) NewLoop {
	return func(config Config) (Loop, error) {
		m, err := NewMember(config)
		return &poller{m, own, work}, err
	}
}

// Work takes one poll's records, each partition's in order. While it runs the group
// cannot rebalance. False ends the loop: ctx has ended, and not all records are done
// with.
type Work func(ctx context.Context, m *Member, client *kgo.Client, records []*kgo.Record) bool

type poller struct {
	*Member
	own  kgo.Opt
	work Work
}

// Run implements [Loop].
func (p *poller) Run(ctx context.Context) error {
	clientCtx, cancelClient := ClientContext(ctx)
	defer cancelClient()
	client, err := kgo.NewClient(append(p.ClientOptions(p.own), kgo.WithContext(clientCtx))...)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	defer p.Leave(ctx, client, cancelClient)

	for failures := 0; ; {
		// The client takes a poll as a sign that the records of the one before
		// are done with. One whose context has ended takes no more of them.
		polled := client.PollRecords(ctx, p.MaxPollRecords)
		if !p.work(ctx, p.Member, client, polled.Records()) || ctx.Err() != nil && polled.Empty() {
			return nil
		}
		client.AllowRebalance()
		if err := p.FetchErrors(ctx, polled); err != nil {
			failures++
			p.Log.Warn("poll failed, will try again", "error", err)
			backoff.Wait(ctx, failures, maxRetryDelay)
		} else {
			failures = 0
		}
	}
}

// Process tries r until it is done with, and reports false when ctx ends
// before. An attempt under way is not cut short by that.
func (m *Member) Process(ctx context.Context, r *kgo.Record) bool {
	for failures := 1; m.Attempt(context.WithoutCancel(ctx), r, failures) != nil; failures++ {
		backoff.Wait(ctx, failures, maxRetryDelay)
		if ctx.Err() != nil {
			return false
		}
	}
	return true
}

// ProcessAll tries the records, one after the other, until it is done with each, and
// reports false when ctx ends before.
func (m *Member) ProcessAll(ctx context.Context, records []*kgo.Record) bool {
	return !slices.ContainsFunc(records, func(r *kgo.Record) bool { return !m.Process(ctx, r) })
}
