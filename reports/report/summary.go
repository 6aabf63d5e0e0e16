package report

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Summary is a run in a few lines: what the top of the page, the job summary
// and the JSON say.
type Summary struct {
	Headline string  `json:"headline"` // "3 claims confirmed, 1 refuted"
	Green    bool    `json:"green"`    // every trial as predicted, at least one, and every spec performed to its end without failing
	Note     string  `json:"note"`     // one sentence on green or red
	Claims   []Claim `json:"claims"`

	// Defects are the planted ones, which settle no claim and are not among them.
	Defects []Defect `json:"defects,omitempty"`
}

// Claim is one claim with all that was done to settle it.
type Claim struct {
	ID        string        `json:"id"` // "" for scenarios that settle no claim
	Title     string        `json:"title"`
	Outcome   trial.Outcome `json:"outcome"` // the worst of its trials
	Known     bool          `json:"known"`   // refuted, and nothing but what is known to be
	Scenarios []Scenario    `json:"scenarios"`
}

// Scenario is one scenario of a claim in one world.
type Scenario struct {
	Title   string        `json:"title"`
	World   string        `json:"world"`
	Outcome trial.Outcome `json:"outcome"` // the worst of its trials
	Known   bool          `json:"known"`
	Rows    []ClaimRow    `json:"rows"` // one for each trial, however often it was repeated
}

// ClaimRow is what one contender was said to do about a claim, and did. Of a trial
// that was repeated it reports what became of all rounds, and stands for the worst.
type ClaimRow struct {
	Trial     string        `json:"trial"`
	Contender string        `json:"contender"`
	Lines     []Line        `json:"lines"` // one for each prediction, at least one
	Why       string        `json:"why"`
	Outcome   trial.Outcome `json:"outcome"`
	Known     bool          `json:"known"`
	Rounds    []Round       `json:"rounds,omitempty"` // each performance, where there are several
	Red       bool          `json:"-"`                // not as predicted, in a round at least
}

// Round is one performance of a trial that was repeated.
type Round struct {
	Round   int           `json:"round"`
	Trial   string        `json:"trial"`
	Outcome trial.Outcome `json:"outcome"`
}

// Tally is "10 of 10 confirmed", or "8 of 10 confirmed, 2 refuted", and "" of a trial
// that was performed once.
func (r ClaimRow) Tally() string {
	return Tally(lists.Collect(r.Rounds, func(r Round) trial.Outcome { return r.Outcome }))
}

// Tally is the same of outcomes.
func Tally(outcomes []trial.Outcome) string {
	return tally(outcomes, "not judged", func(n int) string { return quantity.Of(n, len(outcomes)) })
}

// tally is how many came out as what. What stands before the first is first of its number.
func tally(outcomes []trial.Outcome, unjudged string, first func(int) string) string {
	var parts []string
	for _, o := range []trial.Outcome{trial.Confirmed, trial.Refuted, trial.Undecided, trial.Error} {
		n, name := 0, string(o)
		for _, other := range outcomes {
			n += btoi(other == o)
		}
		if o == trial.Error {
			name = unjudged
		}
		switch {
		case n == 0:
		case len(parts) == 0:
			parts = append(parts, first(n)+" "+name)
		default:
			parts = append(parts, quantity.Count(n)+" "+name)
		}
	}
	return strings.Join(parts, ", ")
}

// Line is one prediction and what came of it.
type Line struct {
	Predicted string        `json:"predicted"` // "no-acknowledged-loss holds"
	Observed  string        `json:"observed"`
	Outcome   trial.Outcome `json:"outcome"`

	Says     string       `json:"says"`            // predicted, in few words: "loses nothing"
	Brief    string       `json:"brief,omitempty"` // observed, in few words
	Count    *check.Count `json:"-"`               // Brief as numbers, of one performance
	Measured bool         `json:"-"`               // a bound on a measurement, not a guarantee

	Spread *measure.Spread `json:"spread,omitempty"` // of a measurement over several rounds
}

// Part is a piece of what was observed, as short as its outcome allows.
type Part struct {
	Text    string
	Outcome trial.Outcome
}

