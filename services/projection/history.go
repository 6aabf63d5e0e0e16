package projection

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafka"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// replayTimeout bounds one replay. It reads all of the log up to some offset, so
// it takes as long as there is log.
const replayTimeout = 30 * time.Second

// History is the topic as a history that can be asked: where it ends, where it
// was at some time, and what the state was there. It is no member of a group and
// writes nothing.
type History struct {
	topic   string
	options []kgo.Opt

	client  *kgo.Client   // between open and close
	one     chan struct{} // has room for the replay that runs
	closing chan struct{} // ends the replays of requests that the server has given up
	replays sync.WaitGroup
}

func newHistory(c Config) *History {
	return &History{
		topic:   c.Consumer.Topic,
		options: kafka.Options(c.Consumer.Brokers, c.Consumer.ClientID, c.Consumer.Dial, c.Log),
		one:     make(chan struct{}, 1),
		closing: make(chan struct{}),
	}
}

func (h *History) open() (err error) {
	if h.client, err = kgo.NewClient(h.options...); err != nil {
		return fmt.Errorf("projection: %w", err)
	}
	return nil
}

func (h *History) close() {
	close(h.closing)
	h.replays.Wait()
	h.client.Close()
}

// Offsets are one offset for each partition.
type Offsets map[int32]int64

func ofTopic(listed kadm.ListedOffsets, err error) (Offsets, error) {
	if err := errors.Join(err, listed.Error()); err != nil {
		return nil, err
	}
	found := Offsets{}
	listed.Each(func(o kadm.ListedOffset) { found[o.Partition] = o.Offset })
	return found, nil
}

// Ends are where a reader of committed records comes to the end.
func (h *History) Ends(ctx context.Context) (Offsets, error) {
	found, err := ofTopic(kadm.NewClient(h.client).ListCommittedOffsets(ctx, h.topic))
	if err != nil {
		return nil, fmt.Errorf("where %s ends: %w", h.topic, err)
	}
	return found, nil
}

// At is where the log was at an instant: behind all records before the first one
// that is later.
func (h *History) At(ctx context.Context, instant time.Time) (Offsets, error) {
	ends, err := h.Ends(ctx)
	if err != nil {
		return nil, err
	}
	later, err := ofTopic(kadm.NewClient(h.client).ListOffsetsAfterMilli(ctx, instant.UnixMilli()+1, h.topic))
	if err != nil {
		return nil, fmt.Errorf("where %s was at %s: %w", h.topic, instant.Format(time.RFC3339Nano), err)
	}
	for number, end := range ends {
		if first, ok := later[number]; ok && first >= 0 {
			ends[number] = min(first, end)
		}
	}
	return ends, nil
}

// badQuestion means that what was asked for is not there, and forgotten that it
// is there no longer.
type (
	badQuestion struct{ error }
	forgotten   struct{ error }
)

// check reports whether the log can be read from its beginning up to the offsets.
func (h *History) check(ctx context.Context, upTo Offsets) error {
	ends, err := h.Ends(ctx)
	if err != nil {
		return err
	}
	starts, err := ofTopic(kadm.NewClient(h.client).ListStartOffsets(ctx, h.topic))
	if err != nil {
		return fmt.Errorf("where %s begins: %w", h.topic, err)
	}
	for _, number := range slices.Sorted(maps.Keys(upTo)) {
		offset := upTo[number]
		end, known := ends[number]
		switch {
		case !known:
			return badQuestion{fmt.Errorf("%s has no partition %d: it has 0 to %d", h.topic, number, len(ends)-1)}
		case offset > end:
			return badQuestion{fmt.Errorf("partition %d ends at %d: ask for an offset up to there, not for %d", number, end, offset)}
		case offset > 0 && starts[number] > 0:
			return forgotten{fmt.Errorf("partition %d begins at %d: what was before is no longer in the log, and the state cannot be computed without it", number, starts[number])}
		}
	}
	return nil
}

// replay is the state that follows from the log alone, from its beginning up to
// the offsets, which check has found to be readable. One replay runs at a time:
// each holds all users and all event ids in memory.
func (h *History) replay(ctx context.Context, upTo Offsets) (map[string]User, error) {
	h.replays.Add(1)
	defer h.replays.Done()
	ctx, cancel := context.WithTimeout(ctx, replayTimeout)
	defer cancel()
	h.replays.Go(func() {
		select {
		case <-h.closing:
			cancel()
		case <-ctx.Done():
		}
	})
	select {
	case h.one <- struct{}{}:
		defer func() { <-h.one }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for another replay: %w", ctx.Err())
	}

	from := map[int32]kgo.Offset{}
	for number, offset := range upTo {
		if offset > 0 {
			from[number] = kgo.NewOffset().At(0)
		}
	}
	s := state{users: map[string]User{}, seen: map[string]bool{}}
	if len(from) == 0 {
		return s.users, nil
	}
	client, err := kgo.NewClient(append(slices.Clone(h.options),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{h.topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Default: go on where the log begins now, and tell nobody of the gap.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		// The end of a transaction takes an offset too: without it the last
		// offset of a topic might never be seen.
		kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for len(from) > 0 {
		polled := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("replay %s: %w", h.topic, ctx.Err())
		}
		if errs := polled.Errors(); len(errs) > 0 { // the client itself tries again what may pass
			return nil, fmt.Errorf("replay %s/%d: %w", h.topic, errs[0].Partition, errs[0].Err)
		}
		polled.EachRecord(func(r *kgo.Record) {
			if r.Offset < upTo[r.Partition] {
				s.take(r)
			}
			if r.Offset >= upTo[r.Partition]-1 {
				delete(from, r.Partition)
			}
		})
	}
	return s.users, nil
}

// state is the view as [View.Fold] makes it, in memory.
type state struct {
	users map[string]User
	seen  map[string]bool // event ids
}

func (s state) take(r *kgo.Record) {
	if r.Attrs.IsControl() {
		return
	}
	e, err := event.FromRecord(r)
	if err != nil || s.seen[e.ID] { // the live view skips what is no event as well
		return
	}
	s.seen[e.ID] = true
	u := s.users[e.UserID]
	u.Events++
	u.LatestAction = e.Action
	s.users[e.UserID] = u
}
