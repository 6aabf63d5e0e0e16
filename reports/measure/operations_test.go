package measure_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
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

// A quantile of few requests is known roughly, of many well, and of what was not sent not
// at all.
func TestQuantilesOfFewRequests(t *testing.T) {
	const ms, register = time.Millisecond, "POST /register"
	// Latencies of n requests in each phase are spread evenly over 10…20 ms, and while the
	// fault is active over 14…24 ms.
	log := func(n int) history.Log {
		h := history.Header{Phases: []history.Phase{
			{Name: breakwater.Before, Start: 0, End: time.Hour}, {Name: breakwater.During, Start: time.Hour, End: 2 * time.Hour}, {Name: breakwater.After, Start: 2 * time.Hour, End: 3 * time.Hour},
		}}
		events := []history.Event{{Kind: history.Fault, Name: "cut", At: time.Hour, End: 2 * time.Hour, Fault: &history.FaultRecord{Fault: breakwater.Fault{Kind: "cut"}, Active: time.Hour, Clear: 2 * time.Hour}}}
		for phase, fastest := range []time.Duration{10 * ms, 14 * ms} {
			for i := range n {
				at := time.Duration(phase)*time.Hour + time.Duration(i+1)*time.Second
				took := fastest + time.Duration(i*7919%n)*10*ms/time.Duration(n)
				events = append(events, history.Event{Kind: history.Request, ID: fmt.Sprintf("r%d-%d", phase, i), Name: register, Scheduled: at, At: at, End: at + took, Outcome: history.OK})
			}
		}
		return historytest.Log(h, events...)
	}
	for _, c := range []struct {
		n                int
		name             string
		value, low, high float64
		within           string
	}{
		{0, breakwater.LatencyAdded(breakwater.P50, register), 0, 0, 0, ""},
		{1, breakwater.LatencyAdded(breakwater.P50, register), 4, 4, 4, "so few requests (1) show only that it lies between +4 ms and +4 ms"},
		{40, breakwater.LatencyOf(breakwater.P50, breakwater.Before, register), 14.75, 12.75, 16.75, "between 12.8 ms and 16.8 ms"},
		{40, breakwater.LatencyAdded(breakwater.P50, register), 4, 1, 7, "between +1 ms and +7 ms; make the phases longer"},
		{40, breakwater.LatencyExcess(breakwater.P50, register), 0.542, 0.123, 1.057, "between +1 ms and +7 ms"},
		{3000, breakwater.LatencyAdded(breakwater.P50, register), 4, 3.69, 4.31, "between +3.7 ms and +4.3 ms"},
		{40, breakwater.LatencyOf(breakwater.P99, breakwater.During, register), 23.75, 23.25, 23.75, "between 23.2 ms and 23.8 ms"},
	} {
		m := measure.Of(log(c.n).Index())
		v, _ := m.Lookup(c.name)
		if near := func(a, b float64) bool { return math.Abs(a-b) < 0.006 }; !near(v.Value, c.value) || !near(v.Low, c.low) || !near(v.High, c.high) || !strings.Contains(m.Within(c.name), c.within) || (c.within == "") != (m.Within(c.name) == "") {
			t.Errorf("%d requests, %s: %v in %v…%v, %q; want %v in %v…%v, %q", c.n, c.name, v.Value, v.Low, v.High, m.Within(c.name), c.value, c.low, c.high, c.within)
		}
	}
}
