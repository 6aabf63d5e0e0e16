package breakwater

import (
	"errors"
	"fmt"
	"slices"
)

// validateProcess finds what would keep a step from being carried out on the
// processes that it is aimed at.
func (s Scenario) validateProcess(step Step) error {
	f := step.Fault
	names := s.Match(f.Service)
	if len(names) == 0 {
		return fmt.Errorf("%q is no service or instance of the scenario (%s)", f.Service, s.names())
	}
	if t := step.When; t != nil && (f.Kind == KindStop || f.Kind == KindRestart || f.Kind == KindResetOffsets) {
		if slices.ContainsFunc(s.Match(t.Client), func(name string) bool { return slices.Contains(names, name) }) {
			return fmt.Errorf("its trigger holds a request of %s, which would wait for the answer and not end; use Kill, or inject at a time", t.Client)
		}
	}
	switch f.Kind {
	case KindStart:
		return s.validateStarted(names)
	case KindResetOffsets:
		if err := s.validateReset(step); err != nil {
			return err
		}
		names = names[:1] // what is not there yet needs no stopping, but somebody must be
	}
	return s.validateBegun(step, names)
}

// validateStarted sees to it that only late instances are started.
func (s Scenario) validateStarted(names []string) error {
	for _, name := range names {
		if !slices.Contains(s.late(), name) {
			return fmt.Errorf("%s is started with the system; set Deferred to how many of its instances are not, or use Restart", name)
		}
	}
	return nil
}

// validateBegun sees to it that what is broken, at a time, was started by then.
func (s Scenario) validateBegun(step Step, names []string) error {
	for _, name := range names {
		i := s.starting(name)
		if i < 0 || step.When != nil || s.Plan[i].When != nil {
			continue
		}
		if begins := s.Plan[i].At; begins >= step.At {
			return fmt.Errorf("%s is not there before %s, when step %d starts it; aim at an instance that is, or inject it later", name, begins, i+1)
		}
	}
	return nil
}

func (s Scenario) validateReset(step Step) error {
	f := step.Fault
	v, ok := s.Service(f.Service)
	switch {
	case !ok:
		return fmt.Errorf("%q is an instance, and offsets are those of its group; name the service", f.Service)
	case v.Group == "":
		return fmt.Errorf("%s consumes nothing, so it has no offsets; name a service with a Group", f.Service)
	case v.Offsets == OffsetsInSink:
		return fmt.Errorf("%s keeps its offsets in its sink, where Kafka cannot set them; name a service whose Offsets are in kafka", f.Service)
	case step.When == nil && f.Offset.Kind == OffsetAtTime && f.Offset.Time >= step.At:
		return fmt.Errorf("it goes to %s and comes at %s, when there is nothing yet; give an earlier time to go to", f.Offset.Time, step.At)
	}
	return nil
}

// validateLate sees to it that each late instance is started, once.
func (s Scenario) validateLate() error {
	var errs []error
	for _, name := range s.late() {
		var steps []string
		for i, step := range s.Plan {
			if step.Fault.Kind == KindStart && slices.Contains(s.Match(step.Fault.Service), name) {
				steps = append(steps, fmt.Sprint(i+1))
			}
		}
		switch len(steps) {
		case 0:
			errs = append(errs, fmt.Errorf("plan: %s is deferred and nothing starts it; add At(…).Inject(Start(%q)), or set Deferred to 0", name, name))
		case 1:
		default:
			errs = append(errs, fmt.Errorf("plan: steps %s and %s both start %s; leave one of them", steps[0], steps[1], name))
		}
	}
	return errors.Join(errs...)
}

// late lists the instances that the system begins without.
func (s Scenario) late() (names []string) {
	for _, v := range s.Services {
		names = append(names, v.DeferredInstances()...)
	}
	return names
}

// starting is the step that starts the instance, -1 for none.
func (s Scenario) starting(name string) int {
	return slices.IndexFunc(s.Plan, func(step Step) bool {
		return step.Fault.Kind == KindStart && slices.Contains(s.Match(step.Fault.Service), name)
	})
}
