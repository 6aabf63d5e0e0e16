// Package nodeduplication is analytics with a planted defect: it inserts a row for each
// delivery, and nothing tells a repeated event from a new one.
//
// People write it because Kafka is "exactly once", because the table's key is a
// serial number like all the others, or because in tests every record came
// once. Each crash between an effect and its commit, and each rebalance that a
// commit misses, then counts some events twice.
package nodeduplication

import (
	"context"
	"slices"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Store = NewStore(config)
	return analytics.New(config)
}

// Store is that of analytics without a key.
type Store struct{ analytics.Events }

// NewStore makes the Store.
func NewStore(config analytics.Config) Store { return Store{analytics.NewEvents(config)} }

// Tables implements [analytics.Store].
func (s Store) Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS events (` + analytics.EventColumns + `)`, // The defect: no primary key,
		s.Deliveries(),
	}
}

// Record implements [analytics.Store].
func (s Store) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	return s.Write(ctx, append(slices.Clone(with), s.Event(e), s.Delivery(e))...) // and no ON CONFLICT.
}
