package history_test

import (
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestOutcomeOf(t *testing.T) {
	for _, c := range []struct {
		status     int
		retryAfter string
		want       history.Outcome
	}{
		{200, "", history.OK},
		{202, "", history.OK},
		{304, "", history.OK},
		{404, "", history.Failed},
		{429, "1", history.Failed},
		{500, "", history.Unknown},
		{502, "1", history.Unknown},
		{503, "1", history.Failed},
		{503, "", history.Unknown}, // a gateway whose upstream did not answer
		{504, "", history.Unknown},
	} {
		if got := history.OutcomeOf(c.status, c.retryAfter); got != c.want {
			t.Errorf("%d with Retry-After %q: %s, want %s", c.status, c.retryAfter, got, c.want)
		}
	}
}
