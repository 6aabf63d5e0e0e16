// Package deadletterthencommit is analytics with a planted defect: it publishes a dead
// letter, and commits the offset behind the record in a second step.
//
// People write it because producing and committing are two calls, and
// transactions are said to be slow and hard. A crash between the two leaves the
// letter in the topic and the record uncommitted, so it is read again and gives
// a second letter. In the other order it would give none.
package deadletterthencommit

import (
	"context"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kgo"
)

// New makes the service; it stands for analytics with a dead letter topic.
func New(config analytics.Config) (*analytics.Service, error) {
	config.DeadLetter.NewSession = plain
	return analytics.New(config)
}

type client = kgo.Client

// session is a client without transactions in the place of one with them.
type session struct{ *client }

func plain(_ string, options ...kgo.Opt) (transact.Session, error) {
	c, err := kgo.NewClient(options...)
	return session{c}, err
}

func (s session) Client() *kgo.Client { return s.client }

func (s session) Begin() error { return nil }

// End comes after the letters were published. The defect: they are not taken
// back when it does not come, or fails.
func (s session) End(ctx context.Context, try kgo.TransactionEndTry) (committed bool, err error) {
	if try == kgo.TryAbort {
		s.SetOffsets(s.CommittedOffsets())
		return false, nil
	}
	err = s.CommitUncommittedOffsets(ctx)
	return err == nil, err
}
