package breakwater

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Guarantee declares what a scenario can predict of a system: that it holds, or that it is
// broken. The comment at the constant with its name says when that is; what is not in it is
// legal. [Prediction] takes the name.
type Guarantee struct {
	Name   string  // "no-stuck", in saved runs and reports; none other may have it
	Family Family  // default portable
	Needs  []Given // what a scenario must give for it to be asked; none: it is asked of any run
	By     Basis   // default ByEnd

	// Holds and Broken are what a system does that keeps it, and one that breaks it: "loses
	// nothing", "loses what it acknowledged". Default: the name and the status.
	Holds, Broken string
}

// Family is of what systems a guarantee speaks.
type Family string

// Families of guarantees.
const (
	FamilyPortable Family = "portable" // of any system
	FamilyLog      Family = "log"      // of one with offsets, positions and replay, as Kafka has them
)

// Basis is the evidence by which a guarantee is judged, and so what may explain that it is
// broken.
type Basis string

// What a guarantee is judged by.
const (
	ByEnd  Basis = "what is there in the end" // anything before the end may explain what is missing
	ByActs Basis = "what was done"            // what came later explains nothing
	ByTime Basis = "time"                     // when requests came and were answered, so that a load that was sent late says nothing
)

// Given is what a scenario gives, with the field that does.
type Given string

// What a guarantee can need.
const (
	GivenIDs          Given = "an id in requests, records and effects (Topic.IDHeader, Ledger.ID)"
	GivenKeys         Given = "keys of which some come twice (Load.Keys)"
	GivenLog          Given = "a topic that services read, or publish to"
	GivenGroup        Given = "a consumer group (Service.Group)"
	GivenLedger       Given = "a ledger of effects (Service.Ledger)"
	GivenLedgers      Given = "ledgers of two services (Service.Ledger)"
	GivenAttempts     Given = "a ledger of every attempt (Ledger.Attempts)"
	GivenOnce         Given = "a promise of one effect an id (Ledger.Once)"
	GivenProjection   Given = "a projection of the log (Ledger.Projection)"
	GivenTransactions Given = "transactions (Service.TransactionTimeout)"
	GivenTransfer     Given = "a promise to transfer exactly once (Service.ExactlyOnce)"
	GivenDeadLetter   Given = "a dead letter topic (Service.DeadLetter)"
	GivenOutbox       Given = "an outbox (Service.Outbox)"
	GivenFault        Given = "a fault (Scenario.Plan)"
	GivenRecovery     Given = "an objective for recovery (Require.Recovery)"
	GivenAvailability Given = "an objective for availability (Require.Availability)"
)

// Ways in which guarantees break, where [Predictions.Because] can name one: the codes of
// their anomalies.
const (
	EffectAndDeadLetter     = "effect-and-dead-letter"     // of DeadLetterClosure: a record has both
	TwoDeadLetters          = "two-dead-letters"           // of one record
	DeadLetterWithoutOrigin = "dead-letter-without-origin" // it does not name where the original stood
	OutboxLost              = "outbox-lost"                // of Outbox: a row was not published
	OutboxGhost             = "outbox-ghost"               // an id was published and has no row
)

