// Package trial is the one record of one run: scenario, seed, environment, what
// was measured, what was judged, and what had been predicted.
package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

// Schema names the version of the saved trial.
const Schema = "breakwater.trial/2"

// Trial is one performance of a scenario by one contender in one world. Its
// history is saved beside it and can be judged again at any time.
type Trial struct {
	Schema    string          `json:"schema"`
	ID        string          `json:"id"`                  // unique in the run and usable in a file name: "replay-local-e2-kill-event"
	Suite     string          `json:"suite"`               // folder of the suite: "replay"
	Spec      string          `json:"spec"`                // the spec's sentence
	Claim     string          `json:"claim"`               // row of CLAIMS.md: "E2"; "" for none
	Statement string          `json:"statement,omitempty"` // what that claim says, in one sentence
	Title     string          `json:"title"`               // the scenario's name
	Contender string          `json:"contender"`           // "event", "sync-fanout"
	Order     int             `json:"order"`               // among the contenders of its experiment, from 0
	Sweep     *Sweep          `json:"sweep,omitempty"`     // which point of a curve it is
	Round     int             `json:"round,omitempty"`     // which performance of the same this is in its run, from 1; 0: there is one
	World     string          `json:"world"`
	Flaw      string          `json:"flaw,omitempty"` // what was broken in the kit on purpose; such a trial says nothing about the system
	Seed      uint64          `json:"seed"`
	Started   time.Time       `json:"started"`
	Took      time.Duration   `json:"took"`
	Scenario  json.RawMessage `json:"scenario"` // canonical JSON, with plan and load: all that a replay needs

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

// Sweep says which point of a curve a trial is. Trials of one claim in one world with
// the same Over and Of are the curves of one picture.
type Sweep struct {
	Over string  `json:"over"`           // what changes from point to point: "callees"
	At   float64 `json:"at"`             // how much of it there is here
	Of   string  `json:"of"`             // the measurement that is drawn, by its name
	Line string  `json:"line,omitempty"` // which curve it is on; default the contender's name
}

// Validate says what is wrong with a sweep, naming the field. None at all is right.
func (s *Sweep) Validate() error {
	switch {
	case s == nil:
	case s.Over == "":
		return errors.New("sweep: Over is empty; say what changes from point to point")
	case math.IsNaN(s.At) || math.IsInf(s.At, 0) || s.At < 0:
		return fmt.Errorf("sweep: At is %g; give a number from 0", s.At)
	case measure.Unit(s.Of) == "":
		return fmt.Errorf("sweep: Of %q is not measured; make the name with a function of package measure", s.Of)
	}
	return nil
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
	Trouble   Outcome = "trouble"   // the kit's own trouble; no verdict about the system
)

// Prediction is stated before the run: a guarantee that holds or is broken, or
// a bound on a measurement, for one contender. It is data and is saved with the trial.
type Prediction struct {
	Contender string `json:"contender,omitempty"` // "": every contender of the experiment

	Guarantee string       `json:"guarantee,omitempty"`
	Expect    check.Status `json:"expect,omitempty"` // holds | broken | tolerated, or unknown where the kit has a flaw

	// Because is what the verdict must give as its reason, or tell of one anomaly, in
	// a few of its words: a guarantee can be broken in several ways. To find nothing
	// is never a success, so unknown can be predicted only of a trial with a Flaw,
	// and only with its reason.
	Because string `json:"because,omitempty"`

	// Except are the guarantees of which a prediction about [Others] says nothing.
	Except []string `json:"except,omitempty"`

	Measurement string  `json:"measurement,omitempty"`
	Op          string  `json:"op,omitempty"` // <= or >=
	Bound       float64 `json:"bound,omitempty"`

	// KnownRefuted gives the reason why this prediction is known to come out
	// refuted. The row stays refuted and the spec green; should it come out
	// confirmed after all, the spec is red.
	KnownRefuted string `json:"knownRefuted,omitempty"`
}

// Tolerated is what a prediction expects of a guarantee that may be broken: nothing is
// predicted of it, and the trial is not refuted for it.
const Tolerated check.Status = "tolerated"

// Others stands, as the guarantee of a prediction, for every guarantee but those
// in Except. Expect is holds then, and means that none of them is broken.
const Others = "others"

// Predicted is a prediction with what was observed.
type Predicted struct {
	Prediction
	Says     string  `json:"says"`            // "no-acknowledged-loss holds", "catch-up of analytics ≤ 10 s"
	Observed string  `json:"observed"`        // one sentence: "0 of 3,000 acknowledged ids never took effect in mailbox", "4.8 s"
	Brief    string  `json:"brief,omitempty"` // the same in a few words: "0 of 3,000 lost in mailbox", "catch-up 4.8 s"
	Outcome  Outcome `json:"outcome"`

	// Unpredicted says that nobody predicted it: the guarantee is broken, and is shown and
	// counted as one that should have held.
	Unpredicted bool `json:"unpredicted,omitempty"`
}

// AsPredicted is whether the trial leaves a spec green: every prediction came
// out confirmed, or refuted where it is known to be.
func (t *Trial) AsPredicted() bool {
	if t.Outcome == Trouble || t.Outcome == Undecided || len(t.Predictions) == 0 {
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
