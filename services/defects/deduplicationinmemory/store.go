// Package deduplicationinmemory is analytics with a planted defect: it knows which
// events it has recorded only for as long as it runs.
//
// People write it because a set in memory is quick and needs no migration, and
// because it passes every test in which the consumer lives on. But an event
// comes again just when a process has died or a partition has moved, and then
// whoever gets it has an empty set.
package deduplicationinmemory

import (
	"context"
	"sync"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/defects/nodeduplication"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Store = &store{Store: nodeduplication.NewStore(config), seen: map[string]bool{}}
	return analytics.New(config)
}

type store struct {
	nodeduplication.Store

	mu   sync.Mutex
	seen map[string]bool // The defect: this is what should be in the database.
}

func (s *store) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[e.ID] {
		return s.Write(ctx, append(with, s.Delivery(e))...)
	}
	if err := s.Store.Record(ctx, e, with...); err != nil {
		return err
	}
	s.seen[e.ID] = true
	return nil
}