// Observed is what came out in few words. What did not come out as predicted is
// said in full and first; what another part has reported already is left out.
func (r ClaimRow) Observed() []Part {
	if len(r.Rounds) > 0 {
		return r.observedOver()
	}
	var bad, good []Part
	printed := func(text string) bool {
		wording := func(p Part) bool { return strings.Contains(p.Text, text) }
		return text == "" || slices.ContainsFunc(bad, wording) || slices.ContainsFunc(good, wording)
	}
	for _, l := range r.Lines {
		if l.Outcome != trial.Confirmed {
			text := l.Observed
			if l.Measured {
				text = cmp.Or(l.Brief, text)
			}
			if !printed(text) {
				bad = append(bad, Part{text, l.Outcome})
			}
		}
	}
	for i, l := range r.Lines {
		if l.Outcome != trial.Confirmed {
			continue
		}
		clauses := strings.Split(l.shortly(r.Lines[:i]), ", ")
		if len(clauses) > 1 {
			clauses = slices.DeleteFunc(clauses, printed)
		}
		if text := strings.Join(clauses, ", "); !printed(text) {
			good = append(good, Part{text, l.Outcome})
		}
	}
	// A run that proves nothing reports it before what it saw.
	if r.Why != "" && r.Outcome != trial.Confirmed && len(bad) == 0 {
		bad = []Part{{r.Why, r.Outcome}}
	}
	return append(bad, good...)
}

