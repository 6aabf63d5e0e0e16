// Package countsdeliveries is projection with a planted defect: it counts each
// time that an event comes, and not each event.
//
// People write it because the position stands in the same transaction as the
// count, and so nothing can come twice. But what was published twice stands in
// the log twice. And the transaction whose answer was lost is sent again, though
// it had been done: the position is set to where it is already, which nobody
// notices, and the count goes up once more.
package countsdeliveries

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/projection"
)

// New makes the service; it stands for projection.
func New(config projection.Config) (*projection.Service, error) {
	config.Fold = fold
	return projection.New(config)
}

func fold(v projection.View, r *kgo.Record, e event.Event) []database.Statement {
	return []database.Statement{
		v.Delivery(e),
		v.Event(r, e),
		{
			// The defect: whether this record brought the event is not asked.
			SQL: `INSERT INTO users (key, value, latest_action) VALUES ($1, 1, $2)
				ON CONFLICT (key) DO UPDATE SET value = users.value + 1, latest_action = excluded.latest_action`,
			Args: []any{e.UserID, e.Action},
		},
	}
}
