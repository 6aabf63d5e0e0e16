package defects

import (
	"context"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/projection"
	"github.com/twmb/franz-go/pkg/kgo"
)

// asOfNow answers with the state of now, whatever time it is asked for.
//
// People write it because they try it on a log in which nothing happens any more,
// where now and a moment ago are the same.
func asOfNow(config *projection.Config) {
	// The defect: the instant is not looked at.
	config.At = func(ctx context.Context, h *projection.History, _ time.Time) (projection.Offsets, error) {
		return h.Ends(ctx)
	}
}

// countsDeliveries counts each time that an event comes, and not each event.
//
// People write it because the position stands in the same transaction as the
// count, and so nothing can come twice. But what was published twice stands in
// the log twice. And the transaction whose answer was lost is sent again, though
// it had been done: the position is set to where it is already, which nobody
// notices, and the count goes up once more.
func countsDeliveries(config *projection.Config) {
	config.Fold = func(v projection.View, r *kgo.Record, e event.Event) []database.Statement {
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
}
