package measure_test

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

// On a machine that kept the load itself waiting, an answer has to be later to be late.
func TestLate(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct{ behind, p99, want time.Duration }{
		"quiet":                {0, 20 * ms, 120 * ms},
		"slow already":         {0, 300 * ms, 600 * ms},
		"busy":                 {80 * ms, 20 * ms, 280 * ms},
		"nothing was measured": {80 * ms, 0, 0},
	} {
		at := 1000 * ms
		log := historytest.Log(history.Header{}, history.Event{
			Kind: history.Request, ID: "r1", Name: "POST /register", Scheduled: at, At: at + c.behind, End: at + 500*ms, Outcome: history.OK,
		})
		if got := measure.Late(log.Index(), c.p99); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
