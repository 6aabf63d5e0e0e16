// Package measure folds a frozen history into numbers: rates, latencies, lag,
// the recovery of a system taken apart. It judges nothing and formats nothing.
package measure

import (
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Measurements is everything measured of one trial. All instants are offsets on
// the run's time base.
type Measurements struct {
	Window     time.Duration `json:"window"` // width of the windows of all series
	Begin      time.Duration `json:"begin"`  // when the load began, which is later where a system took longer to come up
	End        time.Duration `json:"end"`    // end of the last phase
	Exercised  Exercised     `json:"exercised"`
	Operations []Operation   `json:"operations"` // root operations of the load, by name
	Faults     []Fault       `json:"faults"`
	Sinks      []Sink        `json:"sinks"`
	Groups     []Group       `json:"groups"`
	Ladders    []Ladder      `json:"ladders"`  // per group and partition
	Hops       []Hop         `json:"hops"`     // per edge, for the cascade map
	Breaches   []Breach      `json:"breaches"` // per service that was called, for the blast radius
	Recoveries []Recovery    `json:"recoveries"`
	Life       *Life         `json:"life,omitempty"` // of the acknowledged event that took longest to be everywhere
	Values     []Value       `json:"values"`         // every single number, by name; bounds of predictions look here
}

// Exercised reports what the trial really did.
type Exercised struct {
	Scheduled    int           `json:"scheduled"` // root operations that were meant to be sent
	Sent         int           `json:"sent"`      // that were sent
	Lateness     time.Duration `json:"lateness"`  // the latest start behind its schedule
	OK           int           `json:"ok"`        // by outcome
	Failed       int           `json:"failed"`
	Unknown      int           `json:"unknown"`
	Faults       int           `json:"faults"`
	Witnessed    int           `json:"witnessed"`    // faults seen to take effect and seen gone again
	Incarnations int           `json:"incarnations"` // of consumers, counted by resumes of distinct members
	Redelivered  int           `json:"redelivered"`  // attempts beyond the first, over all sinks
	Effects      int           `json:"effects"`
	Events       int           `json:"events"` // in the history
}

// Point is one window of a series: the window starts at At.
type Point struct {
	At    time.Duration `json:"at"`
	Value float64       `json:"value"`
}

// Operation is one kind of root request, "POST /register".
type Operation struct {
	Name   string           `json:"name"`
	Phases map[string]Stats `json:"phases"` // before, during, after

	// Rates per second, by window. Offered counts scheduled instants, the others completions.
	Offered []Point `json:"offered"`
	Served  []Point `json:"served"`
	Failed  []Point `json:"failed"` // failed and unknown

	// Intended latency (End − Scheduled) in milliseconds, by window of Scheduled.
	P50 []Point `json:"p50"`
	P99 []Point `json:"p99"`
}

// Stats are counts and intended latency of a set of operations.
type Stats struct {
	Scheduled    int           `json:"scheduled"`
	OK           int           `json:"ok"`
	Failed       int           `json:"failed"`
	Unknown      int           `json:"unknown"`
	Availability float64       `json:"availability"` // ok ÷ scheduled; 0 of 0 is 0
	P50          time.Duration `json:"p50"`          // of completed operations, whatever their outcome
	P90          time.Duration `json:"p90"`
	P99          time.Duration `json:"p99"`
	Max          time.Duration `json:"max"`
}

// Fault is one fault as it was injected and witnessed. Zero instants: never.
type Fault struct {
	Name    string `json:"name"`
	Step    int    `json:"step,omitempty"`    // of the plan, from 1: several may have one name; 0: not known
	Several bool   `json:"several,omitempty"` // other steps have the same name

	Fault   breakwater.Fault `json:"fault"`
	Service string           `json:"service,omitempty"` // whose instances, or whose edges, it was aimed at

	Injected time.Duration `json:"injected"`
	Active   time.Duration `json:"active"`
	Healed   time.Duration `json:"healed"`
	Clear    time.Duration `json:"clear"`
	Evidence []string      `json:"evidence"`

	// Ready is when the last of the instances that were started again was ready, of a
	// fault that ended processes. 0 where one of them never was, too.
	Ready time.Duration `json:"ready,omitempty"`
}

// Sink is one ledger of effects.
type Sink struct {
	Name     string  `json:"name"`
	Service  string  `json:"service"` // whose ledger it is
	Effects  int     `json:"effects"`
	IDs      int     `json:"ids"`      // distinct
	Attempts int     `json:"attempts"` // 0 when the sink records none
	Rate     []Point `json:"rate"`     // effects a second, by window
	Missing  int     `json:"missing"`  // acknowledged ids without an effect at the end

	// Staleness of a service that consumes, in seconds, by window: the highest
	// age in it of the oldest acknowledged event that was not in the sink, see
	// [Staleness]. 0: none was missing.
	Staleness []Point `json:"staleness,omitempty"`

	// Quantiles of the consistency window, see [ConsistencyWindow], in ms, by window
	// of the acknowledgement.
	P50 []Point `json:"p50,omitempty"`
	P99 []Point `json:"p99,omitempty"`
}

// Group is one consumer group on one topic.
type Group struct {
	Group       string  `json:"group"`
	Service     string  `json:"service"` // that consumes as this group
	Topic       string  `json:"topic"`
	Lag         []Point `json:"lag"`         // over all partitions, from samples
	BaselineLag float64 `json:"baselineLag"` // highest of the before phase but for its highest tenth
	MaxLag      float64 `json:"maxLag"`
}

// Ladder is the replay ladder of one group on one partition: where each
// incarnation of the consumer stood, when.
type Ladder struct {
	Group        string        `json:"group"`
	Topic        string        `json:"topic"`
	Partition    int32         `json:"partition"`
	LogEnd       []Point       `json:"logEnd"` // high watermark, from samples
	Incarnations []Incarnation `json:"incarnations"`
}

// Incarnation is one span in which one member owned the partition.
type Incarnation struct {
	Client     string        `json:"client"`
	Member     string        `json:"member"`
	Generation int32         `json:"generation"`
	From       time.Duration `json:"from"`
	Until      time.Duration `json:"until"`
	Resumed    int64         `json:"resumed"`   // first Fetch offset
	Committed  int64         `json:"committed"` // OffsetFetch answer it resumed from, -1 for none
	Progress   []Point       `json:"progress"`  // (time, offset) of the highest offset attempted, or in effect, or fetched where no sink tells; thinned
	Commits    []Point       `json:"commits"`   // (time, offset), acknowledged; thinned
	Replayed   [2]int64      `json:"replayed"`  // offsets [from, to) to which an earlier incarnation had come, by what it attempted, or was sent where no sink tells; equal: none
}

// Hop is one edge of the system and what crossed it while a fault was active.
type Hop struct {
	Client       string        `json:"client"` // service, not instance: "registration"; "load" for the generator
	To           string        `json:"to"`
	Protocol     string        `json:"protocol"` // http, kafka, tcp; "" when nothing but its existence is known
	Calls        int           `json:"calls"`
	Failed       int           `json:"failed"`       // failed or unknown, or answered later than the breach threshold
	FirstFailure time.Duration `json:"firstFailure"` // after the first witnessed fault; meaningless when Failed is 0
	Faulted      bool          `json:"faulted"`      // the fault was put on this very edge
	P50          time.Duration `json:"p50"`
	P99          time.Duration `json:"p99"`
}

// Breach reports how badly one service served its callers while a fault was active.
type Breach struct {
	Service  string  `json:"service"`
	Calls    int     `json:"calls"`    // to it, by services and by the load
	Bad      int     `json:"bad"`      // of them failed, unknown or later than the breach threshold
	Baseline float64 `json:"baseline"` // share of bad calls before
	Faulted  bool    `json:"faulted"`  // it is one of those that were broken on purpose
	Breached bool    `json:"breached"` // it let its callers down, see [BreachShare]
}

// Span is a duration that may not have ended before the run did, or may not
// have begun at all. Formatted "4.8 s", "> 12 s" or "none".
type Span struct {
	Took    time.Duration `json:"took"`
	Reached bool          `json:"reached"` // false: Took is how long was waited in vain
	None    bool          `json:"none"`    // it never started: nothing was breached, nothing to catch up
}

// Recovery is one subject's recovery from one fault, taken apart as
// INVARIANTS defines it, relative to the witnessed start and end of the fault.
type Recovery struct {
	Fault         string   `json:"fault"`          // its name, see [history.Index.FaultName]
	Step          int      `json:"step,omitempty"` // of the plan, from 1; 0: not known
	Subject       string   `json:"subject"`        // a group ("analytics") or an operation ("POST /register")
	Detection     Span     `json:"detection"`
	Outage        Span     `json:"outage"`
	WorkerOutage  Span     `json:"workerOutage"` // of a group: the longest outage of a single partition; none for an operation
	FirstProgress Span     `json:"firstProgress"`
	CatchUp       Span     `json:"catchUp"`
	Ideal         Span     `json:"ideal"`       // backlog ÷ (replay rate − arrival rate)
	Headroom      float64  `json:"headroom"`    // replay rate ÷ arrival rate; ≤ 1: never; 0: not measured
	Redelivered   int      `json:"redelivered"` // Σ(attempts − 1)
	ReplayDepth   int64    `json:"replayDepth"` // records in Replayed of the incarnations that began in its time
	Floors        []string `json:"floors"`      // "session time-out 3 s": settings that bound it from below

	// Unmeasured names the parts that the history has no data for: "catch-up"
	// when nobody sampled the lag after the fault, say. Their spans mean nothing.
	Unmeasured []string `json:"unmeasured,omitempty"`
}

// Value is one number with a name that a prediction can bound.
type Value struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // s, ms, ratio, count, /s
	N     int     `json:"n"`    // how many observations are behind it; 0: not measured
	// AtLeast: the true value is at least this, it was not reached before the deadline.
	AtLeast bool `json:"atLeast,omitempty"`

	// Low and High are between what the true value of a quantile lies, as far as so few
	// observations show it (see [Latency]); both 0: it is no quantile, and Value is exact.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// Exact is whether the value is no estimate from a sample.
func (v Value) Exact() bool { return v.Low == 0 && v.High == 0 }

// String is "4.8 s", "> 12 s" or "none".
func (s Span) String() string {
	switch {
	case s.None:
		return "none"
	case !s.Reached:
		return "> " + quantity.Duration(s.Took)
	}
	return quantity.Duration(s.Took)
}

// String is the number as people write it: "4.8 s", "> 12 s", "12,000"; and
// "not measured" without an observation.
func (v Value) String() string {
	switch {
	case v.N == 0:
		return "not measured"
	case v.AtLeast:
		return "> " + quantity.Value(v.Value, v.Unit)
	}
	return quantity.Value(v.Value, v.Unit)
}

// Lookup finds a value by name, and false when it was not measured.
func (m Measurements) Lookup(name string) (Value, bool) {
	for _, v := range m.Values {
		if v.Name == name && v.N > 0 {
			return v, true
		}
	}
	return Value{}, false
}
