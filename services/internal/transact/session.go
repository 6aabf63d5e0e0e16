package transact

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Timeout is how long the partitions of a member that died in the middle of a
// transaction stay unreadable for others. Default 40s. A transaction takes a few
// requests here, since it begins after the processing.
const Timeout = 5 * time.Second

// Session is a client that consumes, publishes and commits in transactions:
// what a [Loop] needs of a [kgo.GroupTransactSession].
type Session interface {
	Client() *kgo.Client
	PollRecords(ctx context.Context, limit int) kgo.Fetches
	AllowRebalance()
	Begin() error
	ProduceSync(ctx context.Context, records ...*kgo.Record) kgo.ProduceResults
	// End commits the transaction and with it the offsets of all that was
	// polled, or goes back to what was committed before. It reports which.
	End(ctx context.Context, try kgo.TransactionEndTry) (committed bool, err error)
}

// NewSession makes a session from client options and a transactional id that
// only one running client has.
type NewSession func(transactionalID string, options ...kgo.Opt) (Session, error)

// Transactional is the NewSession to use.
func Transactional(transactionalID string, options ...kgo.Opt) (Session, error) {
	return kgo.NewGroupTransactSession(append(options,
		kgo.TransactionalID(transactionalID),
		kgo.TransactionTimeout(Timeout),
		// Default 10ms. All records of a transaction are there at once.
		kgo.ProducerLinger(0),
	)...)
}
