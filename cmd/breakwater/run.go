package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/reports/report"

	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/local"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// RunCmd runs suites into one report.
type RunCmd struct {
	Suites []string `arg:"" optional:"" help:"Suites to run, by their folder's name. Default: all."`
	World  []string `placeholder:"NAME" help:"local or docker, or both with a comma between: one after the other, into one report. Default: that of BREAKWATER_WORLD, or local."`
	OrSkip bool     `help:"Skip, visibly, when the world cannot be had, instead of failing."`
	Focus  string   `placeholder:"REGEXP" help:"Only specs whose sentence matches."`
	Repeat int      `default:"1" placeholder:"N" help:"Perform all of it N times, into one report; stop after a round that is red."`
	Procs  int      `placeholder:"N" help:"How many specs are performed side by side, but for those that are marked Serial. Default: in the local world one more than there are processors, elsewhere half as many; up to 4."`
}

// Run builds each suite's test program and runs it here, so that a terminal is
// one for it too.
func (c *RunCmd) Run(ctx context.Context, k *kong.Kong) error {
	root, err := launch.ModuleRoot(ctx, ".")
	if err != nil {
		return err
	}
	out, err := session.Out(ctx)
	if err != nil {
		return err
	}
	if c.Repeat < 1 {
		return fmt.Errorf("--repeat %d: give a whole number from 1", c.Repeat)
	}
	if c.Procs < 0 {
		return fmt.Errorf("--procs %d: give a whole number from 1", c.Procs)
	}
	if _, err := regexp.Compile(c.Focus); err != nil {
		return fmt.Errorf("--focus %q is no regular expression: %w", c.Focus, err)
	}
	ctx, stop := session.Attend(ctx)
	defer stop()
	scratch, err := launch.NewScratch("suites")
	if err != nil {
		return err
	}
	defer scratch.Remove() //nolint:errcheck // what stays is swept by the next run
	suites, err := findSuites(root, scratch.Dir, c.Suites)
	if err != nil {
		return err
	}
	worlds, err := c.worlds(ctx, k, suites)
	if err != nil {
		return err
	}
	if len(worlds) == 0 {
		return nil
	}
	if err := build(ctx, k, root, scratch, suites); err != nil {
		return err
	}
	screen := session.NewScreen(k.Stderr)
	release, err := screen.LockMachine(ctx)
	if err != nil {
		return err
	}
	defer release()
	made, err := session.NewRun(out)
	if err != nil {
		return err
	}
	broken := c.perform(ctx, suites, worlds, made, screen)
	if err := agree(made, worlds, broken); err != nil {
		return errors.Join(broken, err)
	}

	// A suite that was red has left why in the report.
	concluded := conclude(k.Stdout, made)
	if _, ok := concluded.(exit.Code); concluded != nil && !ok { //nolint:errorlint // as in main
		return errors.Join(broken, concluded)
	}
	if _, err := os.Stat(made.Dir); errors.Is(err, fs.ErrNotExist) && c.Focus != "" {
		return fmt.Errorf("--focus %q: no trial was performed; is there a spec of %s whose sentence matches?", c.Focus, names(suites))
	}
	return concluded
}

// agree sees to it that the report is not green when something went wrong that no spec
// has left there.
func agree(made *store.Run, worlds []string, broken error) error {
	if broken == nil {
		return nil
	}
	run, err := report.Load(made.Dir)
	if err != nil || len(run.Trials)+len(run.Errored) > 0 && run.ExitCode() != trial.ExitAsPredicted {
		return err
	}
	return report.Absent{Suite: "breakwater run", Spec: "the run as a whole", World: strings.Join(worlds, ", "), Ended: report.SpecErrored, Reason: broken.Error()}.Save(made.Dir)
}

// perform performs the suites in each world, as often as was asked for, until a
// round is red or ctx ends.
func (c *RunCmd) perform(ctx context.Context, suites []suite, worlds []string, made *store.Run, screen *session.Screen) error {
	var broken []error
	for n := 1; n <= c.Repeat && len(broken) == 0; n++ {
		for _, world := range worlds {
			if c.Repeat*len(worlds) > 1 {
				fmt.Fprintf(screen.Print(), "== round %d of %d, %s\n", n, c.Repeat, world)
			}
			for i := range suites {
				suites[i].focus, suites[i].run, suites[i].world, suites[i].round = c.Focus, made, world, n
			}
			if err := perform(ctx, suites, c.procs(world), screen); err != nil {
				broken = append(broken, err)
			}
			if ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(broken...)
}

// procs is how many specs are performed side by side. In the local world they wait
// for most of their time, and one more than there are processors does no harm. In
// containers a spec may have two brokers or more, and an engine that is busy takes
// seconds to start what was killed.
func (c *RunCmd) procs(world string) int {
	most := runtime.NumCPU() / 2
	if world == local.Name {
		most = runtime.NumCPU() + 1
	}
	return cmp.Or(c.Procs, min(max(most, 1), 4))
}

func names(suites []suite) string {
	var all []string
	for _, s := range suites {
		all = append(all, s.name)
	}
	return strings.Join(all, ", ")
}

// worlds are those that were asked for. One that cannot be had is an error, or left
// out and said to be where that was asked for.
func (c *RunCmd) worlds(ctx context.Context, k *kong.Kong, suites []suite) ([]string, error) {
	field, asked := "--world", c.World
	if len(asked) == 0 {
		field = session.WorldVariable
		asked = []string{cmp.Or(os.Getenv(field), local.Name)}
	}
	var had []string
	for i, world := range asked {
		err := conductor.Available(ctx, world)
		switch {
		case slices.Contains(asked[:i], world):
			return nil, fmt.Errorf("%s=%s: %s is named twice; name each world once, and set how often with --repeat", field, strings.Join(asked, ","), world)
		case errors.Is(err, conductor.ErrNoWorld) || err != nil && !c.OrSkip:
			return nil, fmt.Errorf("%s=%s: %w", field, world, err)
		case err != nil:
			fmt.Fprintf(k.Stdout, "SKIPPED: %s in %s, because %s=%s: %v\n", names(suites), world, field, world, err)
		default:
			had = append(had, world)
		}
	}
	return had, nil
}

// Help is the end of the command's --help.
func (*RunCmd) Help() string { return exit.Codes }
