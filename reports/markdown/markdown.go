// Package markdown renders a run short enough for the summary of a CI job: the
// verdict, the claims, the planted defects, and two lines for each trial that is
// not as predicted.
// It only formats; the page beside it has the pictures and the evidence.
package markdown

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/internal/lists"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// most is how many red trials are explained. The rest are counted.
const most = 12

// large is how many trials have a row each. Of more of them a claim that came out
// as predicted has one row.
const large = 24

// longest is how many characters of a text from outside are kept in one place.
const longest = 240

// Write renders the run to w. Path is where the page of the run is, "" to leave
// it out. It fails on a run that does not validate and with the error of w.
func Write(w io.Writer, run report.Run, path string) error {
	if err := run.Validate(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	s := report.Summarize(run)
	sign := "✗"
	if s.Green {
		sign = "✓"
	}
	fmt.Fprintf(b, "## %s %s\n\n%s\n", sign, text(s.Headline), text(s.Note))
	writeClaims(b, s)
	writeDefects(b, s)
	writeRed(b, run)
	writeAbsent(b, "Failed or could not be performed", run.Errored)
	writeAbsent(b, "Skipped", run.Skipped)
	if path != "" {
		fmt.Fprintf(b, "\nReport: %s\n", code(path))
	}
	if run.Replay != "" {
		fmt.Fprintf(b, "\nReplay: %s\n", code(run.Replay))
	}
	return b.Flush()
}

func writeClaims(b *bufio.Writer, s report.Summary) {
	if len(s.Claims) == 0 {
		return
	}
	trials := 0
	for _, c := range s.Claims {
		trials += len(c.Rows())
	}
	fmt.Fprint(b, "\n| | Claim | Contender | Predicted | Observed | |\n|---|---|---|---|---|---|\n")
	for _, c := range s.Claims {
		id, title := "**"+text(cmp.Or(c.ID, "–"))+"**", text(c.Title)
		surprising := slices.ContainsFunc(c.Rows(), func(r report.ClaimRow) bool { return r.Red || r.Outcome != trial.Confirmed })
		if trials > large && !surprising {
			fmt.Fprintf(b, "| %s | %s | %s | %s | as predicted | %s |\n", id, title, text(strings.Join(lists.Distinct(lists.Collect(c.Rows(), func(r report.ClaimRow) string { return r.Contender })), ", ")), performed(c), c.Outcome.Mark()+" "+string(c.Outcome))
			continue
		}
		if len(c.Scenarios) > 1 {
			title += ": " + text(c.Scenarios[0].Title)
		}
		for h, scenario := range c.Scenarios {
			for k, r := range scenario.Rows {
				if h > 0 && k == 0 {
					title = text(scenario.Title)
				}
				var seen []string
				for _, p := range r.Observed() {
					part := text(p.Text)
					if p.Outcome != trial.Confirmed {
						part = "**" + part + "**"
					}
					seen = append(seen, part)
				}
				outcome := r.Outcome.Mark() + " " + string(r.Outcome)
				if r.Known {
					outcome += " (known)"
				}
				fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", id, title, text(r.Contender), text(c.Predicted(r)), cmp.Or(strings.Join(seen, " · "), "–"), outcome)
				id, title = "", ""
			}
		}
	}
}

// writeDefects is the table of planted defects, those in services and those in the
// kit itself.
func writeDefects(b *bufio.Writer, s report.Summary) {
	for _, kit := range []bool{false, true} {
		rows := slices.DeleteFunc(slices.Clone(s.Defects), func(d report.Defect) bool { return d.Kit != kit })
		if len(rows) == 0 {
			continue
		}
		title, guarantee, beside := "Planted defects", "Guarantee named for it", "Right service green"
		if kit {
			title, guarantee, beside = "Defects planted in the kit itself", "What must not hold", ""
		}
		fmt.Fprintf(b, "\n### %s\n\n| | Defect | Fault | %s | Caught after | Caught | %s |\n|---|---|---|---|---|---|---|\n", title, guarantee, beside)
		for _, d := range rows {
			printed := d.Said()
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", d.Outcome().Mark(), code(d.Name), text(d.Fault), text(strings.Join(d.Guarantees, ", ")), printed.After, printed.Caught, printed.Green)
		}
	}
}

// performed is "2 scenarios, 6 trials".
func performed(c report.Claim) string {
	count := func(n int, noun string) string { return quantity.Count(n) + " " + quantity.Plural(n, noun) }
	return count(len(c.Scenarios), "scenario") + ", " + count(len(c.Rows()), "trial")
}

// writeRed explains each trial that is not as predicted in two lines: what came
// out and why, and the first witness; of several rounds those of the worst.
func writeRed(b *bufio.Writer, run report.Run) {
	var red []trial.Rounds
	for _, rounds := range trial.Repeated(run.Trials) {
		if rounds.AsPredicted() < len(rounds) {
			red = append(red, rounds)
		}
	}
	if len(red) == 0 {
		return
	}
	fmt.Fprint(b, "\n### Not as predicted\n\n")
	for i, rounds := range red {
		if i == most {
			fmt.Fprintf(b, "- and %d more, in the report\n", len(red)-most)
			break
		}
		t := rounds.Worst()
		why := text(t.Why)
		if t.Outcome == trial.Confirmed {
			why = "came out confirmed where it is marked as known to be refuted"
			if len(t.Predictions) == 0 {
				why = "nothing was predicted"
			}
		}
		often := ""
		if n := len(rounds); n > 1 {
			often = fmt.Sprintf("%s rounds, worst in round %d: ", quantity.Of(n-rounds.AsPredicted(), n), t.Round)
		}
		fmt.Fprintf(b, "- **%s** %s (%s): %s%s\n", text(cmp.Or(t.Claim, t.Suite)), text(cmp.Or(t.Title, t.Spec)), text(cmp.Or(t.Contender, t.ID)), often, cmp.Or(why, string(t.Outcome)))
		if line := witness(t); line != "" {
			fmt.Fprintf(b, "  %s\n", line)
		} else if command := run.ReplayOf(t); command != "" {
			fmt.Fprintf(b, "  %s\n", code(command))
		}
	}
}

// witness is the first anomaly of the worst verdict.
func witness(t *trial.Trial) string {
	for _, s := range []check.Status{check.Broken, check.Unknown} {
		for _, v := range t.Verdicts {
			if v.Status != s {
				continue
			}
			line := "_" + text(v.Guarantee) + " " + string(v.Status) + "_: " + text(v.Why)
			if len(v.Anomalies) == 0 {
				return line
			}
			a := v.Anomalies[0]
			line = "_" + text(v.Guarantee) + " " + string(v.Status) + "_: " + text(a.What)
			if len(a.Events) > 0 {
				line += fmt.Sprintf(" (event %s)", quantity.Count(a.Events[0]))
			}
			if a.Setting != "" {
				line += "; look at " + text(a.Setting)
			}
			return line
		}
	}
	return ""
}

func writeAbsent(b *bufio.Writer, title string, absent []report.Absent) {
	if len(absent) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n", title)
	for i, s := range absent {
		if i == most {
			fmt.Fprintf(b, "- and %d more, in the report\n", len(absent)-most)
			break
		}
		how := ""
		if s.How() != report.SpecSkipped {
			how = "**" + text(string(s.How())) + "** "
		}
		fmt.Fprintf(b, "- %s%s (%s): %s\n", how, text(cmp.Or(s.Title, s.Spec)), text(s.Where()), text(s.Why()))
	}
}

// escape takes away what Markdown and HTML would read as markup.
var escape = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "#", `\#`,
)

// mention is what some forges would notify somebody of: an @ at a word's start.
var mention = regexp.MustCompile(`(^|[^\pL\pN_])@`)

// text is s on one line, shortened and without meaning to Markdown.
func text(s string) string {
	s = printable.Line(s)
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest-1]) + "…"
	}
	return mention.ReplaceAllString(escape.Replace(s), "$1@&#8203;")
}

// code is s as a code span, whatever backticks it holds.
func code(s string) string {
	s = printable.Line(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
