package harness

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
	"github.com/breakwater-kit/breakwater/suites/matchers"
)

// Test runs the scenario as a plain Go test, without Ginkgo, in the world that
// BREAKWATER_WORLD names, and writes its report. The test fails unless all comes out as
// predicted, with what did not; it is skipped with -short, and where the world cannot do
// what is asked. The suite is called like the folder of the test. Tests of one machine wait
// for each other, so do not mark one parallel: its time-out goes on while it waits.
//
// The trial is nil where there is none.
func Test(t *testing.T, s breakwater.Scenario, options ...Option) *trial.Trial {
	t.Helper()
	skipShort(t)
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	one, ctx, end := begin(t, trial.Slug(filepath.Base(dir)), options)
	defer end()
	one.SpecBegins(t.Name())
	performed, err := one.Perform(ctx, t.Name(), s)
	skip := ""
	switch unsupported := (*conductor.Unsupported)(nil); {
	case errors.As(err, &unsupported) && os.Getenv(NoSkipVariable) == "":
		skip = printable.Text(unsupported.Error())
		err = one.SpecEnds(t.Name(), report.SpecSkipped, skip)
	case err != nil:
		t.Errorf("%s, no verdict about the system: %s", conductor.BlameFor(err).Because(), printable.Text(err.Error()))
		err = one.SpecEnds(t.Name(), report.SpecFailed, err.Error())
	case !performed.AsPredicted():
		t.Error(matchers.BeAsPredicted().FailureMessage(performed))
	}
	if err != nil {
		t.Error(err)
	}
	conclude(t, one, !t.Failed())
	if skip != "" {
		t.Skip(skip)
	}
	return performed
}
