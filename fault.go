package breakwater

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is one way to break one thing, or to change it on purpose. It is data;
// how it is carried out is the world's business. Make one with the constructors
// below.
type Fault struct {
	Kind    FaultKind `json:"kind"`
	Edge    EdgeRef   `json:"edge,omitzero"`     // for faults of a connection
	Service string    `json:"service,omitempty"` // for faults of a process: an instance ("analytics/1") or all of a service ("analytics")

	Latency   Duration   `json:"latency,omitempty"`
	Jitter    Duration   `json:"jitter,omitempty"`
	Rate      int64      `json:"rate,omitempty"`      // kilobytes a second
	Direction Direction  `json:"direction,omitempty"` // for Silence
	Offset    OffsetSpec `json:"offset,omitzero"`     // for ResetOffsets
	API       string     `json:"api,omitempty"`       // for DropAnswers: Kafka's name of it, or "METHOD /route"
}

// FaultKind names a fault the way the report and the plan's JSON do.
type FaultKind string

// Kinds of faults.
const (
	KindLatency  FaultKind = "latency"
	KindThrottle FaultKind = "throttle"
	KindCut      FaultKind = "cut"
	KindSilence  FaultKind = "silence"
	KindReset    FaultKind = "reset"
	KindDrop     FaultKind = "drop-answers"
	KindMove     FaultKind = "move"
	KindKill     FaultKind = "kill"
	KindFreeze   FaultKind = "freeze"
	KindRestart  FaultKind = "restart"
	KindStop     FaultKind = "stop"
	KindStart    FaultKind = "start"

	KindResetOffsets FaultKind = "reset-offsets"
)

// OnEdge is whether faults of this kind break a connection and not a process.
func (k FaultKind) OnEdge() bool {
	switch k {
	case KindLatency, KindThrottle, KindCut, KindSilence, KindReset, KindDrop, KindMove:
		return true
	}
	return false
}

// Direction of a Silence.
type Direction string

// Directions of a Silence.
const (
	BothWays   Direction = "both"       // the default
	Upstream   Direction = "upstream"   // from the client
	Downstream Direction = "downstream" // to the client
)

// EdgeRef names the connections of a client to one of its needs. Client is an
// instance ("analytics/1") or a service, which means all its instances.
type EdgeRef struct {
	Client string `json:"client"`
	To     string `json:"to"`
}

// Edge is the connection from a client, an instance or a whole service, to one
// of its needs.
func Edge(client, to string) EdgeRef { return EdgeRef{client, to} }

func (e EdgeRef) String() string { return e.Client + "→" + e.To }

// Latency delays what the client sends by d, give or take up to jitter, so a
// round trip takes d longer. Connecting is not delayed. The client sees answers
// come late and, beyond its own time-out, what that time-out makes of them. An
// open connection stays open when the fault is healed.
func Latency(e EdgeRef, d, jitter time.Duration) Fault {
	return Fault{Kind: KindLatency, Edge: e, Latency: Duration(d), Jitter: Duration(jitter)}
}

// Throttle limits each direction of each connection to rate kilobytes a second.
// The client sees slow answers, large ones more than small ones.
func Throttle(e EdgeRef, rate int64) Fault {
	return Fault{Kind: KindThrottle, Edge: e, Rate: rate}
}

// Cut closes the open connections and refuses new ones. The client sees EOF,
// then "connection refused": the fastest fault to be noticed.
func Cut(e EdgeRef) Fault { return Fault{Kind: KindCut, Edge: e} }

// Silence swallows every byte, in both directions unless [Fault.Towards] says
// otherwise: a black hole. Connections open and stay open, and nothing is ever
// answered: the client hangs until its own time-out, if it has one. When healed,
// the connections that lost bytes are closed (EOF).
func Silence(e EdgeRef) Fault { return Fault{Kind: KindSilence, Edge: e, Direction: BothWays} }

// Towards limits a Silence to one direction.
func (f Fault) Towards(d Direction) Fault { f.Direction = d; return f }

// Reset answers with RST: open connections are reset at once, new ones as soon
// as they are accepted. The client sees "connection reset by peer".
func Reset(e EdgeRef) Fault { return Fault{Kind: KindReset, Edge: e} }

