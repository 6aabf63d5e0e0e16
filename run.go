package breakwater

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/redact"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Performance says how a scenario is run this once. The zero value is usable.
type Performance struct {
	ID        string         // of the trial; default made from the scenario's title
	Contender string         // which of an experiment's contenders this is; default none
	Progress  func(Progress) // told about twice a second and at every change of phase

	// Flaw says what is broken in the kit itself, on purpose: its own tests see to
	// it that such a run proves nothing. Default: nothing is.
	Flaw string

	// Redactor keeps secrets out of the trial, its history and errors. Default: that of
	// the scenario, see [Experiment.Redactor].
	Redactor *redact.Redactor

	line *startingLine // of an experiment's contenders; nil: there is nobody to wait for
}

// Progress is what can be said while a trial runs.
type Progress struct {
	Trial          string
	Phase          string        // "start", one of the phases of package history, or "judge"
	Faults         []string      // being injected right now
	Left           time.Duration // of the load; 0 outside
	Served, Failed int64         // root requests so far
	Lag            int64         // over all groups
}

const (
	startLimit   = 2 * time.Minute        // for all services to become ready
	witnessLimit = 3 * time.Second        // for a fault to be seen to take effect, or to be gone
	witnessPause = 20 * time.Millisecond  // between two looks of a witness
	healLimit    = 30 * time.Second       // a restart is the slowest way to heal
	samplePause  = 250 * time.Millisecond // between two samples of the lag
	settled      = time.Second            // lag 0 for as long has been read
	closeLimit   = 30 * time.Second
)

// Run performs the scenario once in the world: validates everything, starts the
// system, sends the load, injects, witnesses and heals the faults of the plan,
// waits until the system has drained, reads the ledgers and the log, and judges
// the frozen history. It is the only place where a run's time passes.
//
// The trial holds verdicts about the system. With an error there is no verdict and
// the trial is nil: the scenario is invalid ([InvalidError]), the world cannot do it
// ([Unsupported]), a service did not start ([ServiceError]), and all else, a cancelled
// context too, is the kit's own, see [BlameFor].
// In every case the world is closed and nothing that it started is left.
func Run(ctx context.Context, w World, s Scenario, p Performance) (_ *trial.Trial, _ history.Log, err error) {
	s = s.withDefaults()
	p.Redactor, err = p.redactor(Experiment{Scenario: s, Contenders: []Contender{{Name: p.Contender, Services: s.Services}}})
	err = errors.Join(s.validate(p.Contender), err)
	defer func() { err = withoutSecrets(p.Redactor, err) }()
	saved := s
	if err == nil {
		saved, err = s.redacted(p.Redactor)
	}
	if err == nil {
		s, err = s.revealed()
	}
	if err == nil {
		err = s.validate(p.Contender)
	}
	if err == nil && p.Flaw == "" {
		err = s.Predict.needNoFlaw()
	}
	if err != nil {
		return nil, history.Log{}, &InvalidError{fmt.Sprintf("scenario %q", s.Title), err}
	}
	if err := w.Check(ctx, s); err != nil {
		return nil, history.Log{}, fmt.Errorf("scenario %q: %w", s.Title, err)
	}
	if p.ID == "" {
		p.ID = Slug(s.Title)
	}
	if p.Progress == nil {
		p.Progress = func(Progress) {}
	}
	c := &conductor{
		world: w, scenario: s, saved: saved, performance: p, recorder: &history.Recorder{Rewrite: p.Redactor.Text}, began: time.Now(),
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		err = errors.Join(w.Close(closing), err) // what the world lacked comes before what came of it
	}()
	return c.perform(ctx)
}

// conductor performs one scenario.
type conductor struct {
	world       World
	scenario    Scenario
	saved       Scenario // the same without secrets
	performance Performance
	recorder    *history.Recorder
	driver      *driver
	began       time.Time

	mu     sync.Mutex
	phase  string
	end    time.Duration // of the load
	seen   Sampled
	spans  []span         // of the plan's steps
	active map[string]int // faults being injected, by name
	errs   []error        // the kit's own trouble, from every goroutine
}

