package measure

import (
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// capacityWindow is the time over which a rate must be held. One that is not held
// for two of them in a row is too high; a single one may have been the machine's.
const capacityWindow = time.Second

// capacity is the highest rate of the operation that was held, over the time under
// fault or, in a run without one, over all the load. A request that failed, or was
// answered later than the objective, is more than p99 allows of a hundred.
func (f *fold) capacity(of breakwater.Measured) (v Value) {
	objective := time.Duration(f.index.Log.Header.Require.Latency)
	if objective <= 0 {
		return v
	}
	spans := f.spans[breakwater.During]
	if len(f.eras) == 0 {
		spans = slices.Concat(f.spans[breakwater.Before], f.spans[breakwater.During], f.spans[breakwater.After])
	}
	over := 0
	for _, span := range spans {
		n := int((span.To - span.From) / capacityWindow)
		sent, bad := make([]int, max(n, 0)), make([]int, max(n, 0))
		for _, r := range f.requests[of.Subject] {
			i := int((r.Scheduled - span.From) / capacityWindow)
			if r.Scheduled < span.From || i >= n {
				continue
			}
			sent[i]++
			if took, done := intended(r); !done || took > objective || r.Outcome != history.OK {
				bad[i]++
			}
		}
		for i := range sent {
			if sent[i] == 0 {
				continue
			}
			v.N++
			if bad[i]*100 > sent[i] {
				over++
			} else {
				over = 0
				v.Value = max(v.Value, float64(sent[i])/capacityWindow.Seconds())
			}
			if over == 2 {
				return v
			}
		}
	}
	v.AtLeast = v.N > 0
	return v
}
