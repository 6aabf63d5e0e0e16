package page

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
)

func labelsOf(ticks []tick) string {
	return strings.Join(lists.Collect(ticks, func(t tick) string { return t.Label }), " | ")
}

func TestLinearTicks(t *testing.T) {
	for _, c := range []struct {
		top  float64
		n    int
		want string
	}{
		{217, 3, "0 | 100 | 200"},
		{1100, 2, "0 | 1,000"},
		{50, 2, "0 | 50"},
		{1, 4, "0 | 0.5 | 1"},
		{7, 3, "0 | 5"},
		{12_345, 4, "0 | 5,000 | 10,000"},
		{0.03, 3, "0 | 0.01 | 0.02 | 0.03"},
		{0, 2, "0 | 0.5 | 1"},
		{math.NaN(), 2, "0 | 0.5 | 1"},
		{math.Inf(1), 2, "0 | 0.5 | 1"},
		{3, 1, "0 | 2.5"},
	} {
		if got := labelsOf(linearTicks(c.top, c.n)); got != c.want {
			t.Errorf("linearTicks(%v, %d) = %s, want %s", c.top, c.n, got, c.want)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		most   int
		want   string
	}{
		{2.1, 4.2, 5, "1 ms | 10 ms"},
		{0.4, 2900, 6, "100 µs | 1 ms | 10 ms | 100 ms | 1 s | 10 s"},
		{0.4, 2900, 3, "100 µs | 10 ms | 1 s | 100 s"},
		{10, 10, 5, "10 ms | 100 ms"},
		{0, 0, 5, "1 ms | 10 ms"},
		{1, 1000, 5, "1 ms | 10 ms | 100 ms | 1 s"},
	} {
		ticks := logTicks(c.lo, c.hi, c.most)
		if got := labelsOf(ticks); got != c.want {
			t.Errorf("logTicks(%v, %v, %d) = %s, want %s", c.lo, c.hi, c.most, got, c.want)
		}
		if c.lo > 0 && (ticks[0].Value > c.lo || ticks[len(ticks)-1].Value < c.hi) {
			t.Errorf("logTicks(%v, %v, %d) do not cover the values", c.lo, c.hi, c.most)
		}
	}
}

func TestTimeTicks(t *testing.T) {
	for _, c := range []struct {
		from, end time.Duration
		n         int
		want      string
	}{
		{0, 36 * time.Second, 12, "0 s | 5 s | 10 s | 15 s | 20 s | 25 s | 30 s | 35 s"},
		{5200 * time.Millisecond, 24 * time.Second, 5, "10 s | 15 s | 20 s"},
		{5 * time.Second, 5 * time.Second, 5, "5 s"},
		{0, 36 * time.Second, 5, "0 s | 10 s | 20 s | 30 s"},
		{0, 250 * time.Millisecond, 5, "0 ms | 50 ms | 100 ms | 150 ms | 200 ms | 250 ms"},
		{0, time.Second, 5, "0 s | 0.2 s | 0.4 s | 0.6 s | 0.8 s | 1 s"},
		{0, 12 * time.Minute, 6, "0 min | 2 min | 4 min | 6 min | 8 min | 10 min | 12 min"},
		{0, 90 * time.Minute, 4, "0 min | 30 min | 60 min | 90 min"},
		{0, 0, 5, "0 s"},
	} {
		if got := labelsOf(timeTicks(period{c.from, c.end}, c.n)); got != c.want {
			t.Errorf("timeTicks(%v to %v, %d) = %s, want %s", c.from, c.end, c.n, got, c.want)
		}
	}
}

func TestRangeTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 1500, "0 | 500 | 1,000 | 1,500"},
		{1_000_010, 1_000_090, "1,000,000 | 1,000,020 | 1,000,040 | 1,000,060 | 1,000,080 | 1,000,100"},
		{7, 7, "7 | 8"},
	} {
		if got := labelsOf(rangeTicks(c.lo, c.hi, 5)); got != c.want {
			t.Errorf("rangeTicks(%v, %v) = %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

func TestScale(t *testing.T) {
	linear := scale{lo: 0, hi: 10, from: 100, to: 0}
	logarithmic := scale{lo: 1, hi: 100, from: 100, to: 0, log: true}
	for _, c := range []struct {
		s       scale
		v, want float64
	}{{linear, 0, 100}, {linear, 5, 50}, {linear, 10, 0}, {logarithmic, 1, 100}, {logarithmic, 10, 50}, {logarithmic, 0, 100}} {
		if got := c.s.at(c.v); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v.at(%v) = %v, want %v", c.s, c.v, got, c.want)
		}
	}
}