// guarantees are all of them, in the order in which reports show them.
var guarantees = []Guarantee{
	{Exercised, FamilyPortable, nil, ByEnd, "runs as planned", "does not run as planned"},
	{NoLostInLog, FamilyLog, []Given{GivenLog, GivenIDs}, ByEnd, "its log keeps all", "its log loses records"},
	{NoAcknowledgedLoss, FamilyPortable, []Given{GivenLedger, GivenIDs}, ByEnd, "loses nothing", "loses what it acknowledged"},
	{NoStuck, FamilyLog, []Given{GivenGroup}, ByEnd, "leaves nothing stuck", "leaves records stuck"},
	{NoPhantom, FamilyPortable, []Given{GivenLedger, GivenIDs}, ByActs, "invents nothing", "invents effects"},
	{NoAbortedRead, FamilyPortable, []Given{GivenLedger, GivenIDs}, ByActs, "acts on nothing that failed", "acts on what failed or was aborted"},
	{OneRecordPerOffset, FamilyLog, []Given{GivenLog}, ByActs, "keeps what stood at an offset", "gives an offset to another record"},
	{NoLogDuplicate, FamilyLog, []Given{GivenLog}, ByActs, "appends once", "appends twice"},
	{NoOrphans, FamilyPortable, []Given{GivenLedgers, GivenIDs}, ByEnd, "leaves no orphans", "leaves orphans"},
	{ResumeAtCommitted, FamilyLog, []Given{GivenGroup}, ByActs, "resumes at its commit", "resumes elsewhere than at its commit"},
	{ExplainedRedelivery, FamilyLog, []Given{GivenGroup}, ByActs, "repeats only what was not committed", "repeats what was committed"},
	{EffectOnce, FamilyPortable, []Given{GivenLedger, GivenOnce, GivenIDs}, ByActs, "does everything once", "does things twice"},
	{DeliveryOrder, FamilyLog, []Given{GivenGroup, GivenLedger, GivenIDs}, ByActs, "is sent every record", "jumps past records"},
	{ReplayIsContiguous, FamilyLog, []Given{GivenGroup, GivenAttempts, GivenIDs}, ByEnd, "replays without a gap", "replays with gaps"},
	{CommitAfterEffect, FamilyLog, []Given{GivenGroup, GivenLedger, GivenIDs}, ByActs, "commits after the effect", "commits before the effect"},
	{CommittedMonotone, FamilyLog, []Given{GivenGroup}, ByActs, "never goes back", "goes back behind what was committed"},
	{SingleOwner, FamilyLog, []Given{GivenGroup}, ByActs, "has one owner a partition", "has two owners of a partition"},
	{KeyOrder, FamilyPortable, []Given{GivenGroup, GivenLedger, GivenKeys, GivenIDs}, ByActs, "keeps the order of each key", "takes effect out of order"},
	{ProducerOrder, FamilyLog, []Given{GivenLog}, ByActs, "publishes in order", "publishes out of order"},
	{TransactionAtomic, FamilyLog, []Given{GivenTransactions}, ByEnd, "shows all of a transaction or nothing", "shows parts of transactions"},
	{ExactlyOnceTransfer, FamilyLog, []Given{GivenTransfer, GivenIDs}, ByEnd, "transfers each event once", "transfers events not at all or twice"},
	{NoHangingTransaction, FamilyLog, []Given{GivenTransactions}, ByEnd, "leaves no transaction open", "leaves transactions open"},
	{DeadLetterClosure, FamilyPortable, []Given{GivenDeadLetter, GivenIDs}, ByEnd, "brings every record to one end", "does not bring every record to one end"},
	{Outbox, FamilyPortable, []Given{GivenOutbox, GivenLedger, GivenIDs}, ByEnd, "publishes what it stores", "publishes other than what it stores"},
	{ProjectionEqualsReplay, FamilyLog, []Given{GivenProjection, GivenIDs}, ByEnd, "holds what the log gives", "holds other than what the log gives"},
	{BoundedRecovery, FamilyPortable, []Given{GivenRecovery, GivenFault}, ByTime, "recovers in time", "does not recover in time"},
	{Availability, FamilyPortable, []Given{GivenAvailability}, ByTime, "stays available", "is not available enough"},
	{Contained, FamilyPortable, []Given{GivenFault}, ByTime, "contains the failure", "lets the failure spread"},
	{NotMetastable, FamilyPortable, []Given{GivenFault}, ByTime, "gets up again", "stays down"},
}

// Guarantees are all of them, in the order in which reports show them.
func Guarantees() []Guarantee { return slices.Clone(guarantees) }

// GuaranteeOf finds a guarantee by its name, and is false of one that nobody declares.
func GuaranteeOf(name string) (Guarantee, bool) {
	i := slices.IndexFunc(guarantees, func(g Guarantee) bool { return g.Name == name })
	if i < 0 {
		return Guarantee{Name: name}, false
	}
	return guarantees[i], true
}