// observedOver is what came out over several rounds: how often it was as predicted,
// what was otherwise in the worst of them, and what was measured.
func (r ClaimRow) observedOver() []Part {
	parts := []Part{{r.Tally(), r.Outcome}}
	add := func(text string, o trial.Outcome) {
		if p := (Part{text, o}); text != "" && !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	for _, l := range r.Lines {
		if l.Outcome != trial.Confirmed {
			add(l.Brief, l.Outcome)
		}
	}
	if r.Outcome != trial.Confirmed && len(parts) == 1 {
		add(r.Why, r.Outcome)
	}
	for _, l := range r.Lines {
		if l.Outcome == trial.Confirmed && l.Measured {
			add(l.Brief, l.Outcome)
		}
	}
	return parts
}

// shortly is what was observed in few words, without what one of the lines before it has
// in common with it.
func (l Line) shortly(before []Line) string {
	for _, b := range before {
		if l.Count != nil && b.Count != nil && b.Outcome == trial.Confirmed {
			if text, shorter := l.Count.After(*b.Count); shorter {
				return text
			}
		}
	}
	return cmp.Or(l.Brief, l.Observed)
}

// Only is the contender of all the claim's trials, "" when there are several.
func (c Claim) Only() string {
	names := lists.Distinct(lists.Collect(c.Rows(), func(r ClaimRow) string { return r.Contender }))
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// Predicted is what was predicted in few words. Of a contender that was predicted
// all of what the last one said in full above it was, only the rest is said: "as
// above, rejoins of analytics ≤ 0".
func (c Claim) Predicted(r ClaimRow) string {
	var above []string
	for _, row := range c.Rows() {
		if row.Contender != r.Contender {
			continue
		}
		rest := slices.DeleteFunc(wording(row), func(s string) bool { return slices.Contains(above, s) })
		repeats := len(above) > 2 && len(rest)+len(above) == len(row.Lines)
		switch {
		case row.Trial == r.Trial && repeats:
			return strings.Join(append([]string{"as above"}, rest...), ", ")
		case row.Trial == r.Trial:
			return r.Predicted()
		case !repeats:
			above = wording(row)
		}
	}
	return r.Predicted()
}

// Predicted is what was predicted in few words.
func (r ClaimRow) Predicted() string { return strings.Join(wording(r), ", ") }

func wording(r ClaimRow) []string {
	return lists.Collect(r.Lines, func(l Line) string { return l.Says })
}

// Summarize reports how the run went. Claims come in the order of their first
// trial, scenarios without a claim last.
func Summarize(run Run) Summary {
	s := Summary{Claims: []Claim{}}
	others, planted := TakeApart(run.Trials)
	for _, rounds := range trial.Repeated(others) {
		t := rounds[0]
		i := slices.IndexFunc(s.Claims, func(c Claim) bool { return c.ID == t.Claim })
		if i < 0 {
			i = len(s.Claims)
			s.Claims = append(s.Claims, Claim{ID: t.Claim, Title: claimTitle(run, t)})
		}
		c := &s.Claims[i]
		title := t.Heading()
		k := slices.IndexFunc(c.Scenarios, func(s Scenario) bool { return s.Title == title && s.World == t.World })
		if k < 0 {
			k = len(c.Scenarios)
			c.Scenarios = append(c.Scenarios, Scenario{Title: title, World: t.World})
		}
		c.Scenarios[k].Rows = append(c.Scenarios[k].Rows, RowOf(rounds))
	}
	s.Defects = defects(planted, run.Sabotage)
	slices.SortStableFunc(s.Claims, func(a, b Claim) int {
		return cmp.Compare(btoi(a.ID == ""), btoi(b.ID == ""))
	})
	for i := range s.Claims {
		c := &s.Claims[i]
		c.Outcome, c.Known = Combine(c.Rows())
		for k := range c.Scenarios {
			s := &c.Scenarios[k]
			s.Outcome, s.Known = Combine(s.Rows)
		}
	}
	s.Headline = headline(s.Claims, s.Defects)
	if absent := countAbsent(run.Errored); absent != "" {
		s.Headline += "; " + absent
	}
	s.Green, s.Note = run.ExitCode() == trial.ExitAsPredicted, note(run)
	return s
}

// Combine is the worst outcome of the rows, and whether it is a refutation of
// nothing but what is known to be refuted.
func Combine(rows []ClaimRow) (trial.Outcome, bool) {
	outcome := trial.WorstOutcome(lists.Collect(rows, func(r ClaimRow) trial.Outcome { return r.Outcome })...)
	return outcome, outcome == trial.Refuted && !slices.ContainsFunc(rows, func(r ClaimRow) bool {
		return r.Outcome != trial.Confirmed && !r.Known
	})
}

// Rows are the rows of all the claim's scenarios.
func (c Claim) Rows() []ClaimRow {
	var rows []ClaimRow
	for _, s := range c.Scenarios {
		rows = append(rows, s.Rows...)
	}
	return rows
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func claimTitle(run Run, t *trial.Trial) string {
	switch title := run.Claims[t.Claim]; {
	case t.Claim == "":
		return "Scenarios that settle no claim"
	case title != "":
		return title
	}
	return cmp.Or(t.Title, t.Spec, t.Claim)
}

// RowOf is the row of a trial, and of all its rounds where it was repeated.
func RowOf(rounds trial.Rounds) ClaimRow {
	t := rounds.Worst()
	row := rowOf(t)
	row.Red = rounds.AsPredicted() < len(rounds)
	if len(rounds) == 1 {
		return row
	}
	for _, t := range rounds {
		row.Rounds = append(row.Rounds, Round{t.Round, t.ID, trial.WorstOutcome(t.Outcome)})
	}
	row.Outcome = trial.WorstOutcome(lists.Collect(row.Rounds, func(r Round) trial.Outcome { return r.Outcome })...)
	row.Known = row.Outcome == trial.Refuted && !row.Red
	row.Why = InRound(t, row.Why)
	measured := lists.Collect(rounds, func(t *trial.Trial) measure.Measurements { return t.Measurements })
	for i, l := range row.Lines {
		if i < len(t.Predictions) {
			row.Lines[i] = lineOver(l, t.Predictions[i], rounds, measured)
		}
	}
	return row
}

// InRound is the text with the round that it is of.
func InRound(t *trial.Trial, text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("round %d: %s", t.Round, text)
}

// lineOver is what became of a prediction in all rounds. Of those in which it was
// otherwise it shows the first of the worst.
func lineOver(l Line, p trial.Predicted, rounds trial.Rounds, measured []measure.Measurements) Line {
	var outcomes []trial.Outcome
	var worst *trial.Trial
	for _, t := range rounds {
		for _, q := range t.Predictions {
			if q.Unpredicted != p.Unpredicted || !reflect.DeepEqual(q.Prediction, p.Prediction) {
				continue
			}
			o := cmp.Or(q.Outcome, trial.Undecided)
			outcomes = append(outcomes, o)
			if worst == nil || trial.WorstOutcome(o, l.Outcome) != l.Outcome {
				worst, l.Outcome, l.Observed, l.Brief = t, o, q.Observed, cmp.Or(q.Brief, q.Observed)
			}
			break
		}
	}
	if l.Measured {
		spread := measure.Over(p.Measurement, measured)
		l.Spread = &spread
		l.Observed, l.Brief = spread.String()+", "+Tally(outcomes), measure.Lead(p.Measurement)+" "+spread.String()
		return l
	}
	seen := InRound(worst, l.Observed)
	l.Observed, l.Brief = Tally(outcomes), InRound(worst, l.Brief)
	if l.Outcome != trial.Confirmed && seen != "" {
		l.Observed += "; " + seen
	}
	return l
}

// rowOf is the row of one performance.
func rowOf(t *trial.Trial) ClaimRow {
	row := ClaimRow{Trial: t.ID, Contender: t.Contender, Why: t.Why, Outcome: trial.WorstOutcome(t.Outcome), Known: t.KnownRefuted()}
	for _, p := range t.Predictions {
		line := Line{Predicted: p.Sentence(), Observed: p.Observed, Outcome: cmp.Or(p.Outcome, trial.Undecided), Brief: p.Brief, Count: p.Count, Measured: p.Measurement != ""}
		line.Says = line.Predicted
		if p.Guarantee != "" && p.Guarantee != breakwater.Others {
			g, _ := breakwater.GuaranteeOf(p.Guarantee)
			line.Says = g.Phrase(cmp.Or(p.Expect, breakwater.ToHold))
		}
		line.Says = strings.Replace(line.Says, " during the fault", "", 1)
		row.Lines = append(row.Lines, line)
	}
	if len(row.Lines) == 0 {
		row.Lines = []Line{{Predicted: "nothing", Says: "nothing", Outcome: row.Outcome}}
	}
	// A trial in which nothing was observed reports why.
	if !slices.ContainsFunc(row.Lines, func(l Line) bool { return l.Observed != "" }) {
		row.Lines[0].Observed = t.Why
	}
	return row
}

func headline(claims []Claim, planted []Defect) string {
	of := DefectHeadline(planted)
	switch {
	case len(claims) == 0 && of == "":
		return "No trial was performed"
	case len(claims) == 0:
		return of
	case of != "":
		return headline(claims, nil) + "; " + strings.ToLower(of[:1]) + of[1:]
	}
	noun, outcomes := "claim", []trial.Outcome{}
	for _, c := range claims {
		if c.ID != "" {
			outcomes = append(outcomes, c.Outcome)
		}
	}
	if len(outcomes) == 0 {
		noun, outcomes = "scenario", lists.Collect(claims[0].Rows(), func(r ClaimRow) trial.Outcome { return r.Outcome })
	}
	// "3 claims confirmed, 1 refuted", or "All 5 claims confirmed".
	return tally(outcomes, "not judged: the kit failed", func(n int) string {
		if n == len(outcomes) && n > 1 {
			return fmt.Sprintf("All %d %s", n, quantity.Plural(n, noun))
		}
		return fmt.Sprintf("%d %s", n, quantity.Plural(n, noun))
	})
}

// note is one sentence on how many trials came out as predicted, and on the specs that
// have none.
func note(run Run) string {
	red, knowns := 0, 0
	for _, t := range run.Trials {
		switch {
		case !t.AsPredicted():
			red++
		case t.KnownRefuted():
			knowns++
		}
	}
	absent := ""
	switch n := len(run.Errored); n {
	case 0:
	case 1:
		absent = " 1 spec is red."
	default:
		absent = fmt.Sprintf(" %d specs are red.", n)
	}
	if n := len(run.Skipped); n > 0 {
		absent += fmt.Sprintf(" %d %s skipped.", n, quantity.Plural(n, "spec"))
	}
	switch n := len(run.Trials); {
	case n == 0 && len(run.Sabotage) > 0:
		return "No trial was kept: each was one of a sabotaged kit." + absent
	case n == 0:
		return "There is nothing to judge." + absent
	case red == 0 && knowns == 0:
		return fmt.Sprintf("%s came out as predicted.", every(n)) + absent
	case red == 0:
		return fmt.Sprintf("%s came out as predicted, %d of them refuted as is known.", every(n), knowns) + absent
	default:
		return fmt.Sprintf("%d of %d %s did not come out as predicted.", red, n, quantity.Plural(n, "trial")) + absent
	}
}

func every(n int) string {
	if n == 1 {
		return "The one trial"
	}
	return fmt.Sprintf("All %d trials", n)
}
