package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// experiment is one section: the trials that are contenders of one scenario.
type experiment struct {
	ID         string
	Claim      string
	Title      string
	Spec       string
	Meta       []string
	Replay     string
	Planted    bool // it has a defect on purpose, and is folded whole
	Folded     bool // only the essentials are open
	Up         bool // so far down that a link to the top is of use
	Outcome    trial.Outcome
	Known      bool
	Contenders []contender
	Boxes      []explanation
	Story      []figure // what the scenario is about
	More       []figure // folded: the rest
	MoreNames  string
	Faults     int      // injected, over all contenders
	Ladders    []figure // folded: of groups that nobody disturbed
	Moved      string   // who is drawn later than it was
	Tale       []string // what the incarnations in the story's ladder did
	Steps      []ladderOf
	Maps       []figure
	Spread     string // how far the failure spread, in few words
	Calm       bool   // nothing failed beyond the fault, so that the maps are folded
	Hops       []hopRow
	Recoveries []recoveryRow
	Since      string // the fault that all recoveries are from, "" for several
	Recovered  string // who recovered, in few words
	Quiet      string // subjects with nothing to recover from
	Floors     string // settings that bound the recoveries from below
	Findings   []finding
	Held       []heldRow
	Missing    string // figures with nothing to show, and why
	Shown      string // which of several rounds all this is about
	Rounds     []roundRow
	Spreads    []spreadRow
	Lives      []lifeOf // of the event that took longest to be everywhere

	over period // of all its pictures
}

// contender is one trial with its name and colour.
type contender struct {
	Label string
	Class string // c0 … c7: the same contender has the same colour in the whole page
	T     *trial.Trial
	M     *measure.Measurements

	Rounds trial.Rounds // all performances; T is the one that is shown
	Row    report.ClaimRow
}

// Many is the contender's name, with how often it was performed.
func (c contender) Many() string {
	if len(c.Rounds) > 1 {
		return fmt.Sprintf("%s × %d", c.Label, len(c.Rounds))
	}
	return c.Label
}

// measured are the measurements of all rounds.
func (c contender) measured() []measure.Measurements {
	return lists.Collect(c.Rounds, func(t *trial.Trial) measure.Measurements { return t.Measurements })
}

// Predictions are those of the trial, with what became of them in all rounds.
func (c contender) Predictions() []trial.Predicted {
	all := slices.Clone(c.T.Predictions)
	for i := range all {
		if len(c.Rounds) > 1 && i < len(c.Row.Lines) {
			all[i].Observed, all[i].Outcome = c.Row.Lines[i].Observed, c.Row.Lines[i].Outcome
		}
	}
	return all
}

const colours = 8

func newExperiment(id, title string, trials []*trial.Trial, classes map[string]string, manyWorlds bool) experiment {
	e := experiment{ID: id, Claim: trials[0].Claim, Title: title, Spec: trials[0].Spec}
	if e.Spec == e.Title {
		e.Spec = ""
	}
	round := trial.WorstRound(trials)
	var shown []*trial.Trial
	var rows []report.ClaimRow
	for _, rounds := range trial.Repeated(trials) {
		t := cmp.Or(rounds.In(round), rounds.Worst())
		c := contender{Label: cmp.Or(t.Contender, "system"), Class: classes[t.Contender], T: t, M: &t.Measurements, Rounds: rounds, Row: report.RowOf(rounds)}
		e.Contenders = append(e.Contenders, c)
		shown, rows = append(shown, t), append(rows, c.Row)
	}
	distinguish(e.Contenders)
	e.Moved = describeMoved(align(e.Contenders))
	e.Outcome, e.Known = report.Combine(rows)
	e.Meta = experimentMeta(shown, manyWorlds)
	e.gatherRounds(round)
	for _, c := range e.Contenders {
		if c.Row.Outcome != trial.Confirmed || c.Row.Red || len(c.Rounds.Worst().Accidents) > 0 {
			e.Boxes = append(e.Boxes, explain(c, len(e.Contenders) > 1))
		}
	}
	e.tellStory()
	e.mapCascade()
	e.takeRecoveryApart()
	e.judge()
	e.follow()
	return e
}

// distinguish gives trials of one contender different names: by seed, then by number.
func distinguish(cs []contender) {
	count := map[string]int{}
	for _, c := range cs {
		count[c.Label]++
	}
	used := map[string]int{}
	for i := range cs {
		if count[cs[i].Label] == 1 {
			continue
		}
		label := fmt.Sprintf("%s, seed %d", cs[i].Label, cs[i].T.Seed)
		used[label]++
		if n := used[label]; n > 1 {
			label = fmt.Sprintf("%s, no. %d", label, n)
		}
		cs[i].Label = label
	}
}

func experimentMeta(trials []*trial.Trial, manyWorlds bool) []string {
	var meta []string
	if manyWorlds {
		meta = append(meta, trials[0].World)
	}
	end, scheduled := time.Duration(0), []string{}
	for _, t := range trials {
		end = max(end, t.Measurements.End)
		scheduled = append(scheduled, quantity.Count(t.Measurements.Exercised.Scheduled)+" requests scheduled")
	}
	if end > 0 {
		meta = append(meta, quantity.Duration(end))
	}
	if s := lists.Distinct(scheduled); len(s) == 1 && s[0] != "0 requests scheduled" {
		if len(trials) > 1 {
			s[0] += " for each"
		}
		meta = append(meta, s[0])
	}
	return append(meta, seeds(trials))
}

// Outcomes is "6 confirmed, 1 refuted": what became of the predictions.
func (e experiment) Outcomes() string {
	counts := map[trial.Outcome]int{}
	for _, c := range e.Contenders {
		for _, p := range c.Predictions() {
			counts[cmp.Or(p.Outcome, trial.Undecided)]++
		}
	}
	var parts []string
	for _, o := range []trial.Outcome{trial.Confirmed, trial.Refuted, trial.Undecided, trial.Error} {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none was made")
}

// Alone is the experiment's only contender.
func (e experiment) Alone() bool { return len(e.Contenders) == 1 }
