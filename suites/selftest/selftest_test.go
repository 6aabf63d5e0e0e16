package selftest

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

// lost is what else a consumer breaks that skips records.
var lost = []string{NoOrphans, ReplayIsContiguous}

// Faults that several defects share.
var (
	analyticsIsKilled = Plan{At(4 * time.Second).Inject(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)}

	killedBeforeItsCommit = Plan{On(Commit("analytics/1").Nth(60)).Then(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)}
	killedAfterItsCommit  = Plan{On(Commit("analytics/1").Nth(60).Answered()).Then(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)}

	databaseIsCutOff = Plan{At(4 * time.Second).Inject(Cut(Edge("analytics", Database))).For(2 * time.Second)}
)

var _ = DescribeTable("A planted defect breaks the guarantee named for it, and the right service keeps it",
	func(ctx SpecContext, d defect) {
		Expect(harness.Compare(ctx, d.experiment())).To(BeAsPredicted())
	},
	Entry("commits before it processes", SpecTimeout(2*time.Minute), defect{
		name: "commit-before-processing", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed once its commit is done", load: longer, plan: killedAfterItsCommit,
		breaks: []string{NoAcknowledgedLoss, CommitAfterEffect},
		also:   lost,
	}),
	Entry("works asynchronously, and commits what was polled", SpecTimeout(2*time.Minute), defect{
		name: "workers-with-auto-commit", of: "analytics", in: subjects.AutoCommitting(),
		under: "analytics is killed while its database is silent", load: Constant(40).For(11 * time.Second),
		plan: Plan{
			At(3 * time.Second).Inject(Silence(Edge("analytics", Database))).For(4 * time.Second),
			At(6 * time.Second).Inject(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond),
		},
		breaks: []string{NoAcknowledgedLoss, CommitAfterEffect},
		also:   append(lost, KeyOrder),
	}),
	Entry("does not deduplicate", SpecTimeout(2*time.Minute), defect{
		name: "no-deduplication", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed on a held commit", load: longer, plan: killedBeforeItsCommit,
		breaks: []string{EffectOnce},
	}),
	Entry("deduplicates in memory", SpecTimeout(2*time.Minute), defect{
		name: "deduplication-in-memory", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed on a held commit", load: longer, plan: killedBeforeItsCommit,
		breaks: []string{EffectOnce},
	}),
	Entry("writes the effect and what it deduplicates by in two transactions", SpecTimeout(2*time.Minute), defect{
		name: "effect-and-dedupe-in-two-transactions", of: "analytics", in: subjects.EventDriven(),
		under: "the database's answers to analytics are lost, three times", plan: Plan{
			// What is answered may just as well be the second step: three times, so
			// that luck has no part in it.
			At(2 * time.Second).Inject(Silence(Edge("analytics", Database)).Towards(Downstream)).For(time.Second),
			At(4 * time.Second).Inject(Silence(Edge("analytics", Database)).Towards(Downstream)).For(time.Second),
			At(6 * time.Second).Inject(Silence(Edge("analytics", Database)).Towards(Downstream)).For(time.Second),
		},
		breaks: []string{EffectOnce},
	}),
	Entry("starts at the latest offset", SpecTimeout(2*time.Minute), defect{
		name: "start-at-latest", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed while partitions are new to it", plan: analyticsIsKilled,
		// So many partitions that some see their first record while it is away.
		topic: Topic{Partitions: 48}, load: Load{Rate: 20, Duration: Duration(9 * time.Second), Keys: 5000},
		breaks: []string{NoAcknowledgedLoss},
		also:   append(lost, CommitAfterEffect, NoStuck),
	}),
	Entry("swallows an error, and commits", SpecTimeout(2*time.Minute), defect{
		name: "error-swallowed", of: "analytics", in: subjects.DeadLettering(),
		under: "analytics is cut off from its database", plan: databaseIsCutOff,
		breaks: []string{NoAcknowledgedLoss, DeadLetterClosure},
		also:   append(lost, CommitAfterEffect),
	}),
	Entry("tries a poison record for ever", SpecTimeout(2*time.Minute), defect{
		name: "retry-forever", of: "analytics", in: subjects.DeadLettering(),
		under: "a registration in fifty is poison to analytics, which is killed", plan: analyticsIsKilled, requests: subjects.Poisoned(0.02),
		topic:   Topic{Partitions: 16},
		require: Require{Recovery: Duration(6 * time.Second)},
		breaks:  []string{DeadLetterClosure, BoundedRecovery},
		also:    append(lost, NoAcknowledgedLoss, NoStuck),
	}),
	Entry("gives a record up without saying where it came from", SpecTimeout(2*time.Minute), defect{
		name: "dead-letter-without-origin", of: "analytics", in: subjects.DeadLettering(),
		under: "a registration in four is poison to analytics, which is killed", plan: analyticsIsKilled, requests: subjects.Poisoned(0.25),
		breaks: []string{DeadLetterClosure}, because: DeadLetterWithoutOrigin,
	}),
	Entry("gives up what may have been done", SpecTimeout(2*time.Minute), defect{
		name: "dead-letter-of-unanswered", of: "analytics", in: subjects.DeadLettering(),
		under: "the database's answers to analytics are lost, then it is cut off",
		plan: Plan{
			// The connections break at the end of the silence, and what is retried later then
			// is tried again half a second later, when there is no database.
			At(3 * time.Second).Inject(Silence(Edge("analytics", Database)).Towards(Downstream)).For(time.Second),
			At(4300 * time.Millisecond).Inject(Cut(Edge("analytics", Database))).For(3 * time.Second),
		},
		breaks: []string{DeadLetterClosure}, because: EffectAndDeadLetter,
	}),
	Entry("gives a record up, and commits afterwards", SpecTimeout(2*time.Minute), defect{
		name: "dead-letter-then-commit", of: "analytics", in: subjects.DeadLettering(),
		under: "analytics is killed once a dead letter is appended", requests: subjects.Poisoned(0.25),
		load: longer,
		// Dead letters of the warm-up may come late, and many at once.
		require: Require{MinOperations: 10},
		plan:    Plan{On(Published("analytics/1").Nth(20).Answered()).Then(Kill("analytics/1")).RestartAfter(1500 * time.Millisecond)},
		breaks:  []string{DeadLetterClosure}, because: TwoDeadLetters,
	}),
	Entry("does not fence the positions in its database", SpecTimeout(2*time.Minute), defect{
		name: "unfenced-offsets", of: "analytics", in: subjects.Scaled(subjects.StoringOffsets(), "analytics", 2),
		under: "analytics/1 is frozen past its session time-out while its database is slow",
		load:  Constant(80).For(11 * time.Second),
		plan: Plan{
			// So slow that it falls behind: it has more in hand than the attempt
			// under way. With a session of 1.5 s its heir has its partitions long
			// before it wakes, and it wakes before that attempt's time-out of 5 s.
			At(2 * time.Second).Inject(Latency(Edge("analytics", Database), 60*time.Millisecond, 0)).For(7 * time.Second),
			At(4 * time.Second).Inject(Freeze("analytics/1")).For(4 * time.Second),
		},
		breaks: []string{CommittedMonotone, SingleOwner, EffectOnce},
	}),
	Entry("seeks to the end whenever it is given a partition", SpecTimeout(2*time.Minute), defect{
		name: "seek-to-end-on-rebalance", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed", plan: analyticsIsKilled,
		breaks: []string{ResumeAtCommitted, NoAcknowledgedLoss, DeliveryOrder},
		also:   append(lost, CommitAfterEffect, NoStuck),
	}),
	Entry("skips the first record after each rebalance", SpecTimeout(2*time.Minute), defect{
		name: "skip-first-after-rebalance", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is killed", plan: analyticsIsKilled,
		breaks: []string{NoAcknowledgedLoss},
		also:   append(lost, CommitAfterEffect, DeliveryOrder, NoStuck),
	}),
	Entry("commits past the record that failed", SpecTimeout(2*time.Minute), defect{
		name: "commit-past-failure", of: "analytics", in: subjects.EventDriven(),
		under: "analytics is cut off from its database", plan: databaseIsCutOff,
		breaks: []string{NoAcknowledgedLoss, CommitAfterEffect},
		also:   lost,
	}),
	Entry("reads what is not committed", SpecTimeout(2*time.Minute), defect{
		name: "read-uncommitted", of: "analytics", in: subjects.Transacting(),
		under:  "registration is killed before its transaction ends",
		load:   Constant(20).For(9 * time.Second),
		plan:   Plan{On(Trigger{Client: "registration/1", To: Kafka, API: "EndTxn", Count: 60}).Then(Kill("registration/1")).RestartAfter(1500 * time.Millisecond)},
		breaks: []string{NoAbortedRead},
		also:   []string{NoOrphans},
	}),
	Entry("counts deliveries, and not events", SpecTimeout(2*time.Minute), defect{
		name: "counts-deliveries", of: "projection", in: subjects.Projected(),
		under: "the database's answers to projection are lost, three times", plan: Plan{
			// A transaction that was done and whose answer is lost is sent again: three
			// times, so that luck has no part in it.
			At(2 * time.Second).Inject(Silence(Edge("projection", Database)).Towards(Downstream)).For(time.Second),
			At(4 * time.Second).Inject(Silence(Edge("projection", Database)).Towards(Downstream)).For(time.Second),
			At(6 * time.Second).Inject(Silence(Edge("projection", Database)).Towards(Downstream)).For(time.Second),
		},
		breaks: []string{ProjectionEqualsReplay},
	}),
	Entry("tells the state of now, whatever time it is asked for", SpecTimeout(2*time.Minute), defect{
		name: "as-of-now", of: "projection", in: subjects.Projected(),
		under:  "projection is killed",
		plan:   Plan{At(4 * time.Second).Inject(Kill("projection/1")).RestartAfter(1500 * time.Millisecond)},
		breaks: []string{ProjectionEqualsReplay},
	}),
	Entry("publishes before it stores", SpecTimeout(2*time.Minute), defect{
		name: "outbox-publish-before-commit", of: "registration", in: subjects.Outbox(),
		under:  "registration is cut off from its database",
		plan:   Plan{At(4 * time.Second).Inject(Cut(Edge("registration", Database))).For(2 * time.Second)},
		breaks: []string{Outbox}, because: OutboxGhost,
		also: []string{NoOrphans, NoAcknowledgedLoss},
	}),
	Entry("takes an event out of its outbox before it is published", SpecTimeout(2*time.Minute), defect{
		name: "outbox-mark-before-publish", of: "registration", in: subjects.Outbox(),
		under: "Kafka is silent to registration, which is killed",
		plan: Plan{
			At(3 * time.Second).Inject(Silence(Edge("registration", Kafka))).For(3 * time.Second),
			At(4 * time.Second).Inject(Kill("registration/1")).RestartAfter(time.Second),
		},
		breaks: []string{Outbox}, because: OutboxLost,
		also: []string{NoOrphans, NoAcknowledgedLoss, NoLostInLog},
	}),
	Entry("publishes again under a new id", SpecTimeout(2*time.Minute), defect{
		name: "retry-with-new-id", of: "registration", in: subjects.EventDriven(),
		under:  "Kafka is slow for registration",
		plan:   Plan{At(3 * time.Second).Inject(Latency(Edge("registration", Kafka), 300*time.Millisecond, 0)).For(3 * time.Second)},
		breaks: []string{NoPhantom},
		also:   []string{NoOrphans, NoAcknowledgedLoss, NoLostInLog},
	}),
	Entry("calls without time-outs, and tries again for ever", SpecTimeout(2*time.Minute), defect{
		name: "no-timeouts", of: "registration", in: subjects.System(subjects.SyncHardened),
		under:      "email is dead for a while",
		plan:       Plan{At(4 * time.Second).Inject(Kill("email")).RestartAfter(2 * time.Second)},
		require:    Require{Unrelated: subjects.Catalog, Amplification: 3},
		breaks:     []string{Contained},
		also:       []string{NoOrphans, NoAcknowledgedLoss},
		regardless: []string{NoOrphans, NoAcknowledgedLoss},
	}),
	Entry("keeps a mail server down that could take all that is sent", Serial, SpecTimeout(2*time.Minute), defect{
		name: "no-timeouts", of: "registration", in: subjects.Congested(),
		under:      "a mail server that takes 30 mails a second is silent",
		load:       Constant(32).For(20 * time.Second),
		plan:       Plan{At(3 * time.Second).Inject(Silence(Edge("email", "mailbox"))).For(8 * time.Second)},
		require:    Require{Recovery: Duration(5 * time.Second)},
		breaks:     []string{NotMetastable},
		also:       []string{NoOrphans, NoAcknowledgedLoss, Contained, BoundedRecovery},
		regardless: []string{NoOrphans, NoAcknowledgedLoss, Contained, BoundedRecovery},
	}),
)
