// Package history is the record of one run: its events, the recorder that
// collects them while the run lasts, and the frozen log that is judged afterwards.
//
// The package has no clock, no network and no goroutine of its own. Every
// instant in it is an offset from the run's time base, see [Header].
package history

import (
	"time"

	"github.com/breakwater-kit/breakwater"
)

// Kind reports what an event is about, and with that which of its fields are set.
type Kind string

const (
	// Request is a root operation of the load: ID, Key, Name ("POST /register"),
	// Scheduled (the intended instant), At (sent), End, Outcome, Status, Error.
	Request Kind = "request"

	// Call is one HTTP exchange that crossed an edge, seen by the edge's tap:
	// Client, To, Name ("POST /log-event"), ID, At, End, Outcome, Status, Error.
	Call Kind = "call"

	// Produce is one record batch sent to a partition and what the broker
	// answered: Client, Topic, Partition, Offset (base offset, -1 when unknown),
	// Count (records), ProducerID, Epoch, Sequence, Transactional, At (sent),
	// End (answered), Outcome, Error, CRC (the batch's own checksum; 0 where it has
	// none), ID (the event id of its first record, where it has one) and Conn (the
	// client's connection that it was sent on, from 1; 0: not known).
	Produce Kind = "produce"

	// Resume is where an incarnation of a consumer took up a partition: Client,
	// Group, Member, Generation, Topic, Partition, At (OffsetFetch sent), End
	// (OffsetFetch answered), Committed (its answer, -1 for none) and Offset (the
	// first Fetch request's offset, -1 when the incarnation never fetched).
	Resume Kind = "resume"

	// Fetched is a range of records that the broker sent: Client, Group, Topic,
	// Partition, Offset (first), Last, Count. Evidence only: clients drop and
	// fetch again what they had prefetched, so nothing is judged from it alone.
	Fetched Kind = "fetched"

	// Commit is an offset commit: Client, Group, Member, Generation, Topic,
	// Partition, Offset, At (sent), End (returned), Outcome, Error, Transactional.
	// One inside a transaction ends when the transaction's end was answered: ok
	// when it was committed, failed when it was aborted.
	// An offset that somebody sets from outside the group is recorded as a commit
	// of a Client that is no instance of the service. With Sink it is a position
	// that the service stored in its own sink, by the sink's own record:
	// Generation is then the epoch under which it was written.
	Commit Kind = "commit"

	// Transaction is the end of a transaction: Client, Name (its transactional
	// id), Value (commit | abort, as asked), ProducerID, Epoch, At (EndTxn sent),
	// End (answered), Outcome, Error. With the Value fence it is an InitProducerId
	// of the transactional id: it aborts what another producer, or an earlier epoch
	// of the same, has open under it, if anything. ProducerID and Epoch are then
	// those that the client was given, -1 without. What the coordinator aborts by
	// itself, because its time is out, is no event.
	Transaction Kind = "transaction"

	// Assign is a change of ownership: Client, Group, Member, Generation, Topic,
	// Partition, Name (assigned | revoked | lost).
	Assign Kind = "assign"

	// Attempt says that a sink saw an id, for the first time or again: Sink, ID,
	// Key, At and, where the ledger keeps them, Client (the instance that brought
	// it) and Generation (the epoch under which it was written).
	Attempt Kind = "attempt"

	// Effect is what a sink did, by its own ledger: as Attempt, and Value.
	Effect Kind = "effect"

	// State is what a projection holds of one key at the end: Sink, Key, Value.
	// How far into the log it goes is said by the positions in the same sink. With
	// the Name as-of it is what was answered of the key when the service was asked
	// for the state at the instant At, or, with a Topic in place of a Key, the
	// Offset of the first record of a Partition that is later than that, as the
	// broker has it.
	State Kind = "state"

	// Fault is one fault of the plan: Name, At (injected), End (healed), Fault.
	Fault Kind = "fault"

	// Sample is the state of one partition for one group, read over a direct
	// address: Group, Topic, Partition, HighWatermark, LastStable (what a reader
	// of committed records sees ends there), LogStart, Committed (-1 for none; by its
	// sink, where the service keeps its position there and it can be read), Lag
	// (offsets up to HighWatermark; once nothing moves those that no reader will
	// ever see, markers and what was aborted, are taken off). A topic that no group
	// of the scenario reads has samples without a Group. In a history of before
	// LastStable was recorded it is 0 throughout.
	Sample Kind = "sample"

	// Process is a change of a process: Client, Name (started | ready | exited |
	// frozen | continued), Value (its pid or container).
	Process Kind = "process"

	// Accident is something that no step of the plan ordered: Name reports what (killed,
	// exited, out-of-memory, paused, restarted, edge-fault), Client to which instance or, of
	// an edge, to the edge of which client; To (the other end of an edge), At, End
	// (when it was over; 0: never), Value (as the operating system, the engine or the
	// edge describes it: "signal: killed", "exit status 2", "latency 300ms"). Somebody else
	// did it, except for exited: that a process ends by itself is its own doing.
	Accident Kind = "accident"

	// Saturated is a span in which processes of the machine nearly always waited for a
	// processor: At, End. Whatever takes time took longer then, whoever is the author of
	// it. A machine that counts no such waiting has none.
	Saturated Kind = "saturated"

	// Session is a membership in a consumer group whose connection ended without
	// leaving the group: Client, Group, Member, At (the last that the coordinator heard
	// of the member), End (until when the session lasts if the member is not heard of
	// again). Until then the group waits for that member. With the Name closing it is
	// one that the kit itself ended, when the run was over.
	Session Kind = "session"

	// Audit is one record found by the independent final reader, who sees what
	// was committed: Topic, Partition, Offset, ID, Key, ProducerID, Epoch and
	// Sequence (the record's own; all three -1 where the producer was not
	// idempotent), Transactional, and Letter in a retry or dead letter topic. What
	// stands behind the last stable offset is not looked at. In a history of before
	// producers were recorded the three are 0 throughout.
	Audit Kind = "audit"

	// Aborted is one record that stands in the log and whose transaction was
	// aborted, with the fields of Audit. One of a transaction that is still open
	// when the audit begins is neither.
	Aborted Kind = "aborted"

	// Clock is what the edges' clock said when they were asked for it: At. It comes
	// the way of all that they record, so whatever shifts that shifts this.
	Clock Kind = "clock"

	// Account is what the edges report when the last of them has ended: Count, how
	// many events they recorded before it.
	Account Kind = "account"

	// HarnessError is something that went wrong with the kit itself while it
	// recorded: Client, To, Error. A history with one is not judged.
	HarnessError Kind = "harness-error"
)

