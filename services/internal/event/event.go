// Package event is the one message that the services exchange: a user did
// something. It travels as an HTTP request (the id in the Idempotency-Key
// header) or as a Kafka record (the id in the event-id header); both carry the
// same JSON, and both are decoded here.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// IDHeader is the HTTP header that carries the event's id.
	IDHeader = "Idempotency-Key"
	// RecordIDHeader is the Kafka record header that carries it.
	RecordIDHeader = "event-id"

	maxIDLength    = 128
	maxFieldLength = 64
)

// Event says that a user did something, once.
type Event struct {
	// ID identifies this occurrence. Every delivery of the event, first or
	// again, has the same one. At most 128 letters, digits and "._:-".
	ID string `json:"-"`
	// UserID is the business key; at most 64 letters, digits and "._:-".
	UserID string `json:"userId"`
	// Action is what the user did, for example "registered"; same alphabet.
	Action string `json:"action"`
}

// Parse decodes body and validates it together with id. Its errors name the
// field and the fix, and are safe to show to a caller.
func Parse(id string, body []byte) (Event, error) {
	e := Event{ID: id}
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, fmt.Errorf(`body is not an event: %w; send {"userId":"u17","action":"registered"}`, err)
	}
	return e, e.Validate()
}

// Validate reports every field that is missing or malformed.
func (e Event) Validate() error {
	return errors.Join(
		checkToken("event id", e.ID, maxIDLength),
		checkToken("userId", e.UserID, maxFieldLength),
		checkToken("action", e.Action, maxFieldLength),
	)
}

var foreign = regexp.MustCompile(`[^A-Za-z0-9._:\-]`)

// checkToken keeps ids and keys to an alphabet that needs no escaping in a
// mail header, a mail address, a Redis key or a log line.
func checkToken(field, value string, maxLength int) error {
	if value == "" {
		return fmt.Errorf("%s is empty: send 1 to %d letters, digits or ._:-", field, maxLength)
	}
	if len(value) > maxLength {
		return fmt.Errorf("%s has %d characters: send at most %d", field, len(value), maxLength)
	}
	if at := foreign.FindStringIndex(value); at != nil {
		return fmt.Errorf("%s contains %q: send only letters, digits and ._:-", field, value[at[0]])
	}
	return nil
}

// Body is the event's JSON form, the same over HTTP and over Kafka.
func (e Event) Body() []byte {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // two strings always marshal
	}
	return body
}

// FromRequest decodes the event of an HTTP request whose body was read.
func FromRequest(r *http.Request, body []byte) (Event, error) {
	return Parse(r.Header.Get(IDHeader), body)
}

// FromRecord decodes the event of a Kafka record.
func FromRecord(r *kgo.Record) (Event, error) {
	for _, h := range r.Headers {
		if h.Key == RecordIDHeader {
			return Parse(string(h.Value), r.Value)
		}
	}
	return Event{}, fmt.Errorf("record has no %s header", RecordIDHeader)
}

// Record is the event as a Kafka record for topic. The key is the user, so
// that one user's events stay in order on one partition.
func (e Event) Record(topic string) *kgo.Record {
	return &kgo.Record{
		Topic:   topic,
		Key:     []byte(e.UserID),
		Value:   e.Body(),
		Headers: []kgo.RecordHeader{{Key: RecordIDHeader, Value: []byte(e.ID)}},
	}
}
