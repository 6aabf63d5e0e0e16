package report_test

import (
	"testing"

	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Who reads that a spec could not be performed knows who has to mend something.
func TestAbsentSaysWhoseFaultItIs(t *testing.T) {
	for _, c := range []struct {
		absent report.Absent
		want   string
	}{
		{report.Absent{Blame: trial.BlameScenario, Reason: "load: rate 0 a second"}, "your scenario is invalid: load: rate 0 a second"},
		{report.Absent{Blame: trial.BlameService, Reason: "shop/1 ended"}, "your service did not start: shop/1 ended"},
		{report.Absent{Blame: trial.BlameKit, Reason: "no space is left"}, "the kit's own error: no space is left"},
		{report.Absent{Reason: "of a run of before"}, "the kit's own error: of a run of before"},
		{report.Absent{Ended: report.SpecFailed, Reason: "1 is not 2"}, "1 is not 2"},
		{report.Absent{Ended: report.SpecKilled, Blame: trial.BlameKit, Reason: "signal: killed"}, "signal: killed"},
	} {
		if got := c.absent.Why(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
