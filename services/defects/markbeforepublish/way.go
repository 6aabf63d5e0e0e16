// Package markbeforepublish is registration with a planted defect: the outbox's
// relay takes a row out of the outbox before the row's event is acknowledged.
//
// People write it so that no event is published twice. A relay that ends in
// between has taken out what nobody will ever publish.
package markbeforepublish

import (
	"context"

	"github.com/breakwater-kit/breakwater/services/registration"
)

// New makes the way; it stands for [registration.EventOutbox].
func New(config registration.Config) (registration.Way, error) {
	outbox, err := registration.NewOutbox(config)
	if err != nil {
		return nil, err
	}
	return way{outbox}, nil
}

type way struct{ *registration.Outbox }

func (w way) Run(ctx context.Context) error {
	return w.Relay(ctx, func(ctx context.Context, rows []registration.OutboxRow) error {
		if err := w.Forget(ctx, rows); err != nil { // the defect: before Publish
			return err
		}
		_, err := w.Publish(ctx, rows)
		return err
	})
}
