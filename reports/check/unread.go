package check

import (
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// unread makes unknown of a verdict that needs a ledger which could not be read: an
// empty ledger would look like effects that never were. Whether it needs one is found by
// judging the log as if these services had none, as of those that give no data about
// their effects: what is broken even then is broken.
func (g guarantee) unread(x *history.Index, v Verdict) Verdict {
	if v.Status == NotAsked || !slices.ContainsFunc(x.Log.Header.Services, hasUnread) {
		return v
	}
	without := g.rule(history.Remember(x, derived{"without unread ledgers", ""}, func() *history.Index { return withoutUnread(x.Log) }))
	if without.Status == v.Status && without.Why == v.Why {
		return without
	}
	var whys []string
	for _, s := range x.Log.Header.Services {
		if hasUnread(s) {
			whys = append(whys, s.Sink.Unread)
		}
	}
	why := strings.Join(whys, "; ")
	if without.Status == Broken {
		without.Why += "; " + why
		return without
	}
	return Verdict{Status: Unknown, Examined: without.Examined, Why: why + ": nothing is known of its effects", Brief: why}
}

func hasUnread(s history.Service) bool { return s.Sink != nil && s.Sink.Unread != "" }

func withoutUnread(log history.Log) *history.Index {
	log.Header.Services = slices.Clone(log.Header.Services)
	for i := range log.Header.Services {
		s := &log.Header.Services[i]
		if !hasUnread(*s) {
			continue
		}
		s.Sink = nil
		if s.Offsets == "sink" { // its position was in it
			s.Group = ""
		}
	}
	return log.Index()
}
