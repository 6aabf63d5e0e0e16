// Package trial is the one record of one run: scenario, seed, environment, what
// was measured, what was judged, and what had been predicted.
package trial

import (
	"cmp"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Schema names the version of the saved trial.
const Schema = "breakwater.trial/3"

// Trial is one performance of a scenario by one contender in one world. Its
// history is saved beside it and can be judged again at any time.
type Trial struct {
	Schema    string            `json:"schema"`
	ID        string            `json:"id"`                  // unique in the run and usable in a file name: "replay-local-e2-kill-event"
	Suite     string            `json:"suite"`               // folder of the suite: "replay"
	Spec      string            `json:"spec"`                // the spec's sentence
	Claim     string            `json:"claim"`               // row of CLAIMS.md: "E2"; "" for none
	Statement string            `json:"statement,omitempty"` // what that claim says, in one sentence
	Title     string            `json:"title"`               // the scenario's name
	Contender string            `json:"contender"`           // "event", "sync-fanout"
	Order     int               `json:"order"`               // among the contenders of its experiment, from 0
	Sweep     *breakwater.Sweep `json:"sweep,omitempty"`     // which point of a curve it is
	Round     int               `json:"round,omitempty"`     // which performance of the same this is in its run, from 1; 0: there is one
	World     string            `json:"world"`
	Seed      uint64            `json:"seed"`
	Started   time.Time         `json:"started"`
	Took      time.Duration     `json:"took"`

	Scenario breakwater.Scenario `json:"scenario,omitzero"` // with plan and load: all that a replay needs

	Environment  Environment          `json:"environment"`
	Measurements measure.Measurements `json:"measurements"`
	Verdicts     []check.Verdict      `json:"verdicts"`
	Predictions  []Predicted          `json:"predictions"`
	Tolerates    []string             `json:"tolerates,omitempty"` // guarantees that may be broken, see [Tolerated]

	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why"` // one sentence for the outcome

	// Accidents are what happened to the system by no step of the plan, a clause each:
	// "cache/1 was killed at 1.8 s (signal: killed)". Why begins with them.
	Accidents []string `json:"accidents,omitempty"`

	History    string `json:"history"`              // file name of the saved history, beside the trial
	HistorySum string `json:"historySum,omitempty"` // SHA-256 of that file

	Logs map[string]string `json:"logs,omitempty"` // last lines of each instance's log, kept unless all was as predicted
}

// Environment is what the trial ran on. It never holds credentials.
type Environment struct {
	World    string            `json:"world"`
	Versions map[string]string `json:"versions"` // go, kafka, toxiproxy, franz-go, engine, …
	Images   map[string]string `json:"images,omitempty"`
	Machine  string            `json:"machine"` // "linux/amd64, 2 cores, 24 GiB"
	Clock    string            `json:"clock"`
	Settings map[string]string `json:"settings"` // every time-out and tuning value, "analytics: session time-out"
}

// Outcome of a trial or of a single prediction.
type Outcome string

// What a trial or a prediction can come out as.
const (
	Confirmed Outcome = "confirmed" // observed as predicted
	Refuted   Outcome = "refuted"   // observed otherwise
	Undecided Outcome = "undecided" // nothing examined, fault not witnessed, history inconsistent, generator behind
	Error     Outcome = "error"     // an error of the kit; no verdict about the system
)

// Predicted is a prediction with what was observed.
type Predicted struct {
	breakwater.Prediction
	Says     string  `json:"says"`            // "no-acknowledged-loss holds", "catch-up of analytics ≤ 10 s"
	Observed string  `json:"observed"`        // one sentence: "0 of 3,000 acknowledged ids never took effect in mailbox", "4.8 s"
	Brief    string  `json:"brief,omitempty"` // the same in a few words: "0 of 3,000 lost in mailbox", "catch-up 4.8 s"
	Outcome  Outcome `json:"outcome"`

	// Count is Brief as numbers, nil where it is made of others.
	Count *check.Count `json:"count,omitempty"`

	// Unpredicted says that nobody predicted it: the guarantee is broken, and is shown and
	// counted as one that should have held.
	Unpredicted bool `json:"unpredicted,omitempty"`
}

// AsPredicted is whether the trial leaves a spec green: every prediction came
// out confirmed, or refuted where it is known to be.
func (t *Trial) AsPredicted() bool {
	if t.Outcome == Error || t.Outcome == Undecided || len(t.Predictions) == 0 {
		return false
	}
	for _, p := range t.Predictions {
		want := Confirmed
		if p.KnownRefuted != "" {
			want = Refuted
		}
		if p.Outcome != want {
			return false
		}
	}
	return true
}

// KnownRefuted is whether the trial was refuted in nothing but what is known to be.
func (t *Trial) KnownRefuted() bool { return t.Outcome == Refuted && t.AsPredicted() }

// Heading is what stands above the trial: its title, or what else names it.
func (t *Trial) Heading() string { return cmp.Or(t.Title, t.Spec, t.ID) }

// Sentence is the prediction's sentence; one saved without it is put
// together from its parts.
func (p Predicted) Sentence() string {
	switch {
	case p.Says != "":
		return p.Says
	case p.Guarantee != "":
		return p.Guarantee + " " + cmp.Or(string(p.Expect), string(check.Holds))
	case p.Measurement != "":
		return p.Measurement + " " + strings.NewReplacer("<=", "≤", ">=", "≥").Replace(p.Op) + " " + quantity.Value(p.Bound, "")
	}
	return "a prediction that names nothing"
}
