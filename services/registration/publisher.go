package registration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafka"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Publisher notifies the other services by publishing to Kafka.
type Publisher struct {
	client  *kgo.Client
	topic   string
	timeout time.Duration
}

// NewPublisher makes it with the configuration's Brokers, Topic, ClientID,
// PublishTimeout, Dial and Log.
func NewPublisher(config Config) (*Publisher, error) {
	client, err := kgo.NewClient(producerOptions(config)...)
	if err != nil {
		return nil, err
	}
	return &Publisher{client: client, topic: config.Topic, timeout: config.PublishTimeout}, nil
}

func producerOptions(config Config) []kgo.Opt {
	options := append(
		kafka.Options(config.Brokers, config.ClientID, config.Dial, config.Log),
		// Both are the client's defaults, and what a 202 stands for: the
		// record is on every in-sync replica, once. (Idempotence is on unless
		// switched off.)
		kgo.RequiredAcks(kgo.AllISRAcks()),
		// Default unlimited. A record that was never sent, or whose every
		// attempt was answered, is given up after this; see notify.
		kgo.RecordDeliveryTimeout(config.PublishTimeout),
		// Default 10s: how long the broker itself waits for its replicas.
		kgo.ProduceRequestTimeout(1500*time.Millisecond),
		// Default 10ms. A caller waits for every record, and records that
		// come while a request is on its way share the next one anyway.
		kgo.ProducerLinger(0),
		// A few dozen bytes do not shrink.
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if config.Repeating {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	return options
}

// Close gives up what is still buffered: nobody waits for it any more.
func (p *Publisher) Close() { p.client.Close() }

var errNotAcknowledged = fmt.Errorf("publish: no acknowledgement in time: %w", context.DeadlineExceeded)

// Notify publishes e and waits for the acknowledgement, but no longer than the
// time-out.
//
// After an error the outcome is unknown, and may still be open: an idempotent
// producer cannot take back a record that it has sent and has no answer for,
// so it goes on sending it (with the same sequence number, hence never twice)
// until the broker answers or this process ends. The record may appear in the
// log long after the caller was told 504.
func (p *Publisher) Notify(ctx context.Context, e event.Event) error {
	acknowledged := make(chan error, 1)
	// The record does not get the request's context: a caller that hangs up
	// shows nothing about whether the event should be published.
	p.client.TryProduce(context.WithoutCancel(ctx), e.Record(p.topic), func(_ *kgo.Record, err error) {
		acknowledged <- err
	})
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case err := <-acknowledged:
		if errors.Is(err, kgo.ErrRecordTimeout) {
			return errNotAcknowledged
		}
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		return nil
	case <-timer.C:
		return errNotAcknowledged
	}
}
