package consumer

import (
	"context"
	"errors"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Fatal is a failure that no retry can help.
type Fatal struct {
	Class string // a short name, for example "undecodable"
	Err   error
}

func (f *Fatal) Error() string { return f.Class + ": " + f.Err.Error() }
func (f *Fatal) Unwrap() error { return f.Err }

// Unknown is a failure after which nobody knows whether the record was processed:
// what was asked for it may have been done, and the answer did not come.
type Unknown struct{ Err error }

func (u *Unknown) Error() string { return u.Err.Error() }
func (u *Unknown) Unwrap() error { return u.Err }

// IsUnknown reports whether the record may have been processed all the same.
func IsUnknown(err error) bool {
	_, ok := errors.AsType[*Unknown](err)
	return ok
}

// Undecodable is the class of a record that cannot be decoded.
const Undecodable = "undecodable"

// IsFatal reports whether no retry can help.
func IsFatal(err error) bool {
	_, ok := errors.AsType[*Fatal](err)
	return ok
}

// Class names what kind of failure err is: a Fatal's own class, "timeout", or
// "failed".
func Class(err error) string {
	var fatal *Fatal
	var netErr net.Error
	switch {
	case errors.As(err, &fatal):
		return fatal.Class
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	default:
		return "failed"
	}
}

// Attempt tries r once, for the n-th time, within AttemptTimeout. Nil means
// that r is done with: it was processed or skipped. Anything else is logged.
func (c Config) Attempt(ctx context.Context, r *kgo.Record, n int) error {
	ctx, cancel := context.WithTimeout(ctx, c.AttemptTimeout)
	defer cancel()
	err := c.Handle(ctx, r)
	log := c.Log.With("topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "attempt", n)
	if IsFatal(err) {
		log.Error("record skipped", "error", err)
		if c.Skip == nil {
			return nil
		}
		err = c.Skip(ctx, r)
	}
	if err != nil {
		log.Warn("record failed, will try again", "error", err)
	}
	return err
}
