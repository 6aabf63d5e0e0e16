package page

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// view is what the template reads.
type view struct {
	Run
	Policy      template.HTML
	Style       template.CSS
	Script      template.JS
	Summary     Summary
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
	Row    ClaimRow
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
	return collect(c.Rounds, func(t *trial.Trial) measure.Measurements { return t.Measurements })
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

func newView(run Run) view {
	whole := run.Trials
	run.Trials = collect(whole, bounded)
	v := view{Run: run, Policy: template.HTML(template.HTMLEscapeString(policy())), Style: template.CSS(style), Script: template.JS(script), Summary: Summarize(run)}
	v.Meta = runMeta(run)
	classes := map[string]string{}
	for _, t := range run.Trials {
		if _, ok := classes[t.Contender]; !ok {
			classes[t.Contender] = fmt.Sprintf("c%d", len(classes)%colours)
		}
	}
	type group struct{ claim, title, world string }
	members := map[group][]*trial.Trial{}
	gather := func(trials []*trial.Trial) (order []group) {
		for _, t := range trials {
			g := group{t.Claim, scenarioTitle(t), t.World}
			if members[g] == nil {
				order = append(order, g)
			}
			members[g] = append(members[g], t)
		}
		return order
	}
	others, planted := takeApart(run.Trials)
	order, plantedOrder := gather(others), gather(planted)
	v.Large = len(order) > large
	worlds := distinct(collect(run.Trials, func(t *trial.Trial) string { return t.World }))
	v.Anchors = map[string]string{}
	for n, g := range append(order, plantedOrder...) {
		e := newExperiment(fmt.Sprintf("x%d", n+1), g.title, members[g], classes, len(worlds) > 1)
		e.Replay = run.replay(collect(e.Contenders, func(c contender) *trial.Trial { return c.T }))
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
	for _, a := range run.Troubled {
		v.Red = append(v.Red, redTrial{Anchor: "troubled", Title: cmp.Or(a.Title, a.Spec), Contender: a.Contender, Outcome: trial.Trouble})
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
func (v view) Brief(s Scenario) bool {
	return v.Large && !slices.ContainsFunc(s.Rows, func(r ClaimRow) bool { return r.Red || r.Outcome != trial.Confirmed })
}

// replay is the command that performs the trials again, "" when the run has none.
func (r Run) replay(trials []*trial.Trial) string {
	if r.Replay == "" || len(trials) == len(r.Trials) {
		return r.Replay
	}
	command := r.Replay
	for _, t := range trials {
		command += " --trial " + shellWord(t.ID)
	}
	return command
}

func collect[T, R any](s []T, f func(T) R) []R {
	out := make([]R, 0, len(s))
	for _, v := range s {
		out = append(out, f(v))
	}
	return out
}

func runMeta(run Run) []string {
	meta := distinct(append([]string{run.World}, collect(run.Trials, func(t *trial.Trial) string { return t.World })...))
	for _, name := range []string{"kafka"} {
		for _, version := range distinct(collect(run.Trials, func(t *trial.Trial) string { return t.Environment.Versions[name] })) {
			if version != "" {
				meta = append(meta, version)
			}
		}
	}
	if n := len(run.Trials); n > 0 {
		meta = append(meta, fmt.Sprintf("%d %s", n, plural(n, "trial")))
	}
	if n := len(distinct(collect(run.Trials, func(t *trial.Trial) string { return fmt.Sprint(t.Round) }))); n > 1 {
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
	var all []string
	for _, t := range trials {
		if s := fmt.Sprint(t.Seed); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
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

func newExperiment(id, title string, trials []*trial.Trial, classes map[string]string, manyWorlds bool) experiment {
	e := experiment{ID: id, Claim: trials[0].Claim, Title: title, Spec: trials[0].Spec}
	if e.Spec == e.Title {
		e.Spec = ""
	}
	round := trial.WorstRound(trials)
	var shown []*trial.Trial
	var rows []ClaimRow
	for _, rounds := range trial.Repeated(trials) {
		t := cmp.Or(rounds.In(round), rounds.Worst())
		c := contender{Label: cmp.Or(t.Contender, "system"), Class: classes[t.Contender], T: t, M: &t.Measurements, Rounds: rounds, Row: claimRow(rounds)}
		e.Contenders = append(e.Contenders, c)
		shown, rows = append(shown, t), append(rows, c.Row)
	}
	tellApart(e.Contenders)
	e.Moved = sayMoved(align(e.Contenders))
	e.Outcome, e.Known = combine(rows)
	e.Meta = experimentMeta(shown, manyWorlds)
	e.gatherRounds(round)
	for _, c := range e.Contenders {
		if c.Row.Outcome != trial.Confirmed || c.Row.Red {
			e.Boxes = append(e.Boxes, explain(c, len(e.Contenders) > 1))
		}
	}
	e.tell()
	e.mapCascade()
	e.takeRecoveryApart()
	e.judge()
	e.follow()
	return e
}

// tellApart gives trials of one contender different names: by seed, then by number.
func tellApart(cs []contender) {
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
	if s := distinct(scheduled); len(s) == 1 && s[0] != "0 requests scheduled" {
		if len(trials) > 1 {
			s[0] += " for each"
		}
		meta = append(meta, s[0])
	}
	return append(meta, seeds(trials))
}

type hopRow struct {
	Contender, Class string
	measure.Hop
	Fault string
}

func (h hopRow) Share() string {
	if h.Calls == 0 && h.Failed == 0 {
		return ""
	}
	return quantity.Percent(float64(h.Failed) / float64(max(h.Calls, h.Failed)))
}

func (h hopRow) First() string {
	if h.Failed == 0 {
		return ""
	}
	return "+" + quantity.Duration(h.FirstFailure)
}

// mapCascade draws one map for each contender whose calls were seen while a
// fault was active.
func (e *experiment) mapCascade() {
	for n, c := range e.Contenders {
		m := newCascade(c.M.Hops, c.M.Faults)
		if len(c.M.Faults) == 0 {
			continue
		}
		d, ok := m.drawing(fmt.Sprintf("%s-m%d", e.ID, n+1), "Cascade map of "+c.Label, m.describe())
		if !ok {
			continue
		}
		e.Maps = append(e.Maps, figure{Caption: c.Label, Fact: blast(c), Pics: []drawing{d}, Keys: []key{{c.Class, ""}}})
		for _, h := range c.M.Hops {
			e.Hops = append(e.Hops, hopRow{Contender: c.Label, Class: c.Class, Hop: h, Fault: edgeFault(h, c.M.Faults)})
		}
	}
	e.Calm = !slices.ContainsFunc(e.Hops, func(h hopRow) bool { return failedShare(h.Hop) >= slight && h.Fault == "" })
	e.Spread = e.spread()
	if len(e.Maps) == 0 {
		why := "no call was seen while a fault was active"
		if e.Faults == 0 {
			why = "no fault was injected"
		}
		e.leave("cascade map", why)
	}
}

// spread says how far the failure spread for whom: "spread to registration
// (sync-sequential, sync-fanout); spread to no other service (event)".
func (e *experiment) spread() string {
	var says []string
	whose := map[string][]string{}
	for _, c := range e.Contenders {
		if len(c.M.Breaches) == 0 {
			continue
		}
		says, whose[blast(c)] = append(says, blast(c)), append(whose[blast(c)], c.Label)
	}
	says = distinct(says)
	if !e.Alone() {
		for i, s := range says {
			says[i] = s + " (" + strings.Join(whose[s], ", ") + ")"
		}
	}
	return strings.Join(says, "; ")
}

// blast says how far the failure spread, beyond what was broken.
func blast(c contender) string {
	var hit []string
	for _, b := range c.M.Breaches {
		if b.Breached && !b.Faulted {
			hit = append(hit, b.Service)
		}
	}
	if len(hit) == 0 {
		return "spread to no other service"
	}
	return "spread to " + strings.Join(hit, ", ")
}

// recoveryRow is one subject's recovery from one fault, as bars on one scale.
type recoveryRow struct {
	Contender, Class string
	Many             bool
	measure.Recovery
	Spans  []spanBar
	Extra  string
	Faults int // that came together and have this row in common
	Rounds int // over which it goes, 0 for one
}

// From is the fault that one recovered from.
func (r recoveryRow) From() string {
	if r.Faults > 1 {
		return fmt.Sprintf("%d faults at once", r.Faults)
	}
	return r.Fault
}

// spanBar is one span with the length of its bar.
type spanBar struct {
	Name  string
	Class string
	Text  string
	Width px // of 100
	Open  bool
	Ideal px // place of the ideal catch-up, 0 for none
	None  bool

	From, To px // of the minimum and the maximum over several rounds
}

// Fringe is where the pieces of an open end stand.
func (b spanBar) Fringe() []px {
	return []px{max(b.Width-10, 0), max(b.Width-6, 2), max(b.Width-2, 4)}
}

func (e *experiment) takeRecoveryApart() {
	longest := time.Duration(0)
	for _, c := range e.Contenders {
		for _, r := range c.M.Recoveries {
			over := c.recoveredOver(r)
			if over[0].N == 0 && over[3].N == 0 {
				continue
			}
			for _, s := range over {
				if s.N > 0 {
					longest = max(longest, seconds(s.Max))
				}
			}
		}
	}
	var quiet []string
	rows := 0
	for _, c := range e.Contenders {
		for _, r := range c.M.Recoveries {
			rows++
			if over := c.recoveredOver(r); over[0].N == 0 && over[3].N == 0 && len(r.Unmeasured) == 0 {
				quiet = append(quiet, quietly(c, r, over[1], len(e.Contenders) > 1))
				continue
			}
			row := recoveryOf(c, r, longest, len(e.Contenders) > 1)
			if k := slices.IndexFunc(e.Recoveries, row.repeats); k >= 0 {
				e.Recoveries[k].Faults++
				continue
			}
			e.Recoveries = append(e.Recoveries, row)
		}
	}
	e.Floors = floorsBySetting(e.Recoveries)
	if len(quiet) > 0 {
		e.Quiet = strings.Join(distinct(quiet), "; ")
	}
	if from := distinct(collect(e.Recoveries, recoveryRow.From)); len(from) == 1 {
		e.Since = from[0]
	}
	e.Recovered = strings.Join(distinct(collect(e.Recoveries, func(r recoveryRow) string { return r.Subject })), ", ")
	if rows == 0 {
		why := "nothing was measured to recover"
		if e.Faults == 0 {
			why = "no fault was injected"
		}
		e.leave("recovery", why)
	}
}

// repeats is whether the other row is the same recovery: of one subject, from
// faults that came together.
func (r recoveryRow) repeats(other recoveryRow) bool {
	return r.Contender == other.Contender && r.Subject == other.Subject && r.Outage == other.Outage && r.FirstProgress == other.FirstProgress && r.CatchUp == other.CatchUp
}

// floorsBySetting is each setting once, with whose it is where subjects differ.
func floorsBySetting(rows []recoveryRow) string {
	var order []string
	whose := map[string][]string{}
	var all []string
	for _, r := range rows {
		all = append(all, r.Subject)
		for _, f := range r.Floors {
			if whose[f] == nil {
				order = append(order, f)
			}
			whose[f] = append(whose[f], r.Subject)
		}
	}
	everybody := len(distinct(all))
	for i, f := range order {
		if who := distinct(whose[f]); len(who) < everybody {
			order[i] = f + " (" + strings.Join(who, ", ") + ")"
		}
	}
	return strings.Join(order, ", ")
}

// quietly is one untouched subject: its name and the longest gap it had anyway.
func quietly(c contender, r measure.Recovery, gap measure.Spread, many bool) string {
	var about []string
	if many {
		about = append(about, c.Label)
	}
	if gap.N > 0 {
		about = append(about, "longest gap "+overText(c, gap))
	}
	if len(about) == 0 {
		return r.Subject
	}
	return r.Subject + " (" + strings.Join(about, ", ") + ")"
}

// overText is a spread over the rounds of a contender, and of one round its number.
func overText(c contender, s measure.Spread) string {
	text := s.Range()
	if many := len(c.Rounds); many > 1 && s.N < many {
		text += fmt.Sprintf(", n %d", s.N)
	}
	return text
}

func seconds(v float64) time.Duration { return time.Duration(math.Round(v * float64(time.Second))) }

func recoveryOf(c contender, r measure.Recovery, longest time.Duration, many bool) recoveryRow {
	row := recoveryRow{Contender: c.Label, Class: c.Class, Many: many, Recovery: r, Faults: 1}
	for _, f := range c.M.Faults {
		if f.Name == r.Fault {
			row.Fault = faultLabel(f)
			break
		}
	}
	width := func(d time.Duration) px {
		if longest <= 0 || d <= 0 {
			return 0
		}
		return px(max(100*float64(d)/float64(longest), 1))
	}
	if len(c.Rounds) > 1 {
		row.Rounds = len(c.Rounds)
	}
	for i, s := range c.recoveredOver(r) {
		name := []string{"Detection", "Outage", "First progress", "Catch-up"}[i]
		b := spanBar{Name: name, Class: fmt.Sprint("s", i), Text: overText(c, s), None: s.N == 0}
		switch {
		case s.N > 0:
			b.Width, b.Open = width(seconds(s.Median)), s.AtLeast == "min" || s.AtLeast == "median"
			if s.Max > s.Min {
				b.From, b.To = width(seconds(s.Min)), width(seconds(s.Max))
			}
		case !slices.Contains(r.Unmeasured, strings.ToLower(name)):
			b.Text = "none"
		}
		if name == "Catch-up" && r.Ideal.Reached && !r.Ideal.None && s.N > 0 {
			b.Ideal = min(width(r.Ideal.Took), 100)
		}
		row.Spans = append(row.Spans, b)
	}
	var extra []string
	switch {
	case r.Ideal.None:
	case r.Ideal.Reached && r.Ideal.Took > 0:
		s := "ideal catch-up " + quantity.Duration(r.Ideal.Took)
		if r.CatchUp.Reached && !r.CatchUp.None && r.CatchUp.Took > r.Ideal.Took {
			s += fmt.Sprintf(" (took %.2g × that)", float64(r.CatchUp.Took)/float64(r.Ideal.Took))
		}
		extra = append(extra, s)
	case !r.Ideal.Reached && r.Headroom > 0:
		extra = append(extra, "ideal catch-up: never, at this rate")
	}
	if r.Headroom > 0 {
		extra = append(extra, fmt.Sprintf("replays at up to %.1f × the arrival rate", r.Headroom))
	}
	if r.ReplayDepth > 0 {
		extra = append(extra, quantity.Count(r.ReplayDepth)+" "+plural(int(r.ReplayDepth), "record")+" sent again")
	}
	if r.Redelivered > 0 {
		extra = append(extra, quantity.Count(r.Redelivered)+" redelivered")
	}
	row.Extra = strings.Join(extra, " · ")
	if row.Extra != "" && row.Rounds > 0 {
		row.Extra = inRound(c.T, row.Extra)
	}
	return row
}

// explanation says why a trial is not simply green.
type explanation struct {
	Class string // refuted, undecided, trouble
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
	case outcome == trial.Trouble:
		x.Title = subject + " was not judged" + who + ": the kit had trouble"
	case outcome == trial.Confirmed:
		x.Class = "refuted"
		x.Title = subject + who + " came out confirmed, which is not as marked"
	case known(t):
		x.Title = subject + " refuted" + who + ", as is known"
	default:
		x.Title = subject + " " + string(outcome) + who
	}
	if len(c.Rounds) > 1 {
		x.Title += fmt.Sprintf(", in round %d (%s)", t.Round, c.Row.Tally())
	}
	if len(t.Predictions) == 0 {
		x.Lines = append(x.Lines, "Nothing was predicted, so nothing could be confirmed.")
	}
	// Predictions that came out the same in the same words are told together: a run
	// that proves nothing decides none of them.
	alike := map[string][]string{}
	for _, p := range t.Predictions {
		if p.Outcome != trial.Confirmed {
			alike[p.Observed] = append(alike[p.Observed], sayPrediction(p))
		}
	}
	for _, p := range t.Predictions {
		if p.Outcome == trial.Confirmed && p.KnownRefuted == "" {
			continue
		}
		says := []string{sayPrediction(p)}
		if p.Outcome != trial.Confirmed {
			says = alike[p.Observed]
			delete(alike, p.Observed)
		}
		line := "Predicted: " + few(says) + ". "
		switch {
		case p.Outcome == trial.Confirmed:
			line += "It held, though it is marked as known to be refuted: take the mark away."
		case p.Observed == "":
			line += "Nothing was observed."
		case p.Outcome == trial.Undecided && t.Why != "" && strings.Contains(p.Observed, t.Why):
			line += "That cannot be decided."
		default:
			line += "Observed: " + strings.TrimSuffix(p.Observed, ".") + "."
		}
		if len(says) > 0 {
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
	x.Why = sentence(x.Why)
	x.Known, x.Look = distinct(x.Known), distinct(x.Look)
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

// finding is a verdict that does not simply hold.
type finding struct {
	Contender, Class string
	Many             bool
	check.Verdict
	AsPredicted bool
	Refutes     bool // a prediction
}

// Mark says whether anybody had predicted it.
func (f finding) Mark() string {
	switch {
	case f.AsPredicted:
		return "as predicted"
	case f.Refutes:
		return "not as predicted"
	}
	return "no prediction"
}

// Says is what the anomaly says beyond the verdict's own sentence.
func (f finding) Says(a check.Anomaly) string {
	if a.What == f.Why {
		return ""
	}
	return a.What
}

// fewAnomalies are listed of a verdict that surprises nobody.
const fewAnomalies = 3

// Shown are the anomalies that are listed.
func (f finding) Shown() []check.Anomaly {
	if f.Refutes {
		return f.Anomalies
	}
	return f.Anomalies[:min(len(f.Anomalies), fewAnomalies)]
}

// More is how many are not.
func (f finding) More() int { return max(f.Total, len(f.Anomalies)) - len(f.Shown()) }

// heldRow is one guarantee in one line for all contenders.
type heldRow struct {
	Guarantee string
	Cells     []heldCell
}

type heldCell struct {
	Contender, Class string
	Many             bool
	check.Verdict
}

func (e *experiment) judge() {
	many := len(e.Contenders) > 1
	rows := map[string]int{}
	for _, c := range e.Contenders {
		for _, v := range c.T.Verdicts {
			if v.Status != check.Holds && v.Status != check.NotAsked {
				f := finding{Contender: c.Label, Class: c.Class, Many: many, Verdict: v}
				for _, p := range c.T.Predictions {
					f.AsPredicted = f.AsPredicted || p.Guarantee == v.Guarantee && p.Expect == v.Status
					f.Refutes = f.Refutes || p.Guarantee == v.Guarantee && p.Expect != v.Status
				}
				e.Findings = append(e.Findings, f)
			}
			i, ok := rows[v.Guarantee]
			if !ok {
				i = len(e.Held)
				rows[v.Guarantee] = i
				e.Held = append(e.Held, heldRow{Guarantee: v.Guarantee})
			}
			e.Held[i].Cells = append(e.Held[i].Cells, heldCell{Contender: c.Label, Class: c.Class, Many: many, Verdict: v})
		}
	}
	worst := map[check.Status]int{check.Broken: 0}
	slices.SortStableFunc(e.Findings, func(a, b finding) int {
		ra, okA := worst[a.Status]
		rb, okB := worst[b.Status]
		if !okA {
			ra = 1
		}
		if !okB {
			rb = 1
		}
		return cmp.Compare(ra, rb)
	})
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
	for _, o := range []trial.Outcome{trial.Confirmed, trial.Refuted, trial.Undecided, trial.Trouble} {
		if counts[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[o], o))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none was made")
}

// Tally is "12 hold, 1 broken, 4 not asked".
func (e experiment) Tally() string {
	counts := map[check.Status]int{}
	for _, r := range e.Held {
		for _, c := range r.Cells {
			counts[c.Status]++
		}
	}
	var parts []string
	for _, s := range []struct {
		s    check.Status
		name string
	}{{check.Holds, "hold"}, {check.Broken, "broken"}, {check.Unknown, "unknown"}, {check.NotAsked, "not asked"}} {
		if n := counts[s.s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.name))
		}
	}
	return strings.Join(parts, ", ")
}

// Alone is the experiment's only contender.
func (e experiment) Alone() bool { return len(e.Contenders) == 1 }

// Logs are the log tails of red trials.
func (e experiment) Logs() []logTail {
	var out []logTail
	for _, c := range e.Contenders {
		t := c.Rounds.Worst()
		if t.AsPredicted() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(t.Logs)) {
			out = append(out, logTail{Contender: c.Label, Many: !e.Alone(), Instance: name, Text: t.Logs[name]})
		}
	}
	return out
}

type logTail struct {
	Contender string
	Many      bool
	Instance  string
	Text      string
}

// tail keeps the last n bytes, from the beginning of a line, and drops control
// characters: colours of a terminal mean nothing here.
func tail(s string, n int) string {
	if len(s) > n {
		s = s[len(s)-n:]
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		}
	}
	s = ansi.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "�"))
}
