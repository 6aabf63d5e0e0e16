package history

import (
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// Schema names the version of the saved history.
const (
	Schema = family + "2"
	family = "breakwater.history/"
)

// Header is what a judge must know about a run besides its events.
type Header struct {
	Schema    string `json:"schema"`
	Trial     string `json:"trial"`     // unique within the run
	World     string `json:"world"`     // local | docker | sim
	Contender string `json:"contender"` // which of the compared systems; "" when there is one only

	// Base is the wall time of instant 0. Clock names the monotonic clock that
	// all instants of this history were read from (CLOCK_MONOTONIC on Linux).
	Base  time.Time `json:"base"`
	Clock string    `json:"clock"`

	// Scenario is what was performed: its defaults are filled in, and in place of its
	// secrets are references. What it declares is the header's too: h.Services, h.Require.
	breakwater.Scenario `json:"scenario"`

	Phases []Phase `json:"phases"`

	// Ledgers is how each was read, by the name of its sink.
	Ledgers map[string]Reading `json:"ledgers,omitempty"`

	// Edges is what the edges said of themselves. nil: nobody asked them, as in
	// histories of before they were asked.
	Edges *Edges `json:"edges,omitempty"`

	// Drained is how the drain after the load ended. nil: not recorded.
	Drained *Drained `json:"drained,omitempty"`

	// Events is how many events the recorder froze; a log that holds another
	// number has lost some. 0 in a log put together by hand: not known.
	Events int `json:"events,omitempty"`
}

// Edges is what a judge must know of the edges, which stamp and hand in what they
// record by themselves. With it the history must hold their [Account], and a
// [Clock] for each time that they were asked for one.
type Edges struct {
	Looks []Look `json:"looks"` // at their clock, at both ends of the run
}

// Look is between which instants of the run another's clock was looked at.
type Look struct {
	Asked    time.Duration `json:"asked"`
	Answered time.Duration `json:"answered"`
}

// Drained is how the drain after the load ended.
type Drained struct {
	// End is why it ended, see the constants.
	End string `json:"end"`

	// Behind is how many records the groups had still to read then, and Still for how
	// long nothing had moved: no position, no effect, no call.
	Behind int64         `json:"behind,omitempty"`
	Still  time.Duration `json:"still,omitempty"`

	// Limit is for how long nothing had to move to count as standing still, and AtWork the
	// same where records had been sent to a consumer, which may be at work on them.
	Limit  time.Duration `json:"limit,omitempty"`
	AtWork time.Duration `json:"atWork,omitempty"`
}

// Ends of a drain.
const (
	DrainQuiet    = "quiet"    // nothing was left to read, and nothing moved for long enough
	DrainStill    = "still"    // something was left, and for long enough nothing moved that could
	DrainDeadline = "deadline" // it was over before either was known
)

// Reading is how a ledger was read.
type Reading struct {
	// Skew bounds how far the ledger's instants can lie from the truth once
	// mapped to the run's time base. A verdict that hangs on less is unknown.
	Skew time.Duration `json:"skew"`

	// Unread is why the ledger could not be read, in words: whatever needs it is
	// unknown. Unanswered is why the state at an earlier time is not known. "": they were.
	Unread     string `json:"unread,omitempty"`
	Unanswered string `json:"unanswered,omitempty"`
}

// Phase is a span [Start, End) of the run.
type Phase struct {
	Name  string        `json:"name"`
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
}

// Reading is how the ledger of the service was read, nothing for one without.
func (h Header) Reading(s breakwater.Service) Reading {
	if s.Ledger == nil {
		return Reading{}
	}
	return h.Ledgers[s.Ledger.Sink]
}

// Logged reports whether the system of this log has a Kafka log to be looked into.
func (h Header) Logged() bool {
	return slices.ContainsFunc(h.Services, func(s breakwater.Service) bool { return h.Input(s) != "" })
}

// Span is from the start of the first phase to the end of the last; both are
// zero for a header without phases.
func (h Header) Span() (start, end time.Duration) {
	if len(h.Phases) == 0 {
		return 0, 0
	}
	return h.Phases[0].Start, h.Phases[len(h.Phases)-1].End
}

// Phase returns the phase of that name, and false when the run had none.
func (h Header) Phase(name string) (Phase, bool) {
	for _, p := range h.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// Contains reports whether t lies in the phase.
func (p Phase) Contains(t time.Duration) bool { return p.Start <= t && t < p.End }
