package page_test

import (
	"testing"

	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Who reads that a spec could not be performed knows who has to mend something.
func TestAbsentSaysWhoseFaultItIs(t *testing.T) {
	for _, c := range []struct {
		absent page.Absent
		want   string
	}{
		{page.Absent{Blame: trial.BlameScenario, Reason: "load: rate 0 a second"}, "your scenario is invalid: load: rate 0 a second"},
		{page.Absent{Blame: trial.BlameService, Reason: "shop/1 ended"}, "your service did not start: shop/1 ended"},
		{page.Absent{Blame: trial.BlameKit, Reason: "no space is left"}, "the kit's own error: no space is left"},
		{page.Absent{Reason: "of a run of before"}, "the kit's own error: of a run of before"},
		{page.Absent{Ended: page.SpecFailed, Reason: "1 is not 2"}, "1 is not 2"},
		{page.Absent{Ended: page.SpecKilled, Blame: trial.BlameKit, Reason: "signal: killed"}, "signal: killed"},
	} {
		if got := c.absent.Why(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
