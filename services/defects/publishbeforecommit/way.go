// Package publishbeforecommit is registration with a planted defect: the event
// is published first, and the user is stored afterwards.
//
// People write it because the event must not be lost, and publishing first sees
// to that. But when storing the user then fails, the others have heard of a user
// who does not exist: a ghost.
package publishbeforecommit

import (
	"context"
	"net/http"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/registration"
)

// New makes the way; it stands for [registration.EventOutbox].
func New(config registration.Config) (registration.Way, error) {
	publisher, err := registration.NewPublisher(config)
	if err != nil {
		return nil, err
	}
	return way{publisher, registration.NewUsers(config)}, nil
}

type way struct {
	publisher *registration.Publisher
	users     registration.Users
}

func (w way) Register(ctx context.Context, e event.Event) error {
	// The defect: the wrong way round.
	if err := w.publisher.Notify(ctx, e); err != nil {
		return err
	}
	return w.users.Store(ctx, e)
}

func (w way) Accepted() int             { return http.StatusAccepted }
func (w way) Run(context.Context) error { return nil }
func (w way) Close()                    { w.publisher.Close() }
