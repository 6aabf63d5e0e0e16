package deadletter

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Headers of a dead letter, beside those that the original had.
const (
	OriginTopic     = "origin-topic"     // where the original stands
	OriginPartition = "origin-partition" // decimal
	OriginOffset    = "origin-offset"    // decimal
	ErrorClass      = "error"            // what kind of failure the last one was
	ErrorDetail     = "error-detail"     // its text
	Attempt         = "attempt"          // how many attempts were made so far, decimal
	Unknown         = "outcome-unknown"  // "true" where one of them may have succeeded
)

var ours = []string{OriginTopic, OriginPartition, OriginOffset, ErrorClass, ErrorDetail, Attempt, Unknown}

// Failure is why a record is handed over.
type Failure struct {
	Class   string
	Detail  string
	Attempt int  // how many attempts were made so far
	Unknown bool // whether one of them may have succeeded
}

// NewLetter is r as a record for another topic: same key, value and headers,
// and where the original stands, however often it was handed over since.
func NewLetter(topic string, r *kgo.Record, why Failure) *kgo.Record {
	origin := func(name, own string) kgo.RecordHeader {
		if value, ok := header(r, name); ok {
			own = value
		}
		return kgo.RecordHeader{Key: name, Value: []byte(own)}
	}
	deadLetter := &kgo.Record{
		Topic: topic,
		Key:   r.Key,
		Value: r.Value,
		Headers: append(foreign(r),
			origin(OriginTopic, r.Topic),
			origin(OriginPartition, strconv.Itoa(int(r.Partition))),
			origin(OriginOffset, strconv.FormatInt(r.Offset, 10)),
			kgo.RecordHeader{Key: ErrorClass, Value: []byte(why.Class)},
			kgo.RecordHeader{Key: ErrorDetail, Value: []byte(why.Detail)},
			kgo.RecordHeader{Key: Attempt, Value: []byte(strconv.Itoa(why.Attempt))},
		),
	}
	if why.Unknown {
		deadLetter.Headers = append(deadLetter.Headers, kgo.RecordHeader{Key: Unknown, Value: []byte("true")})
	}
	return deadLetter
}

// Original is what a dead letter stands for, as a new record for the topic that it
// came from. Attempts are counted from the beginning again.
func Original(deadLetter *kgo.Record) (*kgo.Record, error) {
	topic, ok := header(deadLetter, OriginTopic)
	if !ok || topic == "" {
		return nil, fmt.Errorf("the dead letter has no %s header", OriginTopic)
	}
	return &kgo.Record{Topic: topic, Key: deadLetter.Key, Value: deadLetter.Value, Headers: foreign(deadLetter)}, nil
}

// attempts is how many attempts were made at r so far; none for an original.
func attempts(r *kgo.Record) int {
	value, _ := header(r, Attempt)
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// unknown is whether r may have been processed at an earlier attempt.
func unknown(r *kgo.Record) bool {
	value, _ := header(r, Unknown)
	return value == "true"
}

func header(r *kgo.Record, name string) (string, bool) {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value), true
		}
	}
	return "", false
}

// foreign are the headers of r that this package does not write.
func foreign(r *kgo.Record) []kgo.RecordHeader {
	return slices.DeleteFunc(slices.Clone(r.Headers), func(h kgo.RecordHeader) bool { return slices.Contains(ours, h.Key) })
}
