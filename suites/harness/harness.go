// Package harness lets a spec perform a scenario: it is the thin layer between
// Ginkgo and a session.
package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// NoSkipVariable names the variable that, when set, makes a spec fail that its
// world cannot do, instead of skipping it: for a machine on which everything was
// installed.
const NoSkipVariable = "BREAKWATER_NO_SKIP"

// Option changes what [RunSpecs] and [Test] do.
type Option func(*session.Session)

// Claims reports what each claim states, by its id ([breakwater.Scenario.Claim]), for the
// report. Without it a claim is called by its id alone.
func Claims(statements map[string]string) Option {
	return func(s *session.Session) { s.Statements = statements }
}

var current *session.Session

// begin opens a session that has the machine to itself until end. The context ends, besides,
// when nobody waits for the test any more.
func begin(t *testing.T, suite string, options []Option) (s *session.Session, ctx context.Context, end func()) {
	t.Helper()
	s, err := session.Open(t.Context(), suite)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range options {
		change(s)
	}
	ctx, stop := session.Attend(t.Context())
	attended := interrupt(ctx)
	release, err := s.LockMachine(ctx)
	if err != nil {
		attended()
		stop()
		t.Fatal(err)
	}
	return s, ctx, func() {
		release()
		attended()
		stop()
	}
}

// conclude writes the report once all has been performed.
func conclude(t *testing.T, s *session.Session, passed bool, why ...string) {
	t.Helper()
	err := s.End(passed, why...)
	page, rendered := s.Render()
	if err = errors.Join(err, rendered); err != nil {
		t.Error(err)
	}
	if page != "" {
		t.Logf("report: %s", page)
	}
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("scenarios take their time; run without -short")
	}
}

// RunSpecs runs the suite's specs in the world that BREAKWATER_WORLD names, and
// writes the report when they are over. With -short everything is skipped: a
// scenario takes its time.
func RunSpecs(t *testing.T, suite string, options ...Option) {
	t.Helper()
	skipShort(t)
	gomega.RegisterFailHandler(ginkgo.Fail)
	switch config, _ := ginkgo.GinkgoConfiguration(); {
	case config.DryRun:
		ginkgo.RunSpecs(t, suite) // whoever asks what there is wants no world
		return
	case config.ParallelTotal > 1: // its processes would wait for each other
		t.Fatal("ginkgo's -p and --procs: leave them out; breakwater run --procs N performs specs side by side")
	}
	var end func()
	current, _, end = begin(t, suite, options) // not in a spec, whose time it would take
	defer end()
	ginkgo.ReportBeforeEach(begins)
	ginkgo.ReportAfterEach(ends)
	var special []string
	ginkgo.ReportAfterSuite("what failed beside the specs", func(r ginkgo.Report) {
		for _, node := range r.SpecReports { // those of specs have been recorded, unless a report failed one
			ends(node)
		}
		special = r.SpecialSuiteFailureReasons
	})
	passed := ginkgo.RunSpecs(t, suite)
	conclude(t, current, passed, special...)
}

// begins and ends keep account of a spec, whatever becomes of it and in which of its
// nodes: a run must not be green when one of its specs is red.
func begins(r ginkgo.SpecReport) {
	if !r.State.Is(types.SpecStateSkipped | types.SpecStatePending) {
		current.SpecBegins(r.FullText())
	}
}

func ends(r ginkgo.SpecReport) {
	name := r.FullText()
	if !r.LeafNodeType.Is(types.NodeTypeIt) {
		name = strings.TrimSpace("[" + r.LeafNodeType.String() + "] " + name)
	}
	how, failures := report.Ending(""), []types.Failure{r.Failure}
	switch state := r.State; {
	case state.Is(types.SpecStateSkipped) && r.Failure.Message != "": // by itself, and not for want of focus
		how = report.SpecSkipped
	case state.Is(types.SpecStatePanicked):
		how = report.SpecPanicked
	case state.Is(types.SpecStateTimedout):
		how = report.SpecTimedOut
	case state.Is(types.SpecStateInterrupted | types.SpecStateAborted):
		how = report.SpecInterrupted
	case state.Is(types.SpecStateFailureStates):
		how = report.SpecFailed
	case state.Is(types.SpecStateSkipped | types.SpecStatePending):
		return // it never began
	}
	for _, more := range r.AdditionalFailures {
		failures = append(failures, more.Failure)
	}
	var why []string
	for _, f := range failures {
		why = append(why, because(f, how == report.SpecSkipped))
	}
	gomega.Expect(current.SpecEnds(name, how, why...)).To(gomega.Succeed())
}

// because is a failure's message with where it happened.
func because(f types.Failure, plain bool) string {
	message := f.Message
	if f.ForwardedPanic != "" {
		message += ": " + f.ForwardedPanic
	}
	if at := f.Location; !plain && at.FileName != "" {
		message = fmt.Sprintf("%s:%d: %s", filepath.Base(at.FileName), at.LineNumber, message)
	}
	return message
}

// patience with specs that were interrupted: with it the worlds that they close.
const patience = time.Minute

// interrupt interrupts this process when ctx ends, which Ginkgo takes as it takes a
// Ctrl-C: the spec heals and closes what it started. One that has not done so in time
// is ended all the same: others wait for the machine.
func interrupt(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "interrupted:", context.Cause(ctx))
		time.AfterFunc(patience, func() { os.Exit(trial.ExitHarnessError) })
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	})
}

// Run performs the scenario. It fails the spec when there is no trial, and says whose
// fault that is, and skips it, with the reason, when the world cannot do what is asked.
func Run(ctx ginkgo.SpecContext, s breakwater.Scenario) *trial.Trial {
	ginkgo.GinkgoHelper()
	t, err := current.Perform(ctx, ginkgo.CurrentSpecReport().FullText(), s)
	settle(err)
	return t
}

// Compare performs the experiment with all its contenders.
func Compare(ctx ginkgo.SpecContext, e breakwater.Experiment) []*trial.Trial {
	ginkgo.GinkgoHelper()
	trials, err := current.Compare(ctx, ginkgo.CurrentSpecReport().FullText(), e)
	settle(err)
	return trials
}

// Session is what the specs are performed in: its world, and the run that keeps what
// comes of them.
func Session() *session.Session { return current }

func settle(err error) {
	ginkgo.GinkgoHelper()
	if unsupported := (*conductor.Unsupported)(nil); errors.As(err, &unsupported) && os.Getenv(NoSkipVariable) == "" {
		ginkgo.Skip(printable.Text(unsupported.Error()))
	}
	if err != nil {
		ginkgo.Fail(conductor.BlameFor(err).Because() + ", no verdict about the system: " + printable.Text(err.Error()))
	}
}
