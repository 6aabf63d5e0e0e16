package breakwater

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Expectation is what a prediction expects of a guarantee.
type Expectation string

// What can be expected.
const (
	ToHold        Expectation = "holds"
	ToBreak       Expectation = "broken"
	ToBeTolerated Expectation = "tolerated" // nothing is predicted, and the trial is not refuted for it
)

// How a measurement is held against a bound.
const (
	OpAtMost  = "<="
	OpAtLeast = ">="
)

// Prediction is stated before the run: a guarantee that holds or is broken, or
// a bound on a measurement, for one contender. It is data and is saved with the trial.
type Prediction struct {
	Contender string `json:"contender,omitempty"` // "": every contender of the experiment

	Guarantee string      `json:"guarantee,omitempty"`
	Expect    Expectation `json:"expect,omitempty"` // holds | broken | tolerated

	// Because is the code that an anomaly of the verdict must have, such as
	// [TwoDeadLetters]: a guarantee can be broken in several ways. To find nothing is
	// never a success, so unknown cannot be predicted.
	Because string `json:"because,omitempty"`

	// Except are the guarantees of which a prediction about [Others] asks nothing.
	Except []string `json:"except,omitempty"`

	Measurement string  `json:"measurement,omitempty"`
	Op          string  `json:"op,omitempty"` // <= or >=
	Bound       float64 `json:"bound,omitempty"`

	// KnownRefuted gives the reason why this prediction is known to come out
	// refuted. The row stays refuted and the spec green; should it come out
	// confirmed after all, the spec is red.
	KnownRefuted string `json:"knownRefuted,omitempty"`
}

// Others stands, as the guarantee of a prediction, for every guarantee but those
// in Except. Expect is holds then, and means that none of them is broken.
const Others = "others"

// Validate reports what is wrong with a prediction, naming the field. A prediction is
// about a guarantee that holds or is broken, or a bound on a measurement.
func (p Prediction) Validate() error {
	_, declared := GuaranteeOf(p.Guarantee)
	switch {
	case p.Guarantee != "" && p.Measurement != "":
		return fmt.Errorf("prediction: Guarantee %q and Measurement %q are both set; make two predictions", p.Guarantee, p.Measurement)
	case p.Guarantee == "" && p.Measurement == "":
		return fmt.Errorf("prediction: set Guarantee or Measurement")
	case p.Guarantee == Others && p.Expect != ToHold:
		return fmt.Errorf("prediction: Expect of %s is %q; use %q", Others, p.Expect, ToHold)
	case p.Guarantee != Others && len(p.Except) > 0:
		return fmt.Errorf("prediction: Except is set for %q; only %q has exceptions", cmp.Or(p.Guarantee, p.Measurement), Others)
	case p.Guarantee == Others:
		for _, g := range p.Except {
			if _, known := GuaranteeOf(g); !known {
				return fmt.Errorf("prediction: Except names %q, which is not registered in this program; there are %s", g, guaranteeNames())
			}
		}
	case p.Guarantee != "" && !declared:
		return fmt.Errorf("prediction: Guarantee %q is not registered in this program; there are %s", p.Guarantee, guaranteeNames())
	case p.Expect == ToBeTolerated && p.Because != "":
		return fmt.Errorf("prediction: Because of %s is %q; what is tolerated may break in any way", p.Guarantee, p.Because)
	case p.Expect == ToBeTolerated:
	case p.Because != "" && p.Expect != ToBreak:
		return fmt.Errorf("prediction: Because of %s is %q; only what is predicted to break has a reason", cmp.Or(p.Guarantee, p.Measurement), p.Because)
	case p.Guarantee != "" && p.Expect != ToHold && p.Expect != ToBreak:
		return fmt.Errorf("prediction: Expect of %s is %q; use %q or %q", p.Guarantee, p.Expect, ToHold, ToBreak)
	case p.Measurement != "" && UnitOf(p.Measurement) == "":
		return fmt.Errorf("prediction: Measurement %q is not measured; make names with functions like CatchUp, and register measures of your own", p.Measurement)
	case p.Measurement != "" && p.Op != OpAtMost && p.Op != OpAtLeast:
		return fmt.Errorf("prediction: Op of %s is %q; use %q or %q", p.Measurement, p.Op, OpAtMost, OpAtLeast)
	case p.Bound != p.Bound:
		return fmt.Errorf("prediction: Bound of %s is no number; a duration is one only of what is measured in seconds or milliseconds, and this is a %s", p.Measurement, UnitOf(p.Measurement))
	}
	return nil
}

