// Package retrywithnewid is registration with a planted defect: a publication
// that is not acknowledged in time is sent again under a new event id.
//
// People write it because ids are made where events are made, in the function
// that is retried. The first one was only late, so the event is there twice,
// and nobody downstream can tell that it is one.
package retrywithnewid

import (
	"context"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/registration"
	"github.com/google/uuid"
)

const patience = 200 * time.Millisecond

// New makes the way; it stands for [registration.Event].
func New(config registration.Config) (registration.Way, error) {
	publisher, err := registration.NewPublisher(config)
	if err != nil {
		return nil, err
	}
	return registration.StoreThenNotify(registration.NewUsers(config), notifier{publisher}, http.StatusAccepted), nil
}

type notifier struct{ *registration.Publisher }

func (t notifier) Notify(ctx context.Context, e event.Event) error {
	const tries = 3
	told := make(chan error, tries)
	for range tries {
		go func() { told <- t.Publisher.Notify(ctx, e) }()
		select {
		case err := <-told: // whichever comes first
			return err
		case <-time.After(patience):
		}
		e.ID = uuid.NewString() // the defect
	}
	return <-told
}