func (c *conductor) perform(ctx context.Context) (*trial.Trial, history.Log, error) {
	none := history.Log{}
	c.enter("start")
	if err := c.startServices(ctx); err != nil {
		return nil, none, err
	}
	target, err := c.targets()
	if err != nil {
		return nil, none, err
	}
	if err := c.performance.line.await(ctx); err != nil {
		return nil, none, err
	}
	armed, err := c.arm(ctx)
	if err != nil {
		return nil, none, err
	}

	// Everything from here to the end of the drain is on the clock.
	load := c.scenario.Load
	start := c.world.Now() + 10*time.Millisecond
	baseline := start + load.WarmUp
	c.mu.Lock()
	c.end = baseline + load.Duration
	c.active, c.spans = map[string]int{}, make([]span, len(c.scenario.Plan))
	c.mu.Unlock()
	c.driver = newDriver(c.scenario, c.prefix(), target, c.world, c.record)
	c.enter(history.WarmUp)

	running, stop := context.WithCancel(ctx)
	defer stop()
	var side sync.WaitGroup // sampler and progress, ended by stop
	side.Go(func() { c.sample(running) })
	side.Go(func() { c.report(running) })
	var lost error
	side.Go(func() {
		if lost = c.world.Lost(running); lost != nil {
			stop() // nothing that comes could be judged
		}
	})
	side.Go(func() {
		if c.sleepUntil(running, baseline) {
			c.enter(history.Before)
		}
	})

	var work sync.WaitGroup // load and plan, which end by themselves
	work.Go(func() { c.driver.run(running, start) })
	for i, step := range c.scenario.Plan {
		work.Go(func() { c.carryOut(running, i, step, armed[i], baseline) })
	}
	work.Wait()
	loadEnd := max(c.world.Now(), c.end)

	c.enter(history.Drain)
	drained := c.drain(running)
	stop()
	side.Wait()
	if err := ctx.Err(); err != nil {
		return nil, none, fmt.Errorf("the run was cancelled: %w", context.Cause(ctx))
	}
	if lost != nil {
		return nil, none, lost
	}

	c.enter("judge")
	h := c.saved.header(c.performance.ID, c.world.Name(), c.performance.Contender)
	h.Base, h.Clock = c.world.Base()
	if err := c.world.Audit(ctx); err != nil {
		return nil, none, fmt.Errorf("audit: %w", err)
	}
	if err := c.world.Ledgers(ctx, &h); err != nil {
		return nil, none, fmt.Errorf("ledgers: %w", err)
	}
	environment := c.world.Environment(ctx)
	logs := c.world.Logs()
	closing, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	if err := c.world.Close(closing); err != nil { // flushes what the taps still hold
		return nil, none, fmt.Errorf("close the world: %w", err)
	}
	for i := range h.Services { // what a sink answered is theirs
		if s := h.Services[i].Sink; s != nil {
			s.Unread, s.Unanswered = c.performance.Redactor.Text(s.Unread), c.performance.Redactor.Text(s.Unanswered)
		}
	}
	h.Phases, h.Drained = phases(start, baseline, loadEnd, c.world.Now(), c.spans), drained
	if err := errors.Join(c.errs...); err != nil {
		return nil, none, err
	}
	log := c.recorder.Freeze(h)
	t, err := c.trial(log, environment, logs)
	return t, log, err
}

func (c *conductor) trial(log history.Log, e trial.Environment, logs map[string]string) (*trial.Trial, error) {
	saved, err := c.saved.JSON()
	if err != nil {
		return nil, fmt.Errorf("save the scenario: %w", err)
	}
	t := &trial.Trial{
		Schema: trial.Schema, ID: c.performance.ID, Claim: c.saved.Claim, Title: c.saved.Title,
		Contender: c.performance.Contender, World: c.world.Name(), Flaw: c.performance.Flaw, Seed: c.scenario.Seed,
		Started: c.began.UTC(), Took: time.Since(c.began), Scenario: saved, Environment: e,
	}
	t.Judge(log, c.saved.Predict.of(c.performance.Contender))
	if !t.AsPredicted() {
		t.Logs = logs
	}
	withoutSecretsIn(t, c.performance.Redactor)
	return t, nil
}

