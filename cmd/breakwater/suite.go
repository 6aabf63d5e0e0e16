package main

import (
	"cmp"
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

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/reports/report"

	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
)

// suite is one suite's test program, which performs its specs in processes of
// their own.
type suite struct {
	name    string
	dir     string // of its package
	program string // the built test program
	focus   string // a regular expression; "" for every spec

	run   *store.Run // that it is performed for
	world string
	round int // from 1
}

// env is what its processes find beside the environment.
func (s suite) env() []string {
	if s.run == nil { // it is only asked what there is
		return nil
	}
	return []string{
		session.OutVariable + "=" + filepath.Dir(s.run.Dir), session.RunVariable + "=" + filepath.Base(s.run.Dir),
		session.WorldVariable + "=" + s.world, session.RoundVariable + "=" + strconv.Itoa(s.round),
	}
}

// build compiles the suites' test programs, all at once.
func build(ctx context.Context, k *kong.Kong, root string, scratch *launch.Scratch, suites []suite) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", scratch.Dir)
	build.Env = append(os.Environ(), scratch.Environment()...) // for when this process is killed
	build.Cancel = func() error { return build.Process.Signal(os.Interrupt) }
	for _, s := range suites {
		build.Args = append(build.Args, s.dir)
	}
	build.Dir, build.Stdout, build.Stderr = root, k.Stdout, k.Stderr
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
	run := exec.CommandContext(ctx, s.program, append([]string{"-test.timeout=60m", "-test.paniconexit0", "-ginkgo.succinct", "-ginkgo.no-color"}, flags...)...)
	run.Dir, run.Env = s.dir, append(os.Environ(), s.env()...)
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	return run
}

// spec is one spec of a suite.
type spec struct {
	text   string // its sentence
	serial bool   // it must have the machine to itself
}

// specs asks the program which specs would be performed.
func (s suite) specs(ctx context.Context) ([]spec, error) {
	report := s.program + ".json"
	flags := []string{"-ginkgo.dry-run", "-ginkgo.json-report=" + report}
	if s.focus != "" {
		flags = append(flags, "-ginkgo.focus="+s.focus)
	}
	output, failed := s.command(ctx, flags...).CombinedOutput()
	b, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("which specs there are: %w\n%s", cmp.Or(failed, err), output)
	}
	return listed(b) // a test beside the specs may have failed: that is for when they are performed
}

// listed reads Ginkgo's JSON report of a dry run. Specs of one sentence are one: a focus
// finds them all.
func listed(report []byte) ([]spec, error) {
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
				texts := slices.DeleteFunc(append(r.ContainerHierarchyTexts, r.LeafNodeText), func(s string) bool { return s == "" })
				all = append(all, spec{strings.Join(texts, " "), r.IsSerial})
			}
		}
	}
	var once []spec
	for _, s := range all {
		if i := slices.IndexFunc(once, func(o spec) bool { return o.text == s.text }); i >= 0 {
			once[i].serial = once[i].serial || s.serial
		} else {
			once = append(once, s)
		}
	}
	return once, nil
}

// part is what one process performs: specs of one suite.
type part struct {
	suite suite
	focus string // that matches them; "" for every spec
	specs []spec
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
		errs = append(errs, context.Cause(ctx), left(together), left(alone))
	}
	return errors.Join(errs...)
}

// left records what nobody has begun.
func left(parts <-chan part) error {
	var errs []error
	for p := range parts {
		for _, s := range p.specs {
			errs = append(errs, p.note(s.text, report.SpecInterrupted, "the run ended before it began"))
		}
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

// plan is what may be performed side by side, a spec a part, and what alone. A
// suite of which nothing is in focus prints that itself.
func plan(ctx context.Context, suites []suite, procs int) (together, alone chan part, err error) {
	var beside, serial []part
	for _, s := range suites {
		specs, err := s.specs(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("suite %s: %w", s.name, err)
		}
		var byThemselves []spec
		for _, of := range specs {
			if procs == 1 || of.serial {
				byThemselves = append(byThemselves, of)
				continue
			}
			beside = append(beside, part{s, s.exactly(of), []spec{of}})
		}
		switch {
		case procs == 1 || len(specs) == 0:
			serial = append(serial, part{s, s.focus, specs})
		case len(byThemselves) > 0:
			serial = append(serial, part{s, s.exactly(byThemselves...), byThemselves})
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

// exactly is a focus that only those specs match. Ginkgo puts the suite's name before
// the sentence.
func (s suite) exactly(specs ...spec) string {
	var texts []string
	for _, of := range specs {
		texts = append(texts, regexp.QuoteMeta(s.name+" "+of.text))
	}
	return "^(?:" + strings.Join(texts, "|") + ")$"
}

// perform performs the part in a process of its own, and leaves in the report what that
// one could not.
func (p part) perform(ctx context.Context, screen *session.Screen) error {
	course, err := p.process(ctx, screen)
	if err == nil && !course.Ended {
		err = errors.New("its process ended before its specs did: exit status 0")
	}
	return errors.Join(err, p.account(course, err))
}

// process shows what the process reports.
func (p part) process(ctx context.Context, screen *session.Screen) (course session.Course, err error) {
	var flags []string
	if p.focus != "" {
		flags = append(flags, "-ginkgo.focus="+p.focus)
	}
	progress, writer, err := os.Pipe()
	if err != nil {
		return course, err
	}
	defer progress.Close()
	printed := screen.Print()
	defer func() { err = errors.Join(err, printed.Close()) }()
	run := p.suite.command(ctx, flags...)
	run.Env = append(run.Env, session.PartVariable+"=true")
	run.Stdout, run.Stderr, run.ExtraFiles = printed, printed, append([]*os.File{writer}, launch.Machine()...)
	err = run.Start()
	writer.Close() // the process has its own
	if err != nil {
		return course, err
	}
	course, broken := screen.Follow(progress)
	if broken != nil {
		_, _ = io.Copy(io.Discard, progress) // or the process would wait for a reader
	}
	err = errors.Join(broken, run.Wait())
	if status, ok := run.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		err = errors.Join(err, screen.Sweep(context.WithoutCancel(ctx))) // it had no time to do it itself
	}
	return course, err
}

// account records what the process could not: what it was at when it ended before its
// time, and that it failed when nothing in the report is red for it.
func (p part) account(course session.Course, failed error) error {
	if course.Ended {
		if failed != nil && !course.Red {
			return p.note("the suite as a whole", report.SpecFailed, fmt.Sprintf("no spec failed, and its process did: %v", failed))
		}
		return nil
	}
	how, why := ended(failed)
	var errs []error
	for _, s := range course.Running {
		errs = append(errs, p.note(s, how, "its process ended before it did: "+why))
	}
	var specs []string
	for _, s := range p.specs {
		specs = append(specs, s.text)
	}
	for _, s := range course.Missing(specs) {
		errs = append(errs, p.note(s, how, "its process ended before it began: "+why))
	}
	if len(errs) == 0 {
		errs = append(errs, p.note("the suite as a whole", how, "its process ended after its last spec: "+why))
	}
	return errors.Join(errs...)
}

// ended is how a process did, and in words.
func ended(err error) (report.Ending, string) {
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) {
		return report.SpecExited, err.Error()
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return report.SpecKilled, exit.Error()
	}
	return report.SpecExited, exit.Error()
}

// note records how one of the suite's specs ended.
func (p part) note(spec string, how report.Ending, why string) error {
	return report.Absent{Suite: p.suite.name, Spec: spec, World: p.suite.world, Round: p.suite.round, Ended: how, Reason: why}.Save(p.suite.run.Dir)
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
