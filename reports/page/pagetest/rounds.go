package pagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Repeat is the run with n rounds of each of its trials, none of which measures
// the same as another.
func Repeat(run report.Run, n int) report.Run {
	var trials []*trial.Trial
	for place, t := range run.Trials {
		for round := 1; round <= n; round++ {
			trials = append(trials, inRound(t, round, uint64(place)))
		}
	}
	run.Trials = trials
	return run
}

func inRound(t *trial.Trial, round int, place uint64) *trial.Trial {
	again := *t
	again.Round, again.Seed = round, t.Seed+uint64(round-1)
	if round > 1 {
		again.ID += fmt.Sprint("-", round)
	}
	// What was predicted of a measurement was measured.
	again.Predictions = slices.Clone(t.Predictions)
	for i := range again.Predictions {
		p := &again.Predictions[i]
		if p.Measurement == "catch-up" {
			p.Measurement = breakwater.CatchUp("analytics")
		}
		if _, measured := t.Measurements.Lookup(p.Measurement); p.Measurement == "" || measured {
			continue
		}
		v := measure.Value{Name: p.Measurement, Unit: breakwater.UnitOf(p.Measurement), Value: p.Bound * 0.6, N: 1}
		if p.Op == breakwater.OpAtLeast || p.Outcome == trial.Refuted {
			v.Value = p.Bound * 1.5
		}
		again.Measurements.Values = append(slices.Clip(again.Measurements.Values), v)
		if p.Measurement == breakwater.LatencyExcess(breakwater.P99, "POST /register") {
			again.Measurements.Values = append(again.Measurements.Values, measure.Value{Name: breakwater.LatencyAdded(breakwater.P99, "POST /register"), Unit: "ms", Value: 5 * v.Value, N: 1})
		}
	}
	r := rand.New(rand.NewPCG(place, uint64(round)))
	share := func() float64 { return 0.8 + 0.6*r.Float64() }
	m := &again.Measurements
	m.Recoveries = slices.Clone(m.Recoveries)
	m.Values = slices.Clone(m.Values)
	for i := range m.Recoveries {
		for _, s := range []*measure.Span{&m.Recoveries[i].Detection, &m.Recoveries[i].Outage, &m.Recoveries[i].FirstProgress, &m.Recoveries[i].CatchUp} {
			if s.Reached {
				s.Took = time.Duration(float64(s.Took) * share())
			}
		}
	}
	for i := range m.Values {
		switch v := &m.Values[i]; v.Unit {
		case "s", "ms":
			v.Value *= share()
		case "share":
			v.Value *= min(share(), 1)
		}
	}
	m.Exercised.Redelivered = int(float64(m.Exercised.Redelivered) * share())
	m.Exercised.Events = int(float64(m.Exercised.Events) * share())
	again.Verdicts = slices.Clone(t.Verdicts)
	for i := range again.Verdicts {
		if v := &again.Verdicts[i]; v.Since > 0 {
			v.Since = time.Duration(float64(v.Since) * share())
		}
	}
	return &again
}

// Rounds is a run of two claims with three trials, in ten rounds of which the
// seventh of the first loses something.
func Rounds() report.Run {
	run := Run()
	replay := Replay()
	replay.Measurements.Values = []measure.Value{
		{Name: breakwater.CatchUp("analytics"), Value: 3.2, Unit: "s", N: 1}, {Name: breakwater.Lost("analytics"), Unit: "count", N: 6000},
	}
	run.Trials = []*trial.Trial{replay, Cascade("sync-fanout"), Cascade("event")}
	run = Repeat(run, 10)
	lost := run.Trials[6]
	why := "231 of 6,000 acknowledged ids never took effect in analytics"
	lost.Outcome, lost.Why = trial.Refuted, "1 of 3 predictions were observed otherwise: no-acknowledged-loss holds: "+why
	p := &lost.Predictions[0]
	p.Observed, p.Brief, p.Outcome = "broken: "+why, "broken: 231 of 6,000 lost in analytics", trial.Refuted
	lost.Verdicts = slices.Clone(lost.Verdicts)
	i := slices.IndexFunc(lost.Verdicts, func(v check.Verdict) bool { return v.Guarantee == breakwater.NoAcknowledgedLoss })
	lost.Verdicts[i] = check.Verdict{Guarantee: breakwater.NoAcknowledgedLoss, Status: check.Broken, Examined: 6000, Total: 231, Why: why, Since: s(20.1),
		Anomalies: []check.Anomaly{{What: "u7-000231 was acknowledged, is at user-events/2@88, and never took effect in analytics", IDs: []string{"u7-000231"}, Events: []uint64{18204}}}}
	run.Skipped, run.Errored = nil, nil
	return run
}