// DropAnswers passes on each request of an API, and resets the connection in
// place of its answer: what was asked for is done, and the client never hears of
// it. It sees "connection reset by peer", as it does when the request never
// arrived, and may connect and ask again at once. Other requests are answered. A
// request counts that comes while the fault lasts; of a step that begins with
// the answer to one, that answer is dropped too. Kafka and http edges only.
//
// For an answer that never comes on a connection that stays open, see Silence
// and [Fault.Towards].
func DropAnswers(e EdgeRef, api string) Fault { return Fault{Kind: KindDrop, Edge: e, API: api} }

// Move gives the dependency another address: open connections are closed, and the
// one that the client was given refuses. The new one is announced by the world's name
// service (see [NameService]) and, of Kafka, by whatever broker is asked for metadata. A
// client that was configured with an address sees EOF, then "connection refused", as
// after a Cut; one that was configured with a name does until it asks again. Healed,
// both addresses serve and the old one is announced again, as if the client had been
// given the new one.
func Move(e EdgeRef) Fault { return Fault{Kind: KindMove, Edge: e} }

// Kill ends the process with SIGKILL. Nothing is flushed, no group is left. Its
// peers see their connections closed by the kernel. It is healed by starting it
// again with the same configuration, addresses and data: from when its process runs
// on, the fault is over. When it is ready again is measured, and may be never.
func Kill(service string) Fault { return Fault{Kind: KindKill, Service: service} }

// Freeze stops the process where it is (SIGSTOP, or the engine's pause) with
// its connections open. Its peers see a hang. When healed it goes on as if no
// time had passed: longer than its session time-out makes it a zombie.
func Freeze(service string) Fault { return Fault{Kind: KindFreeze, Service: service} }

// Restart asks the process to end (SIGTERM) and starts it again at once, or
// after the step's duration. A process that has not ended after 10 s is killed.
func Restart(service string) Fault { return Fault{Kind: KindRestart, Service: service} }

// Stop asks the process to end (SIGTERM, or the engine's stop). A consumer that
// minds it leaves its group at once, and others take over without waiting for its
// session to expire. Its peers see their connections closed (EOF); behind an edge,
// new ones are reset. A process that has not ended after 10 s is killed. When healed
// it is started again with the same configuration, addresses and data.
func Stop(service string) Fault { return Fault{Kind: KindStop, Service: service} }

// Start starts instances that the system began without, see [Service.Deferred]. What
// takes effect is that they are not there, and it is over as soon as their processes
// run, which takes a moment. From when they are ready on, which is measured, they are
// like any other: a consumer joins its group, which
// the others see as a rebalance, and in a group of its own it begins where its
// client does without a committed offset. It has no end: what was started stays,
// unless a later step stops it.
func Start(service string) Fault { return Fault{Kind: KindStart, Service: service} }

// ResetOffsets stops the service as [Stop] does, sets the offsets of its group on
// the scenario's topic while the group is empty, and starts the service again: at
// once, or after the step's duration. Another service of the same group is stopped
// with it. The consumers see the place they are asked to go on from: what lies
// behind it is delivered again, what lies before it never is, if they had not come
// that far. It takes a service whose offsets are in Kafka.
func ResetOffsets(service string, where OffsetSpec) Fault {
	return Fault{Kind: KindResetOffsets, Service: service, Offset: where}
}

// Target is what the fault is aimed at, as the report writes it.
func (f Fault) Target() string {
	if f.Kind.OnEdge() {
		return f.Edge.String()
	}
	return f.Service
}

func (f Fault) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", f.Kind, f.Target(), f.Params()))
}

// Params are the fault's parameters in words: "300ms ± 50ms".
func (f Fault) Params() string {
	switch f.Kind {
	case KindLatency:
		if f.Jitter > 0 {
			return fmt.Sprintf("%s ± %s", f.Latency, f.Jitter)
		}
		return f.Latency.String()
	case KindThrottle:
		return fmt.Sprintf("%d kB/s", f.Rate)
	case KindSilence:
		return string(cmp.Or(f.Direction, BothWays))
	case KindResetOffsets:
		return f.Offset.String()
	case KindDrop:
		return f.API
	}
	return ""
}

