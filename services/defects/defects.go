// Package defects has services with one planted defect each: the right service with
// a part exchanged, and what is wrong with the part. They are there to see whether a
// test notices, and for nothing else.
package defects

import (
	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/projection"
	"github.com/breakwater-kit/breakwater/services/registration"
)

// Analytics are what makes analytics a service with a planted defect, by the defect.
var Analytics = map[string]func(*analytics.Config){
	"commit-before-processing":              commitBeforeProcessing,
	"commit-past-failure":                   commitPastFailure,
	"dead-letter-of-unanswered":             deadLetterOfUnanswered,
	"dead-letter-then-commit":               deadLetterThenCommit,
	"dead-letter-without-origin":            deadLetterWithoutOrigin,
	"deduplication-in-memory":               deduplicationInMemory,
	"effect-and-dedupe-in-two-transactions": effectAndDedupeInTwoTransactions,
	"error-swallowed":                       errorSwallowed,
	"no-deduplication":                      noDeduplication,
	"read-uncommitted":                      readUncommitted,
	"retry-forever":                         retryForever,
	"seek-to-end-on-rebalance":              seekToEndOnRebalance,
	"skip-first-after-rebalance":            skipFirstAfterRebalance,
	"start-at-latest":                       startAtLatest,
	"unfenced-offsets":                      unfencedOffsets,
	"workers-with-auto-commit":              workersWithAutoCommit,
}

// Registration are the defective ways of registration, by their defect.
var Registration = map[string]func(registration.Config) (registration.Way, error){
	"no-timeouts":                  noTimeouts,
	"outbox-mark-before-publish":   markBeforePublish,
	"outbox-publish-before-commit": publishBeforeCommit,
	"retry-with-new-id":            retryWithNewID,
}

// Projection are what makes projection a service with a planted defect, by the defect.
var Projection = map[string]func(*projection.Config){
	"as-of-now":         asOfNow,
	"counts-deliveries": countsDeliveries,
}
