package defects

import (
	"context"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kgo"
)

// These stand for analytics with a dead letter topic.

// deadLetterOfUnanswered gives up what its database did not answer to, and may have
// done.
//
// People write it because an attempt without an answer failed, like any other. But
// the event may be recorded, and then there is a dead letter for it, too: whoever
// counts dead letters counts a loss that is none, and who sends them back relies on a
// sink that takes a repeated event for one.
func deadLetterOfUnanswered(config *analytics.Config) {
	config.DeadLetter.NewLetter = func(topic string, r *kgo.Record, why deadletter.Failure) *kgo.Record {
		why.Unknown = false // The defect: the next attempt does not know of it.
		return deadletter.NewLetter(topic, r, why)
	}
}

// deadLetterWithoutOrigin makes dead letters that do not report where the record came
// from.
//
// People write it because the value is what matters, and the rest can be found
// in the log. On the day when a thousand of them have to be sent back nobody knows
// into which topic, whether one of them is there twice, or which of them a
// fixed consumer has already seen.
func deadLetterWithoutOrigin(config *analytics.Config) {
	config.DeadLetter.NewLetter = func(topic string, r *kgo.Record, why deadletter.Failure) *kgo.Record {
		l := deadletter.NewLetter(topic, r, why)
		l.Headers = slices.DeleteFunc(l.Headers, func(h kgo.RecordHeader) bool {
			return strings.HasPrefix(h.Key, "origin-") // The defect.
		})
		return l
	}
}

// deadLetterThenCommit publishes a dead letter, and commits the offset behind the
// record in a second step.
//
// People write it because producing and committing are two calls, and
// transactions are held to be slow and hard. A crash between the two leaves the
// dead letter in the topic and the record uncommitted, so it is read again and gives
// a second one. In the other order it would give none.
func deadLetterThenCommit(config *analytics.Config) {
	config.DeadLetter.NewSession = func(_ string, options ...kgo.Opt) (transact.Session, error) {
		c, err := kgo.NewClient(options...)
		return plainSession{c}, err
	}
}

type client = kgo.Client

// plainSession is a client without transactions in the place of one with them.
type plainSession struct{ *client }

func (s plainSession) Client() *kgo.Client { return s.client }
func (s plainSession) Begin() error        { return nil }

// End comes after the dead letters were published. The defect: they are not taken
// back when it does not come, or fails.
func (s plainSession) End(ctx context.Context, try kgo.TransactionEndTry) (committed bool, err error) {
	if try == kgo.TryAbort {
		s.SetOffsets(s.CommittedOffsets())
		return false, nil
	}
	err = s.CommitUncommittedOffsets(ctx)
	return err == nil, err
}