// DeclareGuarantee adds a guarantee, so that scenarios can predict it. Who registers its
// rule does so, see check.Register: from an init function, before any scenario is looked at.
// It panics where the name is empty or taken.
func DeclareGuarantee(g Guarantee) {
	if _, taken := GuaranteeOf(g.Name); taken || g.Name == "" || g.Name == Others {
		panic(fmt.Sprintf("guarantee %q: the name is empty or taken", g.Name))
	}
	g.Family, g.By = cmp.Or(g.Family, FamilyPortable), cmp.Or(g.By, ByEnd)
	guarantees = append(guarantees, g)
}

// Phrase is what a system does of which the guarantee is expected to hold, or to be broken:
// "loses nothing", "leaves orphans".
func (g Guarantee) Phrase(e Expectation) string {
	switch {
	case e == ToHold && g.Holds != "":
		return g.Holds
	case e == ToBreak && g.Broken != "":
		return g.Broken
	}
	return g.Name + " " + string(e)
}

// conditions are the guarantee's family, basis and needs, in lines of a comment.
func (g Guarantee) conditions() string {
	text := fmt.Sprintf("\nFamily: %s. Judged by %s. Needs", g.Family, g.By)
	if len(g.Needs) == 0 {
		text += " nothing"
	}
	for i, need := range g.Needs {
		text += map[bool]string{true: ": ", false: "; "}[i == 0] + string(need)
	}
	return text + ".\n"
}

// guaranteeNames lists them for an error.
func guaranteeNames() string {
	var names []string
	for _, g := range guarantees {
		names = append(names, g.Name)
	}
	return strings.Join(names, ", ")
}

// Exercised reports whether the run did enough for the other verdicts to mean
// anything. It is never broken: it holds, or it is unknown because
//   - fewer requests than Require.MinOperations were ok before the fault, or during it,
//     or were sent after it: that they fail then is a result. With Require.MayFail it is
//     one during the fault, too. A fault too short for so many counts with what was sent
//     since it began;
//   - a fault was not witnessed to take effect to its end, or not witnessed to be gone;
//   - Require.Replay is set and no consumer resumed behind the log's end after
//     the first fault was injected;
//   - the generator was behind its schedule by more than Require.MaxLateness where it
//     matters: around a fault, or with so many requests that quantiles move.
//
// A run without any fault needs the requests before only.
const Exercised = "exercised"

// NoLostInLog is broken when an acknowledged id is missing from the log that the
// independent reader found. Each missing id is shown with who lost it, as far as the edges saw
// it being published:
//   - the broker, which acknowledged the batch that began with it, at an offset at
//     which the reader looked and did not find it;
//   - its producer, which sent it under the number of another batch;
//   - the service, which acknowledged it although the broker never did, or although
//     it never published it.
//
// Without a Kafka log it is not asked, nor where no record carries an id, or none that
// was sent. When the reader found nothing at all it is unknown, since then it may not
// have read. So it is where what is missing may stand in a record without an id, or may
// have been deleted from the log's start during the run, by retention or by hand, or may
// still have come when the drain ended at its deadline: unless that it is lost is proven
// of another id.
const NoLostInLog = "no-lost-in-log"

// NoAcknowledgedLoss is broken when an id that is due in a sink has no effect in
// it at the end of the drain. Due are the acknowledged ids and, for a service
// that consumes a topic, the ids of unknown outcome that stand in that topic,
// less what it handed to its dead letter topic. Each missing id is shown with where it
// went: "lost by the broker", "never came to" the topic that the service reads, "in
// the log, never took effect" or, where nobody so much as tried it, "stuck".
//
// For a service without a group there is no log: what was acknowledged must
// have its effect in the sink.
//
// What may still have come when the run was over is not lost, and leaves the verdict
// unknown where nothing else is: a record that waits for a group that was still on its
// way to it, or whose consumers were all down; without a log an effect, when effects or
// calls still came at the drain's deadline.
const NoAcknowledgedLoss = "no-acknowledged-loss"

// NoStuck is broken when an id that is due in a sink stands in the log at the end
// of the drain and nothing has become of it, nor been decided about it: no effect,
// no attempt, no dead letter, no position past it, and yet the consumer is alive.
// What the group has committed past, or took up above, is lost and not stuck;
// no-acknowledged-loss shows both.
//
// Without a ledger, positions and the log are known all the same: it is broken when a
// group stood still on a partition to the end of the run, for Drained.Limit after every
// fault, though records waited there and the broker had sent none of them since. Where it
// had, it may be at work on them, and has Drained.AtWork before that; until then the verdict
// is unknown.
//
// What the consumer may still have come to when the run was over, see
// [NoAcknowledgedLoss], leaves the verdict unknown, too.
//
// A consumer is alive unless each of its instances was last seen to exit or to
// freeze, or was never started, being one that the system began without. What waits
// for a dead one is not stuck: the verdict is unknown.
const NoStuck = "no-stuck"