// startServices opens the world and starts the services so that each finds
// what it needs; those that do not need each other start side by side.
func (c *conductor) startServices(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := c.world.Open(ctx, c.scenario, c.recorder); err != nil {
		return ofKit{fmt.Errorf("open the %s world: %w", c.world.Name(), err)}
	}
	levels, err := c.scenario.startOrder()
	if err != nil {
		return err
	}
	for _, level := range levels {
		err := together(ctx, len(level), func(ctx context.Context, i int) error {
			if err := c.world.Start(ctx, level[i]); err != nil {
				return fmt.Errorf("start %s: %w", level[i].Name, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// together does n things at once. The first error ends the others and is the one that
// is returned: theirs, of having been called off, would only hide it.
func together(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	var first error
	var once sync.Once
	errs := make([]error, n)
	var doing sync.WaitGroup
	for i := range n {
		doing.Go(func() {
			if errs[i] = do(working, i); errs[i] != nil {
				once.Do(func() { first = errs[i]; cancel() })
			}
		})
	}
	doing.Wait()
	if ctx.Err() != nil { // none of them failed by itself
		return errors.Join(errs...)
	}
	return first
}

func (c *conductor) targets() (map[string]string, error) {
	target := map[string]string{}
	for _, r := range c.scenario.Requests {
		s, _ := c.scenario.Service(r.Service)
		address, err := c.world.Address(r.Service, s.Listeners()[0])
		if err != nil {
			return nil, fmt.Errorf("address of %s: %w", r.Service, err)
		}
		target[r.Service] = address
	}
	return target, nil
}

func (c *conductor) arm(ctx context.Context) ([]Armed, error) {
	armed := make([]Armed, len(c.scenario.Plan))
	for i, step := range c.scenario.Plan {
		if step.When == nil {
			continue
		}
		var err error
		if armed[i], err = c.world.Arm(ctx, *step.When); err != nil {
			return nil, fmt.Errorf("arm the trigger %s: %w", step.When, err)
		}
	}
	return armed, nil
}

// span is when a step's fault was injected and healed; zero when it never was.
type span struct{ injected, healed time.Duration }

// carryOut performs one step of the plan: waits for its moment, injects the
// fault, has it witnessed, heals it when its time is up or the run is
// cancelled, and has that witnessed too.
func (c *conductor) carryOut(ctx context.Context, i int, step Step, armed Armed, baseline time.Duration) {
	if armed == nil {
		if !c.sleepUntil(ctx, baseline+step.At) {
			return
		}
	} else if !c.awaitTrigger(ctx, i, step, armed) {
		return
	}
	f := step.Fault
	f.Where = f.Where.since(baseline)
	record := &history.FaultRecord{Step: i + 1, Kind: string(f.Kind), Target: f.Target(), Params: step.Fault.Params()}
	e := history.Event{Kind: history.Fault, Name: step.Name(), Fault: record, At: c.world.Now()}

	// Once something is broken it is healed, cancelled or not.
	firm, cancel := context.WithTimeout(context.WithoutCancel(ctx), step.Last+healLimit+2*witnessLimit)
	defer cancel()
	injection, err := c.world.Inject(firm, f)
	if armed != nil {
		if err := armed.Release(firm, step.drops()); err != nil {
			c.trouble(fmt.Errorf("release the request held for %s: %w", step.Name(), err))
		}
	}
	if err != nil {
		c.trouble(fmt.Errorf("inject %s: %w", step.Name(), err))
		return
	}
	c.note(i, span{injected: e.At})
	c.faultBegins(step.Name())
	record.Active = c.witness(firm, f, record, true)
	record.Undone = c.witnessEnd(ctx, firm, f, record, e.At+step.Last)
	c.sleepUntil(ctx, e.At+step.Last)

	if err := injection.Heal(firm); err != nil {
		c.trouble(fmt.Errorf("heal %s: %w", step.Name(), err))
	}
	e.End = c.world.Now()
	record.Clear = c.witness(firm, f, record, false)
	c.faultEnds(step.Name())
	c.note(i, span{e.At, e.End})
	c.record(e)
}

// note remembers when a step's fault was injected and healed.
func (c *conductor) note(i int, s span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans[i] = s
}

// awaitTrigger returns false when the trigger did not fire before the load
// ended: the fault never happened, and the run says so by its missing witness.
func (c *conductor) awaitTrigger(ctx context.Context, i int, step Step, armed Armed) bool {
	waiting, cancel := context.WithTimeout(ctx, c.end-c.world.Now())
	defer cancel()
	err := armed.Fired(waiting)
	if err == nil {
		return true
	}
	firm, cancelRelease := context.WithTimeout(context.WithoutCancel(ctx), healLimit)
	defer cancelRelease()
	if e := armed.Release(firm, false); e != nil {
		c.trouble(fmt.Errorf("disarm the trigger %s: %w", step.When, e))
	}
	if waiting.Err() == nil {
		c.trouble(fmt.Errorf("wait for the trigger %s: %w", step.When, err))
	} else if ctx.Err() == nil {
		c.record(history.Event{
			Kind: history.Fault, Name: step.Name(), At: c.world.Now(), End: c.world.Now(),
			Fault: &history.FaultRecord{
				Step: i + 1, Kind: string(step.Fault.Kind), Target: step.Fault.Target(), Params: step.Fault.Params(),
				Evidence: []string{fmt.Sprintf("never injected: the trigger %s did not fire", step.When)},
			},
		})
	}
	return false
}

// witness asks until the fault is seen to take effect (or, healed, not to), and
// returns the instant of the look that saw it; 0 when that was never seen.
func (c *conductor) witness(ctx context.Context, f Fault, record *history.FaultRecord, bites bool) time.Duration {
	at, seen := c.look(ctx, f, bites, c.world.Now()+witnessLimit)
	record.Evidence = append(record.Evidence, seen)
	return at
}

// witnessEnd asks once more just before a fault is healed, so early that a look as
// long as the first one does not prolong it. It returns when it found the fault
// undone, 0 when it still bit. What has hardly begun is not looked at again.
func (c *conductor) witnessEnd(ctx, firm context.Context, f Fault, record *history.FaultRecord, heals time.Duration) time.Duration {
	took := c.world.Now() - record.Active + witnessPause
	if record.Active == 0 || heals-2*took < c.world.Now() || !c.sleepUntil(ctx, heals-2*took) {
		return 0
	}
	at, seen := c.look(firm, f, true, heals-took)
	if at > 0 {
		return 0
	}
	record.Evidence = append(record.Evidence, "before it was healed: "+seen)
	return c.world.Now()
}

// look asks until the fault is seen to take effect (or not to), or until the deadline. It
// returns the instant of the look that saw it, 0 when none did, and what the last
// one saw.
func (c *conductor) look(ctx context.Context, f Fault, bites bool, deadline time.Duration) (at time.Duration, last string) {
	for {
		at := c.world.Now()
		seen, err := c.world.Witness(ctx, f)
		if err != nil {
			last = "the witness failed: " + err.Error()
		} else {
			last = seen.Seen
		}
		if err == nil && seen.Bites == bites {
			return at, last
		}
		if c.world.Now() > deadline || ctx.Err() != nil {
			return 0, last
		}
		time.Sleep(witnessPause)
	}
}

func (c *conductor) sample(ctx context.Context) {
	for ctx.Err() == nil {
		next := c.world.Now() + samplePause
		s, err := c.world.Sample(ctx)
		if err != nil && ctx.Err() == nil {
			c.trouble(fmt.Errorf("sample the lag: %w", err))
			return
		}
		c.mu.Lock()
		c.seen = s
		c.mu.Unlock()
		c.sleepUntil(ctx, next)
	}
}

// sampled is what the last sample found.
func (c *conductor) sampled() Sampled {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

func (c *conductor) report(ctx context.Context) {
	for ctx.Err() == nil {
		c.tell()
		c.sleepUntil(ctx, c.world.Now()+500*time.Millisecond)
	}
}

func (c *conductor) tell() {
	c.mu.Lock()
	p := Progress{Trial: c.performance.ID, Phase: c.phase, Lag: c.seen.Lag}
	for name := range c.active {
		p.Faults = append(p.Faults, name)
	}
	if left := c.end - c.world.Now(); c.driver != nil && left > 0 {
		p.Left = left
	}
	c.mu.Unlock()
	if c.driver != nil {
		p.Served, p.Failed = c.driver.served.Load(), c.driver.failed.Load()
	}
	c.performance.Progress(p)
}

func (c *conductor) enter(phase string) {
	c.mu.Lock()
	c.phase = phase
	c.mu.Unlock()
	c.tell()
}

func (c *conductor) faultBegins(name string) {
	c.mu.Lock()
	c.active[name]++
	c.mu.Unlock()
	c.enter(history.During)
}

func (c *conductor) faultEnds(name string) {
	c.mu.Lock()
	if c.active[name]--; c.active[name] == 0 {
		delete(c.active, name)
	}
	over := len(c.active) == 0
	c.mu.Unlock()
	if over {
		c.enter(history.After)
	}
}

func (c *conductor) record(e history.Event) {
	if err := c.recorder.Add(e); err != nil {
		c.trouble(err)
	}
}

// trouble keeps an error, and one that comes again and again, as a full recorder's
// does, once.
func (c *conductor) trouble(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.ContainsFunc(c.errs, func(e error) bool { return errors.Is(e, err) }) {
		c.errs = append(c.errs, err)
	}
}

// sleepUntil returns false when the context ended first.
func (c *conductor) sleepUntil(ctx context.Context, t time.Duration) bool {
	wait := t - c.world.Now()
	if wait <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

// prefix makes the trial's event ids recognisable and unique in the run.
func (c *conductor) prefix() string {
	h := fnv.New32a()
	h.Write([]byte(c.performance.ID))
	return fmt.Sprintf("%06x", h.Sum32()&0xffffff)
}

// phases divides the run at the first injection and the last heal. Without a
// fault all load is before.
func phases(start, baseline, loadEnd, end time.Duration, spans []span) []history.Phase {
	first, last := loadEnd, time.Duration(0)
	for _, s := range spans {
		if s.injected > 0 {
			first, last = min(first, s.injected), max(last, s.healed)
		}
	}
	if last == 0 {
		last = first
	}
	last = min(last, loadEnd)
	return []history.Phase{
		{Name: history.WarmUp, Start: start, End: baseline},
		{Name: history.Before, Start: baseline, End: first},
		{Name: history.During, Start: first, End: last},
		{Name: history.After, Start: last, End: loadEnd},
		{Name: history.Drain, Start: loadEnd, End: end},
	}
}
