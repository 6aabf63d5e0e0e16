package trial_test

import (
	"fmt"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// What was saved is read again; what another version saved is refused.
func ExampleDecode() {
	saved := trial.Trial{Schema: trial.Schema, Suite: "replay", ID: "replay-e2-kill-event"}
	saved.Judge(historytest.Event(historytest.Options{}), []breakwater.Prediction{{Guarantee: breakwater.Others, Expect: "holds"}})
	b, err := saved.Encode()
	if err != nil {
		panic(err)
	}
	read, err := trial.Decode(b)
	fmt.Println(read.ID, read.Outcome, err)
	_, err = trial.Decode([]byte(`{"schema": "breakwater.trial/0"}`))
	fmt.Println(err)
	// Output:
	// replay-e2-kill-event confirmed <nil>
	// trial: schema is "breakwater.trial/0", this version reads "breakwater.trial/3": perform it again, or judge it with the version that saved it
}
