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
	if !x.Tells(s.Ledger.Sink) {
		return nil
	}
	for r := range x.Owed(s) {
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

// promiseValues are, for each sink, how long its readers wait for what was
// acknowledged, and whether they see it in order.
func (f *fold) promiseValues() []Value {
	var all []Value
	for _, s := range f.index.Log.Header.Sinks() {
		sink, skew := s.Ledger.Sink, f.index.Skew(s)
		for _, phase := range []string{breakwater.Before, breakwater.During, breakwater.After} {
			in := slices.DeleteFunc(slices.Clone(f.promised[sink]), func(p promise) bool { return !f.spans.contains(phase, p.acked) })
			slices.SortStableFunc(in, func(a, b promise) int { return cmp.Compare(a.wait(), b.wait()) })
			for quantile, q := range map[string]float64{breakwater.P50: 0.50, breakwater.P99: 0.99} {
				v := Value{Name: breakwater.ConsistencyWindow(quantile, phase, sink), N: len(in)}
				if len(in) > 0 {
					i := rank(len(in), q)
					v.Value = milliseconds(in[i].wait())
					v.AtLeast = slices.ContainsFunc(in[:i+1], func(p promise) bool { return p.open })
				}
				all = append(all, v)
			}
			missed := 0
			for _, p := range in {
				if p.wait() > skew {
					missed++
				}
			}
			all = append(all, Value{Name: breakwater.StaleReads(phase, sink), Value: float64(missed) / float64(max(1, len(in))), N: len(in)})
		}
		n, of := overtaken(f.promised[sink], skew)
		inKey, ofKey := 0, 0
		for _, p := range byKey(f.promised[sink]) {
			n, of := overtaken(p, skew)
			inKey, ofKey = inKey+n, ofKey+of
		}
		all = append(all, Value{Name: breakwater.Overtaken(sink), Value: float64(n), N: of}, Value{Name: breakwater.OvertakenInKey(sink), Value: float64(inKey), N: ofKey})
	}
	for i := range all {
		all[i].Unit = breakwater.UnitOf(all[i].Name)
	}
	slices.SortStableFunc(all, func(a, b Value) int { return cmp.Compare(a.Name, b.Name) })
	return all
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
	for i, w := range byWindow {
		if len(w) == 0 {
			continue
		}
		slices.Sort(w)
		at := time.Duration(i) * Window
		p50 = append(p50, Point{at, milliseconds(quantile(w, 0.50))})
		p99 = append(p99, Point{at, milliseconds(quantile(w, 0.99))})
	}
	return p50, p99
}
