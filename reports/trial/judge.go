package trial

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Judge fills in what follows from the log and the predictions: Measurements,
// Verdicts, Predictions, Outcome and Why. It is a pure function of the log, the
// predictions and the trial's contender; predictions for other contenders are
// left out.
//
// The trial is an error when the kit failed while it recorded, and undecided when
// the history is inconsistent or nothing was predicted. Otherwise it is refuted when any
// prediction was observed otherwise, or a guarantee is broken of which nothing was
// predicted and that nobody tolerates, see [breakwater.ToBeTolerated]: that counts as a prediction that it
// holds, see [Predicted.Unpredicted]. It is undecided when a prediction cannot be decided:
// its verdict is unknown or not asked, its measurement has no observation, or a
// value known only as "at least" has not reached the bound. It is confirmed when all
// predictions were observed.
//
// When the guarantee "exercised" does not hold, the run proves nothing and is undecided,
// with two exceptions: what is broken is broken, however little was done, unless it rests
// on what went wrong with the run, a fault that nobody saw or, where time is judged, a
// load that came late; and a load that came late is of no account where no prediction is
// about time. Of what somebody else did to the system meanwhile, see
// [check.Accidents], no bound on a measurement is refuted; nor is what rests on time where
// the machine's processors were saturated for so long that they may explain it.
func (t *Trial) Judge(log history.Log, predictions []breakwater.Prediction) {
	t.judge(log, predictions, check.All())
}

func (t *Trial) judge(log history.Log, predictions []breakwater.Prediction, checkers []check.Checker) {
	x := log.Index()
	t.Measurements = measure.Of(x)
	t.Verdicts = check.Judge(x, checkers)
	foreign, own := check.Accidents(x)
	t.Predictions, t.Tolerates = nil, nil
	for _, p := range predictions {
		switch {
		case p.Contender != "" && p.Contender != t.Contender:
		case p.Expect == breakwater.ToBeTolerated:
			t.Tolerates = append(t.Tolerates, p.Guarantee)
		default:
			t.Predictions = append(t.Predictions, t.observe(p))
		}
	}
	if len(t.Predictions) > 0 {
		t.Predictions = append(t.Predictions, t.unpredicted()...)
	}
	strains := measure.Strains(x)
	for i := range t.Predictions {
		p := &t.Predictions[i]
		why := t.strain(*p, strains)
		if p.Measurement != "" && p.Outcome == Refuted && len(foreign) > 0 {
			why = foreign[0] + ", which no step of the plan ordered and which may explain: "
		}
		if why != "" {
			p.Outcome, p.Observed = Undecided, why+p.Observed
		}
	}
	t.Outcome, t.Why = t.conclude(x)
	t.Accidents = slices.Concat(foreign, own)
	for _, happened := range slices.Backward(t.Accidents) {
		if !strings.Contains(t.Why, happened) {
			t.Why = happened + "; " + t.Why
		}
	}
}

// unpredicted are the guarantees that are broken though nothing was predicted of them
// and nobody tolerates it.
func (t *Trial) unpredicted() (found []Predicted) {
	known := slices.Clone(t.Tolerates)
	for _, p := range t.Predictions {
		if p.Guarantee == breakwater.Others {
			return nil // it speaks of all of them
		}
		known = append(known, p.Guarantee)
	}
	for _, v := range t.Verdicts {
		if v.Status == check.Broken && !slices.Contains(known, v.Guarantee) {
			p := t.observe(breakwater.Prediction{Guarantee: v.Guarantee, Expect: breakwater.ToHold})
			p.Unpredicted, p.Says = true, p.Says+" (not predicted)"
			found = append(found, p)
		}
	}
	return found
}

// Rejudge judges a saved trial again from its saved history: the same predictions,
// the same log, and so the same JSON. The trial given is not changed.
func Rejudge(t *Trial, log history.Log) *Trial { return RejudgeBy(t, log, check.All()) }

// RejudgeBy is Rejudge by other checkers than all that there are.
func RejudgeBy(t *Trial, log history.Log, checkers []check.Checker) *Trial {
	again := *t
	var predictions []breakwater.Prediction
	for _, p := range t.Predictions {
		if !p.Unpredicted {
			predictions = append(predictions, p.Prediction)
		}
	}
	for _, g := range t.Tolerates {
		predictions = append(predictions, breakwater.Prediction{Guarantee: g, Expect: breakwater.ToBeTolerated})
	}
	again.judge(log, predictions, checkers)
	return &again
}

