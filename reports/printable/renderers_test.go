package printable_test

import (
	"bytes"
	"io"
	"testing"
	"unicode"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/junit"
	"github.com/breakwater-kit/breakwater/reports/markdown"
	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// What comes from outside is obeyed by nobody who reads a report.
func TestRenderers(t *testing.T) {
	const evil = "\x1b]0;x\x07\x1b[31m\u009b31m\x7f\x00\r\u202e\u2066\u200bevil"
	hostile := pagetest.Hostile()
	hostile.Suite, hostile.Claim, hostile.Title, hostile.Contender, hostile.Spec, hostile.World, hostile.Why = evil, evil, evil, evil, evil, evil, evil
	hostile.Environment.Settings = map[string]string{evil: evil}
	hostile.Logs = map[string]string{evil: evil}
	for i := range hostile.Predictions {
		hostile.Predictions[i].Says, hostile.Predictions[i].Observed, hostile.Predictions[i].KnownRefuted = evil, evil, evil
	}
	for i := range hostile.Verdicts {
		v := &hostile.Verdicts[i]
		v.Status, v.Why = check.Broken, evil
		v.Anomalies = []check.Anomaly{{What: evil, IDs: []string{evil}, Offsets: []string{evil}, Around: []string{evil}, Setting: evil}}
	}
	absent := []report.Absent{{Suite: evil, Spec: evil, World: evil, Reason: evil}}
	run := report.Run{ID: evil, World: evil, Replay: evil, Claims: map[string]string{evil: evil}, Trials: []*trial.Trial{hostile}, Skipped: absent, Errored: absent}
	for name, render := range map[string]func(io.Writer) error{
		"page":     func(w io.Writer) error { return page.Write(w, run) },
		"json":     func(w io.Writer) error { return report.WriteJSON(w, run) },
		"markdown": func(w io.Writer) error { return markdown.Write(w, run, evil) },
		"junit":    func(w io.Writer) error { return junit.Write(w, run) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := render(&b); err != nil {
				t.Fatal(err)
			}
			for i, r := range b.String() {
				if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) {
					t.Fatalf("%U at byte %d: %q", r, i, b.String()[max(0, i-80):i])
				}
			}
			if !bytes.Contains(b.Bytes(), []byte("evil")) {
				t.Error("what it was to show is not there")
			}
		})
	}
}
