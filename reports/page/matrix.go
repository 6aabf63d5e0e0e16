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
	for _, world := range lists.Distinct(lists.Collect(trials, func(t *trial.Trial) string { return t.World })) {
		var judged []*trial.Trial
		for _, t := range trials {
			if t.World == world && len(t.Verdicts) > 0 {
				judged = append(judged, t)
			}
		}
		if len(judged) == 0 {
			continue
		}
		m := matrix{World: world, Guarantees: asked(judged)}
		for _, name := range lists.Distinct(lists.Collect(judged, faultsOf)) {
			f := matrixFault{Name: name}
			of := map[string][]*trial.Trial{} // by contender
			var contenders []string
			for _, t := range judged {
				if faultsOf(t) == name {
					contenders = append(contenders, t.Contender)
					of[t.Contender] = append(of[t.Contender], t)
				}
			}
			for _, c := range lists.Distinct(contenders) {
				f.Section = cmp.Or(f.Section, anchors[of[c][0].ID])
				f.Rows = append(f.Rows, matrixRow{cmp.Or(c, "system"), classes[c], worstOf(of[c], m.Guarantees)})
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

// exercisedColumns head the cells of an exercisedRow.
var exercisedColumns = []string{"Scheduled", "Sent", "Late by", "Ok", "Failed", "Unknown", "Faults seen", "Incarnations", "Redelivered", "Effects", "Events"}

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
func exercisedCells(rounds []measure.Measurements) [][2]string {
	over := func(unit string, of func(measure.Exercised) float64) [2]string {
		number, within, _ := strings.Cut(measure.SpreadOf(lists.Collect(rounds, func(m measure.Measurements) measure.Value {
			return measure.Value{Value: of(m.Exercised), Unit: unit, N: 1}
		})...).Range(), " (")
		return [2]string{number, strings.NewReplacer(")", "", " to ", "\u00a0to ", " ", "\u00a0").Replace(within)} // broken after "to" only
	}
	count := func(of func(measure.Exercised) int) [2]string {
		return over("count", func(x measure.Exercised) float64 { return float64(of(x)) })
	}
	seen, faults := count(func(x measure.Exercised) int { return x.Witnessed }), count(func(x measure.Exercised) int { return x.Faults })
	seen[0] += " of " + faults[0]
	return [][2]string{
		count(func(x measure.Exercised) int { return x.Scheduled }),
		count(func(x measure.Exercised) int { return x.Sent }),
		over("s", func(x measure.Exercised) float64 { return x.Lateness.Seconds() }),
		count(func(x measure.Exercised) int { return x.OK }),
		count(func(x measure.Exercised) int { return x.Failed }),
		count(func(x measure.Exercised) int { return x.Unknown }),
		seen,
		count(func(x measure.Exercised) int { return x.Incarnations }),
		count(func(x measure.Exercised) int { return x.Redelivered }),
		count(func(x measure.Exercised) int { return x.Effects }),
		count(func(x measure.Exercised) int { return x.Events }),
	}
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
	said := slices.Clone(a.Around)
	for i := range said {
		if in, at, ok := strings.Cut(said[i], "@"); ok && i > 0 && strings.HasPrefix(said[0], in+"@") {
			said[i] = at
		}
	}
	return clip(strings.Join(said, " · "), longestText)
}

func few(s []string) string {
	const most = 8
	if len(s) > most {
		return strings.Join(s[:most], ", ") + fmt.Sprintf(" and %d more", len(s)-most)
	}
	return strings.Join(s, ", ")
}