// NoPhantom is broken when a sink holds an effect or an attempt with an id that
// no request of the run had. Effects without any id cannot be matched: they are
// counted, and leave the verdict unknown. Where none has an id, or none one that was
// sent, it is not asked: those are ids of another kind.
const NoPhantom = "no-phantom"

// NoAbortedRead is broken when an id took effect, or was so much as brought to a
// sink, that never should have come so far: in any system that of a request that
// definitely failed, or that a service answered with 5xx before it asked for the commit of
// the transaction with its record; and, for a service that consumes a topic, one that stands in
// the service's topics in no committed transaction. Where nothing failed and
// nothing was aborted it is not asked.
//
// An id that was aborted and then committed is legal, and so is one that reached
// the service by a call as well. What a sink did after the independent reader had
// looked is not judged: a transaction that was open then may have been committed.
const NoAbortedRead = "no-aborted-read"

// OneRecordPerOffset is broken when two different records were ever seen at one
// offset of a partition: what had been acknowledged or read was cut off, and the
// place given to another. Records are different when their ids are, or how their
// producer numbered them.
//
// What stood at an offset is said by the independent reader, by the answers to
// producers, and by the dead letters in retry and dead letter topics about where their
// originals stood. An offset that only one of them speaks of cannot be judged;
// where that is so of all, it is not asked. Neither can two answers to one client
// whose producer is not idempotent, unless by checksum and ids: it may have sent the
// same again.
//
// It is broken, too, when an idempotent producer sent different records under one
// number of one epoch, and was answered with ok more than once: the broker has but one
// of them, and the producer lost the others. They are different when the checksums of
// their batches differ and the ids of the first records, too; where no ids are known
// that leaves it unknown.
const OneRecordPerOffset = "one-record-per-offset"

// NoLogDuplicate is broken when one sequence of one epoch of an idempotent
// producer stands at two offsets of a partition: a batch that was sent again was
// appended again. It is asked only where a producer is idempotent.
//
// The same id under another sequence was published again by the application, which
// no broker can tell from a new one. That is legal here, as is any second record
// of a producer that is not idempotent; both are counted apart. Retry and dead
// letter topics hold ids again by design and are left out.
//
// Of a service with PublishesOnce it is not legal, whoever's producer numbered them: it
// is broken when a reader of committed records sees an id twice in one topic, published
// by that service. Unknown where nothing shows who published one of the records, or where
// records have no id, were compacted or deleted.
const NoLogDuplicate = "no-log-duplicate"

// NoOrphans is broken when, after the drain, some of a root request's effects
// happened and some never did, whatever the request was answered. What a
// service gave up to its dead letter topic counts as done. It needs two sinks.
const NoOrphans = "no-orphans"

// ResumeAtCommitted is broken on either of two sides when a consumer takes up a
// partition.
//
// The broker: its OffsetFetch answer is none of the commits that could be
// current then, nor empty when there was none. A commit that was sent and never
// answered could be; so could each of two that were on the way together. One
// inside a transaction is on the way until its transaction has ended. An offset that no
// recorded commit had, and that a sample showed, was set from outside.
//
// The client: its first Fetch asks for another offset than that answer. After an
// empty answer the client's reset policy decides, and after the log start has
// passed the committed offset it has to move; neither is judged. A service that
// keeps its positions in its own sink has to ask for one that the sink held
// between the assignment and the first records; of offsets without a visible
// record between them it may ask for either. A resume without an answer, and
// without a fetch after one, is not counted.
const ResumeAtCommitted = "resume-at-committed"

