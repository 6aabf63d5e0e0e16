package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/breakwater-kit/breakwater/fixtures/session"
)

// suite is one suite's test program, which performs its specs in processes of
// their own.
type suite struct {
	name    string
	dir     string   // of its package
	program string   // the built test program
	env     []string // what its processes find beside the environment
	focus   string   // a regular expression; "" for every spec
}

// build compiles the suites' test programs, all at once.
func build(ctx context.Context, std streams, root, bin string, suites []suite) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", bin)
	for _, s := range suites {
		build.Args = append(build.Args, s.dir)
	}
	build.Dir, build.Stdout, build.Stderr = root, std.out, std.err
	if err := build.Run(); err != nil {
		return fmt.Errorf("build %s: %w", names(suites), err)
	}
	return nil
}

// command runs the program with Ginkgo's flags. When ctx ends the program is
// interrupted once, whoever asked for that in which way, and has the time to heal and
// close what it started; a second interrupt, as a Ctrl-C is for all that share a
// terminal's group, would have Ginkgo leave that out.
func (s suite) command(ctx context.Context, flags ...string) *exec.Cmd {
	run := exec.CommandContext(ctx, s.program, append([]string{"-test.timeout=60m", "-ginkgo.succinct"}, flags...)...)
	run.Dir, run.Env = s.dir, append(os.Environ(), s.env...)
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	return run
}

// spec is one spec of a suite, by the text by which Ginkgo's focus finds it.
type spec struct {
	text   string
	serial bool // it must have the machine to itself
}

// specs asks the program which specs would be performed.
func (s suite) specs(ctx context.Context) ([]spec, error) {
	report := s.program + ".json"
	flags := []string{"-ginkgo.dry-run", "-ginkgo.json-report=" + report}
	if s.focus != "" {
		flags = append(flags, "-ginkgo.focus="+s.focus)
	}
	if said, err := s.command(ctx, flags...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("which specs there are: %w\n%s", err, said)
	}
	b, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("which specs there are: %w", err)
	}
	return listed(s.name, b)
}

// listed reads Ginkgo's JSON report of a dry run.
func listed(suite string, report []byte) ([]spec, error) {
	var suites []struct {
		SpecReports []struct {
			ContainerHierarchyTexts []string
			LeafNodeType            string
			LeafNodeText            string
			State                   string
			IsSerial                bool
		}
	}
	if err := json.Unmarshal(report, &suites); err != nil {
		return nil, fmt.Errorf("which specs there are: Ginkgo's report cannot be read: %w", err)
	}
	var all []spec
	for _, of := range suites {
		for _, r := range of.SpecReports {
			if r.LeafNodeType == "It" && r.State == "passed" { // else it is pending, or out of focus
				texts := slices.DeleteFunc(slices.Concat([]string{suite}, r.ContainerHierarchyTexts, []string{r.LeafNodeText}), func(s string) bool { return s == "" })
				all = append(all, spec{strings.Join(texts, " "), r.IsSerial})
			}
		}
	}
	return all, nil
}

// part is what one process performs: the specs of one suite that match the focus.
type part struct {
	suite suite
	focus string // "" for every spec
}

// perform performs all specs in focus: up to procs of them side by side, whichever
// suite they are of, and then one by one those that are marked Serial. Once ctx has
// ended nothing more is begun.
func perform(ctx context.Context, suites []suite, procs int, screen *session.Screen) error {
	together, alone, err := plan(ctx, suites, procs)
	if err != nil {
		return err
	}
	errs := make([]error, procs)
	var running sync.WaitGroup
	for i := range procs {
		running.Go(func() { errs[i] = inTurn(ctx, together, screen) })
	}
	running.Wait()
	errs = append(errs, inTurn(ctx, alone, screen))
	if ctx.Err() != nil {
		errs = append(errs, context.Cause(ctx))
	}
	return errors.Join(errs...)
}

func inTurn(ctx context.Context, parts <-chan part, screen *session.Screen) error {
	var errs []error
	for p := range parts {
		if ctx.Err() != nil {
			break
		}
		if err := p.perform(ctx, screen); err != nil {
			errs = append(errs, fmt.Errorf("suite %s: %w", p.suite.name, err))
		}
	}
	return errors.Join(errs...)
}

// plan says what may be performed side by side, a spec a part, and what alone. A
// suite of which nothing is in focus says so itself.
func plan(ctx context.Context, suites []suite, procs int) (together, alone chan part, err error) {
	var beside, serial []part
	for _, s := range suites {
		var specs []spec
		if procs > 1 {
			if specs, err = s.specs(ctx); err != nil {
				return nil, nil, fmt.Errorf("suite %s: %w", s.name, err)
			}
		}
		if len(specs) == 0 {
			serial = append(serial, part{s, s.focus})
			continue
		}
		var byThemselves []spec
		for _, of := range specs {
			if of.serial {
				byThemselves = append(byThemselves, of)
				continue
			}
			beside = append(beside, part{s, exactly(of)})
		}
		if len(byThemselves) > 0 {
			serial = append(serial, part{s, exactly(byThemselves...)})
		}
	}
	return queue(beside), queue(serial), nil
}

// queue holds the parts for whoever takes the next one.
func queue(parts []part) chan part {
	q := make(chan part, len(parts))
	for _, p := range parts {
		q <- p
	}
	close(q)
	return q
}

// exactly is a focus that only those specs match.
func exactly(specs ...spec) string {
	var texts []string
	for _, s := range specs {
		texts = append(texts, regexp.QuoteMeta(s.text))
	}
	return "^(?:" + strings.Join(texts, "|") + ")$"
}

// perform performs the part in a process of its own, and shows what it tells.
func (p part) perform(ctx context.Context, screen *session.Screen) (err error) {
	var flags []string
	if p.focus != "" {
		flags = append(flags, "-ginkgo.focus="+p.focus)
	}
	told, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	said := screen.Print()
	defer func() { err = errors.Join(err, said.Close()) }()
	run := p.suite.command(ctx, flags...)
	run.Env = append(run.Env, session.PartVariable+"=true")
	run.Stdout, run.Stderr, run.ExtraFiles = said, said, []*os.File{tell}
	err = run.Start()
	tell.Close() // the process has its own
	if err != nil {
		return err
	}
	if broken := screen.Follow(told); broken != nil {
		err = broken
		_, _ = io.Copy(io.Discard, told) // or the process would wait for a reader
	}
	return errors.Join(err, run.Wait())
}

// round is the environment of one performance of the suites.
func round(world, run string, n int) []string {
	return []string{session.WorldVariable + "=" + world, session.RunVariable + "=" + run, session.RoundVariable + "=" + strconv.Itoa(n)}
}

// findSuites lists the folders of suites/ that hold one, or those that were asked for.
func findSuites(root, bin string, wanted []string) ([]suite, error) {
	files, err := filepath.Glob(filepath.Join(root, "suites", "*", "*_suite_test.go"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no suite under %s", filepath.Join(root, "suites"))
	}
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, fmt.Errorf("there is no suite %q; there are %s", w, strings.Join(names, ", "))
		}
	}
	if len(wanted) > 0 {
		names = wanted
	}
	var all []suite
	for _, name := range names {
		all = append(all, suite{name: name, dir: filepath.Join(root, "suites", name), program: filepath.Join(bin, name+".test")})
	}
	return all, nil
}
