// Package positions keeps a consumer group's offsets in the sink's own database,
// beside the effects.
package positions

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Store keeps the group's offsets. What a record does and the position behind it
// are written in one transaction, so the effect happens once however often the
// record is delivered, and nothing has to be committed to Kafka.
type Store interface {
	// Tables are the statements that make its tables where there are none.
	Tables() []string
	// Claim takes the partitions over for a generation of the group, and
	// returns the next offset to read of each.
	Claim(ctx context.Context, generation int32, partitions []int32) (map[int32]int64, error)
	// Advance are the statements that move the position of r's partition behind
	// r. They come first in r's transaction.
	Advance(r *kgo.Record) []database.Statement
	// Reset are the statements that set all positions back to the beginning and
	// shut out whoever has claimed a partition, until it claims again.
	Reset() []database.Statement
}

// Fenced is a Store in which only the rightful owner of a partition can move its
// position.
//
// The group alone does not ensure that. A process that is frozen for longer than
// its session, and then goes on with what it has in hand, writes while its heir
// does. So each assignment claims its partitions with the group's generation as
// their epoch, before it reads where to go on, and every later write is refused,
// with the effect that came along, unless the epoch is still its own.
//
// A group that was deleted counts its generations from the beginning, and Kafka
// itself deletes one that has neither members nor committed offsets after some
// minutes. Claims are refused then, until somebody sets epoch to 0 in the table
// offsets: better to stand still than to guess who is the zombie.
type Fenced struct {
	DB       *sql.DB
	Topic    string
	Instance string // who moved a position

	mu     sync.Mutex
	epochs map[int32]int64 // by partition, as claimed
}

// New makes a Store in db for the positions on the topic.
func New(db *sql.DB, topic, instance string) *Fenced {
	return &Fenced{DB: db, Topic: topic, Instance: instance, epochs: map[int32]int64{}}
}

// Tables implements [Store].
func (p *Fenced) Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS offsets (
			topic       text    NOT NULL,
			partition   integer NOT NULL,
			next_offset bigint  NOT NULL,
			epoch       bigint  NOT NULL,
			PRIMARY KEY (topic, partition)
		)`,
		// Append-only: every value that the row in offsets has had.
		`CREATE TABLE IF NOT EXISTS positions (
			seq         ` + database.AutoIncrement(p.DB) + `,
			topic       text    NOT NULL,
			partition   integer NOT NULL,
			next_offset bigint  CONSTRAINT fenced CHECK (next_offset IS NOT NULL),
			epoch       bigint  NOT NULL,
			instance    text    NOT NULL,
			recorded_at bigint  NOT NULL -- Unix time in nanoseconds
		)`,
	}
}

// Claim implements [Store]. The position of a partition that nobody has
// claimed yet is 0; where the log begins later, that is where the client goes.
func (p *Fenced) Claim(ctx context.Context, generation int32, partitions []int32) (map[int32]int64, error) {
	epoch := int64(generation)
	var claims []database.Statement
	for _, number := range partitions {
		claims = append(claims, database.Statement{
			SQL: `INSERT INTO offsets (topic, partition, next_offset, epoch) VALUES ($1, $2, 0, $3)
				ON CONFLICT (topic, partition) DO UPDATE SET epoch = excluded.epoch WHERE offsets.epoch < excluded.epoch`,
			Args: []any{p.Topic, number, epoch},
		}, p.Log(number, epoch))
	}
	err := database.ExecAll(ctx, p.DB, claims...)
	if database.Violates(err, "fenced") {
		return nil, fmt.Errorf("refused: the positions were claimed in a later generation of the group than %d; "+
			"this member was replaced, or the group was deleted (then set epoch to 0 in the table offsets)", generation)
	}
	if err != nil {
		return nil, fmt.Errorf("claim positions: %w", err)
	}
	next := map[int32]int64{}
	for _, number := range partitions {
		var offset int64
		// With the epoch, since a later generation may have claimed it meanwhile.
		if err := p.DB.QueryRowContext(ctx, `SELECT next_offset FROM offsets WHERE topic = $1 AND partition = $2 AND epoch = $3`,
			p.Topic, number, epoch).Scan(&offset); err != nil {
			return nil, fmt.Errorf("read position of partition %d: %w", number, err)
		}
		next[number] = offset
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for number := range next {
		p.epochs[number] = epoch
	}
	return next, nil
}

// Advance implements [Store]. Its transaction fails when the partition has
// been claimed by another meanwhile.
func (p *Fenced) Advance(r *kgo.Record) []database.Statement {
	epoch := p.Epoch(r.Partition)
	return []database.Statement{
		{
			SQL:  `UPDATE offsets SET next_offset = $1 WHERE topic = $2 AND partition = $3 AND epoch = $4`,
			Args: []any{r.Offset + 1, p.Topic, r.Partition, epoch},
		},
		p.Log(r.Partition, epoch),
	}
}

// Epoch is the one with which this instance claimed a partition last.
func (p *Fenced) Epoch(partition int32) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.epochs[partition]
}

// Log is the statement that appends a partition's position to the table
// positions. It is also the fence: where the partition has another epoch there
// is no position to append, the constraint refuses the row, and the whole
// transaction goes with it. One round trip does all, and no row stays locked
// while an answer is on its way.
func (p *Fenced) Log(partition int32, epoch int64) database.Statement {
	return database.Statement{
		SQL: `INSERT INTO positions (topic, partition, next_offset, epoch, instance, recorded_at) VALUES ($1, $2,
			(SELECT next_offset FROM offsets WHERE topic = $1 AND partition = $2 AND epoch = $3), $3, $4, $5)`,
		Args: []any{p.Topic, partition, epoch, p.Instance, database.Now},
	}
}

// ResetBy is the instance of the rows that Reset appends to the table positions:
// it was none of the group's that moved them.
const ResetBy = "reset"

// Reset implements [Store]. Its owners are refused, as if an heir had claimed
// their partitions, and the next to claim one is given the beginning.
func (p *Fenced) Reset() []database.Statement {
	return []database.Statement{
		{SQL: `UPDATE offsets SET next_offset = 0, epoch = 0 WHERE topic = $1`, Args: []any{p.Topic}},
		{
			SQL: `INSERT INTO positions (topic, partition, next_offset, epoch, instance, recorded_at)
				SELECT topic, partition, next_offset, epoch, CAST($2 AS text), CAST($3 AS bigint) FROM offsets WHERE topic = $1`,
			Args: []any{p.Topic, ResetBy, database.Now},
		},
	}
}
