package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/local"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
)

// RunCmd runs suites, one after the other, into one report.
type RunCmd struct {
	Suites []string `arg:"" optional:"" help:"Suites to run, by their folder's name. Default: all."`
	World  string   `placeholder:"NAME" help:"local or docker. Default: that of BREAKWATER_WORLD, or local."`
	OrSkip bool     `help:"Skip, visibly, when the world cannot be had, instead of failing."`
	Focus  string   `placeholder:"REGEXP" help:"Only specs whose sentence matches."`
	Repeat int      `default:"1" placeholder:"N" help:"Perform all of it N times, into one report; stop after a round that is red."`
}

// Run builds each suite's test program and runs it here, so that a terminal is
// one for it too.
func (c *RunCmd) Run(ctx context.Context, std streams) error {
	root, err := launch.ModuleRoot(ctx, ".")
	if err != nil {
		return trouble(err)
	}
	out, err := session.Out(ctx)
	if err != nil {
		return trouble(err)
	}
	if c.Repeat < 1 {
		return trouble(fmt.Errorf("--repeat %d: give a whole number from 1", c.Repeat))
	}
	if _, err := regexp.Compile(c.Focus); err != nil {
		return trouble(fmt.Errorf("--focus %q is no regular expression: %w", c.Focus, err))
	}
	suites, err := findSuites(root, c.Suites)
	if err != nil {
		return trouble(err)
	}
	if err := c.choose(ctx); errors.Is(err, session.ErrNoWorld) || err != nil && !c.OrSkip {
		return trouble(err)
	} else if err != nil {
		fmt.Fprintf(std.out, "SKIPPED: %s, because %v\n", strings.Join(suites, ", "), err)
		return nil
	}
	bin, err := os.MkdirTemp("", "breakwater-suites-")
	if err != nil {
		return trouble(err)
	}
	defer os.RemoveAll(bin)
	var unbuilt []error
	for _, suite := range suites {
		unbuilt = append(unbuilt, build(ctx, root, bin, suite, std))
	}
	if err := errors.Join(unbuilt...); err != nil {
		return trouble(err)
	}
	id := session.NewRun()
	var broken []error
	for round := 1; round <= c.Repeat && len(broken) == 0; round++ {
		if c.Repeat > 1 {
			fmt.Fprintf(std.out, "== round %d of %d\n", round, c.Repeat)
		}
		for _, suite := range suites {
			if err := c.suite(root, bin, id, suite, round, std); err != nil {
				broken = append(broken, fmt.Errorf("suite %s: %w", suite, err))
			}
		}
	}
	// A suite that was red has said why; here its trials speak for themselves.
	concluded := conclude(std.out, filepath.Join(out, id))
	trials, err := store.Load(filepath.Join(out, id))
	switch {
	case err != nil:
		return trouble(err)
	case len(broken) > 0 && (concluded == nil || len(trials) == 0):
		return trouble(errors.Join(broken...))
	case len(trials) == 0 && c.Focus != "":
		return trouble(fmt.Errorf("--focus %q: no trial was performed; is there a spec of %s whose sentence matches?", c.Focus, strings.Join(suites, ", ")))
	}
	return concluded
}

// choose finds the world, and asks whether it can be had.
func (c *RunCmd) choose(ctx context.Context) error {
	field := "--world"
	if c.World == "" {
		field = session.WorldVariable
		c.World = cmp.Or(os.Getenv(field), local.Name)
	}
	if err := session.Have(ctx, c.World); err != nil {
		return fmt.Errorf("%s=%s: %w", field, c.World, err)
	}
	return nil
}

func build(ctx context.Context, root, bin, suite string, std streams) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", filepath.Join(bin, suite+".test"), ".")
	build.Dir, build.Stdout, build.Stderr = filepath.Join(root, "suites", suite), std.out, std.err
	if err := build.Run(); err != nil {
		return fmt.Errorf("build suite %s: %w", suite, err)
	}
	return nil
}

func (c *RunCmd) suite(root, bin, id, suite string, round int, std streams) error {
	// No context here: a Ctrl-C reaches the suite by itself, and it must have
	// the time to heal and close what it started.
	args := []string{"-test.timeout=30m", "-ginkgo.succinct"}
	if c.Focus != "" {
		args = append(args, "-ginkgo.focus="+c.Focus)
	}
	run := exec.Command(filepath.Join(bin, suite+".test"), args...) //nolint:noctx // see above
	run.Dir, run.Stdout, run.Stderr = filepath.Join(root, "suites", suite), std.out, std.err
	run.Env = append(os.Environ(), session.WorldVariable+"="+c.World, session.RunVariable+"="+id, session.RoundVariable+"="+strconv.Itoa(round))
	return run.Run()
}

// findSuites lists the folders of suites/ that hold one, or those that were asked for.
func findSuites(root string, wanted []string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, "suites", "*", "*_suite_test.go"))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, f := range files {
		all = append(all, filepath.Base(filepath.Dir(f)))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no suite under %s", filepath.Join(root, "suites"))
	}
	for _, w := range wanted {
		if !slices.Contains(all, w) {
			return nil, fmt.Errorf("there is no suite %q; there are %s", w, strings.Join(all, ", "))
		}
	}
	if len(wanted) > 0 {
		return wanted, nil
	}
	return all, nil
}

// Help is the end of the command's --help.
func (*RunCmd) Help() string { return exitCodes }
