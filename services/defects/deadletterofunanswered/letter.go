// Package deadletterofunanswered is analytics with a planted defect: it gives up what
// its database did not answer to, and may have done.
//
// People write it because an attempt without an answer failed, like any other. But
// the event may be recorded, and then there is a letter for it, too: whoever counts
// letters counts a loss that is none, and who sends them back relies on a sink that
// takes a repeated event for one.
package deadletterofunanswered

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/deadletter"
)

// New makes the service; it stands for analytics with a dead letter topic.
func New(config analytics.Config) (*analytics.Service, error) {
	config.DeadLetter.NewLetter = letter
	return analytics.New(config)
}

func letter(topic string, r *kgo.Record, why deadletter.Failure) *kgo.Record {
	why.Unknown = false // The defect: the next attempt does not know of it.
	return deadletter.NewLetter(topic, r, why)
}
