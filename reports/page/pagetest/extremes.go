package pagetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Small is three trials of [Run]: one refuted, one refuted as is known, one undecided.
func Small() report.Run {
	run := Run()
	run.Trials = []*trial.Trial{publishing(), Cascade("sync-hardened"), undecided()}
	return run
}

// Large is a run of n trials, in scenarios of one and of three contenders, all but
// the last three as predicted.
func Large(n int) report.Run {
	run := Run()
	run.Trials = nil
	add := func(scenario int, trials ...*trial.Trial) {
		for _, t := range trials {
			if len(run.Trials) == n || scenario < 100 && len(run.Trials) == n-3 {
				return
			}
			t.Claim, t.Title = fmt.Sprintf("%s%d", t.Claim[:1], 1+scenario/2), fmt.Sprintf("%s, no. %d", t.Title, scenario+1)
			run.Claims[t.Claim] = "A claim of some length that a scenario or two are to settle, no. " + t.Claim
			t.ID, t.Seed, t.Order = fmt.Sprintf("%s-%d", t.ID, scenario), uint64(scenario), len(run.Trials)
			run.Trials = append(run.Trials, t)
		}
	}
	for scenario := 0; len(run.Trials) < n-3; scenario++ {
		switch scenario % 6 {
		case 1:
			add(scenario, slow("sync-sequential", 900, trial.Confirmed), slow("sync-fanout", 310, trial.Confirmed), slow("event", 4, trial.Confirmed))
		case 4:
			add(scenario, Cascade("sync-fanout"), Cascade("event"))
		default:
			add(scenario, Replay())
		}
	}
	add(100, publishing())
	add(102, undecided())
	add(104, failure())
	return run
}

// Crowded is a trial of a system as large as nobody should have: of everything
// there is far more than a page can show.
func Crowded() *trial.Trial {
	t := Replay()
	t.Outcome, t.Why = trial.Refuted, strings.Repeat("one reason after the other, ", 400)
	m := &t.Measurements
	noisy := func(seed int) []measure.Point {
		n := newNoise(uint64(seed))
		var points []measure.Point
		for k := range 5_000 {
			points = append(points, measure.Point{At: time.Duration(k) * m.End / 5_000, Value: n.around(500, 1)})
		}
		return points
	}
	one, verdict, prediction, edge := m.Operations[0], t.Verdicts[0], t.Predictions[0], m.Hops[0]
	t.Logs = map[string]string{}
	for k := range 60 {
		name := fmt.Sprintf("service-%d-%s", k, strings.Repeat("long", 60))
		op := one
		op.Name, op.Offered, op.Served, op.Failed, op.P50, op.P99 = name, noisy(k), noisy(k+1), noisy(k+2), noisy(k+3), noisy(k+4)
		m.Operations = append(m.Operations, op)
		m.Sinks = append(m.Sinks, measure.Sink{Name: name, Service: name, Rate: noisy(k)})
		m.Groups = append(m.Groups, measure.Group{Group: name, Service: name, Topic: name, Lag: noisy(k)})
		for partition := range int32(4) {
			l := ladder(name, partition, m.End, true)
			for range 6 {
				l.Incarnations = append(l.Incarnations, l.Incarnations...)
			}
			m.Ladders = append(m.Ladders, l)
		}
		f := m.Faults[k%2]
		f.Fault, f.Service, f.Evidence = breakwater.Kill(name), name, []string{strings.Repeat("evidence ", 200), "more", "more", "more", "more", "more", "more", "more"}
		m.Faults = append(m.Faults, f)
		edge.Client, edge.To = name, fmt.Sprint("service-", k+1)
		m.Hops = append(m.Hops, edge)
		r := m.Recoveries[0]
		r.Subject = name
		m.Recoveries = append(m.Recoveries, r)
		verdict.Status, verdict.Guarantee, verdict.Why, verdict.Anomalies = check.Broken, name, strings.Repeat("because ", 400), nil
		for range 40 {
			verdict.Anomalies = append(verdict.Anomalies, check.Anomaly{What: strings.Repeat("what ", 400), IDs: strings.Fields(strings.Repeat("an-id-of-some-length ", 200)), Setting: strings.Repeat("setting ", 200)})
		}
		t.Verdicts = append(t.Verdicts, verdict)
		prediction.Guarantee, prediction.Says, prediction.Observed, prediction.Outcome = name, name, fmt.Sprint(k, strings.Repeat(" observed", 400)), trial.Refuted
		t.Predictions = append(t.Predictions, prediction)
		t.Environment.Settings[name] = strings.Repeat("setting ", 100)
		t.Logs[name] = strings.Repeat("a line of a log that somebody thought useful\n", 2_000)
	}
	return t
}

// Hostile is a trial whose every text tries to break out of where it is put.
func Hostile() *trial.Trial {
	const script, attribute = `<script>alert(1)</script>`, `" onload="alert(2)" x='`
	long := strings.Repeat("nobreak", 60)
	t := Cascade("sync-fanout")
	t.ID, t.Suite, t.Claim, t.Title, t.Contender, t.Spec = "hostile", script, "</title>"+script, script+attribute, `</svg>`+script, "</style>"+script
	t.Why, t.Outcome = `</p>`+script+"\x00\x1b[31m", trial.Refuted
	t.World, t.History = script, `javascript:alert(3)`
	t.Environment = trial.Environment{World: script, Machine: attribute, Versions: map[string]string{script: attribute, "kafka": script}, Settings: map[string]string{script: "`|*_"}, Images: map[string]string{attribute: script}}
	t.Logs = map[string]string{script: "</pre>" + script + "\x1b[31mred\x1b[0m\xff"}
	t.Predictions = []trial.Predicted{{Prediction: breakwater.Prediction{Guarantee: script, Expect: breakwater.ToHold, KnownRefuted: ""}, Says: script + long, Observed: attribute + "日本語 \u202eevil", Outcome: trial.Refuted}}
	t.Verdicts = []check.Verdict{{Guarantee: script, Status: check.Status(attribute), Why: script, Examined: 1, Total: 3, Anomalies: []check.Anomaly{{What: script, IDs: []string{long, script}, Offsets: []string{attribute}, Around: []string{long, script}, Setting: script}}},
		{Guarantee: long, Status: check.Broken, Why: attribute}}
	m := &t.Measurements
	for i := range m.Operations {
		m.Operations[i].Name = script + attribute
	}
	m.Faults[0].Fault = breakwater.Fault{Kind: attribute, Service: script + "→" + long}
	m.Sinks[0].Name = `</svg>` + script
	m.Groups = []measure.Group{{Group: script, Topic: attribute, Lag: m.Sinks[0].Rate}}
	m.Ladders = []measure.Ladder{ladder(script, 0, m.End, true)}
	m.Ladders[0].Topic = `</desc>` + script
	m.Ladders[0].Incarnations[0].Client = script + long
	m.Hops = append(m.Hops, measure.Hop{Client: "load", To: `</text>` + script + long, Protocol: attribute, Calls: 1, Failed: 1}, measure.Hop{Client: "日本語サービス", To: "load", Calls: 3})
	m.Recoveries[0].Floors, m.Recoveries[0].Subject = []string{script}, script
	return t
}
