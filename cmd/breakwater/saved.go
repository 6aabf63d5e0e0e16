package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/docker"
	"github.com/breakwater-kit/breakwater/fixtures/local"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// CheckCmd judges the saved trials of a run again.
type CheckCmd struct {
	Dir string `arg:"" name:"run" type:"existingdir" help:"Folder of the run: out/latest."`
}

// Run prints the claims as judged now, and names every trial whose saved
// verdicts are others. It needs no engine and no world.
func (c *CheckCmd) Run() error {
	dir, err := filepath.EvalSymlinks(c.Dir)
	if err != nil {
		return trouble(err)
	}
	run, err := session.Load(dir)
	if err != nil {
		return trouble(err)
	}
	var errs []error
	saved := &store.Run{Dir: dir}
	for i, t := range run.Trials {
		log, err := saved.History(t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.ID, err))
			continue
		}
		again := trial.Rejudge(t, log)
		if same, err := equal(t, again); err != nil || !same {
			errs = append(errs, errors.Join(err, fmt.Errorf("%s: saved as %s, judged now as %s: the trial or this program was changed since", t.ID, t.Outcome, again.Outcome)))
		}
		run.Trials[i] = again
	}
	if err := session.Table(os.Stdout, run); err != nil {
		return trouble(err)
	}
	if err := errors.Join(errs...); err != nil {
		return trouble(err)
	}
	return exitWith(trial.ExitCode(run.Trials))
}

// equal is whether both trials say the same, to the byte.
func equal(a, b *trial.Trial) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(b)
	return bytes.Equal(x, y), err
}

// ReplayCmd performs saved trials again: the same scenario, seed and plan, in
// the same world.
type ReplayCmd struct {
	Dir   string   `arg:"" name:"run" type:"existingdir" help:"Folder of the run: out/latest."`
	Trial []string `placeholder:"ID" help:"Which of its trials. Default: all."`
	World string   `enum:"local,docker," default:"" help:"Another world than the trial's own."`
}

// Run keeps what comes of it as a run of its own.
func (c *ReplayCmd) Run(ctx context.Context) error {
	trials, err := store.Load(c.Dir)
	if err != nil {
		return trouble(err)
	}
	chosen := map[string]bool{}
	for _, id := range c.Trial {
		chosen[id] = false
	}
	s, err := session.Open(ctx, "replay")
	if err != nil {
		return trouble(err)
	}
	release, err := s.Alone(ctx)
	if err != nil {
		return trouble(err)
	}
	defer release()
	for _, t := range trials {
		if _, wanted := chosen[t.ID]; len(c.Trial) > 0 && !wanted {
			continue
		}
		chosen[t.ID] = true
		if s.World = t.World; c.World != "" {
			s.World = c.World
		}
		if err := again(ctx, s, t); err != nil {
			return trouble(err)
		}
	}
	var known []string
	for _, t := range trials {
		known = append(known, t.ID)
	}
	for id, found := range chosen {
		if !found {
			return trouble(fmt.Errorf("%s has no trial %q; it has %s", c.Dir, id, strings.Join(known, ", ")))
		}
	}
	return conclude(s.Run.Dir)
}

func again(ctx context.Context, s *session.Session, t *trial.Trial) error {
	scenario, err := breakwater.ParseScenario(t.Scenario)
	if err != nil {
		return fmt.Errorf("%s: %w", t.ID, err)
	}
	s.Suite = t.Suite
	s.Statements = map[string]string{t.Claim: t.Statement}
	_, err = s.Compare(ctx, t.Spec, breakwater.Experiment{
		Scenario:   scenario,
		Contenders: []breakwater.Contender{{Name: t.Contender, Services: scenario.Services}},
	})
	return err
}

// CleanCmd removes what dead runs left behind.
type CleanCmd struct{}

// Run removes containers, networks and data folders whose owner is gone, never
// those of a run that is alive.
func (c *CleanCmd) Run(ctx context.Context) error {
	folders, err := local.Leftovers()
	fmt.Printf("removed %d data folders of dead runs\n", folders)
	if engine := docker.Available(ctx); engine != nil {
		fmt.Printf("no containers removed: %v\n", engine)
		return trouble(err)
	}
	containers, err2 := docker.Leftovers(ctx)
	fmt.Printf("removed %d containers and networks of dead runs\n", containers)
	return trouble(errors.Join(err, err2))
}

// conclude prints the claims and the report's path, and makes the exit code.
func conclude(dir string) error {
	path, err := session.Render(dir)
	if err != nil {
		return trouble(err)
	}
	run, err := session.Load(dir)
	if err != nil {
		return trouble(err)
	}
	if err := session.Table(os.Stdout, run); err != nil {
		return trouble(err)
	}
	fmt.Printf("report: %s\n", path)
	return exitWith(trial.ExitCode(run.Trials))
}
