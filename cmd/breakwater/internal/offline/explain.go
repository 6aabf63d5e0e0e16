package offline

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater"
)

// Explain prints the reference of a guarantee, a fault or a measure.
type Explain struct {
	Name string `arg:"" optional:"" help:"A guarantee (no-stuck), a fault (latency) or a measure (catch-up), as reports or Go name it. Default: list all."`
}

// Run prints what goes by the name. An unknown name is an error that lists similar ones.
func (c *Explain) Run(k *kong.Kong) error {
	if c.Name == "" {
		w := tabwriter.NewWriter(k.Stdout, 0, 0, 2, ' ', 0)
		for _, r := range breakwater.References() {
			fmt.Fprintf(w, "%s\t%s\t%s\n", r.Of, r.Name, r.Usage)
		}
		return w.Flush()
	}
	found := breakwater.Explain(c.Name)
	for i, r := range found {
		if i > 0 {
			fmt.Fprintln(k.Stdout)
		}
		fmt.Fprint(k.Stdout, r.Text())
	}
	if len(found) > 0 {
		return nil
	}
	var similar []string
	for _, r := range breakwater.References() {
		if strings.Contains(r.Name, c.Name) || strings.Contains(c.Name, r.Name) {
			similar = append(similar, r.Name)
		}
	}
	if len(similar) > 0 {
		return fmt.Errorf("there is no guarantee, fault or measure %q; there is %s", c.Name, strings.Join(similar, ", "))
	}
	return fmt.Errorf("there is no guarantee, fault or measure %q; `breakwater explain` lists all", c.Name)
}
