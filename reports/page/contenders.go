package page

import (
	"cmp"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// standing is one claim across those who were put to it.
type standing struct {
	ID, Title string
	Cells     []deeds // by contender
}

// deeds are what one contender did about a claim; without an outcome it was not put
// to it.
type deeds struct {
	Anchor  string
	Outcome trial.Outcome
	Known   bool
	Did     []report.Part // as predicted, or first as observed where that is otherwise
	More    int           // that are left out
}

// mostDeeds is how many of them a cell has.
const mostDeeds = 4

// newStandings sets the claims against the contenders that were put to at least
// two of them: the others were made for one scenario. There is nothing to compare
// with fewer than two.
func newStandings(claims []report.Claim, anchors map[string]string) (contenders []string, rows []standing) {
	claimsOf := map[string]int{}
	var all []string
	for _, c := range claims {
		for _, name := range lists.Distinct(lists.Collect(c.Rows(), func(r report.ClaimRow) string { return r.Contender })) {
			claimsOf[name]++
			all = append(all, name)
		}
	}
	contenders = slices.DeleteFunc(lists.Distinct(all), func(name string) bool { return claimsOf[name] < 2 })
	if len(contenders) < 2 {
		return nil, nil
	}
	for _, c := range claims {
		s := standing{ID: c.ID, Title: c.Title}
		put := false
		for _, name := range contenders {
			cell := standOf(slices.DeleteFunc(c.Rows(), func(r report.ClaimRow) bool { return r.Contender != name }), anchors)
			put = put || cell.Outcome != ""
			s.Cells = append(s.Cells, cell)
		}
		if put {
			rows = append(rows, s)
		}
	}
	return contenders, rows
}

func standOf(rows []report.ClaimRow, anchors map[string]string) (s deeds) {
	if len(rows) == 0 {
		return s
	}
	s.Outcome, s.Known = report.Combine(rows)
	worst := slices.IndexFunc(rows, func(r report.ClaimRow) bool { return r.Outcome == s.Outcome })
	s.Anchor = anchors[rows[max(worst, 0)].Trial]
	var bad, good []report.Part
	for _, r := range rows {
		for _, l := range r.Lines {
			if l.Outcome == trial.Confirmed {
				good = append(good, report.Part{Text: l.Says, Outcome: l.Outcome})
			} else {
				bad = append(bad, report.Part{Text: cmp.Or(l.Brief, l.Observed, string(l.Outcome)), Outcome: l.Outcome})
			}
		}
	}
	s.Did = lists.Distinct(slices.Concat(bad, good))
	if s.More = len(s.Did) - mostDeeds; s.More > 0 {
		s.Did = s.Did[:mostDeeds]
	}
	return s
}
