package breakwater

import (
	"errors"
	"fmt"
)

// Experiment puts several contenders through the same scenario: the same
// arrivals, the same requests, the same faults at the same instants, on what all
// of them share.
type Experiment struct {
	Scenario               // its Services are left empty
	Contenders []Contender // each brings its own

	// Parallel is how many contenders are performed side by side; the others wait for
	// them to end, and then get the same arrivals. Default all: that is fairest, for
	// they share what the machine does meanwhile, unless they are more than it can
	// hold.
	Parallel int
}

// Contender is one way to build the system.
type Contender struct {
	Name     string
	Services []Service
	Sweep    *Sweep // which point of a curve it is; nil: of none
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
	if e.Parallel < 0 {
		errs = append(errs, fmt.Errorf("parallel: %d; give how many contenders are performed side by side, or 0 for all", e.Parallel))
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
		if err := e.Of(c).ValidateFor(c.Name); err != nil {
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
