package measure

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// promise is one event that its sender was told is done, and when it was in a sink.
type promise struct {
	sent, acked time.Duration
	effect      time.Duration // the first one; the run's end while it is open
	open        bool          // it was not there when the run ended
	key         string
}

// wait is from the acknowledgement to the effect, 0 where the effect came first.
func (p promise) wait() time.Duration { return max(0, p.effect-p.acked) }

func newPromises(x *history.Index, s breakwater.Service, end time.Duration) []promise {
	held := x.Sink(s.Ledger.Sink).Effects
	var all []promise
	if !x.KnowsEffects(s.Ledger.Sink) {
		return nil
	}
	for r := range x.Due(s) {
		if r.Outcome != history.OK {
			continue
		}
		p := promise{sent: r.At, acked: max(r.End, r.At), effect: end, open: true, key: r.Key}
		if done := held.Of(r); len(done) > 0 {
			p.effect, p.open = done[0].At, false
		}
		all = append(all, p)
	}
	return all
}

// promisedIn are what was acknowledged in a phase and due in a sink, by the wait.
func (f *fold) promisedIn(phase, sink string) []promise {
	type key struct{ phase, sink string }
	return history.Remember(f.index, key{phase, sink}, func() []promise {
		in := slices.DeleteFunc(slices.Clone(f.promised[sink]), func(p promise) bool { return !f.spans.contains(phase, p.acked) })
		slices.SortStableFunc(in, func(a, b promise) int { return cmp.Compare(a.wait(), b.wait()) })
		return in
	})
}

// consistency is a quantile of how long readers of a sink wait for what was acknowledged.
func (f *fold) consistency(of breakwater.Measured) Value {
	in := f.promisedIn(of.Phase, of.Subject)
	if len(in) == 0 {
		return Value{}
	}
	i := rank(len(in), quantiles[of.Quantile])
	return Value{N: len(in), Value: milliseconds(in[i].wait()), AtLeast: slices.ContainsFunc(in[:i+1], func(p promise) bool { return p.open })}
}

func (f *fold) staleReads(of breakwater.Measured) Value {
	in, skew, missed := f.promisedIn(of.Phase, of.Subject), f.skewOf(of.Subject), 0
	for _, p := range in {
		if p.wait() > skew {
			missed++
		}
	}
	return Value{Value: float64(missed) / float64(max(1, len(in))), N: len(in)}
}

func (f *fold) overtakenInKey(of breakwater.Measured) Value {
	inKey, ofKey := 0, 0
	for _, p := range byKey(f.promised[of.Subject]) {
		n, of := overtaken(p, f.skewOf(of.Subject))
		inKey, ofKey = inKey+n, ofKey+of
	}
	return number(inKey, ofKey)
}

func byKey(all []promise) map[string][]promise {
	found := map[string][]promise{}
	for _, p := range all {
		if p.key != "" {
			found[p.key] = append(found[p.key], p)
		}
	}
	return found
}

// overtaken counts the events that took effect after one that was sent only when
// they had been acknowledged, by more than the error of the sink's clock. Of are
// those that could have been: they took effect, and something was sent after them.
func overtaken(all []promise, skew time.Duration) (n, of int) {
	bySent := slices.Clone(all)
	slices.SortFunc(bySent, func(a, b promise) int { return cmp.Compare(a.sent, b.sent) })
	first := make([]time.Duration, len(bySent)) // the first effect of those from there on
	least := time.Duration(math.MaxInt64)
	for i := len(bySent) - 1; i >= 0; i-- {
		if !bySent[i].open {
			least = min(least, bySent[i].effect)
		}
		first[i] = least
	}
	for _, p := range all {
		i := sort.Search(len(bySent), func(i int) bool { return bySent[i].sent > p.acked })
		if p.open || i == len(bySent) {
			continue
		}
		of++
		if first[i] < p.effect-skew {
			n++
		}
	}
	return n, of
}

// waits are the quantiles of the wait by window of the acknowledgement.
func waits(all []promise, end time.Duration) (p50, p99 []Point) {
	byWindow := make([][]time.Duration, len(newCounts(end)))
	for _, p := range all {
		if i := window(p.acked); i < len(byWindow) {
			byWindow[i] = append(byWindow[i], p.wait())
		}
	}
	return medians(byWindow)
}
