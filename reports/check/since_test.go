package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestSince(t *testing.T) {
	const ms = time.Millisecond
	log := history.Log{Events: []history.Event{
		{N: 1, Kind: history.Request, ID: "a", At: 10 * ms, End: 14 * ms},
		{N: 2, Kind: history.Produce, Topic: "t", Offset: 0, Count: 2, At: 11 * ms, End: 12 * ms},
		{N: 3, Kind: history.Effect, ID: "a", At: 20 * ms},
		{N: 4, Kind: history.Fault, At: 25 * ms, End: 26 * ms},
		{N: 5, Kind: history.Effect, ID: "a", At: 30 * ms},
		{N: 6, Kind: history.Audit, Topic: "t", Offset: 1, At: 90 * ms},
		{N: 7, Kind: history.Audit, Topic: "t", Offset: 2, At: 90 * ms},
	}}
	of := func(events ...uint64) Anomaly { return Anomaly{Events: events} }
	for name, c := range map[string]struct {
		findings []finding
		want     time.Duration
	}{
		"when it is complete":                 {[]finding{{anomalies: []Anomaly{of(3, 5)}}}, 30 * ms},
		"the earliest of several":             {[]finding{{anomalies: []Anomaly{of(3, 5), of(1)}}}, 14 * ms},
		"of all findings":                     {[]finding{{anomalies: []Anomaly{of(5)}}, {anomalies: []Anomaly{of(3)}}}, 20 * ms},
		"not of what is not decided":          {[]finding{{anomalies: []Anomaly{of(5)}}, {status: Unknown, anomalies: []Anomaly{of(3)}}}, 30 * ms},
		"the audit comes too late to tell":    {[]finding{{anomalies: []Anomaly{of(1, 6)}}}, 14 * ms},
		"a record is there once published":    {[]finding{{anomalies: []Anomaly{of(6)}}}, 12 * ms},
		"nobody saw it published":             {[]finding{{anomalies: []Anomaly{of(7)}}}, 0},
		"a fault is no evidence":              {[]finding{{anomalies: []Anomaly{of(4)}}}, 0},
		"no event is named, or none there is": {[]finding{{anomalies: []Anomaly{of(), of(0, 99)}}}, 0},
		"nothing is broken":                   {[]finding{{status: Unknown, anomalies: []Anomaly{of(3)}}}, 0},
	} {
		if got := combine(log.Index(), c.findings, "").Since; got != c.want {
			t.Errorf("%s: since %s, want %s", name, got, c.want)
		}
	}
}
