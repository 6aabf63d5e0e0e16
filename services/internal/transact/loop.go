// Package transact is a consumer that publishes. What it publishes and the commit
// of the offsets behind what it read are one Kafka transaction: a crash before
// its end leaves neither, so that the records are read again; a crash after it
// leaves both. Readers of committed records see each output once.
//
// A member that was frozen past its session time-out and wakes cannot commit for
// partitions that have another owner by then: its transaction is aborted, and
// what it has published in it is never seen.
package transact

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// endTimeout bounds a transaction. It fits the time for which the group waits.
	endTimeout = 2500 * time.Millisecond

	maxRetryDelay = time.Second
)

// Loop is a member that consumes one topic. Make it with [New].
type Loop struct {
	*consumer.Member
	newSession NewSession
	work       Work

	rebalanced atomic.Bool
}

// Work does what is to be done with what a poll returned, which is not empty, and
// ends the round with [Loop.Publish], [Loop.GiveBack] or a commit. When round ends
// it should come to its end, for a rebalance waits. An error means that it is
// unknown what became of the transaction.
type Work func(ctx, round context.Context, s Session, polled kgo.Fetches) error

// New makes a loop that is not running yet. Without a newSession it is
// [Transactional].
func New(m *consumer.Member, newSession NewSession, work Work) *Loop {
	if newSession == nil {
		newSession = Transactional
	}
	return &Loop{Member: m, newSession: newSession, work: work}
}

// Run consumes until ctx ends, and returns nil. When it is unknown what became of
// a transaction it starts over with a new client: that one ends the transaction of
// the old one, and then the committed offsets show what is left to do.
func (l *Loop) Run(ctx context.Context) error {
	for failures := 1; ctx.Err() == nil; failures++ {
		if err := l.consume(ctx); err != nil && ctx.Err() == nil {
			l.Log.Warn("consumer starts over", "topic", l.Topic, "error", err)
			backoff.Wait(ctx, failures, maxRetryDelay)
		}
	}
	return nil
}

func (l *Loop) consume(ctx context.Context) error {
	clientCtx, cancel := consumer.ClientContext(ctx)
	defer cancel()
	dropped := func(context.Context, *kgo.Client, map[string][]int32) { l.rebalanced.Store(true) }
	s, err := l.newSession(
		// One for each member, and the same after a restart: the next process
		// of this name ends what this one leaves open.
		l.Group+"-"+l.ClientID+"-"+l.Topic,
		l.ClientOptions(
			kgo.WithContext(clientCtx),
			kgo.DisableAutoCommit(),
			kgo.OnPartitionsCallbackBlocked(l.Interrupt),
			kgo.OnPartitionsRevoked(dropped),
			kgo.OnPartitionsLost(dropped),
		)...)
	if err != nil {
		return err
	}
	defer l.Leave(ctx, s.Client(), cancel)
	// Now, not with the first record: until the transaction that a crashed
	// predecessor left open has ended, its partitions' offsets cannot be read.
	if _, _, err := s.Client().ProducerID(ctx); err != nil {
		return fmt.Errorf("end what a predecessor left open: %w", err)
	}
	for ctx.Err() == nil {
		if err := l.round(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// round polls, works, and makes it final: all of it or nothing.
func (l *Loop) round(ctx context.Context, s Session) error {
	round, endRound := l.BeginRound()
	defer endRound()
	defer s.AllowRebalance()
	polled := s.PollRecords(ctx, l.MaxPollRecords)
	if err := l.FetchErrors(ctx, polled); err != nil {
		l.Log.Warn("poll failed, will try again", "error", err)
		backoff.Sleep(ctx, 100*time.Millisecond)
	}
	if polled.Empty() {
		return nil
	}
	// The session refuses the first transaction after a rebalance. It is used
	// up here, before anything is done that would have to be done again.
	if l.rebalanced.Swap(false) {
		return l.GiveBack(ctx, s)
	}
	return l.work(ctx, round, s, polled)
}

// Publish is [Publish] within the time for which the group waits.
func (l *Loop) Publish(ctx context.Context, s Session, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_, err := Publish(ctx, s, l.Log.With("topic", l.Topic), records)
	return err
}

// Publish publishes the records and commits the offsets of what was polled, both or
// neither. Neither: it is read again. Its error means that this is not known.
func Publish(ctx context.Context, s Session, log *slog.Logger, records []*kgo.Record) (committed bool, err error) {
	if err := s.Begin(); err != nil {
		return false, fmt.Errorf("begin transaction: %w", err)
	}
	end := kgo.TryCommit
	if err := s.ProduceSync(ctx, records...).FirstErr(); err != nil {
		log.Warn("could not publish, will try again", "records", len(records), "error", err)
		end = kgo.TryAbort
	}
	if committed, err = s.End(ctx, end); err != nil {
		return false, fmt.Errorf("end transaction: %w", err)
	}
	if !committed {
		log.Warn("transaction aborted, what it read is read again", "records", len(records))
	}
	return committed, nil
}

// GiveBack leaves what was polled to the next poll.
func (l *Loop) GiveBack(ctx context.Context, s Session) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	_, err := s.End(ctx, kgo.TryAbort)
	return err
}
