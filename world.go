package breakwater

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// World is one place where a scenario runs once: virtual time, processes or
// containers. It is opened, used and closed by [Run], which is the only caller.
//
// All instants are offsets on the world's time base, which starts at Open.
type World interface {
	Name() string

	// Check says, before anything starts, why the world cannot run the scenario:
	// an [Unsupported] for what it cannot do, any other error for what it lacks.
	Check(ctx context.Context, s Scenario) error

	// Open starts what the scenario's services need of the world itself (broker,
	// database, edges). From here on taps and launchers record into r.
	Open(ctx context.Context, s Scenario, r *history.Recorder) error

	// Now is the present instant. Base is the wall time of instant 0.
	Now() time.Duration
	Base() (wall time.Time, clock string)

	// Start starts the instances of a service behind their edges and returns
	// when each is ready. The error of one that is not holds its last log lines.
	// Of those that are late it makes everything but the process.
	Start(ctx context.Context, s Service) error

	// Address is where the load reaches the service's listener, and Dial how: it
	// stands outside the system and has no edge of its own.
	Address(service, port string) (string, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)

	// Arm makes the edges watch for the trigger. It counts from now on.
	Arm(ctx context.Context, t Trigger) (Armed, error)

	// Inject is the only door through which damage enters. On error nothing is
	// left broken. An instant in the fault is one of the world's time base. What ended a
	// process is healed when the process runs again; when it is ready is recorded, as a
	// [history.Ready] event, and may be never.
	Inject(ctx context.Context, f Fault) (Injection, error)

	// Witness asks whether the fault bites now where it was planned, by the edge's
	// own probe and counters or by the operating system. It is asked after Inject,
	// until it says yes, and after the heal, until it says no. It is told the fault
	// and not what was injected: what landed elsewhere is no witness of itself.
	Witness(ctx context.Context, f Fault) (Evidence, error)

	// Sample records the state of every partition of every group, read over a
	// direct address, and returns how far the system has come.
	Sample(ctx context.Context) (Sampled, error)

	// Effects reads what the sinks hold by now, events of the kind effect, and records
	// nothing: see Ledgers. What could be read is returned with the error.
	Effects(ctx context.Context) ([]history.Event, error)

	// Audit records the whole log as an independent reader finds it; Ledgers
	// records every sink's own account and fills in what only the world knows: the
	// sinks' skew, why a sink could not be read, which is no error, and when the edges'
	// clock was looked at.
	Audit(ctx context.Context) error
	Ledgers(ctx context.Context, h *history.Header) error

	// Lost waits until a part of the world itself (the edges, what it provides) has
	// ended without being asked to, and says which and how: nothing can be proved from
	// then on. It is nil when the context ends first.
	Lost(ctx context.Context) error

	// Environment and Logs (the last lines of each instance) are for the report.
	Environment(ctx context.Context) trial.Environment
	Logs() map[string]string

	// Close stops everything, waits for the last events of the taps and leaves
	// nothing behind. It is safe to call more than once and after a failed Open.
	Close(ctx context.Context) error
}

// Sampled is how far a system has come at one instant.
type Sampled struct {
	Lag      int64 // records that groups have still to read, over all
	Position int64 // the sum of all positions of groups; what it changes by says nothing
	Calls    int64 // exchanges and batches that the edges have seen end
	AtWork   bool  // some of the records behind were sent to a consumer that has not gone past them

	// Open is until when the session of a consumer lasts that is gone without having
	// left its group, as far as that is known: its partitions wait for it. 0: none does.
	Open time.Duration
}

// Injection is a fault that has been injected.
type Injection interface {
	// Heal ends the fault. It is idempotent and bounded.
	Heal(ctx context.Context) error
}

// Evidence is what a witness saw.
type Evidence struct {
	Bites bool
	Seen  string // "probe took 301 ms", "dial refused", "process 4127 exited"
}

// Armed is a trigger that watches.
type Armed interface {
	// Fired waits until the trigger's request is held.
	Fired(ctx context.Context) error

	// Release lets the held request go on, or drops it. Afterwards the trigger is gone.
	Release(ctx context.Context, drop bool) error
}

// Unsupported is why a world cannot do what a scenario asks. A suite skips
// visibly with the reason; it is no failure of the system and none of the kit.
type Unsupported struct {
	World  string
	What   string // "freeze", "edge analytics→database"
	Reason string
}

func (u *Unsupported) Error() string {
	return fmt.Sprintf("the %s world cannot do %s: %s", u.World, u.What, u.Reason)
}
