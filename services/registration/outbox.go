package registration

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/backoff"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// relayBatch is how many rows one round of the relay publishes at most.
	relayBatch = 200
	// relayInterval is how long a row can wait that another process wrote, or
	// whose wake-up was lost with a crash. Rows of this process wake the relay.
	relayInterval = 250 * time.Millisecond
	// relayMaxDelay caps the back-off while the database or Kafka is away.
	relayMaxDelay = time.Second
)

// Outbox is the transactional outbox: the user's row and the event's row are
// written in one transaction, and a relay publishes the event's row afterwards
// and then deletes it. So there is no user without event and no event without
// user, whatever ends in between.
//
// An event is published at least once: a relay that ends after the
// acknowledgement and before the deletion publishes it again when it comes back,
// as another record with the same event id. Consumers deduplicate by that id.
//
// Events of one user are published in the order in which they were committed as
// long as one relay runs. With several instances two relays may publish the same
// rows, which again is only more of the same.
type Outbox struct {
	users     Users
	db        *sql.DB
	publisher *Publisher
	timeout   time.Duration // for the transaction
	written   chan struct{} // wakes the relay
	log       *slog.Logger
}

const outboxTable = `CREATE TABLE IF NOT EXISTS outbox (
	seq     %s,
	id      text NOT NULL, -- the event's id
	user_id text NOT NULL,
	action  text NOT NULL
)`

// NewOutbox makes it as [NewPublisher] and [NewUsers] do their parts.
func NewOutbox(config Config) (*Outbox, error) {
	publisher, err := NewPublisher(config)
	if err != nil {
		return nil, err
	}
	return &Outbox{
		users: NewUsers(config), db: config.DB, publisher: publisher,
		timeout: config.CallTimeout, written: make(chan struct{}, 1), log: config.Log,
	}, nil
}

// Accepted is 202: the event will be published, and is not yet.
func (o *Outbox) Accepted() int { return http.StatusAccepted }

// Close gives up what is being published; the rows are still there.
func (o *Outbox) Close() { o.publisher.Close() }

// Register writes the user and the event, both or neither. It does not need Kafka.
func (o *Outbox) Register(ctx context.Context, e event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	// The event first: where the user is there already, so is the event, or it
	// has been published.
	announce := database.Statement{
		SQL: `INSERT INTO outbox (id, user_id, action)
			SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = $1)`,
		Args: []any{e.ID, e.UserID, e.Action},
	}
	if err := database.ExecAll(ctx, o.db, announce, o.users.Insert(e)); err != nil {
		return fmt.Errorf("store user and event: %w", err)
	}
	select {
	case o.written <- struct{}{}:
	default: // it is awake
	}
	return o.users.same(ctx, e)
}

// Run is the relay: it publishes what is in the outbox, then deletes what was
// acknowledged. What it cannot publish stays there.
func (o *Outbox) Run(ctx context.Context) error {
	return o.Relay(ctx, func(ctx context.Context, rows []OutboxRow) error {
		published, err := o.Publish(ctx, rows)
		return errors.Join(err, o.Forget(ctx, published))
	})
}

// Relay hands the rows in the outbox to round, oldest first, until ctx ends. It
// looks again after an error, with back-off, and whenever there may be more.
func (o *Outbox) Relay(ctx context.Context, round func(context.Context, []OutboxRow) error) error {
	poll := time.NewTicker(relayInterval)
	defer poll.Stop()
	for failures := 0; ; {
		rows, err := o.pending(ctx)
		if len(rows) > 0 {
			err = round(ctx, rows)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			failures++
			o.log.Warn("relay failed, will try again", "error", err)
			backoff.Wait(ctx, failures, relayMaxDelay)
			continue
		}
		failures = 0
		if len(rows) == relayBatch {
			continue // there is more
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.written:
		case <-poll.C:
		}
	}
}

// Publish publishes the rows, in order for each user, waits until each was acknowledged
// or given up, and returns those that were acknowledged. Of the others the outcome is
// unknown, as after Notify, and err reports why of one of them.
func (o *Outbox) Publish(ctx context.Context, rows []OutboxRow) (published []OutboxRow, err error) {
	records := make([]*kgo.Record, len(rows))
	of := make(map[*kgo.Record]OutboxRow, len(rows))
	for i, r := range rows {
		records[i] = r.Event.Record(o.publisher.topic)
		of[records[i]] = r
	}
	for _, r := range o.publisher.client.ProduceSync(ctx, records...) {
		if r.Err == nil {
			published = append(published, of[r.Record])
		} else {
			err = fmt.Errorf("publish: %w", r.Err)
		}
	}
	return published, err
}

// OutboxRow is one event that waits to be published.
type OutboxRow struct {
	seq   int64
	Event event.Event
}

func (o *Outbox) pending(ctx context.Context) ([]OutboxRow, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	found, err := o.db.QueryContext(ctx, `SELECT seq, id, user_id, action FROM outbox ORDER BY seq LIMIT $1`, relayBatch)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer found.Close()
	var rows []OutboxRow
	for found.Next() {
		var r OutboxRow
		if err := found.Scan(&r.seq, &r.Event.ID, &r.Event.UserID, &r.Event.Action); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

// Forget deletes the rows.
func (o *Outbox) Forget(ctx context.Context, rows []OutboxRow) error {
	if len(rows) == 0 {
		return nil
	}
	// What is published is published, asked to stop or not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.timeout)
	defer cancel()
	args := make([]any, len(rows))
	marks := make([]string, len(rows))
	for i, r := range rows {
		args[i], marks[i] = r.seq, fmt.Sprintf("$%d", i+1)
	}
	if _, err := o.db.ExecContext(ctx, `DELETE FROM outbox WHERE seq IN (`+strings.Join(marks, ", ")+`)`, args...); err != nil {
		return fmt.Errorf("empty the outbox of %d events: %w", len(rows), err)
	}
	return nil
}
