package breakwater

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// DeadLetter is what a service does with a record that it cannot process: it
// may retry it later, through retry topics, and in the end it gives it up. A record
// in one of its topics is a dead letter. It carries the event id of the record that
// it stands for, and holds in headers why it is there.
type DeadLetter struct {
	// Topic is where records are given up. Like the retry topics it is made by the
	// world, with the scenario's partitions, and no other service may use it.
	Topic string `json:"topic"`

	// Retry are the topics through which records are retried later. The service reads
	// them with its Group. None: it tries again in place, or not at all.
	Retry []string `json:"retry,omitempty"`

	// MaxAttempts is how often a record is tried at most, the first time included,
	// before it is given up; 0 promises nothing. Backoff is the least time between
	// two attempts through a retry topic; 0 promises nothing.
	MaxAttempts int      `json:"maxAttempts,omitempty"`
	Backoff     Duration `json:"backoff,omitempty"`

	// Fatal are the classes of failure, as the dead letters name them, that are never
	// tried again. Default none.
	Fatal []string `json:"fatal,omitempty"`

	Headers DeadLetterHeaders `json:"headers,omitzero"`
}

// DeadLetterHeaders are the names of a dead letter's headers; each has a default.
//
// Numbers are decimal digits or big-endian integers of four or eight bytes, so
// that Spring Kafka's kafka_dlt-original-partition and kafka_dlt-original-offset
// can be read. What is missing, or is neither, the dead letter does not say.
type DeadLetterHeaders struct {
	Topic     string `json:"topic,omitempty"`     // of the original; default "origin-topic"
	Partition string `json:"partition,omitempty"` // default "origin-partition"
	Offset    string `json:"offset,omitempty"`    // default "origin-offset"
	Error     string `json:"error,omitempty"`     // class of the last failure; default "error"
	Attempt   string `json:"attempt,omitempty"`   // attempts so far, from 1; default "attempt"
}

// DeadLetterHeaders is Headers with their defaults.
func (d DeadLetter) DeadLetterHeaders() DeadLetterHeaders {
	return DeadLetterHeaders{
		Topic:     cmp.Or(d.Headers.Topic, "origin-topic"),
		Partition: cmp.Or(d.Headers.Partition, "origin-partition"),
		Offset:    cmp.Or(d.Headers.Offset, "origin-offset"),
		Error:     cmp.Or(d.Headers.Error, "error"),
		Attempt:   cmp.Or(d.Headers.Attempt, "attempt"),
	}
}

// Topics are all that the dead letters go through.
func (d DeadLetter) Topics() []string {
	return slices.DeleteFunc(append([]string{d.Topic}, d.Retry...), func(t string) bool { return t == "" })
}

func (d *DeadLetter) validate(group string) (errs []error) {
	if d == nil {
		return nil
	}
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf("its dead letter "+format, a...)) }
	if d.Topic == "" {
		add("names no topic; set where records are given up")
	}
	if slices.Contains(d.Retry, "") {
		add("has a retry topic without a name")
	}
	if group == "" {
		add("topic is %q but it consumes nothing; set Group", d.Topic)
	}
	switch {
	case d.MaxAttempts < 0:
		add("allows %d attempts; give 1 or more, or 0 to promise nothing", d.MaxAttempts)
	case d.MaxAttempts == 1 && len(d.Retry) > 0:
		add("allows 1 attempt but has retry topics; allow more, or leave Retry out")
	}
	switch {
	case d.Backoff < 0:
		add("waits %s between attempts; give a positive duration, or 0 to promise nothing", time.Duration(d.Backoff))
	case d.Backoff > 0 && len(d.Retry) == 0:
		add("waits %s between attempts through a retry topic but has none; name it in Retry, or leave Backoff out", time.Duration(d.Backoff))
	}
	return errs
}

// Backoff is the longest time for which records wait in a retry topic.
func (s Scenario) Backoff() time.Duration {
	var longest Duration
	for _, v := range s.Services {
		if v.DeadLetter != nil {
			longest = max(longest, v.DeadLetter.Backoff)
		}
	}
	return time.Duration(longest)
}
