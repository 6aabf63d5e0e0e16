package page

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/report"
)

// recoveryRow is one subject's recovery from one fault, as bars on one scale.
type recoveryRow struct {
	Contender, Class string
	Many             bool
	measure.Recovery
	Spans  []spanBar
	Extra  string
	Faults int    // that came together and have this row in common
	band   period // in which its fault was witnessed, with those that overlap it
	Rounds int    // over which it goes, 0 for one
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
	e.Quiet = strings.Join(lists.Distinct(quiet), "; ")
	if from := lists.Distinct(lists.Collect(e.Recoveries, recoveryRow.From)); len(from) == 1 {
		e.Since = from[0]
	}
	e.Recovered = strings.Join(lists.Distinct(lists.Collect(e.Recoveries, func(r recoveryRow) string { return r.Subject })), ", ")
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
	return r.Contender == other.Contender && r.band == other.band && r.Subject == other.Subject && r.Outage == other.Outage && r.FirstProgress == other.FirstProgress && r.CatchUp == other.CatchUp
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
	everybody := len(lists.Distinct(all))
	for i, f := range order {
		if who := lists.Distinct(whose[f]); len(who) < everybody {
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
		if f.Step == r.Step && (f.Step > 0 || f.Name == r.Fault) {
			row.Fault = faultLabel(f)
			for _, b := range bandsOf(c.M.Faults, c.M.End) {
				if b.from <= f.Active && f.Active <= b.to {
					row.band = b
				}
			}
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
		extra = append(extra, quantity.Count(r.ReplayDepth)+" "+quantity.Plural(int(r.ReplayDepth), "record")+" sent again")
	}
	if r.Redelivered > 0 {
		extra = append(extra, quantity.Count(r.Redelivered)+" redelivered")
	}
	row.Extra = strings.Join(extra, " · ")
	if row.Extra != "" && row.Rounds > 0 {
		row.Extra = report.InRound(c.T, row.Extra)
	}
	return row
}
