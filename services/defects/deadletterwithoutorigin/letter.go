// Package deadletterwithoutorigin is analytics with a planted defect: its letters do not
// report where the record came from.
//
// People write it because the value is what matters, and the rest can be found
// in the log. On the day when a thousand letters have to be sent back nobody can
// say into which topic, whether one of them is there twice, or which of them a
// fixed consumer has already seen.
package deadletterwithoutorigin

import (
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
	"github.com/twmb/franz-go/pkg/kgo"
)

// New makes the service; it stands for analytics with a dead letter topic.
func New(config analytics.Config) (*analytics.Service, error) {
	config.DeadLetter.NewLetter = letter
	return analytics.New(config)
}

func letter(topic string, r *kgo.Record, why deadletter.Failure) *kgo.Record {
	l := deadletter.NewLetter(topic, r, why)
	l.Headers = slices.DeleteFunc(l.Headers, func(h kgo.RecordHeader) bool {
		return strings.HasPrefix(h.Key, "origin-") // The defect.
	})
	return l
}
