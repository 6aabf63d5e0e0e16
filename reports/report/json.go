package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Schema names the version of what [WriteJSON] writes.
const Schema = "breakwater.report/2"

// document is the run for other programs. Durations are nanoseconds.
type document struct {
	Schema  string        `json:"schema"`
	ID      string        `json:"id"`
	World   string        `json:"world"`
	Started *time.Time    `json:"started,omitempty"`
	Took    time.Duration `json:"took"`
	Replay  string        `json:"replay,omitempty"`
	Summary
	Trials  []documentTrial `json:"trials"`
	Skipped []Absent        `json:"skipped"`
	Errored []Absent        `json:"errored"`
}

// documentTrial is a trial without its series over time, which are in the saved
// trial, and without its logs.
type documentTrial struct {
	ID          string              `json:"id"`
	Suite       string              `json:"suite"`
	Spec        string              `json:"spec"`
	Claim       string              `json:"claim"`
	Title       string              `json:"title"`
	Contender   string              `json:"contender"`
	World       string              `json:"world"`
	Round       int                 `json:"round,omitempty"`
	Seed        uint64              `json:"seed"`
	Started     time.Time           `json:"started"`
	Took        time.Duration       `json:"took"`
	Outcome     trial.Outcome       `json:"outcome"`
	AsPredicted bool                `json:"asPredicted"`
	Why         string              `json:"why"`
	Predictions []trial.Predicted   `json:"predictions"`
	Verdicts    []check.Verdict     `json:"verdicts"`
	Exercised   measure.Exercised   `json:"exercised"`
	Operations  []documentOperation `json:"operations"`
	Faults      []measure.Fault     `json:"faults"`
	Hops        []measure.Hop       `json:"hops"`
	Recoveries  []measure.Recovery  `json:"recoveries"`
	Values      []measure.Value     `json:"values"`
	Environment trial.Environment   `json:"environment"`
	History     string              `json:"history,omitempty"`
	Replay      string              `json:"replay,omitempty"`
}

type documentOperation struct {
	Name   string                   `json:"name"`
	Phases map[string]measure.Stats `json:"phases"`
}

// WriteJSON writes the run as [Schema]: claims, and trials without their series.
// It fails on a run that does not validate, on a number that JSON cannot hold
// (and says in which trial), and with the error of w. Control characters are escaped,
// those that JSON need not escape too.
func WriteJSON(w io.Writer, run Run) error {
	if err := run.Validate(); err != nil {
		return err
	}
	d := document{
		Schema: Schema, ID: run.ID, World: run.World, Took: run.Took, Replay: run.Replay,
		Summary: Summarize(run), Trials: []documentTrial{}, Skipped: list(run.Skipped), Errored: list(run.Errored),
	}
	if !run.Started.IsZero() {
		utc := run.Started.UTC()
		d.Started = &utc
	}
	for _, t := range run.Trials {
		dt := newDocumentTrial(run, t)
		if _, err := json.Marshal(dt); err != nil {
			return fmt.Errorf("page: trial %q cannot be written as JSON: %w", t.ID, err)
		}
		d.Trials = append(d.Trials, dt)
	}
	shown := printable.NewWriter(w)
	e := json.NewEncoder(shown)
	e.SetIndent("", "  ")
	return errors.Join(e.Encode(d), shown.Close())
}

func newDocumentTrial(run Run, t *trial.Trial) documentTrial {
	m := t.Measurements
	d := documentTrial{
		ID: t.ID, Suite: t.Suite, Spec: t.Spec, Claim: t.Claim, Title: t.Title, Contender: t.Contender, World: t.World, Round: t.Round, Seed: t.Seed,
		Started: t.Started.UTC(), Took: t.Took, Outcome: t.Outcome, AsPredicted: t.AsPredicted(), Why: t.Why,
		Predictions: list(t.Predictions), Verdicts: list(t.Verdicts), Exercised: m.Exercised, Operations: []documentOperation{},
		Faults: list(m.Faults), Hops: list(m.Hops), Recoveries: list(m.Recoveries), Values: list(m.Values),
		Environment: t.Environment, History: t.History, Replay: run.ReplayOf(t),
	}
	for _, o := range m.Operations {
		d.Operations = append(d.Operations, documentOperation{o.Name, maps.Clone(o.Phases)})
	}
	return d
}

// list is s, and never null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return slices.Clip(s)
}
