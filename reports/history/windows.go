package history

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Window is a span [From, To) in which a fault was witnessed.
type Window struct{ From, To time.Duration }

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Duration) bool { return w.From <= t && t < w.To }

// Windows returns when faults were witnessed to be active, in order; windows
// that overlap are one. A fault without both its witnesses has no window.
func (l Log) Windows() []Window { return windows(l.Of(Fault)) }

// Windows is [Log.Windows].
func (x *Index) Windows() []Window { return windows(x.Of(Fault)) }

func windows(faults iter.Seq[*Event]) []Window {
	var all []Window
	for e := range faults {
		if f := e.Fault; f != nil && f.Active > 0 && f.Clear > f.Active {
			all = append(all, Window{f.Active, f.Clear})
		}
	}
	return Joined(all)
}

// Joined are the windows in order, one for those that overlap.
func Joined(all []Window) (joined []Window) {
	slices.SortFunc(all, func(a, b Window) int { return cmp.Compare(a.From, b.From) })
	for _, w := range all {
		if n := len(joined); n > 0 && w.From <= joined[n-1].To {
			joined[n-1].To = max(joined[n-1].To, w.To)
			continue
		}
		joined = append(joined, w)
	}
	return joined
}