func (t *Trial) conclude(x *history.Index) (Outcome, string) {
	troubles := 0
	var first *history.Event
	for e := range x.Of(history.HarnessError) {
		if troubles++; first == nil {
			first = e
		}
	}
	if troubles > 0 {
		return Error, fmt.Sprintf("the kit failed while it recorded: %s (%s in all)", cmp.Or(first.Error, first.Client, "not named"), quantity.Count(troubles))
	}
	exercised := t.verdict(breakwater.Exercised)
	of := func(is func(Predicted) bool) (found []Predicted) {
		for _, p := range t.Predictions {
			if is(p) {
				found = append(found, p)
			}
		}
		return found
	}
	wrong := of(func(p Predicted) bool { return p.Outcome == Refuted })
	if err := x.Validate(); err != nil {
		return Undecided, "the history is inconsistent: " + err.Error()
	}
	if exercised.Status != check.Holds {
		wrong = of(func(p Predicted) bool { return p.Outcome == Refuted && t.proven(p, exercised) })
		if len(wrong) == 0 && !t.merelyLate(exercised) {
			return Undecided, "the run proves nothing: " + exercised.Why
		}
	}
	if len(t.Predictions) == 0 {
		return Undecided, "nothing was predicted"
	}
	if len(wrong) > 0 {
		return Refuted, t.refutation(wrong)
	}
	if open := of(func(p Predicted) bool { return p.Outcome == Undecided }); len(open) > 0 {
		return Undecided, fmt.Sprintf("%s predictions cannot be decided: %s: %s", quantity.Of(len(open), len(t.Predictions)), open[0].Says, open[0].Observed)
	}
	if len(t.Predictions) == 1 {
		return Confirmed, "observed as predicted: " + t.Predictions[0].Says
	}
	return Confirmed, fmt.Sprintf("all %d predictions were observed", len(t.Predictions))
}

// refutation is what was observed otherwise than predicted, the predicted first.
func (t *Trial) refutation(wrong []Predicted) string {
	predicted := 0
	for _, p := range t.Predictions {
		if !p.Unpredicted {
			predicted++
		}
	}
	first := wrong[0]
	if first.Unpredicted {
		return "broken, though nothing was predicted of it: " + first.Guarantee + ": " + t.verdict(first.Guarantee).Why + others(wrong[1:])
	}
	n := slices.IndexFunc(wrong, func(p Predicted) bool { return p.Unpredicted }) // they come last
	if n < 0 {
		n = len(wrong)
	}
	why := fmt.Sprintf("%s predictions were observed otherwise: %s: %s", quantity.Of(n, predicted), first.Says, first.Observed)
	if n < len(wrong) {
		why += "; besides, broken though nothing was predicted of it: " + wrong[n].Guarantee + others(wrong[n+1:])
	}
	return why
}

// others names the guarantees that are not first: ", and no-orphans, contained".
func others(more []Predicted) string {
	var names []string
	for _, p := range more {
		names = append(names, p.Guarantee)
	}
	if len(names) == 0 {
		return ""
	}
	return "; and so are " + strings.Join(names, ", ")
}

// proven is whether the refutation rests on evidence of its own though the run did not
// do all that it should have.
func (t *Trial) proven(p Predicted, exercised check.Verdict) bool {
	if p.Guarantee == "" || p.Guarantee == breakwater.Others {
		return false
	}
	for _, lack := range exercised.Anomalies {
		switch lack.Code {
		case check.TooFew, check.Unreplayed:
		case check.TooLate, check.NoBaseline:
			if byTime(p.Guarantee) {
				return false
			}
		default:
			return false
		}
	}
	return t.verdict(p.Guarantee).Status == check.Broken && exercised.Total == len(exercised.Anomalies)
}

// merelyLate is whether nothing is wrong with the run but that its load came late, on which
// no prediction rests.
func (t *Trial) merelyLate(exercised check.Verdict) bool {
	return len(exercised.Anomalies) > 0 && exercised.Total == len(exercised.Anomalies) &&
		!slices.ContainsFunc(exercised.Anomalies, func(lack check.Anomaly) bool { return lack.Code != check.TooLate }) &&
		!slices.ContainsFunc(t.Predictions, func(p Predicted) bool {
			return p.Measurement != "" || p.Guarantee == breakwater.Exercised || byTime(p.Guarantee) || p.Guarantee == breakwater.Others && p.Outcome != Confirmed
		})
}

func (t *Trial) verdict(guarantee string) check.Verdict {
	for _, v := range t.Verdicts {
		if v.Guarantee == guarantee {
			return v
		}
	}
	return check.Verdict{Guarantee: guarantee, Status: check.NotAsked, Why: "there is no such guarantee"}
}

