package measure_test

import (
	"fmt"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

func TestSpread(t *testing.T) {
	s := func(values ...float64) (all []measure.Value) {
		for _, v := range values {
			all = append(all, measure.Value{Value: v, Unit: "s", N: 1})
		}
		return all
	}
	open := func(v float64) measure.Value { return measure.Value{Value: v, Unit: "s", N: 1, AtLeast: true} }
	for name, c := range map[string]struct {
		values  []measure.Value
		want    measure.Spread
		wording string
		brief   string
	}{
		"nothing":                      {nil, measure.Spread{}, "not measured", "not measured"},
		"never measured":               {[]measure.Value{{Unit: "s"}, {Unit: "s"}}, measure.Spread{Unit: "s"}, "not measured", "not measured"},
		"one":                          {s(3), measure.Spread{N: 1, Min: 3, Median: 3, Max: 3, Unit: "s"}, "3 s (n 1)", "3 s"},
		"an odd number":                {s(5, 1, 2), measure.Spread{N: 3, Min: 1, Median: 2, Max: 5, Unit: "s"}, "median 2 s (1 s to 5 s, n 3)", "2 s (1 s to 5 s)"},
		"an even number":               {s(4, 1, 3, 9), measure.Spread{N: 4, Min: 1, Median: 3.5, Max: 9, Unit: "s"}, "median 3.5 s (1 s to 9 s, n 4)", "3.5 s (1 s to 9 s)"},
		"all the same":                 {s(2, 2, 2), measure.Spread{N: 3, Min: 2, Median: 2, Max: 2, Unit: "s"}, "2 s (in all 3)", "2 s"},
		"before the fault":             {s(-2, 1, 3), measure.Spread{N: 3, Min: -2, Median: 1, Max: 3, Unit: "s"}, "median 1 s (−2 s to 3 s, n 3)", "1 s (−2 s to 3 s)"},
		"some were not measured":       {append(s(1, 3), measure.Value{Unit: "s"}), measure.Spread{N: 2, Min: 1, Median: 2, Max: 3, Unit: "s"}, "median 2 s (1 s to 3 s, n 2)", "2 s (1 s to 3 s)"},
		"the greatest is open":         {append(s(1, 2), open(9)), measure.Spread{N: 3, Min: 1, Median: 2, Max: 9, Unit: "s", AtLeast: "max"}, "median 2 s (1 s to > 9 s, n 3)", "2 s (1 s to > 9 s)"},
		"what is open may be greatest": {append(s(1, 2, 9), open(3)), measure.Spread{N: 4, Min: 1, Median: 2.5, Max: 9, Unit: "s", AtLeast: "median"}, "median > 2.5 s (1 s to > 9 s, n 4)", "> 2.5 s (1 s to > 9 s)"},
		"of equals the open is last":   {[]measure.Value{open(2), s(2)[0], s(2)[0]}, measure.Spread{N: 3, Min: 2, Median: 2, Max: 2, Unit: "s", AtLeast: "max"}, "median 2 s (2 s to > 2 s, n 3)", "2 s (2 s to > 2 s)"},
		"all are open":                 {[]measure.Value{open(9), open(9)}, measure.Spread{N: 2, Min: 9, Median: 9, Max: 9, Unit: "s", AtLeast: "min"}, "> 9 s (in all 2)", "> 9 s"},
	} {
		if got := measure.SpreadOf(c.values...); got != c.want || got.String() != c.wording || got.Range() != c.brief {
			t.Errorf("%s: %+v, %q, %q; want %+v, %q, %q", name, got, got, got.Range(), c.want, c.wording, c.brief)
		}
	}
}

func ExampleOver() {
	var rounds []measure.Measurements
	for _, ms := range []float64{12, 900, 31} {
		rounds = append(rounds, measure.Measurements{Values: []measure.Value{
			{Name: breakwater.LatencyAdded(breakwater.P50, "POST /register"), Value: ms, Unit: "ms", N: 40},
			{Name: breakwater.LatencyExcess(breakwater.P50, "POST /register"), Value: ms / 5, Unit: "ratio", N: 40},
			{Name: breakwater.AvailabilityOf("GET /catalog"), Value: 1 - ms/1000, Unit: "share", N: 40},
			{Name: breakwater.Orphans, Unit: "count", N: 40},
		}})
	}
	for _, name := range []string{
		breakwater.LatencyAdded(breakwater.P50, "POST /register"), breakwater.LatencyExcess(breakwater.P50, "POST /register"),
		breakwater.AvailabilityOf("GET /catalog"), breakwater.Orphans, breakwater.CatchUp("analytics"),
	} {
		fmt.Println(measure.Lead(name), measure.Over(name, rounds))
	}
	// Output:
	// p50 median +31 ms (+12 ms to +900 ms, n 3)
	// p50 median +31 ms (+12 ms to +900 ms, n 3)
	// GET /catalog ok median 96.9 % (10 % to 98.8 %, n 3)
	// torn requests 0 (in all 3)
	// catch-up not measured
}