// ExplainedRedelivery is broken when an incarnation's processing starts below an
// offset whose commit had been acknowledged before its OffsetFetch was sent, so
// that records are delivered again which no lost commit explains. Offsets
// without a visible record between them are the same place.
//
// A reset explains it: a later commit from outside the group, or a sample that
// showed the committed offset fall. So does a lower commit that was on the way
// together with the higher one, since either may have been applied last, and
// one of a member that had itself taken up the partition further down: that
// member's own resume is what is judged then.
const ExplainedRedelivery = "explained-redelivery"

// EffectOnce is broken when an id has more than one effect in a sink that promises
// one. In a sink that promises nothing a second effect is legal: at least once is
// what it was given. Such effects are distinguished from the others, and counted;
// without any sink that promises, the guarantee is not asked.
//
// Effects without an id cannot be counted, and leave the verdict unknown; where none
// has one it is not asked.
const EffectOnce = "effect-once"

// DeliveryOrder is broken when, within one incarnation of a consumer, the fetch
// position jumps past visible records that never had an attempt in the service's
// sink: they were not sent to that incarnation at all, and later ones were. It
// begins at the committed offset that the incarnation was told, so that a jump on
// taking up counts as well; for a service that keeps its positions in its own
// sink, at its first fetch.
//
// Fetching again is legal, in any order: clients drop what they had fetched ahead
// whenever they pause, rebalance or reconnect. So is what another incarnation
// brought to the sink, and what was retried later or given up.
const DeliveryOrder = "delivery-order"

// ReplayIsContiguous is broken when what an incarnation of a consumer brought to
// its sink, by the sink's own record of every attempt, is no contiguous slice of
// the visible log; when it begins above where those before it had come to; or
// when the last one does not reach the log's end although the consumer is alive.
//
// The order within a slice does not count, and what an incarnation had not
// finished when another took the partition up below it is no gap: several
// workers may share a partition. Neither is what a frozen owner finished late,
// what a reset from outside skipped, and what was retried later or given up. Attempts
// belong to an incarnation by their client where the ledger keeps it, and by time
// otherwise.
//
// It is asked of sinks that record every attempt. Where the log's start moved
// during the run, and where the topic is compacted, it is unknown. Ids with several
// records in the topic are left out: nothing shows which of them was brought.
const ReplayIsContiguous = "replay-is-contiguous"

// CommitAfterEffect is broken when, at the instant at which the commit of an
// offset was sent, some visible record below that offset certainly had no effect
// in the service's sink, no dead letter and no place in a retry topic. It holds
// when none was late and some were certainly in time; cases within the sink's
// skew are counted and not judged.
//
// Exempt are records before the group's first resume on the partition, records
// skipped by a reset from outside, records without an id or of a request that asks
// for no effect or in a topic that is neither the service's own nor a retry topic,
// and commits inside a transaction, whose effects appear with it.
//
// A record in a retry topic is handed over by what was retried later or given up after
// it; to have been put there itself is no excuse for committing past it.
//
// A position that the service stores in its own sink counts as a commit at the
// instant at which the sink has it: one and the same is in time.
//
// No crash is needed to see it broken: a consumer that commits before it
// processes breaks it in any run.
const CommitAfterEffect = "commit-after-effect"

// CommittedMonotone is broken when a group's committed offset, or the position that
// a service stores in its own sink, falls without a logged reset: a lower commit
// was sent after a higher one had been acknowledged, a lower position was stored
// after a higher one, or a sample shows the broker back at an offset that had been
// left behind.
//
// A reset is a commit or a position from outside the group, or a sample that fell
// to an offset which no member ever committed: somebody set it whom nobody
// recorded. A sample that fell to a commit whose answer was still out then, or
// never came, is legal, since the network may deliver that at any time. It is told
// apart from the others, and counted.
const CommittedMonotone = "committed-monotone"

// SingleOwner is broken when two members hold a partition at the same generation
// or epoch of their group; or when a sink that is declared to be fenced accepts
// an effect or a position of an older epoch after one of a newer.
//
// A member that comes back under another id in the same instance, as static
// membership has it, is the same owner. What a former owner does late in a sink
// that is not fenced is legal, since owners overlap whenever one of them freezes:
// it is distinguished from the others, and counted. Writes that lie within the error
// of the sink's clock have no order.
const SingleOwner = "single-owner"

