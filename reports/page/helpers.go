package page

import (
	"cmp"
	"html/template"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/report"
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
	"around":   around,
	"clip":     clip,
	"history":  historyOf,
	"says":     trial.Predicted.Sentence,
	"label":    faultLabel,
	"join":     strings.Join,
	"mark":     trial.Outcome.Mark,
	"status":   func(s check.Status) string { return strings.ReplaceAll(string(cmp.Or(s, check.Unknown)), " ", "-") },
	"outcome":  func(o trial.Outcome) string { return string(cmp.Or(o, trial.Undecided)) },
	"columns":  func() any { return exercisedColumns },
	"who":      incarnationName,
	"until":    func(p, q px) px { return max(p-q, 0) },
	"brief":    briefly,
	"whole":    whole,
	"prior":    func(i int) int { return max(i-1, 0) },
}

// historyOf is the file of a trial's history without the trial's id, which stands
// beside it.
func historyOf(t *trial.Trial) string {
	if t.History == "" {
		return "not saved"
	}
	return strings.Replace(t.History, t.ID, "ID", 1)
}

// whole keeps the numbers of a range with their units where it is broken into lines.
func whole(s string) string {
	number, within, some := strings.Cut(s, " (")
	if !some {
		return s
	}
	hard := strings.NewReplacer(" ", "\u00a0")
	return hard.Replace(number) + " (" + hard.Replace(within)
}

// briefly is the first of what was observed, as many of its clauses as there is
// room for in one line: what is left out is left out whole, so that no number is
// cut. Of several rounds the first that was measured goes with how they came out.
func briefly(row report.ClaimRow) string {
	const room = 90
	parts := row.Observed()
	if len(parts) == 0 {
		return ""
	}
	clauses := strings.Split(parts[0].Text, ", ")
	text := clauses[0]
	for _, c := range clauses[1:] {
		if len(text)+len(c) > room {
			break
		}
		text += ", " + c
	}
	if len(row.Rounds) > 0 && len(parts) > 1 {
		text += " · " + whole(parts[1].Text)
	}
	return text
}

// instant is a time of the run; zero means that it never came.
func instant(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return quantity.Duration(d)
}
