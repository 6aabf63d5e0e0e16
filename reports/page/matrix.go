package page

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// matrix is fault × contender down, guarantee across, for one world: there may be
// many faults, and the guarantees are few.
type matrix struct {
	World      string
	Guarantees []string
	Faults     []matrixFault
}

// matrixFault is what was done to a system, with a row for each contender.
type matrixFault struct {
	Name    string
	Section string // where the first of its trials is shown
	Rows    []matrixRow
}

type matrixRow struct {
	Contender, Class string
	Cells            []matrixCell
}

type matrixCell struct {
	Guarantee string
	Status    check.Status // "": not run
	Why       string
}

// Glyph is the cell's sign; colour only repeats it.
func (c matrixCell) Glyph() string { return glyph(c.Status) }

func glyph(s check.Status) string {
	switch s {
	case check.Holds:
		return "✓"
	case check.Broken:
		return "✗"
	case check.NotAsked:
		return "–"
	case "":
		return ""
	}
	return "?"
}

// faultsOf names what a trial did to its system, whatever the order: "cut
// analytics/1→kafka + kill analytics/1, email/1".
func faultsOf(t *trial.Trial) string {
	targets := map[string][]string{}
	for _, f := range t.Measurements.Faults {
		kind, target := string(f.Fault.Kind), f.Fault.Target()
		if kind == "" || target == "" {
			kind, target = faultLabel(f), ""
		}
		targets[kind] = append(targets[kind], target)
	}
	if len(targets) == 0 {
		return "no fault"
	}
	var names []string
	for _, kind := range slices.Sorted(maps.Keys(targets)) {
		slices.Sort(targets[kind])
		names = append(names, strings.TrimSpace(kind+" "+strings.Join(lists.Distinct(targets[kind]), ", ")))
	}
	return strings.Join(names, " + ")
}

func newMatrices(trials []*trial.Trial, classes, anchors map[string]string) []matrix {
	var out []matrix
	for _, in := range lists.Group(trials, func(t *trial.Trial) string { return t.World }) {
		judged := slices.DeleteFunc(in.All, func(t *trial.Trial) bool { return len(t.Verdicts) == 0 })
		if len(judged) == 0 {
			continue
		}
		m := matrix{World: in.Key, Guarantees: asked(judged)}
		for _, under := range lists.Group(judged, faultsOf) {
			f := matrixFault{Name: under.Key}
			for _, of := range lists.Group(under.All, func(t *trial.Trial) string { return t.Contender }) {
				f.Section = cmp.Or(f.Section, anchors[of.All[0].ID])
				f.Rows = append(f.Rows, matrixRow{cmp.Or(of.Key, "system"), classes[of.Key], worstOf(of.All, m.Guarantees)})
			}
			m.Faults = append(m.Faults, f)
		}
		out = append(out, m)
	}
	return out
}

// asked are the guarantees that anybody was judged by, in the order of their declarations,
// whichever trial comes first; what is not in it last.
func asked(trials []*trial.Trial) []string {
	var guarantees []string
	for _, t := range trials {
		for _, v := range t.Verdicts {
			if v.Status != check.NotAsked {
				guarantees = append(guarantees, v.Guarantee)
			}
		}
	}
	known := breakwater.Guarantees()
	guarantees = lists.Distinct(guarantees)
	place := func(name string) int {
		if i := slices.IndexFunc(known, func(g breakwater.Guarantee) bool { return g.Name == name }); i >= 0 {
			return i
		}
		return len(known)
	}
	slices.SortStableFunc(guarantees, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return guarantees
}

// worstOf judges a row: several trials of one contender under one fault count as
// their worst.
func worstOf(trials []*trial.Trial, guarantees []string) []matrixCell {
	var cells []matrixCell
	for _, g := range guarantees {
		cell := matrixCell{Guarantee: g}
		for _, t := range trials {
			for _, v := range t.Verdicts {
				if v.Guarantee == g && (cell.Status == "" || check.Worst(cell.Status, v.Status) != cell.Status) {
					cell.Status, cell.Why = v.Status, v.Why
				}
			}
		}
		cells = append(cells, cell)
	}
	return cells
}

type exercisedRow struct {
	Experiment, Section, Contender, Class string
	Span                                  int         // rows of the experiment, on its first; else 0
	Cells                                 [][2]string // and over which range, where rounds differ
}

// exercisedColumns are the heads of the cells of an exercisedRow, and what they hold.
var exercisedColumns = []struct {
	Head, unit string
	of         func(measure.Exercised) float64
}{
	{"Scheduled", "count", func(x measure.Exercised) float64 { return float64(x.Scheduled) }},
	{"Sent", "count", func(x measure.Exercised) float64 { return float64(x.Sent) }},
	{"Late by", "s", func(x measure.Exercised) float64 { return x.Lateness.Seconds() }},
	{"Ok", "count", func(x measure.Exercised) float64 { return float64(x.OK) }},
	{"Failed", "count", func(x measure.Exercised) float64 { return float64(x.Failed) }},
	{"Unknown", "count", func(x measure.Exercised) float64 { return float64(x.Unknown) }},
	{"Faults seen", "count", func(x measure.Exercised) float64 { return float64(x.Witnessed) }},
	{"Incarnations", "count", func(x measure.Exercised) float64 { return float64(x.Incarnations) }},
	{"Redelivered", "count", func(x measure.Exercised) float64 { return float64(x.Redelivered) }},
	{"Effects", "count", func(x measure.Exercised) float64 { return float64(x.Effects) }},
	{"Events", "count", func(x measure.Exercised) float64 { return float64(x.Events) }},
}

func exercisedRows(experiments []experiment) []exercisedRow {
	var rows []exercisedRow
	for _, e := range experiments {
		for i, c := range e.Contenders {
			span := 0
			if i == 0 {
				span = len(e.Contenders)
			}
			rows = append(rows, exercisedRow{
				Span:       span,
				Experiment: strings.TrimSpace(e.Claim + " " + e.Title), Section: e.ID, Contender: c.Many(), Class: c.Class,
				Cells: exercisedCells(c.measured()),
			})
		}
	}
	return rows
}

// exercisedCells are what the trial did, in all of its rounds.
func exercisedCells(rounds []measure.Measurements) (cells [][2]string) {
	over := func(unit string, of func(measure.Exercised) float64) (number, within string) {
		number, within, _ = strings.Cut(measure.SpreadOf(lists.Collect(rounds, func(m measure.Measurements) measure.Value {
			return measure.Value{Value: of(m.Exercised), Unit: unit, N: 1}
		})...).Range(), " (")
		return number, strings.NewReplacer(")", "", " to ", "\u00a0to ", " ", "\u00a0").Replace(within) // broken after "to" only
	}
	for _, c := range exercisedColumns {
		number, within := over(c.unit, c.of)
		if c.Head == "Faults seen" {
			faults, _ := over(c.unit, func(x measure.Exercised) float64 { return float64(x.Faults) })
			number += " of " + faults
		}
		cells = append(cells, [2]string{number, within})
	}
	return cells
}

// environment is what a set of trials ran on.
type environment struct {
	Trials []string
	trial.Environment
	Seeds string
}

// Pairs lists a map in the order of its keys.
func pairs(m map[string]string) [][2]string {
	var out [][2]string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, [2]string{k, m[k]})
	}
	return out
}