// KeyOrder is broken when, of the records of one business key in one partition, a
// later one took effect before an earlier one did: first effects are held against
// the order of the log. Instants within the error of the sink's clock have no
// order. Of the records of a key, the fewest are named without which the others
// would be in order.
//
// A service with retry topics is not asked, for a record that was retried later is
// meant to be overtaken. Left out are records that it gave up, those before the
// group's first resume, and the further records of an id. A run in which no key
// comes twice shows nothing: the verdict is unknown.
const KeyOrder = "key-order"

// ProducerOrder is broken when records do not stand in a partition in the order in
// which they were produced:
//   - a higher sequence of one epoch of an idempotent producer stands before a lower
//     one;
//   - a batch stands behind another that the same producer, which is not idempotent, was
//     first seen to send after it: what is sent again, by its checksum, keeps the place of
//     its first sending;
//   - a request that was acknowledged before another of the same key was sent stands
//     behind it.
//
// Examined are pairs: a record with one before it in the partition to which it can be
// compared in one of these ways. Requests that overlapped have no order, and an epoch has
// none towards the next: the producer numbers afresh. Clients may have several producers,
// which have none towards each other either: two batches are of one producer when they
// were sent over one connection, or over connections between which a batch was sent
// again. The first record of an id counts, in the topics to which requests lead, which
// retry, dead letter and output topics are not. Where nothing can be compared it is
// unknown.
const ProducerOrder = "producer-order"

// TransactionAtomic is broken when the independent reader, who sees what was
// committed, finds some but not all of what one transaction wrote; or none
// though its commit was acknowledged; or any though its commit was never sent.
//
// A transaction is what one producer id wrote, under one epoch, between the ends
// that it sent. Its writes are the batches that were acknowledged, and those of
// unknown outcome that stand in the log all the same. Not judged is what stands
// behind the last stable offset, at which a reader of committed records stops,
// and what retention deleted.
//
// It is asked of systems in which somebody writes in transactions.
const TransactionAtomic = "transaction-atomic"

// ExactlyOnceTransfer is asked of services that promise it. It is broken when the ids
// in such a service's Output are not those of its Topic, each once, as the independent
// reader found them:
//
//   - lost: a record that the service committed past has no record in Output.
//     What it gave up to its dead letter topic it need not transfer, nor what lies
//     before its group's first position or was skipped by a reset from outside;
//
//   - twice: an id is in Output more often than in Topic. A producer that sent the
//     same event twice has two records there, of which one or both may be
//     transferred;
//
//   - out of nothing: an id is in Output and not in Topic, though nothing was
//     deleted there.
//
//   - stuck: a record was neither transferred nor committed past when the run was over,
//     though the service was alive and its group had stood still there for Drained.Limit.
//
// What it may still have come to, see [NoAcknowledgedLoss], or is not known to stand
// still, is not yet transferred, and leaves the verdict unknown. While some of what the
// service wrote stands behind the last stable offset of Output nothing is called lost.
const ExactlyOnceTransfer = "exactly-once-transfer"

// NoHangingTransaction is broken when the last stable offset of a partition stays
// where it is, below the high watermark, for longer than the services' longest
// Service.TransactionTimeout and 11 s more, in which brokers find and abort what
// was left open. So long no reader of committed records gets past it. A last
// stable offset that moves, if only never up to the high watermark, shows one
// transaction after the other and is fine.
//
// It is unknown when nobody sampled last stable offsets, or when the run ended
// while one stood still for less than that.
const NoHangingTransaction = "no-hanging-transaction"

