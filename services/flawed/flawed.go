// Package flawed lists services with one planted defect each. Every folder beside
// this file holds one: the right service with a part exchanged, and what is
// wrong with the part. They are there to see whether a test notices, and for
// nothing else.
package flawed

import (
	"github.com/breakwater-kit/breakwater/services/flawed/markbeforepublish"
	"github.com/breakwater-kit/breakwater/services/flawed/notimeouts"
	"github.com/breakwater-kit/breakwater/services/flawed/publishbeforecommit"
	"github.com/breakwater-kit/breakwater/services/flawed/retrywithnewid"
	"github.com/breakwater-kit/breakwater/services/projection"
	"github.com/breakwater-kit/breakwater/services/registration"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/flawed/asofnow"
	"github.com/breakwater-kit/breakwater/services/flawed/commitbeforeprocessing"
	"github.com/breakwater-kit/breakwater/services/flawed/commitpastfailure"
	"github.com/breakwater-kit/breakwater/services/flawed/countsdeliveries"
	"github.com/breakwater-kit/breakwater/services/flawed/deadletterofunanswered"
	"github.com/breakwater-kit/breakwater/services/flawed/deadletterthencommit"
	"github.com/breakwater-kit/breakwater/services/flawed/deadletterwithoutorigin"
	"github.com/breakwater-kit/breakwater/services/flawed/deduplicationinmemory"
	"github.com/breakwater-kit/breakwater/services/flawed/effectanddedupeintwotransactions"
	"github.com/breakwater-kit/breakwater/services/flawed/errorswallowed"
	"github.com/breakwater-kit/breakwater/services/flawed/nodeduplication"
	"github.com/breakwater-kit/breakwater/services/flawed/readuncommitted"
	"github.com/breakwater-kit/breakwater/services/flawed/retryforever"
	"github.com/breakwater-kit/breakwater/services/flawed/seektoendonrebalance"
	"github.com/breakwater-kit/breakwater/services/flawed/skipfirstafterrebalance"
	"github.com/breakwater-kit/breakwater/services/flawed/startatlatest"
	"github.com/breakwater-kit/breakwater/services/flawed/unfencedoffsets"
	"github.com/breakwater-kit/breakwater/services/flawed/workerswithautocommit"
)

// Analytics are the flawed services that stand for analytics, by their defect.
var Analytics = map[string]func(analytics.Config) (*analytics.Service, error){
	"commit-before-processing":              commitbeforeprocessing.New,
	"commit-past-failure":                   commitpastfailure.New,
	"dead-letter-of-unanswered":             deadletterofunanswered.New,
	"dead-letter-then-commit":               deadletterthencommit.New,
	"dead-letter-without-origin":            deadletterwithoutorigin.New,
	"deduplication-in-memory":               deduplicationinmemory.New,
	"effect-and-dedupe-in-two-transactions": effectanddedupeintwotransactions.New,
	"error-swallowed":                       errorswallowed.New,
	"no-deduplication":                      nodeduplication.New,
	"read-uncommitted":                      readuncommitted.New,
	"retry-forever":                         retryforever.New,
	"seek-to-end-on-rebalance":              seektoendonrebalance.New,
	"skip-first-after-rebalance":            skipfirstafterrebalance.New,
	"start-at-latest":                       startatlatest.New,
	"unfenced-offsets":                      unfencedoffsets.New,
	"workers-with-auto-commit":              workerswithautocommit.New,
}

// Registration are the flawed ways of registration, by their defect.
var Registration = map[string]func(registration.Config) (registration.Way, error){
	"no-timeouts":                  notimeouts.New,
	"outbox-mark-before-publish":   markbeforepublish.New,
	"outbox-publish-before-commit": publishbeforecommit.New,
	"retry-with-new-id":            retrywithnewid.New,
}

// Projection are the flawed services that stand for projection, by their defect.
var Projection = map[string]func(projection.Config) (*projection.Service, error){
	"as-of-now":         asofnow.New,
	"counts-deliveries": countsdeliveries.New,
}
