package history

import "time"

// Schema names the version of the saved history.
const Schema = "breakwater.history/1"

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

	Services []Service `json:"services"`
	Phases   []Phase   `json:"phases"`
	Require  Require   `json:"require"`
}

// Service is what the log's reader must know of one service of the system.
type Service struct {
	Name      string   `json:"name"`
	Instances []string `json:"instances"`       // analytics/1, analytics/2
	Needs     []string `json:"needs,omitempty"` // names of what it depends on
	Group     string   `json:"group,omitempty"` // its consumer group, "" when it consumes nothing
	Topic     string   `json:"topic,omitempty"`
	Offsets   string   `json:"offsets,omitempty"` // where its position lives: kafka (default) | sink
	Sink      *Sink    `json:"sink,omitempty"`    // nil: it gives no data about its effects, so none is asked

	// Settings are the time-outs and limits that explain its recovery, by name.
	Settings map[string]string `json:"settings,omitempty"`
}

// Sink is one ledger of effects.
type Sink struct {
	Name string `json:"name"`

	// Skew bounds how far the ledger's instants can lie from the truth once
	// mapped to the run's time base. A verdict that hangs on less is unknown.
	Skew time.Duration `json:"skew"`

	Once     bool `json:"once,omitempty"`     // promises one effect an id
	Attempts bool `json:"attempts,omitempty"` // records every delivery, not only the first
}

// Names of the phases, in order. The load runs in the first three.
const (
	Before = "before" // load, no fault yet: the baseline
	During = "during" // from the first injection to the last heal
	After  = "after"  // load goes on, faults are healed
	Drain  = "drain"  // no load; until recovered or the deadline
)

// Phase is a span [Start, End) of the run.
type Phase struct {
	Name  string        `json:"name"`
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
}

// Require is what the scenario demands of the run. Zero values ask nothing.
type Require struct {
	MinOperations int           `json:"minOperations"`           // ok root requests in each load phase, below which nothing was exercised
	Replay        bool          `json:"replay,omitempty"`        // at least one resume behind the log's end
	Recovery      time.Duration `json:"recovery,omitempty"`      // objective from witnessed heal to caught up
	Availability  float64       `json:"availability,omitempty"`  // objective for ok ÷ scheduled while a fault is active, 0…1
	Operation     string        `json:"operation,omitempty"`     // which root operation Availability is about; "": all
	Unrelated     string        `json:"unrelated,omitempty"`     // operation that must not suffer: "GET /catalog"
	Amplification float64       `json:"amplification,omitempty"` // limit for leaf calls ÷ root requests
	MaxLateness   time.Duration `json:"maxLateness,omitempty"`   // generator behind schedule by more than this: undecided
	Deadline      time.Duration `json:"deadline,omitempty"`      // how long the drain waited at most
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

// Contains says whether t lies in the phase.
func (p Phase) Contains(t time.Duration) bool { return p.Start <= t && t < p.End }
