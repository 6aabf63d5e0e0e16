// Package endings is a suite whose specs end in every way in which a spec can end: after
// a trial that came out as predicted. The command's tests build and perform it, to see
// that red is red in every form of the report. Nobody else does: by itself it is skipped.
package endings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
	"github.com/breakwater-kit/breakwater/suites/harness"
	. "github.com/breakwater-kit/breakwater/suites/matchers"
)

// failing names the node beside the specs that fails.
var failing = os.Getenv("BREAKWATER_TEST_ENDING")

func TestEndings(t *testing.T) {
	if failing == "" {
		t.Skip("it is red on purpose; the tests of cmd/breakwater perform it")
	}
	harness.RunSpecs(t, "endings")
}

func TestBesideTheSpecs(t *testing.T) {
	if failing == "test" {
		t.Error("a test beside the specs failed")
	}
}

var _ = BeforeSuite(func() { Expect(failing).NotTo(Equal("BeforeSuite")) })
var _ = AfterSuite(func() {
	Expect(failing).NotTo(Equal("AfterSuite"))
	if failing == "exit" {
		os.Exit(7)
	}
})
var _ = BeforeEach(func() { Expect(failing).NotTo(Equal("BeforeEach")) })
var _ = AfterEach(func() { Expect(failing).NotTo(Equal("AfterEach")) })
var _ = ReportAfterSuite("a report of its own", func(Report) {
	if config, _ := GinkgoConfiguration(); !config.DryRun {
		Expect(failing).NotTo(Equal("ReportAfterSuite"))
	}
})

// save is a trial as if it had been performed by the spec.
func save(expect breakwater.Expectation) *trial.Trial {
	GinkgoHelper()
	run := &store.Run{Dir: filepath.Join(os.Getenv(session.OutVariable), os.Getenv(session.RunVariable))}
	log := historytest.Event(historytest.Options{Rate: 5})
	spec := CurrentSpecReport().FullText()
	t := &trial.Trial{
		ID: strings.ReplaceAll(spec, " ", "-"), Suite: "endings", Spec: spec, Claim: "E2", Title: spec, Contender: "event", World: "local",
		Started: time.Now(), Took: time.Second,
	}
	t.Judge(log, []breakwater.Prediction{{Guarantee: breakwater.NoAcknowledgedLoss, Expect: expect}})
	Expect(run.Save(t, log)).To(Succeed())
	return t
}

var _ = Describe("a spec", func() {
	BeforeEach(func() { Expect(save(breakwater.ToHold)).To(BeAsPredicted()) })

	It("passes", func() {})
	It("passes twice", func() {})
	It("passes twice", func() {})
	It("fails", func() { Expect(1).To(Equal(2)) })
	It("panics", func() { panic("boom") })
	It("panics elsewhere", func() {
		go panic("boom")
		select {}
	})
	It("exits", func() { os.Exit(7) })
	It("exits well", func() { os.Exit(0) })
	It("leaves", func() { syscall.Exit(0) })
	It("is killed", func() {
		Expect(syscall.Kill(os.Getpid(), syscall.SIGKILL)).To(Succeed())
		select {}
	})
	It("takes too long", func(ctx SpecContext) { <-ctx.Done() }, SpecTimeout(10*time.Millisecond))
	It("is interrupted", func(ctx SpecContext) {
		println("ready to be interrupted")
		<-ctx.Done()
	})
	It("is skipped", func() { Skip("this world cannot do it") })
	It("aborts the suite", func() { AbortSuite("it cannot go on") })
	It("cleans up badly", func() { DeferCleanup(func() { Expect(1).To(Equal(2)) }) })
})

var _ = Describe("a chain", Serial, func() {
	It("is killed at first", func() {
		Expect(syscall.Kill(os.Getpid(), syscall.SIGKILL)).To(Succeed())
		select {}
	})
	It("goes on", func() { save(breakwater.ToHold) })
})

var _ = It("is refuted", func() { Expect(save(breakwater.ToBreak)).To(BeAsPredicted()) })