// What a fault's figures can be. Toxiproxy counts whole milliseconds, and what is longer
// than the kit's own probe waits, or faster than a connection on one machine is, would
// never be seen to take effect.
const (
	latencyStep    = Duration(time.Millisecond)
	longestLatency = Duration(15 * time.Second)
	highestRate    = 100_000 // kilobytes a second
)

// Validate reports what is wrong with the fault in itself, whatever it is aimed at. The name
// of an API is looked up by the edges, see [World.Check].
func (f Fault) Validate() error {
	if !slices.Contains(FaultKinds(), f.Kind) {
		return fmt.Errorf("fault kind %q is unknown; use %s", f.Kind, join(FaultKinds()))
	}
	if err := f.foreign(); err != nil {
		return err
	}
	switch {
	case f.Kind.OnEdge() && (f.Edge.Client == "" || f.Edge.To == ""):
		return fmt.Errorf("%s: the edge needs a client and a dependency; write Edge(\"analytics\", \"kafka\")", f.Kind)
	case !f.Kind.OnEdge() && f.Service == "":
		return fmt.Errorf("%s: name the service or instance it is aimed at", f.Kind)
	}
	switch f.Kind {
	case KindLatency:
		switch {
		case f.Latency <= 0:
			return fmt.Errorf("latency: %s is no latency; give a positive duration", f.Latency)
		case f.Jitter < 0 || f.Jitter > f.Latency:
			return fmt.Errorf("latency: jitter %s must lie between 0 and the latency %s", f.Jitter, f.Latency)
		case f.Latency%latencyStep != 0 || f.Jitter%latencyStep != 0:
			return fmt.Errorf("latency: %s; give whole milliseconds, at least 1ms, for an edge counts no less", f.Params())
		case f.Latency+f.Jitter > longestLatency:
			return fmt.Errorf("latency: %s; give at most %s, for nobody waits longer to see it, or use Silence", f.Params(), longestLatency)
		}
	case KindThrottle:
		switch {
		case f.Rate <= 0:
			return fmt.Errorf("throttle: rate %d kB/s; give a positive rate, or use Silence for none at all", f.Rate)
		case f.Rate > highestRate:
			return fmt.Errorf("throttle: rate %d kB/s; give at most %d, for a connection is hardly faster without it", f.Rate, highestRate)
		}
	case KindSilence:
		if f.Direction != "" && f.Direction != BothWays && f.Direction != Upstream && f.Direction != Downstream {
			return fmt.Errorf("silence: direction %q; use both, upstream or downstream", f.Direction)
		}
	case KindDrop:
		if f.API == "" {
			return fmt.Errorf("%s: of which requests? name one, such as Produce or \"POST /log-event\"", f.Kind)
		}
	case KindResetOffsets:
		return f.Offset.validate()
	}
	return nil
}

// foreign finds what is said of a fault and has no meaning for its kind: it would be
// ignored in silence.
func (f Fault) foreign() error {
	for _, part := range []struct {
		name  string
		set   bool
		kinds []FaultKind // that have it; nil: see on
		on    bool        // of edges, or of processes
	}{
		{"latency", f.Latency != 0, []FaultKind{KindLatency}, false},
		{"jitter", f.Jitter != 0, []FaultKind{KindLatency}, false},
		{"rate", f.Rate != 0, []FaultKind{KindThrottle}, false},
		{"direction", f.Direction != "", []FaultKind{KindSilence}, false},
		{"offset", f.Offset != OffsetSpec{}, []FaultKind{KindResetOffsets}, false},
		{"api", f.API != "", []FaultKind{KindDrop}, false},
		{"edge", f.Edge != EdgeRef{}, nil, true},
		{"service", f.Service != "", nil, false},
	} {
		if part.set && (part.kinds != nil && !slices.Contains(part.kinds, f.Kind) || part.kinds == nil && part.on != f.Kind.OnEdge()) {
			return fmt.Errorf("%s: it has no %s; leave that out", f.Kind, part.name)
		}
	}
	return nil
}

// FaultKinds are all that there are.
func FaultKinds() []FaultKind {
	return []FaultKind{
		KindLatency, KindThrottle, KindCut, KindSilence, KindReset, KindDrop, KindMove,
		KindKill, KindFreeze, KindRestart, KindStop, KindStart, KindResetOffsets,
	}
}

func join[S ~string](all []S) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}