// String is the prediction in short: "no-acknowledged-loss holds", "catch-up[analytics] <= 10".
func (p Prediction) String() string {
	switch {
	case p.Guarantee == Others:
		return "nothing is broken" + map[bool]string{true: " but " + strings.Join(p.Except, ", ")}[len(p.Except) > 0]
	case p.Because != "":
		return fmt.Sprintf("%s %s: %q", p.Guarantee, p.Expect, p.Because)
	case p.Measurement == "":
		return p.Guarantee + " " + string(cmp.Or(p.Expect, "?"))
	}
	return fmt.Sprintf("%s %s %g", p.Measurement, p.Op, p.Bound)
}

// Predictions are the predictions of a scenario; the builders below return one
// or several, and [Predict] joins them.
type Predictions []Prediction

// Predict joins predictions.
func Predict(all ...Predictions) Predictions { return slices.Concat(all...) }

// Holds predicts that the guarantees hold.
func Holds(guarantees ...string) Predictions { return expect(ToHold, guarantees) }

// Breaks predicts that the guarantees are broken.
func Breaks(guarantees ...string) Predictions { return expect(ToBreak, guarantees) }

// Tolerates means that the guarantees may be broken. A guarantee that is broken refutes a
// trial though nothing was predicted of it: what nobody looked for is found too.
func Tolerates(guarantees ...string) Predictions { return expect(ToBeTolerated, guarantees) }

// Because asks of predictions that something breaks that it breaks in this way, by the code
// of its anomalies: Breaks(DeadLetterClosure).Because(TwoDeadLetters).
func (p Predictions) Because(because string) Predictions {
	q := slices.Clone(p)
	for i := range q {
		q[i].Because = because
	}
	return q
}

// BreaksNothing predicts that no guarantee is broken, whichever are judged.
func BreaksNothing() Predictions { return BreaksNothingBut() }

// BreaksNothingBut predicts that no guarantee is broken but these; they may be
// or not.
func BreaksNothingBut(guarantees ...string) Predictions {
	return Predictions{{Guarantee: Others, Expect: ToHold, Except: guarantees}}
}

func expect(s Expectation, guarantees []string) Predictions {
	var p Predictions
	for _, g := range guarantees {
		p = append(p, Prediction{Guarantee: g, Expect: s})
	}
	return p
}

// Number is what a measurement is compared with: a number in the unit of the measurement,
// or a [time.Duration] where that is a time.
type Number interface{ ~int | ~int64 | ~float64 }

// AtMost predicts that a measurement, named by a function like [CatchUp], is at most
// bound: AtMost(CatchUp("billing"), 10*time.Second).
func AtMost[N Number](measurement string, bound N) Predictions {
	return Predictions{{Measurement: measurement, Op: OpAtMost, Bound: inUnit(measurement, bound)}}
}

// AtLeast predicts that a measurement is at least bound.
func AtLeast[N Number](measurement string, bound N) Predictions {
	return Predictions{{Measurement: measurement, Op: OpAtLeast, Bound: inUnit(measurement, bound)}}
}

// inUnit is the bound as a number in the unit of the measurement, and no number where a
// time is given for what is none, which [Prediction.Validate] refuses.
func inUnit[N Number](measurement string, bound N) float64 {
	d, isTime := any(bound).(time.Duration)
	switch {
	case !isTime:
		return float64(bound)
	case UnitOf(measurement) == "s":
		return d.Seconds()
	case UnitOf(measurement) == "ms":
		return float64(d) / float64(time.Millisecond)
	}
	return math.NaN()
}

// By limits the predictions to one contender of an experiment.
func (p Predictions) By(contender string) Predictions {
	q := slices.Clone(p)
	for i := range q {
		q[i].Contender = contender
	}
	return q
}

// KnownRefuted marks predictions that are known to come out refuted, and why.
// The claim's row stays refuted and the spec green; should one come out
// confirmed after all, the spec is red.
func (p Predictions) KnownRefuted(reason string) Predictions {
	q := slices.Clone(p)
	for i := range q {
		q[i].KnownRefuted = reason
	}
	return q
}

// Of keeps what is predicted for the contender.
func (p Predictions) Of(contender string) Predictions {
	return slices.DeleteFunc(slices.Clone(p), func(q Prediction) bool {
		return q.Contender != "" && q.Contender != contender
	})
}
