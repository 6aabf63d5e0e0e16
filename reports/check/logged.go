package check

import "github.com/breakwater-kit/breakwater/reports/history"

// logged says whether the system has a Kafka log to be looked into: a service consumes
// one, or what requests sent was seen to be published to one.
func logged(x *history.Index) bool {
	if x.Log.Header.Logged() {
		return true
	}
	for e := range x.Of(history.Produce) {
		if e.ID != "" && len(x.Sent.Of(e)) > 0 {
			return true
		}
	}
	return false
}
