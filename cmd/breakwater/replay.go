package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/offline"
	"github.com/breakwater-kit/breakwater/fixtures/conductor"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// ReplayCmd performs saved trials again: the same scenario, seed and plan, in
// the same world.
type ReplayCmd struct {
	Dir   string   `arg:"" name:"run" help:"Folder of the run: out/latest."`
	Trial []string `placeholder:"ID" help:"Which of its trials. Default: all."`
	World string   `placeholder:"NAME" help:"Another world than the trial's own: local or docker."`
}

// again is a trial that is to be performed again.
type again struct {
	*trial.Trial
	world string
	round int
}

// same is whether the other is the same round of the same trial.
func (a again) same(o again) bool {
	return a.Suite == o.Suite && a.Claim == o.Claim && a.Title == o.Title && a.Contender == o.Contender && a.world == o.world && a.round == o.round
}

// Run keeps what comes of it as a run of its own. Nothing is made before all
// that was asked for is known to be possible.
func (c *ReplayCmd) Run(ctx context.Context, k *kong.Kong) error {
	trials, err := c.prepare(ctx)
	if err != nil {
		return err
	}
	s, err := session.OpenIn(ctx, "replay", trials[0].world)
	if err != nil {
		return err
	}
	ctx, stop := session.Attend(ctx)
	defer stop()
	release, err := s.LockMachine(ctx)
	if err != nil {
		return err
	}
	defer release()
	var errs []error
	for _, t := range trials {
		s.World, s.Suite, s.Statements = t.world, t.Suite, map[string]string{t.Claim: t.Statement}
		s.Round = t.round
		scenario := t.Scenario
		scenario.Seed -= uint64(s.Round - 1) // which the session adds again
		again := breakwater.Contender{Name: t.Contender, Services: scenario.Services, Sweep: t.Sweep}
		scenario.Services = nil
		_, err := s.Compare(ctx, t.Spec, breakwater.Experiment{Scenario: scenario, Contenders: []breakwater.Contender{again}})
		if unsupported := (*conductor.Unsupported)(nil); errors.As(err, &unsupported) {
			err = s.SpecEnds(t.Spec, report.SpecSkipped, unsupported.Error())
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	err = errors.Join(errs...)
	if ctx.Err() != nil && !s.Saved() { // it has nothing to show but that it was interrupted
		return err
	}
	concluded := conclude(k.Stdout, s.Run)
	if err == nil || errors.Is(concluded, exit.Code(trial.ExitHarnessError)) {
		return concluded // the report has the error
	}
	return errors.Join(err, concluded)
}

// prepare reads the trials, and asks for their worlds.
func (c *ReplayCmd) prepare(ctx context.Context) ([]again, error) {
	saved, err := offline.Trials(c.Dir, c.Trial)
	if err != nil {
		return nil, err
	}
	var all []again
	had := map[string]bool{}
	for _, t := range saved {
		a := again{Trial: t, world: cmp.Or(c.World, t.World), round: max(t.Round, 1)}
		for ; slices.ContainsFunc(all, a.same); a.round++ { // it was performed in two worlds, which are one now
		}
		if err := t.Scenario.Validate(); err != nil {
			return nil, fmt.Errorf("trial %s: %w", t.ID, err)
		}
		if missing := conductor.MissingSecrets(t.Scenario); len(missing) > 0 {
			return nil, fmt.Errorf("trial %s: its secrets were not saved; set %s in the environment to perform it again", t.ID, strings.Join(missing, ", "))
		}
		if !had[a.world] {
			source := "trial " + t.ID + ": world "
			if c.World != "" {
				source = "--world="
			}
			if err := conductor.Available(ctx, a.world); err != nil {
				return nil, fmt.Errorf("%s%s: %w", source, a.world, err)
			}
			had[a.world] = true
		}
		all = append(all, a)
	}
	return all, nil
}

// Help is the end of the command's --help.
func (*ReplayCmd) Help() string { return exit.Codes }
