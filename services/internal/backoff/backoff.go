// Package backoff waits before something is tried again.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// Delay is how long to wait after the n-th failure in a row (n from 1): 10ms
// doubled each time up to limit, of which a random half is taken off, so that
// those who failed together do not come back together.
func Delay(failures int, limit time.Duration) time.Duration {
	full := min(10*time.Millisecond<<min(max(failures-1, 0), 20), limit)
	return full/2 + rand.N(full/2+1)
}

// Wait waits for the [Delay], or less if ctx ends.
func Wait(ctx context.Context, failures int, limit time.Duration) { Sleep(ctx, Delay(failures, limit)) }

// Sleep waits for d, or less if ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
