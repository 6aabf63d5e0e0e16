// Package seektoendonrebalance is analytics with a planted defect: whenever it is given
// partitions it goes to their end.
//
// People write it for a dashboard that only needs what is new, or against the
// flood of old records after a restart, and it is copied from there. Every
// restart, every deployment and every member that comes or goes then skips all
// that was published since the last commit.
package seektoendonrebalance

import (
	"context"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/twmb/franz-go/pkg/kgo"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Consumer.Options = append(config.Consumer.Options, kgo.AdjustFetchOffsetsFn(seekToEnd))
	return analytics.New(config)
}

func seekToEnd(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	for _, partitions := range offsets {
		for number := range partitions {
			partitions[number] = kgo.NewOffset().AtEnd() // The defect: this was the committed offset.
		}
	}
	return offsets, nil
}