// Defects are the trials of planted defects, each beside the right service, and of
// one in the kit itself. The last one in a service is not caught.
func Defects() []*trial.Trial {
	var all []*trial.Trial
	for n, d := range []struct {
		name, under string
		breaks      []string
		since       float64
	}{
		{"commit-before-processing", "analytics is killed once its commit is done", []string{breakwater.NoAcknowledgedLoss, breakwater.CommitAfterEffect}, 6.4},
		{"no-deduplication", "analytics is killed on a held commit", []string{breakwater.EffectOnce}, 9.9},
		{"effect-and-dedupe-in-two-transactions", "the database's answers to analytics are lost, three times", []string{breakwater.EffectOnce}, 10.2},
		{"dead-letter-without-origin", "a registration in four is poison to analytics, which is killed", []string{breakwater.DeadLetterClosure}, 0},
		{"unfenced-offsets", "analytics/1 is frozen past its session time-out while its database is slow", []string{breakwater.CommittedMonotone, breakwater.SingleOwner}, 14},
	} {
		of := func(contender string) *trial.Trial {
			t := Replay()
			t.ID, t.Suite, t.Claim, t.Title, t.Contender = "selftest-defect-"+d.name+"-"+contender, "selftest", "defect: "+d.name, d.under, contender
			t.Spec = "A planted defect breaks the guarantee named for it, and the right service keeps it: " + d.name
			t.Predictions = nil
			return t
		}
		right, flawed := of("right"), of(d.name)
		flawed.Order = 1
		for _, g := range d.breaks {
			right.Predictions = append(right.Predictions, predicted(g, breakwater.ToHold, g+" holds", "0 of 360 were not so", trial.Confirmed))
			flawed.Predictions = append(flawed.Predictions, predicted(g, breakwater.ToBreak, g+" broken", "12 of 360 were not so", trial.Confirmed))
			flawed.Verdicts = slices.DeleteFunc(flawed.Verdicts, func(v check.Verdict) bool { return v.Guarantee == g })
			flawed.Verdicts = append(flawed.Verdicts, check.Verdict{Guarantee: g, Status: check.Broken, Examined: 360, Total: 12, Why: "12 of 360 were not so", Since: s(d.since),
				Anomalies: []check.Anomaly{{What: "u7-000231 was not so", IDs: []string{"u7-000231"}, Events: []uint64{18204}}}})
		}
		if n == 4 {
			p := &flawed.Predictions[1]
			p.Outcome, p.Observed = trial.Refuted, "holds: 0 of 360 were not so"
			flawed.Outcome, flawed.Why = trial.Refuted, "1 of 2 predictions were observed otherwise: single-owner broken: holds: 0 of 360 were not so"
			v := &flawed.Verdicts[len(flawed.Verdicts)-1]
			v.Status, v.Why, v.Total, v.Anomalies, v.Since = check.Holds, "0 of 360 were not so", 0, nil, 0
		}
		all = append(all, right, flawed)
	}
	return all
}

// Selftest is a run of planted defects in ten rounds, beside a claim.
func Selftest() report.Run {
	run := Rounds()
	run.Trials = append(run.Trials[:10:10], Repeat(report.Run{Trials: Defects()}, 10).Trials...)
	for range 10 {
		run.Sabotage = append(run.Sabotage, report.Sabotage{
			Name: "never-heals", Fault: "analytics is cut off, and nobody heals it", World: "local", Expected: `exercised unknown: "was never seen to be gone"`, Caught: true,
		})
	}
	return run
}
