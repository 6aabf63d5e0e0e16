package defects

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/positions"
	"github.com/twmb/franz-go/pkg/kgo"
)

// noDeduplication inserts a row for each delivery, and nothing distinguishes a
// repeated event from a new one.
//
// People write it because Kafka is "exactly once", because the table's key is a
// serial number like all the others, or because in tests every record came
// once. Each crash between an effect and its commit, and each rebalance that a
// commit misses, then counts some events twice.
func noDeduplication(config *analytics.Config) { config.Store = newKeyless(config) }

// keyless is the store of analytics without a key.
type keyless struct{ analytics.Events }

func newKeyless(config *analytics.Config) keyless { return keyless{analytics.NewEvents(*config)} }

func (s keyless) Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS events (` + analytics.EventColumns + `)`, // The defect: no primary key,
		s.Deliveries(),
	}
}

func (s keyless) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	return s.Write(ctx, append(slices.Clone(with), s.Event(e), s.Delivery(e))...) // and no ON CONFLICT.
}

// deduplicationInMemory knows which events it has recorded only for as long as it
// runs.
//
// People write it because a set in memory is quick and needs no migration, and
// because it passes every test in which the consumer lives on. But an event
// comes again just when a process has died or a partition has moved, and then
// whoever gets it has an empty set.
func deduplicationInMemory(config *analytics.Config) {
	config.Store = &forgetful{keyless: newKeyless(config), seen: map[string]bool{}}
}

type forgetful struct {
	keyless

	mu   sync.Mutex
	seen map[string]bool // The defect: this is what should be in the database.
}

func (s *forgetful) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[e.ID] {
		return s.Write(ctx, append(with, s.Delivery(e))...)
	}
	if err := s.keyless.Record(ctx, e, with...); err != nil {
		return err
	}
	s.seen[e.ID] = true
	return nil
}

// effectAndDedupeInTwoTransactions records an event in one transaction, and that it
// was seen in another.
//
// People write it when remembering what was seen is a library's or a
// middleware's job, or when the effect is in another database. Whatever ends the
// process or the connection between the two leaves an event that is recorded and
// does not count as seen; delivered again it is recorded again. The other order
// would not record it at all.
func effectAndDedupeInTwoTransactions(config *analytics.Config) {
	config.Store = twoTransactions{newKeyless(config)}
}

type twoTransactions struct{ keyless }

func (s twoTransactions) Tables() []string {
	return append(s.keyless.Tables(), `CREATE TABLE IF NOT EXISTS seen (id text PRIMARY KEY)`)
}

func (s twoTransactions) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
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

// errorSwallowed logs an event that it cannot record, and then takes it for done. It
// stands for analytics with or without a dead letter topic.
//
// People write it so that one bad record does not stop the rest, or because a
// handler without an error in its signature has nowhere to put it. While the
// database is away every event is logged and committed: lost, with a line that
// nobody reads. Nor does anything get to the dead letter topic.
func errorSwallowed(config *analytics.Config) {
	log := config.Log
	if log == nil {
		log = slog.Default()
	}
	config.Store = changedError{analytics.NewEvents(*config), func(err error, e event.Event) error {
		log.Error("could not record event", "event", e.ID, "error", err)
		return nil // The defect: err.
	}}
}

// retryForever tries a record that it cannot process again and again, in place. It
// stands for analytics with a dead letter topic, which it does not use.
//
// People write it so that nothing is lost, which is true: nothing is. But one
// record that no retry can help stands in front of all that come after it in
// its partition, for ever. The lag grows, the other partitions look well, and a
// restart does not help.
func retryForever(config *analytics.Config) {
	config.DeadLetter = analytics.DeadLetter{}
	config.Store = changedError{analytics.NewEvents(*config), func(err error, _ event.Event) error {
		return errors.New(err.Error()) // The defect: whether a retry can help is lost.
	}}
}

// changedError is a store that makes something else of what could not be recorded.
type changedError struct {
	analytics.Store
	change func(error, event.Event) error
}

func (s changedError) Record(ctx context.Context, e event.Event, with ...database.Statement) error {
	if err := s.Store.Record(ctx, e, with...); err != nil {
		return s.change(err, e)
	}
	return nil
}

// unfencedOffsets keeps its offsets in the database, beside the effects, and lets
// anybody move them. It stands for analytics with its offsets in the sink.
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
func unfencedOffsets(config *analytics.Config) {
	config.Store = newKeyless(config)
	config.Positions = unfenced{analytics.NewPositions(*config)}
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
