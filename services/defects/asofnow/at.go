// Package asofnow is projection with a planted defect: whatever time it is asked
// for, it tells the state of now.
//
// People write it because they try it on a log in which nothing happens any more,
// where now and a moment ago are the same.
package asofnow

import (
	"context"
	"time"

	"github.com/breakwater-kit/breakwater/services/projection"
)

// New makes the service; it stands for projection.
func New(config projection.Config) (*projection.Service, error) {
	config.At = at
	return projection.New(config)
}

// The defect: the instant is not looked at.
func at(ctx context.Context, h *projection.History, _ time.Time) (projection.Offsets, error) {
	return h.Ends(ctx)
}
