package offline

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Show prints the life of one event.
type Show struct {
	Dir   string   `arg:"" name:"run" help:"Folder of the run: out/latest."`
	Event string   `required:"" placeholder:"ID" help:"The event's id, as verdicts name it."`
	Trial []string `placeholder:"ID" help:"Where to look. Default: all trials of the run."`
}

// Run prints the life of the event in every trial that knows it, with the records around it in
// the log. It is an error when none does.
func (c *Show) Run(k *kong.Kong) error {
	limitMemory()
	trials, err := Trials(c.Dir, c.Trial)
	if err != nil {
		return err
	}
	known := false
	run := &store.Run{Dir: c.Dir}
	for _, t := range trials {
		log, err := run.History(t)
		if damaged := (*history.DamagedError)(nil); errors.As(err, &damaged) {
			fmt.Fprintf(k.Stderr, "breakwater: %v\n", err) // what is readable is shown
		} else if err != nil {
			return err
		}
		found, err := printLife(k.Stdout, t, log, c.Event)
		if err != nil {
			return err
		}
		known = known || found
	}
	if !known {
		return fmt.Errorf("no history of %s knows the event %q; verdicts and `breakwater dump` name those that they know", c.Dir, c.Event)
	}
	return nil
}

func printLife(to io.Writer, t *trial.Trial, log history.Log, id string) (known bool, err error) {
	life := measure.LifeOf(log, id)
	if len(life) == 0 {
		return false, nil
	}
	fmt.Fprintf(to, "%s\n", t.ID)
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	first, x := life[0].At, log.Index()
	for _, m := range life {
		fmt.Fprintf(table, "  %.6f s\t+%s\t%s\t%s\tevent %d%s\n", m.At.Seconds(), quantity.Duration(m.At-first), m.Who, m.What, m.N, during(x, m))
	}
	printPlaces(table, x, id)
	return true, table.Flush()
}

// printPlaces shows what stands around each record of the id.
func printPlaces(to io.Writer, x *history.Index, id string) {
	for _, place := range slices.Concat(x.InLog.ID(id), x.Aborted.ID(id)) {
		fmt.Fprintf(to, "  around %s\n", place.In().At(place.Offset))
		for _, r := range x.Around(place.In(), place.Offset, 2) {
			mark := ""
			if r == place {
				mark = "this one"
			}
			fmt.Fprintf(to, "    %d\t%s\t%s\t\tevent %d\n", r.Offset, cmp.Or(r.ID, "no id"), mark, r.N)
		}
	}
}

// during names the faults that were active.
func during(x *history.Index, m measure.Moment) string {
	var names []string
	for e := range x.Of(history.Fault) {
		if f := e.Fault; f != nil && f.Active > 0 && f.Active <= m.At && m.At < max(f.Clear, e.End) {
			names = append(names, x.FaultName(e))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(", during %q", names)
}
