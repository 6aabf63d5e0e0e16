package page

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// explanation reports why a trial is not simply green.
type explanation struct {
	Class string // refuted, undecided, error, or confirmed where only an accident is to be shown
	Title string
	Why   string
	Lines []string
	Known []string
	Look  []string // settings
}

func explain(c contender, many bool) explanation {
	t := c.Rounds.Worst()
	outcome := trial.WorstOutcome(t.Outcome)
	x := explanation{Class: string(outcome), Why: t.Why}
	who := ""
	if many || t.Contender != "" {
		who = " for " + c.Label
	}
	subject := cmp.Or(t.Claim, t.Title, t.ID)
	switch {
	case outcome == trial.Error:
		x.Title = subject + " was not judged" + who + ": the kit failed"
	case outcome == trial.Confirmed && t.AsPredicted():
		x.Title = subject + who + " came out as predicted, though something happened that nobody planned"
	case outcome == trial.Confirmed:
		x.Class = "refuted"
		x.Title = subject + who + " came out confirmed, which is not as marked"
	case t.KnownRefuted():
		x.Title = subject + " refuted" + who + ", as is known"
	default:
		x.Title = subject + " " + string(outcome) + who
	}
	if len(c.Rounds) > 1 {
		x.Title += fmt.Sprintf(", in round %d (%s)", t.Round, c.Row.Tally())
	}
	for _, a := range t.Accidents {
		x.Lines = append(x.Lines, "By no step of the plan: "+a+".")
	}
	if len(t.Predictions) == 0 {
		x.Lines = append(x.Lines, "Nothing was predicted, so nothing could be confirmed.")
	}
	// Predictions that came out the same in the same words are told together: a run
	// that proves nothing decides none of them.
	alike := map[string][]string{}
	for _, p := range t.Predictions {
		if p.Outcome != trial.Confirmed {
			alike[p.Observed] = append(alike[p.Observed], p.Sentence())
		}
	}
	for _, p := range t.Predictions {
		if p.Outcome == trial.Confirmed && p.KnownRefuted == "" {
			continue
		}
		wording := []string{p.Sentence()}
		if p.Outcome != trial.Confirmed {
			wording = alike[p.Observed]
			delete(alike, p.Observed)
		}
		line := "Predicted: " + few(wording) + ". "
		if p.Unpredicted {
			line = "Nothing was predicted of " + p.Guarantee + ". "
		}
		switch {
		case p.Outcome == trial.Confirmed:
			line += "It held, though it is marked as known to be refuted: take the mark away."
		case p.Unpredicted:
			line += "It is " + strings.TrimSuffix(p.Observed, ".") + "."
		case p.Observed == "":
			line += "Nothing was observed."
		case p.Outcome == trial.Undecided && t.Why != "" && strings.Contains(p.Observed, t.Why):
			line += "That cannot be decided."
		default:
			line += "Observed: " + strings.TrimSuffix(p.Observed, ".") + "."
		}
		if len(wording) > 0 {
			x.Lines = append(x.Lines, line)
		}
		if p.KnownRefuted != "" {
			x.Known = append(x.Known, p.KnownRefuted)
		}
		for _, v := range t.Verdicts {
			if v.Guarantee != p.Guarantee || p.Guarantee == "" {
				continue
			}
			if v.Why != "" && !strings.Contains(p.Observed, v.Why) && !strings.Contains(t.Why, v.Why) {
				x.Lines = append(x.Lines, sentence(v.Why))
			}
			for _, a := range v.Anomalies {
				if a.Setting != "" {
					x.Look = append(x.Look, a.Setting)
				}
			}
		}
	}
	for _, p := range t.Predictions {
		if p.Outcome != trial.Confirmed && p.Observed != "" && strings.Contains(x.Why, p.Observed) {
			x.Why = "" // the lines say it
		}
	}
	if x.Class == string(trial.Confirmed) {
		x.Why = ""
	}
	x.Why = sentence(x.Why)
	x.Known, x.Look = lists.Distinct(x.Known), lists.Distinct(x.Look)
	if over := len(x.Lines) - mostReasons; over > 0 {
		x.Lines = append(x.Lines[:mostReasons], fmt.Sprintf("And %d more, below.", over))
	}
	x.Known, x.Look = x.Known[:min(len(x.Known), mostReasons)], x.Look[:min(len(x.Look), mostReasons)]
	return x
}

// sentence begins with a capital, unless its first word is a name or a number,
// and ends with a stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.IndexFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		s += "."
	}
	return s
}
