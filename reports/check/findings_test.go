package check

import (
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestTell(t *testing.T) {
	lost := func(sink string, bad, of int) finding {
		f := finding{subject: sink, examined: of, count: &count{bad: bad, of: of, what: "ids never took effect in %s", brief: "lost"}}
		f.anomalies = make([]Anomaly, bad)
		return f
	}
	resumed := func(group string, bad, of int, note string) finding {
		f := finding{subject: group, examined: of, count: &count{bad: bad, of: of, what: "resumes of %s were off", brief: "resumes off", sum: true, note: note}}
		f.anomalies = make([]Anomaly, bad)
		return f
	}
	back := func(group, why, brief string) finding {
		return finding{subject: group, examined: 1, why: why, brief: brief}
	}
	for name, c := range map[string]struct {
		findings   []finding
		why, brief string
	}{
		"all the same":        {[]finding{lost("a", 0, 9), lost("b", 0, 9)}, "0 of 9 ids never took effect in a, b", "0 of 9 lost in 2 sinks"},
		"one":                 {[]finding{lost("a", 0, 9)}, "0 of 9 ids never took effect in a", "0 of 9 lost in a"},
		"one holds another":   {[]finding{lost("a", 0, 9), lost("b", 0, 8), lost("c", 0, 9)}, "0 of 9 ids never took effect in a, c; 0 of 8 in b", "0 of 8–9 lost in 3 sinks"},
		"one is broken":       {[]finding{lost("a", 0, 9), lost("b", 2, 9)}, "2 of 9 ids never took effect in b; 0 of 9 in a", "2 of 9 lost in b"},
		"two are broken":      {[]finding{lost("a", 1, 9), lost("b", 2, 9)}, "1 of 9 ids never took effect in a; 2 of 9 in b", "1 of 9 lost in a, 2 of 9 lost in b"},
		"different things":    {[]finding{resumed("a", 0, 4, ""), resumed("b", 0, 8, "one was close")}, "0 of 12 resumes of a, b were off, one was close", "0 of 12 resumes off"},
		"of them one broken":  {[]finding{resumed("a", 0, 4, ""), resumed("b", 1, 8, ""), resumed("c", 0, 4, "")}, "1 of 8 resumes of b were off; 0 of 8 in a, c", "1 of 8 resumes off in b"},
		"sentences":           {[]finding{back("a", "not disturbed", ""), back("b", "back after 2 s", "%s catch-up 2 s"), back("c", "not disturbed", "")}, "a, c: not disturbed; b: back after 2 s", "b catch-up 2 s"},
		"what was not asked":  {[]finding{lost("a", 0, 9), {subject: "b", status: NotAsked, why: "no ledger"}}, "0 of 9 ids never took effect in a", "0 of 9 lost in a"},
		"nothing else":        {[]finding{{subject: "a", status: NotAsked, why: "no ledger"}, {subject: "b", status: NotAsked, why: "no ledger"}}, "a, b: no ledger", "a, b: no ledger"},
		"no subject, no name": {[]finding{{examined: 1, why: "all is well"}}, "all is well", "all is well"},
	} {
		v := combine(history.Log{}.Index(), c.findings, "")
		if got := strings.ReplaceAll(v.Why, "  ", " "); got != c.why || v.Brief != c.brief {
			t.Errorf("%s:\n%q, want\n%q;\n%q, want\n%q", name, got, c.why, v.Brief, c.brief)
		}
	}
}

// Of more anomalies than are kept, each subject has its share, and all are counted.
func TestAnomaliesAreShared(t *testing.T) {
	many := func(subject string, n int) finding {
		f := finding{subject: subject, examined: n, why: "lost"}
		for range n {
			f.anomalies = append(f.anomalies, Anomaly{What: subject})
		}
		return f
	}
	v := combine(&history.Index{}, []finding{many("a", 300), many("b", 2), many("c", 40)}, "")
	got := ""
	for _, a := range v.Anomalies {
		got += a.What
	}
	if got != "aaaabbcccc" || v.Total != 342 {
		t.Errorf("%s of %d", got, v.Total)
	}
}

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
