// Package readuncommitted is analytics with a planted defect: it also reads the records
// of transactions that were aborted.
//
// People do not write it, they leave it: it is the default of every client
// (isolation.level=read_uncommitted). It goes unnoticed as long as producers use
// no transactions. From then on events take effect that their producer has taken
// back, and those it sends again take effect twice, under two offsets.
package readuncommitted

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/analytics"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Consumer.Options = append(config.Consumer.Options,
		kgo.FetchIsolationLevel(kgo.ReadUncommitted())) // The defect: ReadCommitted.
	return analytics.New(config)
}