// Outcome is what is known of an operation. Folding Unknown into Failed raises
// false alarms, folding it into OK false losses, so it stays a third answer.
type Outcome string

// What is known of an operation.
const (
	OK      Outcome = "ok"
	Failed  Outcome = "failed"  // it definitely did not happen
	Unknown Outcome = "unknown" // it may have happened
)

// OutcomeOf is what an answer over HTTP, with its header Retry-After, says became of the
// request. A status of 4xx says that it was refused, and so does 503 with Retry-After, by
// which a service that is overloaded turns away what it has not begun. Without that header 503 shows no more than
// other statuses of 5xx: proxies and gateways answer it, too, when what stands behind them
// did not answer in time.
func OutcomeOf(status int, retryAfter string) Outcome {
	switch {
	case status < 400:
		return OK
	case status < 500, status == 503 && retryAfter != "":
		return Failed
	}
	return Unknown
}

// Names of an [Assign] event.
const (
	Assigned = "assigned"
	Revoked  = "revoked"
	Lost     = "lost"
)

// Heard is whether the event shows that its group's coordinator has heard of the member.
// That partitions were lost does not: a new process behind the same edge may have joined
// in place of one that was killed, and the group still waits for that one's session.
func (e Event) Heard() bool {
	switch e.Kind {
	case Commit, Resume:
		return e.Member != ""
	case Assign:
		return e.Member != "" && e.Name != Lost
	}
	return false
}

// Values of a [Transaction] event.
const (
	EndsInCommit = "commit"
	EndsInAbort  = "abort"
	Fences       = "fence"
)

// Names of a [Process] event.
const (
	Started   = "started"
	Ready     = "ready"
	Exited    = "exited"
	Frozen    = "frozen"
	Continued = "continued"
)

// Names of an [Accident] event.
const (
	Killed      = "killed"        // a signal that the run did not send ended the process
	InOrder     = "in-order"      // ended with status 0: by itself, or as a signal asked it to
	OutOfMemory = "out-of-memory" // the kernel ended it for want of memory
	Paused      = "paused"        // stopped where it is, by a signal or the engine
	Restarted   = "restarted"     // ended and started again by somebody else
	EdgeFault   = "edge-fault"    // put on an edge through its API by somebody else
)

// Closing is the Name of a [Session] whose connection ended because the run was over: its
// member was there to the end.
const Closing = "closing"

// AsOf is the Name of a [State] event that is about an earlier time.
const AsOf = "as-of"

