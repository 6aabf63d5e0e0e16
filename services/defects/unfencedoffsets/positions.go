// Package unfencedoffsets is analytics with a planted defect: it keeps its offsets in
// the database, beside the effects, and lets anybody move them.
//
// People write it because one transaction for both looks like all there is to
// exactly-once, and the group takes care that a partition has one owner. Not of
// a process that was frozen, or waited for a slow network, for longer than its
// session: it goes on with what it has in hand and sets the position back that
// its heir has moved on. Both record the same events, and the next owner starts
// from wherever the last word was.
//
// Its table of events has no key, as in no-deduplication: one who trusts the
// position sees no need for it, and the ledger shows what the key would hide.
package unfencedoffsets

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/defects/nodeduplication"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/positions"
)

// New makes the service; it stands for analytics with its offsets in the sink.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Store = nodeduplication.NewStore(config)
	config.Positions = unfenced{analytics.NewPositions(config)}
	return analytics.New(config)
}

type unfenced struct{ *positions.Fenced }

func (p unfenced) Advance(r *kgo.Record) []database.Statement {
	epoch := p.Epoch(r.Partition)
	return []database.Statement{
		{
			// The defect: AND epoch = $4 is missing.
			SQL:  `UPDATE offsets SET next_offset = $1, epoch = $4 WHERE topic = $2 AND partition = $3`,
			Args: []any{r.Offset + 1, p.Topic, r.Partition, epoch},
		},
		p.Log(r.Partition, epoch),
	}
}
