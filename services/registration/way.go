package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// Way is how a registration is stored and reaches the other services.
type Way interface {
	// Register returns nil when the user is stored and the others were told, or
	// certainly will be; an [IncompleteError] when the user is stored and some
	// will never hear of it; a [RejectedError] when nothing was done; and
	// any other error when it failed or is unknown. It is safe for concurrent use.
	Register(ctx context.Context, e event.Event) error

	// Accepted is the HTTP status that reports it.
	Accepted() int

	// Run does what has to be done beside the requests, until ctx ends.
	Run(ctx context.Context) error

	// Close releases connections. No Register may be in progress.
	Close()
}

// IncompleteError reports which services were not told and never will be.
type IncompleteError struct{ Missed []string }

func (e IncompleteError) Error() string {
	return "registered, but not notified: " + strings.Join(e.Missed, ", ")
}

// RejectedError says that nothing was done: the caller may send the request again.
type RejectedError struct{ Err error }

func (e RejectedError) Error() string { return e.Err.Error() }
func (e RejectedError) Unwrap() error { return e.Err }

// newWay makes the way that the mode names.
func newWay(config Config) (Way, error) {
	switch config.Mode {
	case Event:
		publisher, err := NewPublisher(config)
		if err != nil {
			return nil, err
		}
		return StoreThenNotify(NewUsers(config), publisher, http.StatusAccepted), nil
	case EventOutbox:
		return NewOutbox(config)
	case EventTransactional:
		return newTransactional(config)
	case SyncHardened:
		return StoreThenNotify(NewUsers(config), newHardened(config), http.StatusCreated), nil
	case SyncSequential, SyncFanout:
		return StoreThenNotify(NewUsers(config), NewCaller(config), http.StatusCreated), nil
	}
	return nil, fmt.Errorf("mode is %q", config.Mode)
}

// Notifier notifies the other services about an event.
type Notifier interface {
	// Notify returns nil when all were told (or will be), an [IncompleteError] when
	// some never will be, and any other error when that failed or is unknown.
	Notify(ctx context.Context, e event.Event) error
	// Close releases connections. No Tell may be in progress.
	Close()
}

// StoreThenNotify stores the user, then tells the others. A process that ends in
// between leaves a user of whom nobody hears.
func StoreThenNotify(users Users, notifier Notifier, accepted int) Way {
	return storeThenNotify{users, notifier, accepted}
}

type storeThenNotify struct {
	users    Users
	notifier Notifier
	accepted int
}

func (w storeThenNotify) Accepted() int             { return w.accepted }
func (w storeThenNotify) Run(context.Context) error { return nil }
func (w storeThenNotify) Close()                    { w.notifier.Close() }

func (w storeThenNotify) Register(ctx context.Context, e event.Event) error {
	if err := w.users.Store(ctx, e); err != nil {
		return err
	}
	return w.notifier.Notify(ctx, e)
}

var errOtherUser = errors.New("this " + event.IDHeader + " was used for another user: send a new one")
