package quantity

import (
	"fmt"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                              "0 s",
		800:                            "800 ns",
		420 * time.Microsecond:         "420 µs",
		999900 * time.Nanosecond:       "1 ms",
		4230 * time.Microsecond:        "4.2 ms",
		301400 * time.Microsecond:      "301 ms",
		999600 * time.Microsecond:      "1 s",
		4830 * time.Millisecond:        "4.8 s",
		12 * time.Second:               "12 s",
		83 * time.Second:               "83 s",
		12*time.Minute + 5*time.Second: "12 min 5 s",
		-250 * time.Millisecond:        "−250 ms",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 1: "100 %", 0.992: "99.2 %", 0.99999: "> 99.9 %", 0.00001: "< 0.1 %"} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%v) = %q, want %q", share, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{4.83, "s", "4.8 s"}, {301.2, "ms", "301 ms"}, {12000, "count", "12,000"}, {2.5, "count", "2.5"}, {82783.5, "count", "82,784"},
		{0.4237, "ratio", "0.42"}, {200, "/s", "200/s"}, {-0.001, "ratio", "0"}, {0.5, "share", "50 %"}, {3, "hops", "3 hops"},
	} {
		if got := Value(c.v, c.unit); got != c.want {
			t.Errorf("Value(%v, %q) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func ExampleDuration() {
	fmt.Println(Duration(4830*time.Millisecond), Duration(301*time.Millisecond))
	// Output: 4.8 s 301 ms
}

func ExampleOf() {
	fmt.Println(Of(3, 12000))
	// Output: 3 of 12,000
}
