// Package errorswallowed is analytics with a planted defect: an event that it cannot
// record is logged, and then taken for done.
//
// People write it so that one bad record does not stop the rest, or because a
// handler without an error in its signature has nowhere to put it. While the
// database is away every event is logged and committed: lost, with a line that
// nobody reads. Nor does anything get to the dead letter topic.
package errorswallowed

import (
	"context"
	"log/slog"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// New makes the service; it stands for analytics with or without a dead letter
// topic.
func New(config analytics.Config) (*analytics.Service, error) {
	log := config.Log
	if log == nil {
		log = slog.Default()
	}
	config.Store = store{analytics.NewEvents(config), log}
	return analytics.New(config)
}

type store struct {
	analytics.Store
	log *slog.Logger
}

func (s store) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	if err := s.Store.Record(ctx, e, with...); err != nil {
		s.log.Error("could not record event", "event", e.ID, "error", err)
	}
	return nil // The defect: err.
}
