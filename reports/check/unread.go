package check

import (
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// unread makes unknown of a verdict that needs a ledger which could not be read: an
// empty ledger would look like effects that never were. Whether it needs one is found by
// judging the log as if these services had none, as of those that give no data about
// their effects: what is broken even then is broken.
func (c Checker) unread(x *history.Index, v Verdict) Verdict {
	var whys []string
	for _, s := range x.Log.Header.Services {
		if why := x.Log.Header.Reading(s).Unread; why != "" {
			whys = append(whys, why)
		}
	}
	if v.Status == NotAsked || len(whys) == 0 {
		return v
	}
	without := c.Check(history.Remember(x, derived{"without unread ledgers", ""}, func() *history.Index { return withoutUnread(x.Log) }))
	if without.Status == v.Status && without.Why == v.Why {
		return without
	}
	why := strings.Join(whys, "; ")
	if without.Status == Broken {
		without.Why += "; " + why
		return without
	}
	return Verdict{Status: Unknown, Examined: without.Examined, Why: why + ": nothing is known of its effects", Brief: why}
}

func withoutUnread(log history.Log) *history.Index {
	log.Header.Services = slices.Clone(log.Header.Services)
	for i := range log.Header.Services {
		s := &log.Header.Services[i]
		if log.Header.Reading(*s).Unread == "" {
			continue
		}
		s.Ledger = nil
		if s.Offsets == breakwater.OffsetsInSink { // its position was in it
			s.Group = ""
		}
	}
	return log.Index()
}
