package history

import (
	"slices"
	"strings"
	"time"
)

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

	// Writes are the names of the root operations that must have an effect in
	// every sink. Empty: all but Require.Unrelated and those with a safe HTTP
	// method ("GET /catalog").
	Writes []string `json:"writes,omitempty"`

	// Compacted are topics that keep the newest record of each key only.
	Compacted []string `json:"compacted,omitempty"`

	// IDHeader is the record header in which event ids were looked for. "": not
	// recorded.
	IDHeader string `json:"idHeader,omitempty"`

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

// Service is what the log's reader must know of one service of the system.
type Service struct {
	Name      string   `json:"name"`
	Instances []string `json:"instances"`       // analytics/1, analytics/2
	Late      []string `json:"late,omitempty"`  // those of them that the system began without
	Needs     []string `json:"needs,omitempty"` // names of what it depends on
	Group     string   `json:"group,omitempty"` // its consumer group, "" when it consumes nothing
	Topic     string   `json:"topic,omitempty"`
	Offsets   string   `json:"offsets,omitempty"` // where its position lives: kafka (default) | sink
	Sink      *Sink    `json:"sink,omitempty"`    // nil: it gives no data about its effects, so none is asked

	// DeadLetter is the topic where it gives records up, and Retry are those
	// where it puts them off. A record handed over there needs no effect before
	// its offset is committed; one in DeadLetter needs none at all.
	DeadLetter string   `json:"deadLetter,omitempty"`
	Retry      []string `json:"retry,omitempty"`

	// MaxAttempts is how often it tries a record at most, the first time
	// included, before it gives it up; 0: it promises none. Backoff is the least
	// time between two attempts through a retry topic. Fatal are the classes of
	// failure (see [LetterRecord]) that it never tries again.
	MaxAttempts int           `json:"maxAttempts,omitempty"`
	Backoff     time.Duration `json:"backoff,omitempty"`
	Fatal       []string      `json:"fatal,omitempty"`

	// Output is the topic to which it passes on records of Topic, under the same
	// id: with ExactlyOnce each of them exactly once. Outbox is the topic to which each
	// row of its Sink is published, once the row is committed. With PublishesOnce it
	// publishes each id at most once to any topic, as readers of committed records see
	// it.
	Output        string `json:"output,omitempty"`
	ExactlyOnce   bool   `json:"exactlyOnce,omitempty"`
	Outbox        string `json:"outbox,omitempty"`
	PublishesOnce bool   `json:"publishesOnce,omitempty"`

	// TransactionTimeout is the longest that one of its transactions may stay
	// open, as configured; 0: it has none.
	TransactionTimeout time.Duration `json:"transactionTimeout,omitempty"`

	// Settings are the time-outs and limits that explain its recovery, by name.
	Settings map[string]string `json:"settings,omitempty"`
}

// Sink is one ledger of effects.
type Sink struct {
	Name string `json:"name"`

	// Skew bounds how far the ledger's instants can lie from the truth once
	// mapped to the run's time base. A verdict that hangs on less is unknown.
	Skew time.Duration `json:"skew"`

	// Unread is why the ledger could not be read, in words: whatever needs it is
	// unknown. Unanswered is why the state at an earlier time is not known. "": they were.
	Unread     string `json:"unread,omitempty"`
	Unanswered string `json:"unanswered,omitempty"`

	Once     bool `json:"once,omitempty"`     // promises one effect an id
	Attempts bool `json:"attempts,omitempty"` // records every delivery, not only the first
	Fenced   bool `json:"fenced,omitempty"`   // refuses what is written under an older epoch than it has seen

	// Projection is how the sink's state follows from the log: "count" (of
	// distinct ids, for each key). "": it is no projection.
	Projection string `json:"projection,omitempty"`

	AsOf bool `json:"asOf,omitempty"` // it can be asked for its state at an earlier time
}

// CountByKey is the projection that counts distinct ids for each key.
const CountByKey = "count"

// Names of the phases, in order. The load runs in all but the last.
const (
	WarmUp = "warm-up" // load, not measured: connections and caches are made
	Before = "before"  // load, no fault yet: the baseline
	During = "during"  // from the first injection to the last heal
	After  = "after"   // load goes on, faults are healed
	Drain  = "drain"   // no load; until recovered or the deadline
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
	MayFail       bool          `json:"mayFail,omitempty"`       // total failure under the fault is a result: in the during phase every request that was sent counts, not only the ok ones
	Replay        bool          `json:"replay,omitempty"`        // at least one resume behind the log's end
	Recovery      time.Duration `json:"recovery,omitempty"`      // objective from witnessed heal to caught up
	Availability  float64       `json:"availability,omitempty"`  // objective for ok ÷ scheduled while a fault is active, 0…1
	Operation     string        `json:"operation,omitempty"`     // which root operation Availability is about; "": all
	Unrelated     string        `json:"unrelated,omitempty"`     // operation that must not suffer: "GET /catalog"
	Amplification float64       `json:"amplification,omitempty"` // limit for leaf calls ÷ root requests
	Latency       time.Duration `json:"latency,omitempty"`       // objective for the p99 of requests, by which capacity is measured
	MaxLateness   time.Duration `json:"maxLateness,omitempty"`   // generator behind schedule by more than this: undecided
	Deadline      time.Duration `json:"deadline,omitempty"`      // how long the drain waited at most
}

// Asks says whether a root operation of that name must have effects.
func (h Header) Asks(operation string) bool {
	if len(h.Writes) > 0 {
		return slices.Contains(h.Writes, operation)
	}
	if operation == h.Require.Unrelated && operation != "" {
		return false
	}
	method, _, _ := strings.Cut(operation, " ")
	return method != "GET" && method != "HEAD" && method != "OPTIONS"
}

// ServiceOf returns the service that the instance belongs to, and false when
// the header knows no such instance ("load", "kafka").
func (h Header) ServiceOf(instance string) (Service, bool) {
	for _, s := range h.Services {
		if slices.Contains(s.Instances, instance) {
			return s, true
		}
	}
	return Service{}, false
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

// Contains says whether t lies in the phase.
func (p Phase) Contains(t time.Duration) bool { return p.Start <= t && t < p.End }
