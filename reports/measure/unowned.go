package measure

import (
	"time"

	"github.com/breakwater-kit/breakwater"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// unowned is for how long partitions of the service's topic belonged to no member
// of its group, added up over the partitions, from an instant on and while load ran;
// and how many changes of ownership it was told from. A partition that nobody has
// had yet is not missed.
func unowned(x *history.Index, s breakwater.Service, from time.Duration) (total time.Duration, changes int) {
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
	return total, changes
}
