// Package retryforever is analytics with a planted defect: it tries a record that it
// cannot process again and again, in place.
//
// People write it so that nothing is lost, which is true: nothing is. But one
// record that no retry can help stands in front of all that come after it in
// its partition, for ever. The lag grows, the other partitions look well, and a
// restart does not help.
package retryforever

import (
	"context"
	"errors"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// New makes the service; it stands for analytics with a dead letter topic, which
// it does not use.
func New(config analytics.Config) (*analytics.Service, error) {
	config.DeadLetter = analytics.DeadLetter{}
	config.Store = store{analytics.NewEvents(config)}
	return analytics.New(config)
}

type store struct{ analytics.Store }

func (s store) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	if err := s.Store.Record(ctx, e, with...); err != nil {
		return errors.New(err.Error()) // The defect: whether a retry can help is lost.
	}
	return nil
}
