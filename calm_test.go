package breakwater_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A scenario without faults is a scenario: what is predicted of it is decided.
func TestCalmRun(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		want   trial.Outcome
	}{"well": {http.StatusNoContent, trial.Confirmed}, "failing": {http.StatusInternalServerError, trial.Undecided}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				w.handle = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
				s := scenario()
				s.Require.Availability, s.Require.Recovery = 0.99, breakwater.Duration(1)
				s.Predict = breakwater.Predict(breakwater.Holds(check.Availability), breakwater.AtLeast(measure.Availability("GET /"), 1))
				got, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
				if err != nil || got.Outcome != c.want {
					t.Errorf("%v, %s", err, got.Why)
				}
			})
		})
	}
}
