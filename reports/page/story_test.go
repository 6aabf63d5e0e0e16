package page

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A scenario is about what was predicted on and what was broken; the rest is
// folded, and nothing is left out.
func TestFocus(t *testing.T) {
	series := points(0, time.Second, 1, 2, 1)
	at := func(service string) measure.Fault {
		return measure.Fault{Fault: breakwater.Kill(service), Service: service, Injected: time.Second, Active: time.Second, Healed: 2 * time.Second, Clear: 2 * time.Second}
	}
	cut := func(client, to string) measure.Fault {
		f := at(client)
		f.Fault = breakwater.Cut(breakwater.Edge(client, to))
		return f
	}
	system := func(contender string, faults ...measure.Fault) *trial.Trial {
		tr := &trial.Trial{ID: contender, Title: "x", Contender: contender, Measurements: measure.Measurements{Window: time.Second, End: 3 * time.Second, Faults: faults}}
		m := &tr.Measurements
		for _, op := range []string{"GET /catalog", "POST /register"} {
			m.Operations = append(m.Operations, measure.Operation{Name: op, Offered: series, Served: series, P50: series, P99: series,
				Phases: map[string]measure.Stats{"before": {Scheduled: len(op)}}})
		}
		for _, s := range []string{"email", "analytics", "cache"} {
			m.Sinks = append(m.Sinks, measure.Sink{Name: "sink of " + s, Service: s, Rate: series})
			m.Groups = append(m.Groups, measure.Group{Group: s, Service: s, Lag: series})
		}
		return tr
	}
	predict := func(tr *trial.Trial, measurement string) *trial.Trial {
		tr.Predictions = append(tr.Predictions, trial.Predicted{Prediction: breakwater.Prediction{Measurement: measurement}})
		return tr
	}
	spared := func(operation string, tr *trial.Trial, status check.Status) *trial.Trial {
		tr.Scenario.Require.Unrelated = operation
		tr.Verdicts = append(tr.Verdicts, check.Verdict{Guarantee: breakwater.Contained, Status: status})
		return tr
	}
	contained := func(tr *trial.Trial, status check.Status) *trial.Trial { return spared("GET /catalog", tr, status) }
	for name, c := range map[string]struct {
		trials []*trial.Trial
		want   string
	}{
		"the bystander comes first": {[]*trial.Trial{spared("POST /register", predict(system("event"), breakwater.AvailabilityOf("GET /catalog")), check.Broken)},
			"POST /register, unrelated to the fault, Intended latency, POST /register, GET /catalog, Intended latency, GET /catalog"},
		"nobody knows the bystander":      {[]*trial.Trial{spared("GET /elsewhere", system("event"), check.Broken)}, "POST /register, Intended latency, POST /register"},
		"a consumer is broken":            {[]*trial.Trial{system("event", cut("analytics", "kafka"))}, "POST /register, Effects in sink of analytics, Lag of group analytics"},
		"an answer is predicted":          {[]*trial.Trial{predict(system("event", at("email")), breakwater.AvailabilityOf("GET /catalog"))}, "GET /catalog, Intended latency, GET /catalog, Effects in sink of email, Lag of group email"},
		"all of them are broken":          {[]*trial.Trial{system("event", at("email"), at("analytics"), at("cache"))}, "POST /register, Lag of group email, Lag of group analytics, Lag of group cache"},
		"of several contenders":           {[]*trial.Trial{system("event", at("email"), at("analytics")), system("sync", at("email"), at("analytics"))}, "POST /register, Intended latency, POST /register"},
		"a sink is predicted on":          {[]*trial.Trial{predict(system("event"), breakwater.EffectsRatio("sink of cache"))}, "POST /register, Effects in sink of cache"},
		"nothing is known":                {[]*trial.Trial{system("event")}, "POST /register, Intended latency, POST /register"},
		"a group is predicted on":         {[]*trial.Trial{predict(system("event"), breakwater.CatchUp("cache"))}, "POST /register, Lag of group cache"},
		"nothing was asked of bystanders": {[]*trial.Trial{contained(system("event", at("email")), check.NotAsked)}, "POST /register, Effects in sink of email, Lag of group email"},
		"a bystander decides": {[]*trial.Trial{contained(system("event", at("email")), check.Broken)},
			"GET /catalog, unrelated to the fault, Intended latency, GET /catalog, POST /register, Intended latency, POST /register, Effects in sink of email, Lag of group email"},
		"a bystander decides between contenders": {[]*trial.Trial{predict(contained(system("event", at("email")), check.Holds), breakwater.AvailabilityOf("GET /catalog")), system("sync", at("email"))},
			"GET /catalog, unrelated to the fault, Intended latency, GET /catalog, POST /register, Intended latency, POST /register, Effects in sink of email, Lag of group email"},
		"the edge behind one consumer": {[]*trial.Trial{system("event", cut("email", "mailbox"))}, "POST /register, Effects in sink of email, Lag of group email"},
	} {
		e := newExperiment("x1", "x", c.trials, map[string]string{}, false)
		captions := func(figures []figure) []string {
			return slices.DeleteFunc(lists.Collect(figures, func(f figure) string { return f.Caption }), func(s string) bool { return s == "Faults" })
		}
		if got := strings.Join(captions(e.Story), ", "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if all := len(captions(e.Story)) + len(e.More); all != 10 {
			t.Errorf("%s: %d of 10 charts are drawn", name, all)
		}
		for _, stack := range [][]figure{e.Story, e.More} {
			for i, f := range stack {
				pics := f.Pics
				for _, c := range f.Cells {
					pics = append(pics, c.Pics...)
				}
				labels := slices.ContainsFunc(pics[0].Marks, func(m mark) bool { return m.Text == "0 s" })
				if last := i == len(stack)-1; labels != last && f.Caption != "Faults" {
					t.Errorf("%s: %s has labels at its time axis: %v", name, f.Caption, labels)
				}
			}
		}
	}
}

func TestTale(t *testing.T) {
	c := contender{Label: "event"}
	ladder := func(partition int32, committed, resumed int64, replayed [2]int64) ladderOf {
		return ladderOf{measure.Ladder{Group: "g", Topic: "t", Partition: partition, Incarnations: []measure.Incarnation{
			{Client: "g/1", Member: "a", Generation: 1, From: time.Second, Committed: -1, Progress: points(2*time.Second, time.Second, 1, 2)},
			{Client: "g/2", Member: "b", Generation: 2, From: 5 * time.Second, Committed: committed, Resumed: resumed, Replayed: replayed},
		}}, c}
	}
	other := ladder(0, 9, 9, [2]int64{0, 9})
	other.Group = "h"
	a, b := ladder(0, 1200, 1200, [2]int64{1200, 1440}), ladder(1, 7, 5, [2]int64{5, 6})
	want := []string{
		"g/1 · generation 1 took up 2 partitions at 1 s and was last seen at work at 3 s.",
		"g/2 · generation 2 resumed at 5 s: 1 of 2 partitions at the committed offset, t/0 at 1,200; 241 records were sent again.",
	}
	if got := tale(a, []ladderOf{a, other, b}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	calm := ladder(0, 4, 4, [2]int64{4, 4})
	if got := tale(calm, []ladderOf{calm})[1]; !strings.HasSuffix(got, "1 of 1 partition at the committed offset, t/0 at 4; nothing was sent again.") {
		t.Errorf("%q", got)
	}
}

// Faults that came together leave one row for each subject.
func TestRecoveriesFromFaultsThatCameTogether(t *testing.T) {
	took := func(d time.Duration) measure.Span { return measure.Span{Took: d, Reached: true} }
	row := func(fault, subject string, detection, catchUp time.Duration) measure.Recovery {
		return measure.Recovery{Fault: fault, Subject: subject, Detection: took(detection), CatchUp: took(catchUp), Outage: took(time.Second), FirstProgress: took(time.Second), Ideal: measure.Span{None: true}, Floors: []string{"session time-out 3 s"}}
	}
	second := row("cut b", "h", 2, time.Second)
	second.Floors = append(second.Floors, "retry back-off 1 s")
	tr := &trial.Trial{ID: "x", Measurements: measure.Measurements{Recoveries: []measure.Recovery{
		row("cut a", "g", 1, time.Second), row("cut b", "g", 2, time.Second), second, row("cut later", "g", 1, 3*time.Second),
	}}}
	e := newExperiment("x1", "x", []*trial.Trial{tr}, map[string]string{}, false)
	got := lists.Collect(e.Recoveries, func(r recoveryRow) string { return r.Subject + " " + r.From() })
	if want := []string{"g 2 faults at once", "h cut b", "g cut later"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if e.Floors != "session time-out 3 s, retry back-off 1 s (h)" {
		t.Error(e.Floors)
	}
}

// Contenders are drawn from where their loads begin; what is saved stays as it was.
func TestAlign(t *testing.T) {
	system := func(begin time.Duration) contender {
		series := points(begin, time.Second, 1, 2)
		return contender{Label: begin.String(), M: &measure.Measurements{Window: 250 * time.Millisecond, Begin: begin, End: begin + 2*time.Second,
			Operations: []measure.Operation{{Name: "op", Offered: series, Served: series, Failed: series, P50: series, P99: series}},
			Faults:     []measure.Fault{{Injected: begin + time.Second, Active: begin + time.Second, Healed: begin + 2*time.Second}},
			Sinks:      []measure.Sink{{Rate: series}}, Groups: []measure.Group{{Lag: series}},
			Ladders: []measure.Ladder{{LogEnd: series, Incarnations: []measure.Incarnation{{From: begin, Until: begin + time.Second, Progress: series, Commits: series}}}}}}
	}
	slow, fast, near := system(5*time.Second), system(2*time.Second), system(4900*time.Millisecond)
	all := []contender{slow, fast, near}
	if got := align(all); !slices.Equal(got, []string{"2s by 3 s"}) {
		t.Errorf("moved: %q", got)
	}
	for _, c := range all {
		if !reflect.DeepEqual(c.M, slow.M) {
			t.Errorf("%s is at %+v", c.Label, c.M)
		}
	}
	if !reflect.DeepEqual(fast, system(2*time.Second)) {
		t.Error("the trial itself was changed")
	}
	if describeMoved(nil) != "" {
		t.Error("something is said of nobody")
	}
}

// Each contender has a picture of its own, with the same axes as the others.
func TestContendersHaveTheSameAxes(t *testing.T) {
	system := func(contender string, begin time.Duration, high float64) *trial.Trial {
		series := points(begin, time.Second, 1, high, 2)
		return &trial.Trial{ID: contender, Title: "x", Contender: contender, Measurements: measure.Measurements{Window: time.Second, Begin: begin, End: begin + 4*time.Second,
			Operations: []measure.Operation{{Name: "op", Offered: series, Served: series, Failed: points(begin, time.Second, 0, 0, high), P50: series, P99: series}},
			Values:     []measure.Value{{Name: breakwater.AvailabilityOf("op"), Value: 0.25, Unit: "share", N: 4}}}}
	}
	for n, want := range map[int][]string{1: {"wide", "narrow"}, 2: {"half", "narrow"}, 3: {"third"}, 4: {"half", "narrow"}, 5: {"third"}, 6: {"third"}} {
		var trials []*trial.Trial
		for i := range n {
			trials = append(trials, system(string(rune('a'+i)), time.Duration(i)*time.Second, float64(10*(i+1))))
		}
		e := newExperiment("x1", "x", trials, map[string]string{}, false)
		for _, f := range e.Story {
			cells := f.Cells
			if halves := want[0] == "half"; f.Halves != halves {
				t.Errorf("%d contenders stand two to a row: %v", n, f.Halves)
			}
			if n == 1 {
				cells = []cell{{Label: "a", Fact: f.Fact, Pics: f.Pics}}
			}
			if len(cells) != n {
				t.Fatalf("%d contenders have %d pictures", n, len(cells))
			}
			var axes, lines []string
			for i, c := range cells {
				for _, m := range c.Pics[0].Marks {
					if m.Series != nil && (m.Series.Name == "served" || m.Series.Name == "p99") {
						lines = append(lines, m.D)
					}
				}
				if got := lists.Collect(c.Pics, func(d drawing) string { return d.Class }); !slices.Equal(got, want) {
					t.Errorf("one of %d contenders is drawn as %v, want %v", n, got, want)
				}
				if c.Label != trials[i].Contender {
					t.Errorf("picture %d is of %s, want %s", i, c.Label, trials[i].Contender)
				}
				if f.Caption == "op" && c.Fact != "25 % ok during the fault" {
					t.Errorf("beside the picture of %s is %q", c.Label, c.Fact)
				}
				var labels []string
				for _, m := range c.Pics[0].Marks {
					if m.Class == "tick" {
						labels = append(labels, m.Text+" "+m.Y.String()+" "+m.X.String())
					}
				}
				axes = append(axes, strings.Join(labels, ", "))
				if c.Pics[0].From != float64(n-1) || c.Pics[0].End != float64(n+3) {
					t.Errorf("%s is drawn from %v s to %v s, want where the last load begins to where the last one ends", c.Label, c.Pics[0].From, c.Pics[0].End)
				}
			}
			if len(lines) > 0 && len(lists.Distinct(lines)) != n {
				t.Errorf("of %d contenders that do otherwise %s shows the lines %q", n, f.Caption, lines)
			}
			if len(lists.Distinct(axes)) != 1 {
				t.Errorf("%d contenders in %s have the axes %q", n, f.Caption, axes)
			}
		}
	}
}

func TestFailuresAreNoLineAlongTheAxis(t *testing.T) {
	got := flights(points(0, time.Second, 0, 0, 0, 3, 4, 0, 0, 0, 5))
	want := append(points(2*time.Second, time.Second, 0, 3, 4, 0), points(7*time.Second, time.Second, 0, 5)...)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// The latency beside the picture is of the quantile that was predicted.
func TestQuantileThatWasPredicted(t *testing.T) {
	for want, names := range map[string][]string{
		breakwater.P50: {breakwater.LatencyAdded(breakwater.P99, "op"), breakwater.LatencyExcess(breakwater.P50, "op")},
		breakwater.P99: {breakwater.LatencyAdded(breakwater.P99, "op"), breakwater.LatencyAdded(breakwater.P50, "other")},
	} {
		tr := &trial.Trial{ID: "x"}
		for _, name := range names {
			tr.Predictions = append(tr.Predictions, trial.Predicted{Prediction: breakwater.Prediction{Measurement: name}})
		}
		e := newExperiment("x1", "x", []*trial.Trial{tr}, map[string]string{}, false)
		if got := e.quantile("op"); got != want {
			t.Errorf("%v: %s, want %s", names, got, want)
		}
	}
}

// Faults that came together come in no order; every contender has the same one.
func TestLanesOfFaultsThatCameTogether(t *testing.T) {
	fault := func(kind string, at time.Duration) measure.Fault { return measure.Fault{Name: kind, Injected: at} }
	a := lanesOf([]measure.Fault{fault("later", 2*time.Second), fault("b", time.Second), fault("a", time.Second+3), fault("c", time.Second-5)})
	b := lanesOf([]measure.Fault{fault("a", time.Second), fault("c", time.Second+2), fault("later", 2*time.Second), fault("b", time.Second+1)})
	for _, lanes := range [][]measure.Fault{a, b} {
		if got := lists.Collect(lanes, faultLabel); !slices.Equal(got, []string{"a", "b", "c", "later"}) {
			t.Errorf("lanes %v", got)
		}
	}
}

// Each of three equal steps of a plan has its own figures, also over rounds.
func TestRecoveriesFromFaultsOfOneName(t *testing.T) {
	made := func(id string, round int, longer time.Duration) *trial.Trial {
		x := &trial.Trial{ID: id, Title: "silent thrice", Contender: "event", Round: round}
		x.Measurements.End = 20 * time.Second
		for i := range 3 {
			active := time.Duration(1+5*i) * time.Second
			x.Measurements.Faults = append(x.Measurements.Faults, measure.Fault{Name: "silence", Step: i + 1, Several: true, Fault: breakwater.Silence(breakwater.Edge("a", "b")), Service: "a", Injected: active, Active: active, Healed: active + time.Second, Clear: active + time.Second})
			took := measure.Span{Took: time.Duration(i+1)*time.Second + longer, Reached: true}
			if i == 2 {
				took.Took -= time.Second // as long as the second one's
			}
			x.Measurements.Recoveries = append(x.Measurements.Recoveries, measure.Recovery{Fault: fmt.Sprintf("silence, step %d", i+1), Step: i + 1, Subject: "b", Detection: took, Outage: took, FirstProgress: took, CatchUp: took, Ideal: measure.Span{None: true}})
		}
		return x
	}
	for name, c := range map[string]struct {
		trials []*trial.Trial
		want   []string
	}{
		"one round":  {[]*trial.Trial{made("x", 0, 0)}, []string{"silence a→b, step 1: 1 s", "silence a→b, step 2: 2 s", "silence a→b, step 3: 2 s"}},
		"two rounds": {[]*trial.Trial{made("x", 1, 0), made("y", 2, 200*time.Millisecond)}, []string{"silence a→b, step 1: 1.1 s (1 s to 1.2 s)", "silence a→b, step 2: 2.1 s (2 s to 2.2 s)", "silence a→b, step 3: 2.1 s (2 s to 2.2 s)"}},
	} {
		e := newExperiment("x1", "silent thrice", c.trials, map[string]string{}, false)
		got := lists.Collect(e.Recoveries, func(r recoveryRow) string { return r.From() + ": " + r.Spans[1].Text })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What nobody planned leads, and is shown where all came out as predicted, too.
func TestExplanationsOfAccidents(t *testing.T) {
	const killed = "cache/1 was killed at 1.8 s (signal: killed)"
	for name, c := range map[string]struct {
		outcome   trial.Outcome
		predicted trial.Predicted
		title     string
		lines     []string
	}{
		"confirmed": {trial.Confirmed, trial.Predicted{Says: "a holds", Outcome: trial.Confirmed}, "E2 came out as predicted, though something happened that nobody planned",
			[]string{"By no step of the plan: " + killed + "."}},
		"undecided": {trial.Undecided, trial.Predicted{Says: "a holds", Observed: "unknown: why", Outcome: trial.Undecided}, "E2 undecided",
			[]string{"By no step of the plan: " + killed + ".", "Predicted: a holds. Observed: unknown: why."}},
		"unpredicted": {trial.Refuted, trial.Predicted{Prediction: breakwater.Prediction{Guarantee: "no-orphans"}, Observed: "broken: 1 of 480", Outcome: trial.Refuted, Unpredicted: true}, "E2 refuted",
			[]string{"By no step of the plan: " + killed + ".", "Nothing was predicted of no-orphans. It is broken: 1 of 480."}},
	} {
		tr := &trial.Trial{ID: "x", Claim: "E2", Why: killed + "; and so on", Accidents: []string{killed}, Outcome: c.outcome, Predictions: []trial.Predicted{c.predicted}}
		x := explain(contender{Label: "event", T: tr, M: &tr.Measurements, Rounds: trial.Rounds{tr}}, false)
		if x.Title != c.title || !slices.Equal(x.Lines, c.lines) {
			t.Errorf("%s: %q, %q", name, x.Title, x.Lines)
		}
	}
}

// What came out the same in the same words is told once.
func TestExplanationsAreToldOnce(t *testing.T) {
	of := func(outcome trial.Outcome, wording, observed string) trial.Predicted {
		return trial.Predicted{Says: wording, Observed: observed, Outcome: outcome}
	}
	for name, c := range map[string]struct {
		why         string
		predictions []trial.Predicted
		want        []string
	}{
		"nothing can be decided": {"the history is inconsistent",
			[]trial.Predicted{of(trial.Undecided, "a holds", "unknown: the history is inconsistent"), of(trial.Undecided, "b holds", "unknown: the history is inconsistent"), of(trial.Confirmed, "c", "1")},
			[]string{"The history is inconsistent.", "Predicted: a holds, b holds. That cannot be decided."}},
		"two refuted": {"1 of 2 was observed otherwise",
			[]trial.Predicted{of(trial.Refuted, "a holds", "broken"), of(trial.Refuted, "b ≤ 1", "7")},
			[]string{"1 of 2 was observed otherwise.", "Predicted: a holds. Observed: broken.", "Predicted: b ≤ 1. Observed: 7."}},
		"nothing observed": {"", []trial.Predicted{of(trial.Undecided, "a", ""), of(trial.Undecided, "b", "")}, []string{"Predicted: a, b. Nothing was observed."}},
	} {
		tr := &trial.Trial{ID: "x", Why: c.why, Outcome: trial.Undecided, Predictions: c.predictions}
		x := explain(contender{Label: "event", T: tr, M: &tr.Measurements, Rounds: trial.Rounds{tr}}, false)
		if got := slices.DeleteFunc(append([]string{x.Why}, x.Lines...), func(s string) bool { return s == "" }); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
