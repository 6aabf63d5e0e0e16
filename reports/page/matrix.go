package page

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// matrix is fault × contender across, guarantee down, for one world. A matrix
// that would grow too wide for the page is split between faults.
type matrix struct {
	World  string
	Faults []matrixFault
	Rows   []matrixRow
}

type matrixFault struct {
	Name       string
	Contenders []matrixHead
}

type matrixHead struct{ Name, Class string }

type matrixRow struct {
	Guarantee string
	Cells     []matrixCell
}

type matrixCell struct {
	Status check.Status // "": not run
	Why    string
	First  bool // of its fault, for the rule between faults
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

// matrixColumns is how many columns the page has room for, and faultColumns how
// many of them the name of a fault takes at least.
const (
	matrixColumns = 24
	faultColumns  = 4
)

// faultsOf names what a trial did to its system: "kill analytics/1 + cut analytics/1→kafka".
func faultsOf(t *trial.Trial) string {
	var names []string
	for _, f := range t.Measurements.Faults {
		names = append(names, faultLabel(f))
	}
	if len(names) == 0 {
		return "no fault"
	}
	return strings.Join(distinct(names), " + ")
}

func newMatrices(trials []*trial.Trial, classes map[string]string) []matrix {
	var out []matrix
	for _, world := range distinct(collect(trials, func(t *trial.Trial) string { return t.World })) {
		var faults []string
		columns := map[string][]*trial.Trial{} // by fault
		for _, t := range trials {
			if t.World == world && len(t.Verdicts) > 0 {
				f := faultsOf(t)
				faults = append(faults, f)
				columns[f] = append(columns[f], t)
			}
		}
		m := matrix{World: world}
		var members [][]*trial.Trial
		used := 0
		flush := func() {
			if len(members) > 0 {
				m.fill(members)
				out = append(out, m)
			}
			m, members, used = matrix{World: world}, nil, 0
		}
		for _, f := range distinct(faults) {
			mf := matrixFault{Name: f}
			byContender := map[string][]*trial.Trial{}
			var names []string
			for _, t := range columns[f] {
				names = append(names, t.Contender)
				byContender[t.Contender] = append(byContender[t.Contender], t)
			}
			names = distinct(names)
			takes := max(len(names), faultColumns)
			if used+takes > matrixColumns {
				flush()
			}
			used += takes
			for _, n := range names {
				mf.Contenders = append(mf.Contenders, matrixHead{cmp.Or(n, "system"), classes[n]})
				members = append(members, byContender[n])
			}
			m.Faults = append(m.Faults, mf)
		}
		flush()
	}
	return out
}

// fill judges each column: several trials of one contender under one fault
// count as their worst.
func (m *matrix) fill(members [][]*trial.Trial) {
	var guarantees []string
	asked := map[string]bool{}
	for _, trials := range members {
		for _, t := range trials {
			for _, v := range t.Verdicts {
				guarantees = append(guarantees, v.Guarantee)
				asked[v.Guarantee] = asked[v.Guarantee] || v.Status != check.NotAsked
			}
		}
	}
	// The order of check.All, whichever trial comes first; what is not in it last.
	known := check.Names()
	guarantees = distinct(guarantees)
	place := func(name string) int {
		if i := slices.Index(known, name); i >= 0 {
			return i
		}
		return len(known)
	}
	slices.SortStableFunc(guarantees, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	first := map[int]bool{}
	n := 0
	for _, f := range m.Faults {
		first[n] = true
		n += len(f.Contenders)
	}
	for _, g := range guarantees {
		if !asked[g] {
			continue
		}
		row := matrixRow{Guarantee: g}
		for i, trials := range members {
			cell := matrixCell{First: first[i]}
			for _, t := range trials {
				for _, v := range t.Verdicts {
					if v.Guarantee != g {
						continue
					}
					if cell.Status == "" || check.Worst(cell.Status, v.Status) != cell.Status {
						cell.Status, cell.Why = v.Status, v.Why
					}
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
}

type exercisedRow struct {
	Experiment, Section, Contender, Class string
	Span                                  int // rows of the experiment, on its first; else 0
	Cells                                 []string
}

// exercisedColumns head the cells of an exercisedRow.
var exercisedColumns = []string{"Scheduled", "Sent", "Late by", "Ok", "Failed", "Unknown", "Faults seen", "Incarnations", "Redelivered", "Effects", "Events"}

func exercisedRows(experiments []experiment) []exercisedRow {
	var rows []exercisedRow
	for _, e := range experiments {
		for i, c := range e.Contenders {
			x := c.M.Exercised
			span := 0
			if i == 0 {
				span = len(e.Contenders)
			}
			rows = append(rows, exercisedRow{
				Span:       span,
				Experiment: strings.TrimSpace(e.Claim + " " + e.Title), Section: e.ID, Contender: c.Label, Class: c.Class,
				Cells: []string{
					quantity.Count(x.Scheduled), quantity.Count(x.Sent), quantity.Duration(x.Lateness), quantity.Count(x.OK), quantity.Count(x.Failed), quantity.Count(x.Unknown),
					quantity.Of(x.Witnessed, x.Faults), quantity.Count(x.Incarnations), quantity.Count(x.Redelivered), quantity.Count(x.Effects), quantity.Count(x.Events),
				}})
		}
	}
	return rows
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

// environments groups trials that ran on the same.
func environments(run Run) []environment {
	var out []environment
	var members [][]*trial.Trial
	for _, t := range run.Trials {
		i := slices.IndexFunc(out, func(e environment) bool { return sameEnvironment(e.Environment, t.Environment) })
		if i < 0 {
			i = len(out)
			out = append(out, environment{Environment: t.Environment})
			members = append(members, nil)
		}
		members[i] = append(members[i], t)
		out[i].Trials = append(out[i].Trials, t.ID)
	}
	for i := range out {
		out[i].Seeds = seeds(members[i])
	}
	return out
}

func sameEnvironment(a, b trial.Environment) bool {
	return a.World == b.World && a.Machine == b.Machine && a.Clock == b.Clock &&
		maps.Equal(a.Versions, b.Versions) && maps.Equal(a.Images, b.Images) && maps.Equal(a.Settings, b.Settings)
}

// witness is "events 18,204, 19,310 · ids u1 · user-events/2@88".
func witness(a check.Anomaly) string {
	var parts []string
	if len(a.Events) > 0 {
		numbers := collect(a.Events, func(n uint64) string { return quantity.Count(n) })
		parts = append(parts, plural(len(a.Events), "event")+" "+few(numbers))
	}
	if len(a.IDs) > 0 {
		parts = append(parts, plural(len(a.IDs), "id")+" "+few(a.IDs))
	}
	if len(a.Offsets) > 0 {
		parts = append(parts, few(a.Offsets))
	}
	return strings.Join(parts, " · ")
}

func few(s []string) string {
	const most = 8
	if len(s) > most {
		return strings.Join(s[:most], ", ") + fmt.Sprintf(" and %d more", len(s)-most)
	}
	return strings.Join(s, ", ")
}
