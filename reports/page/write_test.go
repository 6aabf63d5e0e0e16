package page_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func write(t *testing.T, run report.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// walk calls see for every element of the page.
func walk(t *testing.T, source string, see func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			see(n)
		}
	}
}

// checkPage fails on what no page may have: numbers that are none, pictures
// without a mark or a name, ids that come twice, links that lead nowhere, and
// anything that could be loaded or run.
func checkPage(t *testing.T, source string) {
	t.Helper()
	ids, targets := map[string]int{}, map[string]bool{}
	scripts := 0
	walk(t, source, func(n *html.Node) {
		marks := 0
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s> has a handler %s", n.Data, a.Key)
			}
			if strings.Contains(a.Val, "NaN") || strings.Contains(a.Val, "Inf") && n.Data != "title" {
				t.Errorf("<%s %s=%q> is no number", n.Data, a.Key, a.Val)
			}
			switch a.Key {
			case "src", "srcset", "action", "formaction", "poster", "xlink:href":
				t.Errorf("<%s> loads %s", n.Data, a.Val)
			case "href":
				if !strings.HasPrefix(a.Val, "#") && a.Val != "data:," {
					t.Errorf("<%s> leads to %s", n.Data, a.Val)
				}
				targets[strings.TrimPrefix(a.Val, "#")] = true
			case "id":
				ids[a.Val]++
			}
		}
		switch n.Data {
		case "script":
			scripts++
		case "iframe", "object", "embed", "img", "base", "form", "foreignobject", "use", "image":
			t.Errorf("the page has a <%s>", n.Data)
		case "svg":
			for range n.Descendants() {
				marks++
			}
			if marks < 2 {
				t.Errorf("<svg class=%q> is empty", attr["class"])
			}
			if attr["aria-hidden"] != "true" && attr["aria-labelledby"] == "" {
				t.Errorf("<svg class=%q> has no name", attr["class"])
			}
		}
	})
	if scripts != 1 {
		t.Errorf("the page has %d scripts, want its own one", scripts)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q comes %d times", id, n)
		}
	}
	for target := range targets {
		if target != "data:," && ids[target] == 0 {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
}

func real(t *testing.T) report.Run {
	t.Helper()
	run := report.Run{ID: "healthy", World: "local"}
	for _, c := range []struct {
		contender string
		log       history.Log
	}{{"event", historytest.Event(historytest.Options{})}, {"sync-fanout", historytest.Sync(historytest.Options{})}} {
		tr := &trial.Trial{Schema: trial.Schema, ID: "e2-" + c.contender, Suite: "replay", Claim: "E2", Title: "A consumer is killed", Contender: c.contender, World: "local", Seed: 1}
		tr.Judge(c.log, []breakwater.Prediction{{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToHold}})
		run.Trials = append(run.Trials, tr)
	}
	return run
}

func TestPage(t *testing.T) {
	for _, c := range []struct {
		name string
		run  report.Run
		want []string
	}{
		{"every outcome", pagetest.Run(), []string{
			"2 claims confirmed, 2 refuted, 1 undecided, 1 not judged: the kit failed",
			"E1 refuted for event", "as is known", "a retry budget bounds load, not loss",
			"Replay ladder, group analytics on user-events/2", "replays 344…403 (60)", "&gt; 13.4 s", "session time-out 3 s",
			"spread to registration (sync-fanout, sync-hardened); spread to no other service (event)", "GET /catalog, unrelated to the fault", "6 % ok during the fault", "events 18,204, 19,310", "user-events/2@88", "analytics: commit interval (1 s)",
			"SQLite has no wire that could be cut", "breakwater replay out/20261123T140201Z --trial publish-e1-freeze-event",
			"heartbeat late by 5.0 s", "not witnessed",
		}},
		{"rounds", pagetest.Rounds(), []string{
			"1 claim confirmed, 1 refuted", "1 of 30 trials did not come out as predicted.", "9 of 10 confirmed, 1 refuted", "round 7: broken: 231 of 6,000 lost in analytics",
			"catch-up median 3.5 s (2.6 s to 4.5 s, n 10)", "Shown is round 7, the worst of 10", "E2 refuted for event, in round 7", "in which the least was to spare", "event × 10",
			"10 of 10 confirmed", "Every measurement over all rounds", "452<small>355\u00a0to 544</small>",
		}},
		{"planted defects", pagetest.Selftest(), []string{
			"1 claim refuted; 5 of 6 planted defects caught", "Defects planted in the kit itself", "exercised unknown", "0 of 10",
			"defect: unfenced-offsets refuted for unfenced-offsets, in round 1 (10 of 10 refuted)", "The same with planted defects",
		}},
		{"judged histories", real(t), []string{"1 claim confirmed", "All 2 trials came out as predicted."}},
		{"no trials", report.Run{ID: "empty", World: "local"}, []string{"No trial was performed", "There is nothing to judge."}},
		{"a trial of nothing", report.Run{Trials: []*trial.Trial{{ID: "t"}}}, []string{"1 scenario undecided", "nothing was predicted", "Left out: charts over time"}},
		{"no faults, no groups", report.Run{Trials: []*trial.Trial{quiet()}}, []string{"Left out: fault lanes (no fault was injected)", "lag (no consumer group was sampled)", "cascade map (no fault was injected)"}},
		{"numbers that are none", report.Run{Trials: []*trial.Trial{broken()}}, []string{"1 claim"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := write(t, c.run)
			checkPage(t, source)
			for _, want := range c.want {
				if !strings.Contains(source, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
		})
	}
}

// quiet is a synchronous contender without Kafka that nothing happened to.
func quiet() *trial.Trial {
	points := []measure.Point{{At: 0, Value: 10}, {At: time.Second, Value: 10}, {At: 2 * time.Second, Value: 10}}
	return &trial.Trial{ID: "quiet", Claim: "S4", Title: "Rising load", Contender: "sync-fanout", Outcome: trial.Confirmed,
		Predictions: []trial.Predicted{{Says: "rate ≥ 10/s", Observed: "10/s", Outcome: trial.Confirmed}},
		Measurements: measure.Measurements{Window: time.Second, End: 3 * time.Second,
			Operations: []measure.Operation{{Name: "POST /register", Offered: points, Served: points, P50: points, P99: points}}}}
}

func broken() *trial.Trial {
	t := quiet()
	bad := []measure.Point{{At: 0, Value: math.NaN()}, {At: 1, Value: math.Inf(1)}, {At: -5, Value: -3}, {At: time.Hour, Value: 1e300}}
	m := &t.Measurements
	m.Operations[0].P99, m.Operations[0].Served = bad, bad
	m.Groups = []measure.Group{{Group: "g", Lag: bad}}
	m.Faults = []measure.Fault{{Injected: time.Hour, Active: 2 * time.Hour, Healed: 1, Clear: 1}}
	m.Ladders = []measure.Ladder{{LogEnd: bad, Incarnations: []measure.Incarnation{{Progress: bad, Commits: bad, Replayed: [2]int64{9, 3}}}}}
	m.Recoveries = []measure.Recovery{{Headroom: math.NaN(), Detection: measure.Span{Took: -1}}}
	m.Hops = []measure.Hop{{Client: "a", To: "b", Calls: 0, Failed: 5}}
	return t
}

func TestNothingBreaksOut(t *testing.T) {
	run := report.Run{
		ID: `</title><script>alert(0)</script>`, World: "<script>", Replay: "</code><script>alert(1)</script>", Claims: map[string]string{"x": "<script>"},
		Trials: []*trial.Trial{pagetest.Hostile()}, Skipped: []report.Absent{{Spec: "<script>", Reason: `"><script>alert(1)</script>`, World: "<b>"}},
	}
	source := write(t, run)
	checkPage(t, source)
	walk(t, source, func(n *html.Node) {
		for c := range n.ChildNodes() {
			if (n.Data == "script" || n.Data == "style") && strings.Contains(c.Data, "alert") {
				t.Errorf("a text from outside is in a <%s>", n.Data)
			}
		}
	})
	if !strings.Contains(source, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the hostile text is not shown at all")
	}
	if strings.ContainsAny(source, "\x1b\x00") {
		t.Error("control characters are in the page")
	}
}

func TestSizeOfALargeRun(t *testing.T) {
	var run report.Run
	for i := range 20 {
		tr := pagetest.Replay()
		tr.ID, tr.Seed = fmt.Sprint("t", i), uint64(i)
		tr.Title = fmt.Sprint("scenario ", i/2)
		for _, points := range []*[]measure.Point{&tr.Measurements.Operations[0].P99, &tr.Measurements.Operations[0].Served, &tr.Measurements.Groups[0].Lag} {
			var long []measure.Point
			for k := range 20_000 {
				long = append(long, measure.Point{At: time.Duration(k) * tr.Measurements.End / 20_000, Value: 1 + float64(k*7919%1009)})
			}
			*points = long
		}
		run.Trials = append(run.Trials, tr)
	}
	source := write(t, run)
	if limit := 3 << 20; len(source) > limit {
		t.Errorf("a page of 20 trials is %d bytes, want at most %d", len(source), limit)
	}
	t.Logf("%d bytes", len(source))
}

func TestRoundsMakeNoLargerPage(t *testing.T) {
	once := pagetest.Large(21)
	one, ten := len(write(t, once)), len(write(t, pagetest.Repeat(once, 10)))
	if ten > one*3/2 {
		t.Errorf("ten rounds make a page of %d bytes, one of %d", ten, one)
	}
	t.Logf("%d bytes, and %d of ten rounds", one, ten)
}

func TestWriteTwiceIsTheSame(t *testing.T) {
	run := pagetest.Run()
	if first, second := write(t, run), write(t, run); first != second {
		t.Error("the same run gives two different pages")
	}
}

func TestInvalidRuns(t *testing.T) {
	for _, c := range []struct {
		name   string
		trials []*trial.Trial
		want   string
	}{
		{"nil", []*trial.Trial{nil}, "trial 0 of run \"r\" is nil"},
		{"no id", []*trial.Trial{{Title: "x"}}, "has no id"},
		{"twice", []*trial.Trial{{ID: "a"}, {ID: "a"}}, "two trials with the id \"a\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			for _, write := range []func() error{
				func() error { return page.Write(&b, report.Run{ID: "r", Trials: c.trials}) },
				func() error { return report.WriteJSON(&b, report.Run{ID: "r", Trials: c.trials}) },
			} {
				if err := write(); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error is %v, want one with %q", err, c.want)
				}
			}
			if b.Len() > 0 {
				t.Errorf("%d bytes were written", b.Len())
			}
		})
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorOfTheWriter(t *testing.T) {
	if err := page.Write(full{}, pagetest.Small()); !errors.Is(err, errFull) {
		t.Errorf("Write = %v, want the writer's error", err)
	}
	if err := report.WriteJSON(full{}, pagetest.Small()); !errors.Is(err, errFull) {
		t.Errorf("WriteJSON = %v, want the writer's error", err)
	}
}

func TestSummary(t *testing.T) {
	mk := func(id, claim string, o trial.Outcome, known string) *trial.Trial {
		return &trial.Trial{ID: id, Claim: claim, Title: id, Outcome: o, Predictions: []trial.Predicted{{Prediction: breakwater.Prediction{KnownRefuted: known}, Outcome: o}}}
	}
	for _, c := range []struct {
		name     string
		trials   []*trial.Trial
		headline string
		green    bool
	}{
		{"none", nil, "No trial was performed", false},
		{"one", []*trial.Trial{mk("a", "E1", trial.Confirmed, "")}, "1 claim confirmed", true},
		{"all", []*trial.Trial{mk("a", "E1", trial.Confirmed, ""), mk("b", "E2", trial.Confirmed, "")}, "All 2 claims confirmed", true},
		{"two trials, one claim", []*trial.Trial{mk("a", "E1", trial.Confirmed, ""), mk("b", "E1", trial.Refuted, "")}, "1 claim refuted", false},
		{"known", []*trial.Trial{mk("a", "E1", trial.Confirmed, ""), mk("b", "E2", trial.Refuted, "why")}, "1 claim confirmed, 1 refuted", true},
		{"known, but confirmed", []*trial.Trial{mk("a", "E1", trial.Confirmed, "why")}, "1 claim confirmed", false},
		{"undecided is red", []*trial.Trial{mk("a", "E1", trial.Undecided, "")}, "1 claim undecided", false},
		{"never judged", []*trial.Trial{mk("a", "E1", "", "")}, "1 claim undecided", false},
		{"no claim", []*trial.Trial{mk("a", "", trial.Confirmed, ""), mk("b", "", trial.Error, "")}, "1 scenario confirmed, 1 not judged: the kit failed", false},
	} {
		s := report.Summarize(report.Run{Trials: c.trials})
		if s.Headline != c.headline || s.Green != c.green {
			t.Errorf("%s: %q, green %v; want %q, %v", c.name, s.Headline, s.Green, c.headline, c.green)
		}
	}
}

func TestDefects(t *testing.T) {
	s := report.Summarize(pagetest.Selftest())
	var got []string
	for _, d := range s.Defects {
		printed := d.Said()
		got = append(got, strings.Join([]string{d.Name, strings.Join(d.Guarantees, " "), printed.After, printed.Caught, printed.Green, string(d.Outcome())}, " | "))
	}
	want := []string{
		"commit-before-processing | no-acknowledged-loss commit-after-effect | −1.4 s (−2.5 s to 209 ms) | 10 of 10 | 10 of 10 | confirmed",
		"no-deduplication | effect-once | 2.3 s (134 ms to 4.9 s) | 10 of 10 | 10 of 10 | confirmed",
		"effect-and-dedupe-in-two-transactions | effect-once | 4.4 s (1.8 s to 5.6 s) | 10 of 10 | 10 of 10 | confirmed",
		"dead-letter-without-origin | dead-letter-closure | – | 10 of 10 | 10 of 10 | confirmed",
		"unfenced-offsets | committed-monotone single-owner | 7.8 s (3.6 s to 11.4 s) | 0 of 10 | 10 of 10 | refuted",
		`never-heals | exercised unknown: "was never seen to be gone" | – | 10 of 10 | – | confirmed`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the defects are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(s.Claims) != 1 || s.Claims[0].ID != "E2" {
		t.Errorf("the claims are %+v, want E2 alone", s.Claims)
	}
	// A right service that is not right is no proof, whatever was caught.
	trials := pagetest.Defects()[:2]
	trials[0].Predictions[0].Outcome, trials[0].Outcome = trial.Refuted, trial.Refuted
	s = report.Summarize(report.Run{Trials: trials})
	if s.Headline != "The planted defect caught, 1 with a right service that is not as predicted" || s.Green || s.Defects[0].Proven() {
		t.Errorf("%q, green %v: %+v", s.Headline, s.Green, s.Defects)
	}
	// A run that proves nothing catches nothing.
	trials = pagetest.Defects()[:2]
	trials[1].Outcome = trial.Undecided
	if d := report.Summarize(report.Run{Trials: trials}).Defects[0]; d.Caught != 0 || d.Rounds != 1 {
		t.Errorf("a run that proves nothing catches %d of %d", d.Caught, d.Rounds)
	}
	// What is only named as a defect is a claim like others.
	trials = pagetest.Defects()[:1]
	if s := report.Summarize(report.Run{Trials: trials}); len(s.Defects) != 0 || len(s.Claims) != 1 {
		t.Errorf("without a defect there are %d defects and %d claims", len(s.Defects), len(s.Claims))
	}
}

func TestReplayCommandIsQuoted(t *testing.T) {
	run := report.Run{Replay: "breakwater replay out/x"}
	for id, want := range map[string]string{
		"replay-e2": "breakwater replay out/x --trial replay-e2",
		"a b":       "breakwater replay out/x --trial 'a b'",
		"it's":      `breakwater replay out/x --trial 'it'\''s'`,
		"$(rm)":     "breakwater replay out/x --trial '$(rm)'",
	} {
		if got := run.ReplayOf(&trial.Trial{ID: id}); got != want {
			t.Errorf("ReplayTrial(%q) = %s, want %s", id, got, want)
		}
	}
	if got := (report.Run{}).ReplayOf(&trial.Trial{ID: "x"}); got != "" {
		t.Errorf("a run that cannot be replayed says %q", got)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.WriteJSON(&b, pagetest.Small()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", b.Bytes())
	var d struct {
		Schema string
		Green  *bool
		Claims []struct{ ID string }
		Trials []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Schema != "breakwater.report/2" || d.Green == nil || len(d.Claims) != 3 || len(d.Trials) != 3 {
		t.Errorf("the document is %+v", d)
	}
	b.Reset()
	if err := report.WriteJSON(&b, pagetest.Selftest()); err != nil {
		t.Fatal(err)
	}
	var r struct {
		Claims []struct {
			Scenarios []struct {
				Rows []struct {
					Trial  string
					Rounds []struct{ Trial, Outcome string }
					Lines  []struct{ Spread *measure.Spread }
				}
			}
		}
		Defects []report.Defect
	}
	if err := json.Unmarshal(b.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	row := r.Claims[0].Scenarios[0].Rows[0]
	if row.Trial != row.Rounds[6].Trial || len(row.Rounds) != 10 || row.Rounds[6].Outcome != "refuted" || row.Lines[2].Spread.N != 10 || len(r.Defects) != 6 || r.Defects[1].After.N != 10 {
		t.Errorf("the document says of rounds %+v and of defects %+v", row, r.Defects)
	}
	if bytes.Contains(b.Bytes(), []byte(`"offered"`)) {
		t.Error("the series are in the document")
	}
	if err := report.WriteJSON(&b, report.Run{Trials: []*trial.Trial{broken()}}); err == nil || !strings.Contains(err.Error(), `trial "quiet"`) {
		t.Errorf("a NaN gives %v, want an error that names the trial", err)
	}
}
