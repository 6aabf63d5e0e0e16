package measure_test

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestCapacity(t *testing.T) {
	const register = "POST /register"
	// rising sends 10, 20, 30 … requests in each second of the fault.
	rising := func(seconds int, answer func(second, n int) (time.Duration, history.Outcome)) []history.Event {
		var all []history.Event
		for s := range seconds {
			rate := 10 * (s + 1)
			for n := range rate {
				at := time.Second + time.Duration(s)*time.Second + time.Duration(n)*time.Second/time.Duration(rate)
				took, o := answer(s, n)
				all = append(all, request(at, took, o))
			}
		}
		return all
	}
	long := cut
	record := *cut.Fault
	record.Clear = 6 * time.Second
	long.End, long.Fault = 6*time.Second-10*ms, &record
	objective := func(d time.Duration) history.Header {
		h := header()
		h.Require.Latency = breakwater.Duration(d)
		h.Phases[1].End, h.Phases[2].Start, h.Phases[2].End, h.Phases[3].Start = 6*time.Second, 6*time.Second, 6*time.Second, 6*time.Second
		return h
	}
	fineUntil := func(last int) func(s, n int) (time.Duration, history.Outcome) {
		return func(s, _ int) (time.Duration, history.Outcome) {
			if s > last {
				return 2 * time.Second, history.OK
			}
			return 10 * ms, history.OK
		}
	}
	for name, c := range map[string]struct {
		header history.Header
		load   []history.Event
		want   string
	}{
		"too much from the third second on": {objective(time.Second), rising(5, fineUntil(1)), "20/s"},
		"never too much":                    {objective(time.Second), rising(5, fineUntil(9)), "> 50/s"},
		"one bad second is the machine's": {objective(time.Second), rising(5, func(s, _ int) (time.Duration, history.Outcome) {
			if s == 1 {
				return 2 * time.Second, history.OK
			}
			return 10 * ms, history.OK
		}), "> 50/s"},
		"what fails is not held": {objective(time.Second), rising(5, func(s, n int) (time.Duration, history.Outcome) {
			if s > 2 && n%10 == 0 {
				return 10 * ms, history.Failed
			}
			return 10 * ms, history.OK
		}), "30/s"},
		"from the beginning":   {objective(time.Second), rising(5, fineUntil(-1)), "0/s"},
		"without an objective": {objective(0), rising(5, fineUntil(1)), "not measured"},
	} {
		t.Run(name, func(t *testing.T) {
			want{breakwater.Capacity(register): c.want}.check(t, of(c.header, c.load, []history.Event{long}))
		})
	}
}
