package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// ReplayCmd performs saved trials again: the same scenario, seed and plan, in
// the same world.
type ReplayCmd struct {
	Dir   string   `arg:"" name:"run" type:"existingdir" help:"Folder of the run: out/latest."`
	Trial []string `placeholder:"ID" help:"Which of its trials. Default: all."`
	World string   `enum:"local,docker," default:"" help:"Another world than the trial's own."`
}

// Run keeps what comes of it as a run of its own.
func (c *ReplayCmd) Run(ctx context.Context) error {
	trials, err := chosen(c.Dir, c.Trial)
	if err != nil {
		return trouble(err)
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
		if s.World = t.World; c.World != "" {
			s.World = c.World
		}
		if err := again(ctx, s, t); err != nil {
			return trouble(err)
		}
	}
	return conclude(s.Run.Dir)
}

// chosen are the run's trials with those ids, or all.
func chosen(dir string, ids []string) ([]*trial.Trial, error) {
	all, err := store.Load(dir)
	if err != nil || len(ids) == 0 {
		return all, err
	}
	var chosen []*trial.Trial
	var known []string
	for _, t := range all {
		known = append(known, t.ID)
		if slices.Contains(ids, t.ID) {
			chosen = append(chosen, t)
		}
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return nil, fmt.Errorf("%s has no trial %q; it has %s", dir, id, strings.Join(known, ", "))
		}
	}
	return chosen, nil
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
