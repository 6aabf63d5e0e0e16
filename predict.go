package breakwater

import (
	"slices"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Prediction is stated before the run, see [trial.Prediction].
type Prediction = trial.Prediction

// Predictions are the predictions of a scenario; the builders below return one
// or several, and [Predict] joins them.
type Predictions []Prediction

// Predict joins predictions.
func Predict(all ...Predictions) Predictions { return slices.Concat(all...) }

// Holds predicts that the guarantees hold.
func Holds(guarantees ...string) Predictions { return expect(check.Holds, guarantees) }

// Breaks predicts that the guarantees are broken.
func Breaks(guarantees ...string) Predictions { return expect(check.Broken, guarantees) }

// Tolerates says that the guarantees may be broken. A guarantee that is broken refutes a
// trial though nothing was predicted of it: what nobody looked for is found too.
func Tolerates(guarantees ...string) Predictions { return expect(trial.Tolerated, guarantees) }

// Because asks of predictions that something breaks that it breaks in this way, in a
// few of the words in which the verdict or one of its anomalies tells it.
func (p Predictions) Because(because string) Predictions {
	q := slices.Clone(p)
	for i := range q {
		q[i].Because = because
	}
	return q
}

// ProvesNothing predicts, of a run whose kit has a flaw on purpose, that nothing
// is concluded from it, and why, in a few of the words in which the kit says so.
// Of any other run it cannot be predicted: see [RunOptions].
func ProvesNothing(because string) Predictions {
	return expect(check.Unknown, []string{check.Exercised}).Because(because)
}

// BreaksNothing predicts that no guarantee is broken, whichever are judged.
func BreaksNothing() Predictions { return BreaksNothingBut() }

// BreaksNothingBut predicts that no guarantee is broken but these; they may be
// or not.
func BreaksNothingBut(guarantees ...string) Predictions {
	return Predictions{{Guarantee: trial.Others, Expect: check.Holds, Except: guarantees}}
}

func expect(s check.Status, guarantees []string) Predictions {
	var p Predictions
	for _, g := range guarantees {
		p = append(p, Prediction{Guarantee: g, Expect: s})
	}
	return p
}

// AtMost predicts that a measurement, named by one of the functions of
// package measure, is at most bound.
func AtMost(measurement string, bound float64) Predictions {
	return Predictions{{Measurement: measurement, Op: "<=", Bound: bound}}
}

// AtLeast predicts that a measurement is at least bound.
func AtLeast(measurement string, bound float64) Predictions {
	return Predictions{{Measurement: measurement, Op: ">=", Bound: bound}}
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
