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

	// Accepted is the HTTP status that says so.
	Accepted() int

	// Run does what has to be done beside the requests, until ctx ends.
	Run(ctx context.Context) error

	// Close releases connections. No Register may be in progress.
	Close()
}

// IncompleteError says which services were not told and never will be.
type IncompleteError struct{ Missed []string }

func (e IncompleteError) Error() string {
	return "registered, but not told: " + strings.Join(e.Missed, ", ")
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
		return StoreThenTell(NewUsers(config), publisher, http.StatusAccepted), nil
	case EventOutbox:
		return NewOutbox(config)
	case EventTransactional:
		return newTransactional(config)
	case SyncHardened:
		return StoreThenTell(NewUsers(config), newHardened(config), http.StatusCreated), nil
	case SyncSequential, SyncFanout:
		return StoreThenTell(NewUsers(config), newCaller(config), http.StatusCreated), nil
	}
	return nil, fmt.Errorf("mode is %q", config.Mode)
}

// Teller tells the other services about an event.
type Teller interface {
	// Tell returns nil when all were told (or will be), an [IncompleteError] when
	// some never will be, and any other error when that failed or is unknown.
	Tell(ctx context.Context, e event.Event) error
	// Close releases connections. No Tell may be in progress.
	Close()
}

// StoreThenTell stores the user, then tells the others. A process that ends in
// between leaves a user of whom nobody hears.
func StoreThenTell(users Users, teller Teller, accepted int) Way {
	return storeThenTell{users, teller, accepted}
}

type storeThenTell struct {
	users    Users
	teller   Teller
	accepted int
}

func (w storeThenTell) Accepted() int             { return w.accepted }
func (w storeThenTell) Run(context.Context) error { return nil }
func (w storeThenTell) Close()                    { w.teller.Close() }

func (w storeThenTell) Register(ctx context.Context, e event.Event) error {
	if err := w.users.Store(ctx, e); err != nil {
		return err
	}
	return w.teller.Tell(ctx, e)
}

var errOtherUser = errors.New("this " + event.IDHeader + " was used for another user: send a new one")
