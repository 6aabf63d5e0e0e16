// Package startatlatest is analytics with a planted defect: where its group has no
// committed offset it starts at the end of the topic.
//
// People do not write it, they leave it: it is the default of the Java client
// (auto.offset.reset=latest) and of many that follow it. All that was published
// before the group's first commit is skipped: before the first deployment, in a
// partition that was added later and found later, and after the offsets have
// expired over a long stop.
package startatlatest

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/breakwater-kit/breakwater/services/analytics"
)

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Consumer.Options = append(config.Consumer.Options,
		kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd())) // The defect: AtStart.
	return analytics.New(config)
}