// Caught is how long after the fault was witnessed a guarantee that was predicted
// broken first was; of several the earliest. It is less than 0 where that was
// before the fault, and not measured where none of them was broken or the history
// does not tell since when.
func (t *Trial) Caught() measure.Value {
	caught := measure.Value{Name: "caught", Unit: "s"}
	var start, first time.Duration
	for _, f := range t.Measurements.Faults {
		if f.Active > 0 && (start == 0 || f.Active < start) {
			start = f.Active
		}
	}
	for _, p := range t.Predictions {
		if v := t.verdict(p.Guarantee); p.Expect == breakwater.ToBreak && v.Since > 0 && (first == 0 || v.Since < first) {
			first = v.Since
		}
	}
	if start > 0 && first > 0 {
		caught.Value, caught.N = (first - start).Seconds(), 1
	}
	return caught
}

// observe compares one prediction with the trial.
func (t *Trial) observe(p breakwater.Prediction) Predicted {
	found := Predicted{Prediction: p, Says: Says(p), Outcome: Undecided}
	switch {
	case p.Validate() != nil:
		found.Observed = p.Validate().Error()
		found.Brief = found.Observed
	case p.Guarantee == breakwater.Others:
		found.Outcome, found.Observed = t.observeOthers(p)
		found.Brief = found.Observed
	case p.Guarantee != "":
		v := t.verdict(p.Guarantee)
		found.Observed, found.Brief = v.Why, cmp.Or(v.Brief, v.Why)
		if !v.Status.Meets(p.Expect) {
			found.Observed, found.Brief = fmt.Sprintf("%s: %s", v.Status, v.Why), fmt.Sprintf("%s: %s", v.Status, found.Brief)
		}
		switch {
		case v.Status.Meets(p.Expect) && because(v, p.Because):
			found.Outcome, found.Count = Confirmed, v.Count
		case v.Status == check.Holds || v.Status == check.Broken:
			found.Outcome = Refuted
		}
	default:
		v, measured := t.Measurements.Lookup(p.Measurement)
		found.Observed, found.Brief = t.Measurements.Describe(p.Measurement), t.Measurements.Brief(p.Measurement)
		if measured {
			found.Outcome = compare(p, v)
		}
		if within := t.Measurements.Within(p.Measurement); found.Outcome == Undecided && within != "" {
			found.Observed += ": " + within
		}
	}
	return found
}

// because is whether the verdict is for the reason that was predicted: an anomaly has that code.
func because(v check.Verdict, code string) bool {
	return code == "" || slices.ContainsFunc(v.Anomalies, func(a check.Anomaly) bool { return string(a.Code) == code })
}

func (t *Trial) observeOthers(p breakwater.Prediction) (Outcome, string) {
	var broken []string
	held := 0
	for _, v := range t.Verdicts {
		switch {
		case slices.Contains(p.Except, v.Guarantee):
		case v.Status == check.Broken:
			broken = append(broken, v.Guarantee+": "+v.Why)
		case v.Status == check.Holds:
			held++
		}
	}
	switch {
	case len(broken) > 0:
		return Refuted, "broken: " + strings.Join(broken, "; ")
	case held == 0:
		return Undecided, "no other guarantee could be judged"
	}
	return Confirmed, quantity.Count(held) + " others hold, none is broken"
}

// compare holds a value against the bound. One that is known only to be at least
// something decides nothing while that is on the good side of an upper bound, and a
// quantile of few requests refutes nothing while it may well lie on the good side.
func compare(p breakwater.Prediction, v measure.Value) Outcome {
	within := v.Value <= p.Bound
	if p.Op == breakwater.OpAtLeast {
		within = v.Value >= p.Bound
	}
	switch {
	case v.AtLeast && within == (p.Op == breakwater.OpAtMost):
		return Undecided
	case within:
		return Confirmed
	case v.Exact():
		return Refuted
	case p.Op == breakwater.OpAtMost && v.Low <= p.Bound, p.Op == breakwater.OpAtLeast && v.High >= p.Bound:
		return Undecided
	}
	return Refuted
}

// Says is the prediction in words: "no-acknowledged-loss holds", "catch-up of analytics
// ≤ 10 s".
func Says(p breakwater.Prediction) string {
	if p.Measurement == "" {
		return p.String()
	}
	op := map[string]string{breakwater.OpAtMost: "≤", breakwater.OpAtLeast: "≥"}[p.Op]
	return fmt.Sprintf("%s %s %s", breakwater.Phrase(p.Measurement), cmp.Or(op, p.Op), measure.Bound(p.Measurement, p.Bound))
}
