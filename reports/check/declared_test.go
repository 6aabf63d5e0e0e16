package check

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// The rule of each guarantee stands in a file that is called after it.
func TestEachGuaranteeHasItsFile(t *testing.T) {
	for _, r := range breakwater.References() {
		if r.Of != breakwater.OfGuarantee {
			continue
		}
		file := strings.ReplaceAll(r.Name, "-", "_") + ".go"
		source, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(source), "rule(breakwater."+r.Symbol+", ") {
			t.Errorf("%s does not register the rule of %s (%v)", file, r.Symbol, err)
		}
	}
	for _, c := range All() {
		if c.Check == nil {
			t.Errorf("%s has no rule", c.Name)
		}
	}
}

// gives is whether a run gives what a guarantee may need. Every healthy run has ids, and
// keys that come twice.
var gives = map[breakwater.Given]func(history.Header) bool{
	breakwater.GivenIDs:          func(history.Header) bool { return true },
	breakwater.GivenKeys:         func(history.Header) bool { return true },
	breakwater.GivenLog:          history.Header.Logged,
	breakwater.GivenGroup:        func(h history.Header) bool { return len(h.Consumers()) > 0 },
	breakwater.GivenLedger:       func(h history.Header) bool { return len(h.Sinks()) > 0 },
	breakwater.GivenLedgers:      func(h history.Header) bool { return len(h.Sinks()) > 1 },
	breakwater.GivenAttempts:     some(func(s breakwater.Service) bool { return s.Ledger != nil && s.Ledger.Attempts != "" }),
	breakwater.GivenOnce:         some(func(s breakwater.Service) bool { return s.Ledger != nil && s.Ledger.Once }),
	breakwater.GivenProjection:   some(func(s breakwater.Service) bool { return s.Ledger != nil && s.Ledger.Projection != "" }),
	breakwater.GivenTransactions: some(func(s breakwater.Service) bool { return s.TransactionTimeout > 0 }),
	breakwater.GivenTransfer:     some(func(s breakwater.Service) bool { return s.ExactlyOnce }),
	breakwater.GivenDeadLetter:   some(func(s breakwater.Service) bool { return s.DeadLetter != nil }),
	breakwater.GivenOutbox:       some(func(s breakwater.Service) bool { return s.Outbox != "" }),
	breakwater.GivenFault:        func(h history.Header) bool { d, _ := h.Phase(breakwater.During); return d.End > d.Start },
	breakwater.GivenRecovery:     func(h history.Header) bool { return h.Require.Recovery > 0 },
	breakwater.GivenAvailability: func(h history.Header) bool { return h.Require.Availability > 0 },
}

func some(is func(breakwater.Service) bool) func(history.Header) bool {
	return func(h history.Header) bool { return slices.ContainsFunc(h.Services, is) }
}

// Of a run that does not give what a guarantee declares to need, it is not asked.
func TestNeedsAreNeeded(t *testing.T) {
	bare := historytest.Sync(historytest.Options{})
	bare.Header.Services, bare.Header.Require.Recovery, bare.Header.Require.Availability = slices.Clone(bare.Header.Services), 0, 0
	for i := range bare.Header.Services {
		bare.Header.Services[i].Ledger = nil
	}
	bare = historytest.Without(bare, func(e *history.Event) bool {
		return e.Kind == history.Effect || e.Kind == history.Attempt || e.Kind == history.Fault
	})
	during, _ := bare.Header.Phase(breakwater.During)
	bare.Header.Phases = []history.Phase{{Name: breakwater.Before, End: during.End}, {Name: breakwater.During, Start: during.End, End: during.End}}
	for name, log := range map[string]history.Log{
		"event": historytest.Event(historytest.Options{}), "sync": historytest.Sync(historytest.Options{}),
		"pipeline": historytest.Pipeline(historytest.Options{}), "bare": bare,
	} {
		x := log.Index()
		for _, c := range All() {
			missing := slices.ContainsFunc(c.Needs, func(need breakwater.Given) bool { return !gives[need](log.Header) })
			if v := c.Check(x); missing && v.Status != NotAsked {
				t.Errorf("%s gives not all of %q, and %s is %s: %s", name, c.Needs, c.Name, v.Status, v.Why)
			} else if name == "bare" && !missing && v.Status == NotAsked {
				t.Errorf("%s gives all of %q, and %s is not asked: %s", name, c.Needs, c.Name, v.Why)
			}
		}
	}
}
