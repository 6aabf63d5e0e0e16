// Package quantity writes numbers for people: one format for the page, the
// console and every sentence of a verdict.
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Count is "12,000".
func Count[N ~int | ~int32 | ~int64 | ~uint64](n N) string { return humanize.Comma(int64(n)) }

// Of is "3 of 12,000".
func Of(part, whole int) string { return Count(part) + " of " + Count(whole) }

// Duration is "420 µs", "4.2 ms", "301 ms", "4.8 s", "83 s", "12 min 5 s": at
// most three figures, and the unit that one would say.
func Duration(d time.Duration) string {
	if d < 0 {
		return "−" + Duration(-max(d, -math.MaxInt64))
	}
	switch ms := float64(d) / float64(time.Millisecond); {
	case d == 0:
		return "0 s"
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case ms < 0.9995:
		return figures(ms*1000) + " µs"
	case ms < 999.5:
		return figures(ms) + " ms"
	case d < 10*time.Minute:
		return figures(d.Seconds()) + " s"
	default:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

// Percent is "99.2 %" for a share of 0.992. What is not all is never rounded to
// "100 %", and what is not nothing never to "0 %".
func Percent(share float64) string {
	p := math.Round(share*1000) / 10
	switch {
	case share < 1 && p >= 100:
		return "> 99.9 %"
	case share > 0 && p <= 0:
		return "< 0.1 %"
	}
	return trim(p, 1) + " %"
}

// Value is a number with its unit: s, ms, ratio, count, share or /s.
func Value(v float64, unit string) string {
	switch unit {
	case "s":
		return Duration(seconds(v, time.Second))
	case "ms":
		return Duration(seconds(v, time.Millisecond))
	case "count":
		if (v == math.Trunc(v) || math.Abs(v) >= 1000) && math.Abs(v) < 1e15 {
			return Count(int64(math.Round(v))) // half of one in thousands shows nothing
		}
		return trim(v, 2)
	case "share":
		return Percent(v)
	case "/s":
		return figures(v) + "/s"
	case "ratio", "":
		return trim(v, 2)
	}
	return trim(v, 2) + " " + unit
}

func seconds(v float64, unit time.Duration) time.Duration {
	return time.Duration(math.Round(v * float64(unit)))
}

// figures keeps about three: 4.83 → 4.8, 12.34 → 12.3, 301.4 → 301.
func figures(v float64) string {
	if math.Abs(v) >= 99.95 {
		return trim(v, 0)
	}
	return trim(v, 1)
}

func trim(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// Plural is the noun for a count: "claim" for 1, "claims" for any other.
func Plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
