package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// view is what the template reads.
type view struct {
	report.Run
	Policy      template.HTML
	Style       template.CSS
	Script      template.JS
	Summary     report.Summary
	Meta        []string
	Worlds      int
	Large       bool              // more scenarios than are read one after the other
	Anchors     map[string]string // section of each trial
	Red         []redTrial        // not as predicted
	MoreRed     int
	Experiments []experiment
	Planted     []experiment // with a planted defect
	Repeated    bool         // some trial has several rounds
	Matrices    []matrix
	Exercised   []exercisedRow
	Environs    []environment

	Curves    []figure // measurements over what was changed from trial to trial
	Compared  []string // contenders that were put to several claims
	Standings []standing

	PlantedMatrices  []matrix
	PlantedExercised []exercisedRow
}

// large is how many scenarios are shown with all that was found. Of more of them
// only those that are not as predicted are; the others are folded.
const large = 8

// redTrial leads from the top of the page to a trial that is not as predicted.
type redTrial struct {
	Anchor, Title, Contender string
	Outcome                  trial.Outcome
	Tally                    string // of several rounds
}

// mostRed is how many of them are listed.
const mostRed = 12

func newView(run report.Run) view {
	whole := run.Trials
	run.Trials = lists.Collect(whole, bounded)
	v := view{Run: run, Policy: template.HTML(template.HTMLEscapeString(policy())), Style: template.CSS(style), Script: template.JS(script), Summary: report.Summarize(run)}
	v.Meta = runMeta(run)
	classes := map[string]string{}
	for _, t := range run.Trials {
		if _, ok := classes[t.Contender]; !ok {
			classes[t.Contender] = fmt.Sprintf("c%d", len(classes)%colours)
		}
	}
	type group struct{ claim, title, world string }
	groupOf := func(t *trial.Trial) group { return group{t.Claim, t.Heading(), t.World} }
	others, planted := report.TakeApart(run.Trials)
	order := lists.Group(others, groupOf)
	v.Large = len(order) > large
	worlds := lists.Distinct(lists.Collect(run.Trials, func(t *trial.Trial) string { return t.World }))
	v.Anchors = map[string]string{}
	for n, g := range append(order, lists.Group(planted, groupOf)...) {
		e := newExperiment(fmt.Sprintf("x%d", n+1), g.Key.title, g.All, classes, len(worlds) > 1)
		e.Replay = run.ReplayOf(lists.Collect(e.Contenders, func(c contender) *trial.Trial { return c.T })...)
		e.Planted = n >= len(order)
		e.Folded, e.Up = e.Planted || v.Large && len(e.Boxes) == 0, v.Large && !e.Planted
		for _, c := range e.Contenders {
			for _, t := range c.Rounds {
				v.Anchors[t.ID] = e.ID
			}
			if t := whole[slices.Index(run.Trials, c.T)]; len(beyond(t)) > 0 {
				e.leave(strings.Join(beyond(t), ", ")+" of "+c.Label, "the saved trial has them")
			}
			v.Repeated = v.Repeated || len(c.Rounds) > 1
			if c.Row.Red {
				v.Red = append(v.Red, redTrial{e.ID, strings.TrimSpace(e.Claim + " " + e.Title), c.T.Contender, c.Row.Outcome, c.Row.Tally()})
			}
		}
		if e.Planted {
			v.Planted = append(v.Planted, e)
		} else {
			v.Experiments = append(v.Experiments, e)
		}
	}
	for _, a := range run.Errored {
		v.Red = append(v.Red, redTrial{Anchor: "errored", Title: cmp.Or(a.Title, a.Spec), Contender: a.Contender, Outcome: a.Outcome(), Tally: string(a.How())})
	}
	if v.MoreRed = len(v.Red) - mostRed; v.MoreRed > 0 {
		v.Red = v.Red[:mostRed]
	}
	v.Worlds = len(worlds)
	for n, c := range newCurves(others, classes) {
		if f, ok := c.figure(fmt.Sprintf("curve%d", n+1), len(worlds)); ok {
			v.Curves = append(v.Curves, f)
		}
	}
	v.Compared, v.Standings = newStandings(v.Summary.Claims, v.Anchors)
	v.Matrices, v.PlantedMatrices = newMatrices(others, classes, v.Anchors), newMatrices(planted, classes, v.Anchors)
	v.Exercised, v.PlantedExercised = exercisedRows(v.Experiments), exercisedRows(v.Planted)
	v.Environs = environments(run)
	return v
}

// Brief is whether a scenario has only a line among the claims.
func (v view) Brief(s report.Scenario) bool {
	return v.Large && !slices.ContainsFunc(s.Rows, func(r report.ClaimRow) bool { return r.Red || r.Outcome != trial.Confirmed })
}

func runMeta(run report.Run) []string {
	meta := lists.Distinct(lists.Collect(run.Trials, func(t *trial.Trial) string { return t.World }))
	if len(meta) == 0 {
		meta = []string{run.World}
	}
	meta = append(meta, lists.Distinct(lists.Collect(run.Trials, func(t *trial.Trial) string { return t.Environment.Versions["kafka"] }))...)
	if n := len(run.Trials); n > 0 {
		meta = append(meta, fmt.Sprintf("%d %s", n, quantity.Plural(n, "trial")))
	}
	if n := len(lists.Distinct(lists.Collect(run.Trials, func(t *trial.Trial) string { return fmt.Sprint(t.Round) }))); n > 1 {
		meta = append(meta, fmt.Sprintf("%d rounds", n))
	}
	meta = append(meta, seeds(run.Trials))
	if !run.Started.IsZero() {
		meta = append(meta, run.Started.UTC().Format("2006-01-02 15:04")+" UTC")
	}
	if run.Took > 0 {
		meta = append(meta, quantity.Duration(run.Took))
	}
	return slices.DeleteFunc(meta, func(s string) bool { return s == "" })
}

func seeds(trials []*trial.Trial) string {
	all := lists.Distinct(lists.Collect(trials, func(t *trial.Trial) string { return fmt.Sprint(t.Seed) }))
	switch {
	case len(all) == 0:
		return ""
	case len(all) == 1:
		return "seed " + all[0]
	case len(all) <= 4:
		return "seeds " + strings.Join(all, ", ")
	}
	return fmt.Sprintf("%d seeds", len(all))
}
