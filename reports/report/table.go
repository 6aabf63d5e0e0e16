package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/breakwater-kit/breakwater/reports/printable"
)

// WriteTable writes the claims and the planted defects for a terminal.
func WriteTable(w io.Writer, run Run) error {
	summary := Summarize(run)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	print := func(format string, cells ...any) {
		for i, c := range cells {
			cells[i] = printable.Line(fmt.Sprint(c)) // or it would begin cells and rows of its own
		}
		fmt.Fprintf(t, format, cells...)
	}
	for _, c := range summary.Claims {
		print("\n%s\t%s\t\t%s\n", c.ID, c.Title, c.Outcome)
		for _, scenario := range c.Scenarios {
			print("\t%s, %s\t\t\n", scenario.Title, scenario.World)
			for _, row := range scenario.Rows {
				for _, l := range row.Lines {
					print("\t  %s: %s\t%s\t%s\n", row.Contender, l.Predicted, l.Observed, l.Outcome)
				}
			}
		}
	}
	for i, d := range summary.Defects {
		switch {
		case d.Kit && (i == 0 || !summary.Defects[i-1].Kit):
			fmt.Fprint(t, "\nDEFECTS PLANTED IN THE KIT ITSELF\twhat must not hold\tcaught after\tcaught\t\tfault\n")
		case i == 0:
			fmt.Fprint(t, "\nPLANTED DEFECTS\tguarantee named for it\tcaught after\tcaught\tright service green\tfault\n")
		}
		printed := d.Said()
		print("  %s\t%s\t%s\t%s\t%s\t%s, %s\n", d.Name, strings.Join(d.Guarantees, ", "), printed.After, printed.Caught, printed.Green, d.Fault, d.World)
	}
	for _, tr := range run.Trials {
		for _, wrong := range tr.Wrong() {
			print("\n%s\t%s\n", strings.ToUpper(string(wrong.Outcome)), tr.ID)
			for _, line := range wrong.Lines {
				print("  %s\n", line)
			}
		}
	}
	for _, a := range run.Errored {
		print("\n%s\t%s: %s\t%s\t%s\n", strings.ToUpper(string(a.How())), a.Suite, a.Spec, a.Where(), a.Why())
	}
	for _, s := range run.Skipped {
		print("\nSKIPPED\t%s\t%s\t%s\n", s.Spec, s.Where(), s.Reason)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s. %s\n", summary.Headline, summary.Note)
	return err
}
