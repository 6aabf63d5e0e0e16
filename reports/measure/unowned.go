package measure

import (
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// unowned is for how long partitions of the service's topic belonged to no member
// of its group, added up over the partitions, from the first fault's injection on and while
// load ran; by the changes of ownership. A partition that nobody has had yet is not missed.
func (f *fold) unowned(of breakwater.Measured) Value {
	x, s := f.index, f.consumers[slices.IndexFunc(f.consumers, func(s breakwater.Service) bool { return s.Group == of.Subject })]
	var from, total time.Duration
	changes, faults := 0, false
	for e := range x.Of(history.Fault) {
		from, faults = e.At, true
		break
	}
	if !faults {
		return Value{}
	}
	until := from
	if after, ok := x.Log.Header.Phase(breakwater.After); ok {
		until = after.End
	}
	owner := map[history.Partition]*history.Event{} // nil: nobody
	left := map[history.Partition]time.Duration{}   // since when
	leave := func(p history.Partition, at time.Duration) {
		if owner[p] != nil {
			owner[p], left[p] = nil, at
		}
	}
	missed := func(p history.Partition, to time.Duration) {
		if since, was := left[p]; was {
			total += max(0, min(to, until)-max(since, from))
			delete(left, p)
		}
	}
	for e := range x.Of(history.Assign, history.Process) {
		switch {
		case e.Kind == history.Process:
			if e.Name == history.Exited && s.Has(e.Client) {
				for p, has := range owner {
					if has != nil && has.Client == e.Client {
						leave(p, e.At)
					}
				}
			}
		case e.Group != s.Group || x.Input(s) != "" && e.Topic != x.Input(s):
		case e.Name == history.Assigned:
			changes++
			missed(e.In(), e.At)
			owner[e.In()] = e
		default:
			changes++
			if has := owner[e.In()]; has != nil && has.Client == e.Client && has.Member == e.Member {
				leave(e.In(), e.At)
			}
		}
	}
	for p := range left {
		missed(p, until)
	}
	return Value{Value: round(total.Seconds()), N: changes}
}
