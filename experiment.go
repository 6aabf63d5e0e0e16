package breakwater

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Experiment puts several contenders through the same scenario: the same
// arrivals, the same requests, the same faults at the same instants, on what all
// of them share.
type Experiment struct {
	Scenario               // its Services are left empty
	Contenders []Contender // each brings its own

	// AtOnce is how many contenders are performed side by side; the others wait for
	// them to end, and then get the same arrivals. Default all: that is fairest, for
	// they share what the machine does meanwhile, unless they are more than it can
	// hold.
	AtOnce int
}

// Contender is one way to build the system.
type Contender struct {
	Name     string
	Services []Service
	Sweep    *Sweep // which point of a curve it is; nil: of none
}

// Sweep says which point of a curve a trial is, see [trial.Sweep].
type Sweep = trial.Sweep

// Performed is one contender's trial, with the history it was judged from.
type Performed struct {
	Trial *trial.Trial
	Log   history.Log
}

// Of is the experiment's scenario as the contender performs it.
func (e Experiment) Of(c Contender) Scenario {
	s := e.Scenario
	s.Services = c.Services
	return s
}

// Validate finds everything that is wrong with the experiment, before anything
// starts.
func (e Experiment) Validate() error {
	var errs []error
	if e.AtOnce < 0 {
		errs = append(errs, fmt.Errorf("atOnce: %d; give how many contenders are performed side by side, or 0 for all", e.AtOnce))
	}
	if len(e.Contenders) == 0 {
		errs = append(errs, fmt.Errorf("contenders: there are none; name at least one"))
	}
	if len(e.Services) > 0 {
		errs = append(errs, fmt.Errorf("services: there are some beside the contenders, who bring their own; give them to each contender that has them, and leave Services empty"))
	}
	named := map[string]bool{"": true}
	for _, c := range e.Contenders {
		if named[c.Name] {
			errs = append(errs, fmt.Errorf("contender %q: give each a name of its own", c.Name))
		} else if !contenderName.MatchString(c.Name) {
			errs = append(errs, fmt.Errorf("contender %q: use up to 40 letters, digits, dots, hyphens and underscores, for files are called after it", c.Name))
		}
		named[c.Name] = true
		if err := e.Of(c).validate(c.Name); err != nil {
			errs = append(errs, fmt.Errorf("contender %s: %w", c.Name, err))
		}
		if err := c.Sweep.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("contender %s: %w", c.Name, err))
		}
	}
	for _, p := range e.Predict {
		if !named[p.Contender] {
			errs = append(errs, fmt.Errorf("predict: %q is none of the contenders", p.Contender))
		}
	}
	return errors.Join(errs...)
}

// Compare runs the experiment's contenders, [Experiment].AtOnce of them side by side,
// each in a world of its own, which open makes for the trial of that id. They share the machine, and
// with it whatever disturbs it: so none is sent any load before all are ready,
// or what it takes to start the slowest would be measured with the others. The
// trials come in the order of the contenders; on error none is returned.
func Compare(ctx context.Context, open func(trial string) (World, error), e Experiment, p Performance) (_ []Performed, err error) {
	p.Redactor, err = p.redactor(e)
	err = errors.Join(e.Validate(), err)
	defer func() { err = withoutSecrets(p.Redactor, err) }()
	if err != nil {
		return nil, &InvalidError{fmt.Sprintf("experiment %q", e.Title), err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make([]Performed, len(e.Contenders))
	errs := make([]error, len(e.Contenders))
	atOnce := cmp.Or(e.AtOnce, len(e.Contenders))
	for from := 0; from < len(e.Contenders) && ctx.Err() == nil; from += atOnce {
		together := e.Contenders[from:min(from+atOnce, len(e.Contenders))]
		p.line = newStartingLine(len(together))
		var running sync.WaitGroup
		for k, c := range together {
			running.Go(func() {
				i := from + k
				done[i], errs[i] = perform(ctx, open, e.Of(c), p, c.Name)
				if errs[i] == nil {
					done[i].Trial.Order, done[i].Trial.Sweep = i, c.Sweep
				} else {
					errs[i] = fmt.Errorf("contender %s: %w", c.Name, errs[i])
					cancel(errs[i]) // without one of them there is nothing to compare
				}
			})
		}
		running.Wait()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // when some had ended, and others were still to come
		return nil, fmt.Errorf("the run was cancelled: %w", context.Cause(ctx))
	}
	return done, nil
}

func perform(ctx context.Context, open func(trial string) (World, error), s Scenario, p Performance, contender string) (Performed, error) {
	if p.ID == "" {
		p.ID = Slug(s.Title)
	}
	p.ID, p.Contender = p.ID+"-"+contender, contender
	w, err := open(p.ID)
	if err != nil {
		return Performed{}, err
	}
	t, log, err := Run(ctx, w, s, p)
	return Performed{t, log}, err
}

// startingLine holds the contenders until all have come to it.
type startingLine struct {
	missing atomic.Int64
	crossed chan struct{}
}

func newStartingLine(contenders int) *startingLine {
	l := &startingLine{crossed: make(chan struct{})}
	l.missing.Store(int64(contenders))
	return l
}

func (l *startingLine) await(ctx context.Context) error {
	if l == nil {
		return nil
	}
	if l.missing.Add(-1) == 0 {
		close(l.crossed)
	}
	select {
	case <-l.crossed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the run was cancelled: %w", context.Cause(ctx))
	}
}
