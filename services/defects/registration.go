package defects

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/registration"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// markBeforePublish stands for [registration.EventOutbox]: the outbox's relay takes a
// row out of the outbox before the row's event is acknowledged.
//
// People write it so that no event is published twice. A relay that ends in
// between has taken out what nobody will ever publish.
func markBeforePublish(config registration.Config) (registration.Way, error) {
	outbox, err := registration.NewOutbox(config)
	return hastyOutbox{outbox}, err
}

type hastyOutbox struct{ *registration.Outbox }

func (w hastyOutbox) Run(ctx context.Context) error {
	return w.Relay(ctx, func(ctx context.Context, rows []registration.OutboxRow) error {
		if err := w.Forget(ctx, rows); err != nil { // the defect: before Publish
			return err
		}
		_, err := w.Publish(ctx, rows)
		return err
	})
}

// publishBeforeCommit stands for [registration.EventOutbox]: the event is published
// first, and the user is stored afterwards.
//
// People write it because the event must not be lost, and publishing first sees
// to that. But when storing the user then fails, the others have heard of a user
// who does not exist: a ghost.
func publishBeforeCommit(config registration.Config) (registration.Way, error) {
	publisher, err := registration.NewPublisher(config)
	if err != nil {
		return nil, err
	}
	users := registration.NewUsers(config)
	return notifyThenStore{registration.StoreThenNotify(users, publisher, http.StatusAccepted), publisher, users}, nil
}

type notifyThenStore struct {
	registration.Way
	publisher *registration.Publisher
	users     registration.Users
}

func (w notifyThenStore) Register(ctx context.Context, e event.Event) error {
	// The defect: the wrong way round.
	if err := w.publisher.Notify(ctx, e); err != nil {
		return err
	}
	return w.users.Store(ctx, e)
}

// retryWithNewID stands for [registration.Event]: a publication that is not
// acknowledged in time is sent again under a new event id.
//
// People write it because ids are made where events are made, in the function
// that is retried. The first one was only late, so the event is there twice,
// and nobody downstream can tell that it is one.
func retryWithNewID(config registration.Config) (registration.Way, error) {
	publisher, err := registration.NewPublisher(config)
	if err != nil {
		return nil, err
	}
	return registration.StoreThenNotify(registration.NewUsers(config), renaming{publisher}, http.StatusAccepted), nil
}

type renaming struct{ *registration.Publisher }

func (n renaming) Notify(ctx context.Context, e event.Event) error {
	const tries, patience = 3, 200 * time.Millisecond
	answers := make(chan error, tries)
	for range tries {
		go func() { answers <- n.Publisher.Notify(ctx, e) }()
		select {
		case err := <-answers: // whichever comes first
			return err
		case <-time.After(patience):
		}
		e.ID = uuid.NewString() // the defect
	}
	return <-answers
}

// noTimeouts stands for [registration.SyncHardened]: calls to other services have no
// time-out, and are tried again at once, for ever.
//
// People write it because the default client has no time-out, and because a call
// that fails must be tried again. While a callee is gone every request becomes a
// stream of calls that nobody waits for any more; when it is back they are what
// keeps it down.
func noTimeouts(config registration.Config) (registration.Way, error) {
	users := registration.NewUsers(config)
	config.CallTimeout = math.MaxInt64 // the defect
	calls := untiring{registration.NewCaller(config), make(chan struct{})}
	return registration.StoreThenNotify(users, calls, http.StatusCreated), nil
}

// pause bounds how fast one request can try again, for the sake of the machine
// that this runs on.
const pause = 10 * time.Millisecond

type untiring struct {
	*registration.Caller
	closed chan struct{}
}

func (n untiring) Close() {
	close(n.closed)
	n.Caller.Close()
}

func (n untiring) Notify(_ context.Context, e event.Event) error {
	var calls errgroup.Group
	for _, to := range n.Callees {
		calls.Go(func() error { //nolint:contextcheck // the defect
			for n.Call(context.Background(), to.URL, e) != nil { // the defect
				select {
				case <-n.closed:
					return errors.New("shutting down")
				case <-time.After(pause):
				}
			}
			return nil
		})
	}
	return calls.Wait()
}