// DeadLetterClosure is broken when a service that has a dead letter topic does not
// bring every record of its Topic to exactly one end, or does not keep to what it
// promises on the way there:
//   - neither: it committed past a record, and past what it put into retry topics
//     for it, that has neither an effect in its sink (a record in its Output, where
//     it has no sink) nor a dead letter; or both: it has an effect and a dead letter;
//   - two dead letters stand for one record;
//   - a dead letter does not name where the original stood, or names the place of
//     another id;
//   - a record was tried more often than Service.MaxAttempts, by a dead letter's own
//     count or by the sink's attempts; each time that a consumer took up the
//     partition at or before the record may have been a redelivery, and allows as
//     many again;
//   - two attempts through a retry topic lie closer together than Service.Backoff;
//   - a record was retried later because of a class of failure in Service.Fatal;
//   - a partition stands still behind a record that the service tries again and
//     again (where the sink shows no attempt: while its other partitions go on), for
//     Require.Recovery (10 s without one), and in a retry topic for
//     Service.Backoff more, to the end of the run;
//   - a dead letter that was redriven has not exactly one effect, unless it was given
//     up again.
//
// An id was redriven when a record in Topic with that id carries a dead letter's
// headers, or was published after the dead letter was. Where nobody saw either of them
// being published a second record may have been the producer's own, and an effect
// beside a dead letter is not held against the service. An effect that was certainly
// there before the dead letter is.
//
// [Predictions.Because] can name [EffectAndDeadLetter], [TwoDeadLetters] or
// [DeadLetterWithoutOrigin].
const DeadLetterClosure = "dead-letter-closure"

// Outbox is broken when the rows that a service's sink holds are not the ids in
// its Outbox topic:
//   - lost: a row was not published, though one that was committed 2 s later was,
//     or though it has waited for Require.Recovery (10 s without one) since it was
//     committed and the last fault was gone;
//   - ghost: an id was published and has no row. Only ids count that the service
//     was asked for, by the load, by a call or through its own Topic: others may
//     publish to the same topic. Rows of another service with the same Outbox
//     count as well.
//
// Rows at the end of the run that were merely not published yet leave the verdict
// unknown. An id published twice is fine: a relay promises at least once.
//
// [Predictions.Because] can name [OutboxLost] or [OutboxGhost].
const Outbox = "outbox"

// ProjectionEqualsReplay is broken when the state that a sink holds of some key
// is not what follows from the log: the visible records of the service's Topic
// from offset 0, each id once, up to the positions that stand in the same sink.
// On a partition without a position nothing was read. An id that the service put
// off or gave up counts where the sink's ledger has its effect.
//
// The positions are the last stored, also where they have fallen: what was
// counted past them is then counted too often. It is unknown when no position is
// stored, when records have no id, or when the log no longer begins at 0.
//
// Where the service can be asked for the state as of an earlier time, the same is
// asked of its answer, up to where the broker says that the log was then.
const ProjectionEqualsReplay = "projection-equals-replay"

// BoundedRecovery is broken when, after a fault was witnessed to be gone, a
// consumer group's lag is not back at its baseline, to stay there, within
// Require.Recovery; or when the group makes progress on some partitions only.
// In a system without consumer groups the operations that ask for effects are
// judged instead, by their share of ok answers and their p99. The definitions
// of back at the baseline are those of package measure.
//
// A run that ends, or breaks something else, before the objective is over
// leaves the verdict unknown unless the group had recovered.
const BoundedRecovery = "bounded-recovery"

// Availability is broken when ok ÷ scheduled, over the requests of
// Require.Operation (all when it is "") that were scheduled while a fault was
// witnessed to be active, is under Require.Availability. Requests that nobody
// could send count: a closed loop would hide them. In a run without any fault
// the during phase is judged.
const Availability = "availability"

// Contained is broken when a fault does harm beyond what was broken:
//   - a service is breached that is no end of a faulted edge and not itself
//     faulted (the blast radius): more than measure.BreachShare of the calls to
//     it failed, are unknown or came late, beyond the share before;
//   - Require.Unrelated fails, by more than 1 % beyond the share before, or its
//     median answer comes as late as a breach;
//   - the calls to a leaf (a service that calls no other) ÷ the root requests
//     that ask for effects are over Require.Amplification.
//
// Without a fault it is not asked.
const Contained = "contained"

// NotMetastable is broken when a system stays down though what brought it down
// is gone: after the last fault was witnessed to be gone, ok ÷ scheduled of some
// root operation never again, until the load ends, reaches 90 % of what it was
// before the first fault, in no second and no ten requests in a row, and the load
// went on for Require.Recovery (10 s without one) and such a second more.
//
// A load that ended sooner leaves it unknown unless the goodput had come back,
// however late: how soon it has to is [BoundedRecovery]'s business. So does a
// fault that was never seen to be gone. Without a fault it is not asked.
const NotMetastable = "not-metastable"
