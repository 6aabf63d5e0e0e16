// Package deadletter is a consumer that no record can hold up. What fails is
// handed over: to a retry topic, where it waits for another attempt, or, when
// no attempt can help or none is left, to a dead letter topic.
//
// The hand-over and the commit of the offset behind it are one Kafka
// transaction. A crash before its end leaves neither, so that the record is
// read again; a crash after it leaves both. So an input ends in exactly one
// effect or one dead letter, if the sink takes a repeated event for one.
//
// What the sink did not answer to may have been done. Such a record is retried later until
// an attempt is answered, however long that takes: given up, it could end in both.
// (Not seen is an attempt that a crash cut short; if the sink is out of reach from
// then on, its record is given up like others.)
//
// A record that waits holds up those behind it in its retry topic, which wait
// as long, and nothing else: each topic has a member of the group of its own.
// The price of retry topics is the order: a record that succeeds at a later
// attempt does so after others with its key.
package deadletter

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// grace is how long the records in hand may still take when the member has
	// to stop or to give up its partitions. With what a transaction may take it
	// fits the time for which the group waits.
	grace = 2 * time.Second

	commitTimeout = 1500 * time.Millisecond
	maxRetryDelay = time.Second
)

// Loop makes the consumer. It implements [consumer.NewLoop].
func (p Policy) Loop(config consumer.Config) (consumer.Loop, error) {
	p = p.withDefaults()
	if err := p.validate(config.Topic); err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	if config.Claim != nil {
		return nil, errors.New("dead letters: offsets in the sink cannot be committed together with a dead letter in Kafka: choose one of them")
	}
	c := &lanes{}
	wait := time.Duration(0)
	for i, topic := range append([]string{config.Topic}, p.RetryTopics...) {
		if i > 0 {
			wait = p.Backoff << (i - 1)
		}
		config.Topic = topic
		m, err := consumer.NewMember(config)
		if err != nil {
			return nil, err
		}
		l := &lane{policy: p, wait: wait}
		l.Loop = transact.New(m, p.NewSession, l.work)
		c.all = append(c.all, l)
	}
	return c, nil
}

// lanes are the topic's consumer and those of its retry topics.
type lanes struct{ all []*lane }

// Run implements [consumer.Loop].
func (c *lanes) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, l := range c.all {
		running.Go(func() { _ = l.Run(ctx) }) // nil
	}
	running.Wait()
	return nil
}

// Ready implements [consumer.Loop].
func (c *lanes) Ready() error {
	for _, l := range c.all {
		if err := l.Ready(); err != nil {
			return fmt.Errorf("topic %s: %w", l.Topic, err)
		}
	}
	return nil
}

// lane consumes one topic.
type lane struct {
	*transact.Loop
	policy Policy
	wait   time.Duration // how old a record must be before it is tried
}

// work gives each record an attempt once all are due, hands over what failed, and
// commits.
func (l *lane) work(ctx, round context.Context, s transact.Session, polled kgo.Fetches) error {
	if !l.due(ctx, round, polled) {
		return l.GiveBack(ctx, s)
	}
	deadLetters, all := l.process(ctx, round, polled)
	switch {
	case !all:
		return l.GiveBack(ctx, s)
	case len(deadLetters) > 0:
		return l.Publish(ctx, s, deadLetters)
	default:
		l.commit(ctx, round, s.Client())
		return nil
	}
}

// due waits until every record polled is old enough, and reports false when
// the round has to end before. The whole poll waits for its newest record:
// they came in this order and wait equally long.
func (l *lane) due(ctx, round context.Context, polled kgo.Fetches) bool {
	var newest time.Time
	polled.EachRecord(func(r *kgo.Record) {
		if r.Timestamp.After(newest) {
			newest = r.Timestamp
		}
	})
	// Never longer than wait, whatever another machine's clock says.
	timer := time.NewTimer(min(time.Until(newest)+l.wait, l.wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-round.Done():
	case <-ctx.Done():
	}
	return false
}

// process gives every record one attempt, partitions side by side, and returns
// the dead letters for those that failed. It reports false when the round had to end
// before all were tried.
func (l *lane) process(ctx, round context.Context, polled kgo.Fetches) (deadLetters []*kgo.Record, all bool) {
	attempts, cancel := consumer.Attempts(ctx, round, grace)
	defer cancel()
	var mu sync.Mutex
	var workers sync.WaitGroup
	polled.EachPartition(func(p kgo.FetchTopicPartition) {
		workers.Go(func() {
			for _, r := range p.Records {
				err := l.try(attempts, r)
				if attempts.Err() != nil {
					return
				}
				if err != nil {
					deadLetter := l.policy.deadLetter(r, err)
					l.Log.Warn("record failed, handed over", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset,
						"to", deadLetter.Topic, "error", err)
					mu.Lock()
					deadLetters = append(deadLetters, deadLetter)
					mu.Unlock()
				}
			}
		})
	})
	workers.Wait()
	return deadLetters, attempts.Err() == nil
}

func (l *lane) try(ctx context.Context, r *kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, l.AttemptTimeout)
	defer cancel()
	return l.Handle(ctx, r)
}

// commit commits what was polled the plain way, until that succeeds or the
// round has to end; then the next commit carries it along, or the records are
// read again. A transaction would take four more requests for nothing.
func (l *lane) commit(ctx, round context.Context, client *kgo.Client) {
	for failures := 1; ; failures++ {
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
		err := client.CommitUncommittedOffsets(attempt)
		cancel()
		if err == nil {
			return
		}
		l.Log.Warn("could not commit, will try again", "topic", l.Topic, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-round.Done():
			return
		case <-time.After(backoff.Delay(failures, maxRetryDelay)):
		}
	}
}
