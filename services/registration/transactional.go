package registration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// transactionBatch is how many registrations share one transaction at most.
	transactionBatch = 100

	// transactionTimeout is after how long the broker aborts a transaction whose
	// producer is gone. Until then readers of committed records wait behind it.
	// Default 40s.
	transactionTimeout = 10 * time.Second
)

// transactional publishes the events in a Kafka transaction which it commits
// when their users are stored, and aborts when storing them failed. A reader
// of committed records never sees an event whose user is not there; one that
// reads uncommitted records sees all of them.
//
// Kafka and the database still do not commit as one: a process that ends
// between the two leaves users of whom nobody hears, which the outbox does not.
// There is one transaction at a time, so registrations that come meanwhile wait
// for the next and share it.
type transactional struct {
	client  *kgo.Client
	topic   string
	users   Users
	timeout time.Duration // to publish
	waiting chan registration
}

// registration is one that waits for the outcome of its transaction.
type registration struct {
	event   event.Event
	outcome chan<- error
}

func newTransactional(config Config) (*transactional, error) {
	client, err := kgo.NewClient(append(producerOptions(config),
		kgo.TransactionalID(config.ClientID),
		kgo.TransactionTimeout(transactionTimeout),
	)...)
	if err != nil {
		return nil, err
	}
	return &transactional{
		client: client, topic: config.Topic, users: NewUsers(config), timeout: config.PublishTimeout,
		waiting: make(chan registration),
	}, nil
}

// Accepted is 202: the event is published, and what follows from it is to come.
func (t *transactional) Accepted() int { return http.StatusAccepted }

// Close ends the connections. A transaction that is open stays so until the
// broker's time-out or until the same transactional id starts again.
func (t *transactional) Close() { t.client.Close() }

// Register hands the registration to the next transaction and waits for its end.
func (t *transactional) Register(ctx context.Context, e event.Event) error {
	outcome := make(chan error, 1)
	timer := time.NewTimer(t.timeout)
	defer timer.Stop()
	select {
	case t.waiting <- registration{e, outcome}:
	case <-timer.C:
		return RejectedError{errors.New("no transaction took this registration in time: nothing was done, try again later")}
	case <-ctx.Done():
		return RejectedError{ctx.Err()}
	}
	select {
	case err := <-outcome:
		return err
	case <-timer.C:
		return errNotAcknowledged
	}
}

// Run performs one transaction after the other until ctx ends.
func (t *transactional) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case first := <-t.waiting:
			t.perform(ctx, t.with(first))
		}
	}
}

// with is the registration and all that wait beside it.
func (t *transactional) with(first registration) []registration {
	batch := []registration{first}
	for len(batch) < transactionBatch {
		select {
		case next := <-t.waiting:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

func (t *transactional) perform(ctx context.Context, batch []registration) {
	// Once begun it is ended, asked to stop or not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionTimeout)
	defer cancel()
	err := t.client.BeginTransaction()
	if err != nil {
		err = RejectedError{fmt.Errorf("begin a transaction: %w", err)}
	} else {
		err = t.inTransaction(ctx, batch)
	}
	for _, r := range batch {
		r.outcome <- err
	}
}

func (t *transactional) inTransaction(ctx context.Context, batch []registration) error {
	err := t.write(ctx, batch)
	if err != nil {
		abort := errors.Join(t.client.AbortBufferedRecords(ctx), t.client.EndTransaction(ctx, kgo.TryAbort))
		return errors.Join(err, abort)
	}
	if err := t.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// write publishes the events, uncommitted, and stores their users.
func (t *transactional) write(ctx context.Context, batch []registration) error {
	records := make([]*kgo.Record, len(batch))
	inserts := make([]database.Statement, len(batch))
	for i, r := range batch {
		records[i] = r.event.Record(t.topic)
		inserts[i] = t.users.Insert(r.event)
	}
	if err := t.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	storing, cancel := context.WithTimeout(ctx, t.users.timeout)
	defer cancel()
	if err := database.ExecAll(storing, t.users.db, inserts...); err != nil {
		return fmt.Errorf("store users: %w", err)
	}
	return nil
}
