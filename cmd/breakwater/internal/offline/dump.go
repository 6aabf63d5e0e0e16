package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/store"
)

// Dump prints histories as JSON lines, for tools of one's own.
type Dump struct {
	Dir   string   `arg:"" name:"run" help:"Folder of the run: out/latest."`
	Trial []string `placeholder:"ID" help:"Which of its trials. Default: all."`
	Kind  []string `placeholder:"KIND" help:"Only events of these kinds: request, commit, effect, … Default: all, after a line with the history's header."`
}

// Run prints what is readable of a damaged history before it fails.
func (c *Dump) Run(k *kong.Kong) error {
	for _, kind := range c.Kind {
		if !slices.Contains(history.Kinds(), history.Kind(kind)) {
			return fmt.Errorf("there is no kind of event %q; there are %s", kind, strings.Join(kinds(), ", "))
		}
	}
	trials, err := Trials(c.Dir, c.Trial)
	if err != nil {
		return err
	}
	var errs []error
	run := &store.Run{Dir: c.Dir}
	lines := json.NewEncoder(k.Stdout)
	lines.SetEscapeHTML(false)
	for _, t := range trials {
		err := run.Scan(t, func(h history.Header) error {
			if len(c.Kind) > 0 {
				return nil
			}
			return lines.Encode(h)
		}, func(e *history.Event) error {
			if len(c.Kind) > 0 && !slices.Contains(c.Kind, string(e.Kind)) {
				return nil
			}
			return lines.Encode(e)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.ID, err))
		}
	}
	return errors.Join(errs...)
}

func kinds() (names []string) {
	for _, k := range history.Kinds() {
		names = append(names, string(k))
	}
	return names
}
