package consumer

import (
	"context"
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Poller is the frame of a simple loop: poll, work, let the group rebalance.
// What is committed, and when, is the business of its Work and its Own options.
type Poller struct {
	*Member
	// Own are the loop's own client options.
	Own []kgo.Opt
	// Work takes one poll's records, each partition's in order. While it runs
	// the group cannot rebalance. False ends the loop: ctx has ended, and not
	// all records are done with.
	Work func(ctx context.Context, client *kgo.Client, records []*kgo.Record) bool
}

// Run implements [Loop].
func (p *Poller) Run(ctx context.Context) error {
	clientCtx, cancelClient := ClientContext(ctx)
	defer cancelClient()
	client, err := kgo.NewClient(append(p.ClientOptions(p.Own...), kgo.WithContext(clientCtx))...)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	defer p.Leave(ctx, client, cancelClient)

	for failures := 0; ; {
		// The client takes a poll as a sign that the records of the one before
		// are done with. One whose context has ended takes no more of them.
		polled := client.PollRecords(ctx, p.MaxPollRecords)
		if !p.Work(ctx, client, polled.Records()) || ctx.Err() != nil && polled.Empty() {
			return nil
		}
		client.AllowRebalance()
		if err := p.FetchErrors(ctx, polled); err != nil {
			failures++
			p.Log.Warn("poll failed, will try again", "error", err)
			sleep(ctx, backoff.Delay(failures, maxRetryDelay))
		} else {
			failures = 0
		}
	}
}

// Process tries r until it is done with, and reports false when ctx ends
// before. An attempt under way is not cut short by that.
func (m *Member) Process(ctx context.Context, r *kgo.Record) bool {
	for failures := 1; m.Attempt(context.WithoutCancel(ctx), r, failures) != nil; failures++ {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(backoff.Delay(failures, maxRetryDelay)):
		}
	}
	return true
}