// environments groups trials that ran on the same: settings and versions that one
// of them has and the other does not are no difference, for a contender without a
// cache has no setting of one.
func environments(run report.Run) []environment {
	var out []environment
	var members [][]*trial.Trial
	for _, t := range run.Trials {
		i := slices.IndexFunc(out, func(e environment) bool { return sameEnvironment(e.Environment, t.Environment) })
		if i < 0 {
			i = len(out)
			out = append(out, environment{Environment: trial.Environment{World: t.Environment.World, Machine: t.Environment.Machine, Clock: t.Environment.Clock,
				Versions: map[string]string{}, Images: map[string]string{}, Settings: map[string]string{}}})
			members = append(members, nil)
		}
		maps.Copy(out[i].Versions, t.Environment.Versions)
		maps.Copy(out[i].Images, t.Environment.Images)
		maps.Copy(out[i].Settings, t.Environment.Settings)
		members[i] = append(members[i], t)
		out[i].Trials = append(out[i].Trials, t.ID)
	}
	for i := range out {
		out[i].Seeds = seeds(members[i])
	}
	return out
}

func sameEnvironment(a, b trial.Environment) bool {
	agree := func(a, b map[string]string) bool {
		for k, v := range a {
			if w, both := b[k]; both && v != w {
				return false
			}
		}
		return true
	}
	return a.World == b.World && a.Machine == b.Machine && a.Clock == b.Clock &&
		agree(a.Versions, b.Versions) && agree(a.Images, b.Images) && agree(a.Settings, b.Settings)
}

// witness is "events 18,204, 19,310 · ids u1 · user-events/2@88".
func witness(a check.Anomaly) string {
	var parts []string
	if len(a.Events) > 0 {
		numbers := lists.Collect(a.Events, quantity.Count[uint64])
		parts = append(parts, quantity.Plural(len(a.Events), "event")+" "+few(numbers))
	}
	if len(a.IDs) > 0 {
		parts = append(parts, quantity.Plural(len(a.IDs), "id")+" "+few(a.IDs))
	}
	if len(a.Offsets) > 0 {
		parts = append(parts, few(a.Offsets))
	}
	return clip(strings.Join(parts, " · "), longestText)
}

// around is what stands about the place in the log: "user-events/2@87 u7-000230 ·
// 88 u7-000231". The partition is named once, for it is the same.
func around(a check.Anomaly) string {
	printed := slices.Clone(a.Around)
	for i := range printed {
		if in, at, ok := strings.Cut(printed[i], "@"); ok && i > 0 && strings.HasPrefix(printed[0], in+"@") {
			printed[i] = at
		}
	}
	return clip(strings.Join(printed, " · "), longestText)
}

func few(s []string) string {
	const most = 8
	if len(s) > most {
		return strings.Join(s[:most], ", ") + fmt.Sprintf(" and %d more", len(s)-most)
	}
	return strings.Join(s, ", ")
}
