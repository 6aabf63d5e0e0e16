package page_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func ExampleWrite() {
	run := report.Run{
		ID: "20261123T140201Z", World: "local", Replay: "breakwater replay out/20261123T140201Z",
		Claims: map[string]string{"E2": "A consumer recovers by replaying from its last committed offset"},
		Trials: []*trial.Trial{{
			ID: "replay-e2-kill-event", Claim: "E2", Title: "The consumer is killed", Contender: "event", Outcome: trial.Confirmed,
			Predictions: []trial.Predicted{{Says: "no-acknowledged-loss holds", Observed: "0 of 6,000 lost", Outcome: trial.Confirmed}},
		}},
	}
	var b bytes.Buffer // a file, in earnest: out/20261123T140201Z/index.html
	if err := page.Write(&b, run); err != nil {
		fmt.Println(err)
		return
	}
	title, _, _ := strings.Cut(b.String(), "</title>")
	fmt.Println(title[strings.LastIndex(title, ">")+1:])
	// Output: 1 claim confirmed · 20261123T140201Z
}

func ExampleWriteJSON() {
	var b bytes.Buffer
	if err := report.WriteJSON(&b, report.Run{ID: "20261123T140201Z", World: "local"}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(b.String())
	// Output:
	// {
	//   "schema": "breakwater.report/2",
	//   "id": "20261123T140201Z",
	//   "world": "local",
	//   "took": 0,
	//   "headline": "No trial was performed",
	//   "green": false,
	//   "note": "There is nothing to judge.",
	//   "claims": [],
	//   "trials": [],
	//   "skipped": [],
	//   "errored": []
	// }
}

func ExampleSummarize() {
	s := report.Summarize(report.Run{Trials: []*trial.Trial{
		{ID: "a", Claim: "E1", Outcome: trial.Confirmed, Predictions: []trial.Predicted{{Outcome: trial.Confirmed}}},
		{ID: "b", Claim: "E5", Outcome: trial.Undecided, Predictions: []trial.Predicted{{Outcome: trial.Undecided}}},
	}})
	fmt.Println(s.Headline)
	fmt.Println(s.Note)
	// Output:
	// 1 claim confirmed, 1 undecided
	// 1 of 2 trials did not come out as predicted.
}
