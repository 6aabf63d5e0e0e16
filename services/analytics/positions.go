package analytics

import "github.com/breakwater-kit/breakwater/services/internal/positions"

// Positions are where the group's offsets are kept, if not in Kafka: in the
// sink's own database, moved in the transaction that records an event.
type Positions = positions.Store

// NewPositions makes the Positions to use with config.
func NewPositions(config Config) *positions.Fenced {
	return positions.New(config.DB, config.Consumer.Topic, config.Instance())
}
