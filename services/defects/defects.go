// Package defects lists services with one planted defect each. Every folder beside
// this file holds one: the right service with a part exchanged, and what is
// wrong with the part. They are there to see whether a test notices, and for
// nothing else.
package defects

import (
	"github.com/breakwater-kit/breakwater/services/defects/markbeforepublish"
	"github.com/breakwater-kit/breakwater/services/defects/notimeouts"
	"github.com/breakwater-kit/breakwater/services/defects/publishbeforecommit"
	"github.com/breakwater-kit/breakwater/services/defects/retrywithnewid"
	"github.com/breakwater-kit/breakwater/services/projection"
	"github.com/breakwater-kit/breakwater/services/registration"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/defects/asofnow"
	"github.com/breakwater-kit/breakwater/services/defects/commitbeforeprocessing"
	"github.com/breakwater-kit/breakwater/services/defects/commitpastfailure"
	"github.com/breakwater-kit/breakwater/services/defects/countsdeliveries"
	"github.com/breakwater-kit/breakwater/services/defects/deadletterofunanswered"
	"github.com/breakwater-kit/breakwater/services/defects/deadletterthencommit"
	"github.com/breakwater-kit/breakwater/services/defects/deadletterwithoutorigin"
	"github.com/breakwater-kit/breakwater/services/defects/deduplicationinmemory"
	"github.com/breakwater-kit/breakwater/services/defects/effectanddedupeintwotransactions"
	"github.com/breakwater-kit/breakwater/services/defects/errorswallowed"
	"github.com/breakwater-kit/breakwater/services/defects/nodeduplication"
	"github.com/breakwater-kit/breakwater/services/defects/readuncommitted"
	"github.com/breakwater-kit/breakwater/services/defects/retryforever"
	"github.com/breakwater-kit/breakwater/services/defects/seektoendonrebalance"
	"github.com/breakwater-kit/breakwater/services/defects/skipfirstafterrebalance"
	"github.com/breakwater-kit/breakwater/services/defects/startatlatest"
	"github.com/breakwater-kit/breakwater/services/defects/unfencedoffsets"
	"github.com/breakwater-kit/breakwater/services/defects/workerswithautocommit"
)

// Analytics are services with a planted defect that stand for analytics, by their defect.
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

// Registration are the defective ways of registration, by their defect.
var Registration = map[string]func(registration.Config) (registration.Way, error){
	"no-timeouts":                  notimeouts.New,
	"outbox-mark-before-publish":   markbeforepublish.New,
	"outbox-publish-before-commit": publishbeforecommit.New,
	"retry-with-new-id":            retrywithnewid.New,
}

// Projection are services with a planted defect that stand for projection, by their defect.
var Projection = map[string]func(projection.Config) (*projection.Service, error){
	"as-of-now":         asofnow.New,
	"counts-deliveries": countsdeliveries.New,
}
