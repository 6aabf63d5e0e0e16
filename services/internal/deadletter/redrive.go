package deadletter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/kafka"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Redrive sends the dead letters in a dead letter topic back to where they came
// from, each once: a dead letter's way back and the commit that it was taken are one
// transaction. What fails again comes back as a new letter. Brokers and Topic
// are required.
type Redrive struct {
	Brokers []string
	Topic   string // the dead letter topic
	// Group remembers which dead letters were taken. Default "redrive".
	Group string
	// ClientID must differ between processes that run. Default: the group.
	ClientID string
	Dial     kafka.Dial   // nil means net.Dialer
	Log      *slog.Logger // nil means slog.Default()
}

// ErrNoOrigin means that some dead letters do not name where they came from. They were
// passed over; all others were sent back.
var ErrNoOrigin = errors.New("letters without an origin were passed over")

// Run sends back all dead letters that are there when it begins, and returns how
// many. Letters that come later are left to the next time.
func (d Redrive) Run(ctx context.Context) (redriven int, err error) {
	d.Group = cmp.Or(d.Group, "redrive")
	d.ClientID = cmp.Or(d.ClientID, d.Group)
	d.Log = cmp.Or(d.Log, slog.Default())
	if len(d.Brokers) == 0 || d.Topic == "" {
		return 0, errors.New("redrive: Brokers or Topic is empty: give host:port and the dead letter topic")
	}
	s, err := transact.Transactional(d.Group+"-"+d.ClientID, append(kafka.Options(d.Brokers, d.ClientID, d.Dial, d.Log),
		kgo.ConsumerGroup(d.Group),
		kgo.ConsumeTopics(d.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		// The end of a transaction takes an offset too: without it the last
		// offset of a topic would never be seen.
		kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return 0, fmt.Errorf("redrive: %w", err)
	}
	defer s.Client().CloseAllowingRebalance()
	if _, _, err := s.Client().ProducerID(ctx); err != nil {
		return 0, fmt.Errorf("redrive: %w", err)
	}
	admin := kadm.NewClient(s.Client())
	ends, err := admin.ListCommittedOffsets(ctx, d.Topic)
	if err := errors.Join(err, ends.Error()); err != nil {
		return 0, fmt.Errorf("redrive: where %s ends: %w", d.Topic, err)
	}
	passedOver := 0
	for {
		left, err := d.left(ctx, admin, ends)
		if err != nil {
			return redriven, fmt.Errorf("redrive: what is left of %s: %w", d.Topic, err)
		}
		if !left {
			break
		}
		taken, without, err := d.round(ctx, s)
		if err != nil {
			return redriven, fmt.Errorf("redrive: %w", err)
		}
		redriven, passedOver = redriven+taken, passedOver+without
	}
	if passedOver > 0 {
		return redriven, fmt.Errorf("redrive %s: %w: %d", d.Topic, ErrNoOrigin, passedOver)
	}
	return redriven, nil
}

// left reports whether the group has not yet come to the ends.
func (d Redrive) left(ctx context.Context, admin *kadm.Client, ends kadm.ListedOffsets) (bool, error) {
	starts, err := admin.ListStartOffsets(ctx, d.Topic)
	if err := errors.Join(err, starts.Error()); err != nil {
		return false, err
	}
	taken, err := admin.FetchOffsets(ctx, d.Group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // it may not have joined yet
		return false, err
	}
	left := false
	ends.Each(func(end kadm.ListedOffset) {
		start, _ := starts.Lookup(d.Topic, end.Partition)
		next := start.Offset
		if committed, ok := taken.Lookup(d.Topic, end.Partition); ok {
			next = max(next, committed.At)
		}
		left = left || next < end.Offset
	})
	return left, nil
}

// round takes one poll's letters. After an abort they are taken again.
func (d Redrive) round(ctx context.Context, s transact.Session) (redriven, passedOver int, err error) {
	wait, cancel := context.WithTimeout(ctx, time.Second) // another process may have taken the rest
	defer cancel()
	defer s.AllowRebalance()
	polled := s.PollRecords(wait, 500)
	if polled.Empty() {
		return 0, 0, ctx.Err()
	}
	var originals []*kgo.Record
	polled.EachRecord(func(deadLetter *kgo.Record) {
		if deadLetter.Attrs.IsControl() {
			return
		}
		original, err := Original(deadLetter)
		if err != nil {
			d.Log.Error("letter passed over", "partition", deadLetter.Partition, "offset", deadLetter.Offset, "error", err)
			passedOver++
			return
		}
		originals = append(originals, original)
	})
	committed, err := transact.Publish(ctx, s, d.Log.With("topic", d.Topic), originals)
	if err != nil || !committed {
		return 0, 0, err
	}
	d.Log.Info("letters sent back", "letters", len(originals))
	return len(originals), passedOver, nil
}
