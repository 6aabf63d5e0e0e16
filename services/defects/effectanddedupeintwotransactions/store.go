// Package effectanddedupeintwotransactions is analytics with a planted defect:
// it records an event in one transaction, and that it was seen in another.
//
// People write it when remembering what was seen is a library's or a
// middleware's job, or when the effect is in another database. Whatever ends the
// process or the connection between the two leaves an event that is recorded and
// does not count as seen; delivered again it is recorded again. The other order
// would not record it at all.
package effectanddedupeintwotransactions

import (
	"context"
	"slices"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/defects/nodeduplication"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Store = store{nodeduplication.NewStore(config)}
	return analytics.New(config)
}

type store struct{ nodeduplication.Store }

func (s store) Tables() []string {
	return append(s.Store.Tables(), `CREATE TABLE IF NOT EXISTS seen (id text PRIMARY KEY)`)
}

func (s store) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	unlessSeen := s.Event(e)
	unlessSeen.SQL = `INSERT INTO events (id, user_id, action, recorded_at)
		SELECT $1, $2, $3, CAST($4 AS bigint) WHERE NOT EXISTS (SELECT 1 FROM seen WHERE id = $1)`
	if err := s.Write(ctx, append(slices.Clone(with), unlessSeen, s.Delivery(e))...); err != nil {
		return err
	}
	// The defect: from here to the end of the next transaction the event is
	// recorded and not seen.
	_, err := s.DB.ExecContext(ctx, `INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING`, e.ID)
	return err
}
