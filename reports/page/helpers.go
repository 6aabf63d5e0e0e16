package page

import (
	"cmp"
	"html/template"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// helpers are what the templates may call. None of them returns markup.
var helpers = template.FuncMap{
	"count":    quantity.Count[int],
	"count64":  quantity.Count[int64],
	"duration": quantity.Duration,
	"instant":  instant,
	"percent":  quantity.Percent,
	"glyph":    glyph,
	"pairs":    pairs,
	"witness":  witness,
	"clip":     clip,
	"history":  historyOf,
	"says":     sayPrediction,
	"label":    faultLabel,
	"join":     strings.Join,
	"mark":     outcomeMark,
	"status":   func(s check.Status) string { return strings.ReplaceAll(string(cmp.Or(s, check.Unknown)), " ", "-") },
	"outcome":  func(o trial.Outcome) string { return string(cmp.Or(o, trial.Undecided)) },
	"columns":  func() []string { return exercisedColumns },
	"who":      incarnationName,
	"until":    func(p px, q float64) px { return max(p-px(q), 0) },
}

// historyOf is the file of a trial's history without the trial's id, which stands
// beside it.
func historyOf(t *trial.Trial) string {
	if t.History == "" {
		return "not saved"
	}
	return strings.Replace(t.History, t.ID, "ID", 1)
}

// instant is a time of the run; zero means that it never came.
func instant(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return quantity.Duration(d)
}

// outcomeMark is the sign in front of an outcome's word.
func outcomeMark(o trial.Outcome) string {
	switch o {
	case trial.Confirmed:
		return "✓"
	case trial.Refuted:
		return "✗"
	case trial.Trouble:
		return "!"
	}
	return "?"
}
