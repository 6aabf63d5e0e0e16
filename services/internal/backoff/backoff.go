// Package backoff reports how long to wait before trying again.
package backoff

import (
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