// Event is one thing that happened. It is flat so that a log of a million
// events is one slice; which fields mean something depends on Kind.
type Event struct {
	N    uint64 `json:"n"` // number in the frozen log, from 1, in order of At
	Kind Kind   `json:"kind"`

	At        time.Duration `json:"at"`                  // when it happened, or was sent
	End       time.Duration `json:"end,omitempty"`       // when it was answered; 0: never
	Scheduled time.Duration `json:"scheduled,omitempty"` // when it was meant to be sent
	Outcome   Outcome       `json:"outcome,omitempty"`
	Status    int           `json:"status,omitempty"` // HTTP status; 0: no answer
	Error     string        `json:"error,omitempty"`  // error class: refused, timeout, eof, reset, NOT_LEADER_OR_FOLLOWER, …

	ID     string `json:"id,omitempty"`     // event id, unique in the run
	Key    string `json:"key,omitempty"`    // business key; several ids share one
	Client string `json:"client,omitempty"` // instance that acted: "analytics/1"; "load" for the generator
	To     string `json:"to,omitempty"`     // what it talked to: "kafka", "email", "mailbox"
	Sink   string `json:"sink,omitempty"`
	Name   string `json:"name,omitempty"`
	Value  string `json:"value,omitempty"`

	Topic      string `json:"topic,omitempty"`
	Partition  int32  `json:"partition,omitempty"`
	Offset     int64  `json:"offset,omitempty"`
	Last       int64  `json:"last,omitempty"`
	Count      int32  `json:"count,omitempty"`
	Group      string `json:"group,omitempty"`
	Member     string `json:"member,omitempty"`
	Generation int32  `json:"generation,omitempty"`
	Committed  int64  `json:"committed,omitempty"`

	ProducerID    int64 `json:"producerId,omitempty"`
	Epoch         int16 `json:"epoch,omitempty"`
	Sequence      int32 `json:"sequence,omitempty"`
	Transactional bool  `json:"transactional,omitempty"`

	CRC  uint32 `json:"crc,omitempty"`
	Conn uint32 `json:"conn,omitempty"`

	HighWatermark int64 `json:"highWatermark,omitempty"`
	LastStable    int64 `json:"lastStable,omitempty"`
	LogStart      int64 `json:"logStart,omitempty"`
	Lag           int64 `json:"lag,omitempty"`

	Fault      *FaultRecord      `json:"fault,omitempty"`
	DeadLetter *DeadLetterRecord `json:"letter,omitempty"`
}

// DeadLetterRecord is what a record in a retry or dead letter topic says about the
// record that it stands for.
type DeadLetterRecord struct {
	// Topic, Partition and Offset are where the original stood. An empty topic
	// or a negative number: the dead letter does not say.
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`

	Error   string `json:"error,omitempty"`   // class of the last failure, as the service names it
	Attempt int    `json:"attempt,omitempty"` // attempts made so far; 0: the dead letter does not say
}

// FaultRecord is the part of an event that only faults have.
type FaultRecord struct {
	// Step is which step of the plan it is, from 1: several may have the same name.
	Step int `json:"step,omitempty"`

	// Fault is what was injected, and Instances are those that it was aimed at: they
	// themselves, or their edges.
	Fault     breakwater.Fault `json:"fault"`
	Instances []string         `json:"instances"`

	// Active and Clear are when the witness first saw the fault bite and when
	// it first saw it gone. Zero means that this was never witnessed.
	Active time.Duration `json:"active,omitempty"`
	Clear  time.Duration `json:"clear,omitempty"`

	// Undone is when the witness found it gone that nobody had healed yet. Zero means
	// that it bit to the end, as far as was seen.
	Undone time.Duration `json:"undone,omitempty"`

	Evidence []string `json:"evidence,omitempty"` // "probe refused", "3 connections closed"
}

// Outsider is the client in whose name the kit itself sets a group's offsets: it is
// no instance of any service, which is how a history tells a reset.
const Outsider = "breakwater"

// Crossed is whether the edges recorded the event, their [Account] and the kit's
// errors of the kit left aside.
func (e *Event) Crossed() bool {
	switch e.Kind {
	case Call, Produce, Resume, Fetched, Transaction, Assign, Session, Clock:
		return true
	case Commit:
		return e.Sink == "" && e.Client != Outsider // else its sink did, or the kit itself
	case Accident:
		return e.Name == EdgeFault
	}
	return false
}

// Took is how long the operation lasted, and false when it never ended.
func (e *Event) Took() (time.Duration, bool) {
	return e.End - e.At, e.End > 0
}
