package page

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A scenario is about what was predicted on and what was broken; the rest is
// folded, and nothing is left out.
func TestFocus(t *testing.T) {
	series := points(0, time.Second, 1, 2, 1)
	at := func(target string) measure.Fault {
		return measure.Fault{Kind: "cut", Target: target, Injected: time.Second, Active: time.Second, Healed: 2 * time.Second, Clear: 2 * time.Second}
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
		tr.Predictions = append(tr.Predictions, trial.Predicted{Prediction: trial.Prediction{Measurement: measurement}})
		return tr
	}
	for name, c := range map[string]struct {
		trials []*trial.Trial
		want   string
	}{
		"a consumer is broken":         {[]*trial.Trial{system("event", at("analytics/1→kafka"))}, "POST /register, Effects in sink of analytics, Lag of group analytics"},
		"an answer is predicted":       {[]*trial.Trial{predict(system("event", at("email")), measure.Availability("GET /catalog"))}, "GET /catalog, Intended latency, GET /catalog, Effects in sink of email, Lag of group email"},
		"all of them are broken":       {[]*trial.Trial{system("event", at("email"), at("analytics"), at("cache"))}, "POST /register, Lag of group email, Lag of group analytics, Lag of group cache"},
		"of several contenders":        {[]*trial.Trial{system("event", at("email"), at("analytics")), system("sync", at("email"), at("analytics"))}, "Served, POST /register, Intended latency, POST /register"},
		"a sink is predicted on":       {[]*trial.Trial{predict(system("event"), measure.EffectsRatio("sink of cache"))}, "POST /register, Effects in sink of cache"},
		"nothing is known":             {[]*trial.Trial{system("event")}, "POST /register, Intended latency, POST /register"},
		"a group is predicted on":      {[]*trial.Trial{predict(system("event"), measure.CatchUp("cache"))}, "POST /register, Lag of group cache"},
		"the edge behind one consumer": {[]*trial.Trial{system("event", at("email→mailbox"))}, "POST /register, Effects in sink of email, Lag of group email"},
	} {
		e := newExperiment("x1", "x", c.trials, map[string]string{}, false)
		captions := func(figures []figure) []string {
			return slices.DeleteFunc(collect(figures, func(f figure) string { return f.Caption }), func(s string) bool { return s == "Faults" })
		}
		if got := strings.Join(captions(e.Story), ", "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if all := len(captions(e.Story)) + len(e.More); all != 10 {
			t.Errorf("%s: %d of 10 charts are drawn", name, all)
		}
		for _, stack := range [][]figure{e.Story, e.More} {
			for i, f := range stack {
				labels := slices.ContainsFunc(f.Pics[0].Marks, func(m mark) bool { return m.Text == "0 s" })
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
	got := collect(e.Recoveries, func(r recoveryRow) string { return r.Subject + " " + r.From() })
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
	if sayMoved(nil) != "" {
		t.Error("something is said of nobody")
	}
}
