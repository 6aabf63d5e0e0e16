// Package retrywithnewid is registration with a planted defect: a publication
// that is not acknowledged in time is sent again under a new event id.
//
// People write it because ids are made where events are made, in the function
// that is retried. The first one was only late, so the event is there twice,
// and nobody downstream can tell that it is one.
package retrywithnewid

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/registration"
)

const patience = 200 * time.Millisecond

// New makes the way; it stands for [registration.Event].
func New(config registration.Config) (registration.Way, error) {
	config.PublishTimeout = patience
	publisher, err := registration.NewPublisher(config)
	if err != nil {
		return nil, err
	}
	return registration.StoreThenTell(registration.NewUsers(config), teller{publisher}, 202), nil
}

type teller struct{ *registration.Publisher }

func (t teller) Tell(ctx context.Context, e event.Event) (err error) {
	for range 3 {
		if err = t.Publisher.Tell(ctx, e); err == nil {
			return nil
		}
		e.ID = uuid.NewString() // the defect
	}
	return err
}
