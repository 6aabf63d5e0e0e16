package breakwater

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Plan is what breaks, and when. It is written to disk before the run and can
// be performed again from there.
type Plan []Step

// Step is one fault of a plan: at an instant of the load, or at a trigger.
type Step struct {
	At       Duration `json:"at,omitempty"` // from the start of the load's baseline; 0 when When is set
	When     *Trigger `json:"when,omitempty"`
	Fault    Fault    `json:"fault"`
	Duration Duration `json:"for,omitempty"` // how long it lasts
}

// Trigger is a request that an edge's tap has seen: the n-th one of an API from
// a client. The request is held while the fault is injected, and then dropped
// when the fault has ended its sender, else forwarded. Timing by luck proves
// nothing; a held request does.
type Trigger struct {
	Client string `json:"client"` // instance or service
	To     string `json:"to"`
	API    string `json:"api"` // Kafka's name of the API, or "METHOD /route" on an http edge
	Count  int    `json:"nth"` // which one, counted from the start of the load, from 1

	// HoldResponse holds the answer and not the request: what was asked for is done, and
	// the client has not heard of it. Kafka only.
	HoldResponse bool `json:"holdResponse,omitempty"`
}

// Commit is the first OffsetCommit request of a consumer.
func Commit(client string) Trigger {
	return Trigger{Client: client, To: Kafka, API: "OffsetCommit", Count: 1}
}

// Published is the first Produce request of a producer.
func Published(client string) Trigger {
	return Trigger{Client: client, To: Kafka, API: "Produce", Count: 1}
}

// Nth waits for the n-th such request, counted from 1.
func (t Trigger) Nth(n int) Trigger { t.Count = n; return t }

// Answered holds the request's answer instead of the request.
func (t Trigger) Answered() Trigger { t.HoldResponse = true; return t }

func (t Trigger) String() string {
	if t.HoldResponse {
		return fmt.Sprintf("answer to %s %d of %s→%s", t.API, t.Count, t.Client, t.To)
	}
	return fmt.Sprintf("%s %d of %s→%s", t.API, t.Count, t.Client, t.To)
}

// Moment is when a step begins. It becomes a step with the fault.
type Moment struct{ step Step }

// At is a moment of the load: d after its baseline began.
func At(d time.Duration) Moment { return Moment{Step{At: Duration(d)}} }

// On is the moment at which a trigger fires.
func On(t Trigger) Moment { return Moment{Step{When: &t}} }

// Inject makes the step. Set how long with For.
func (m Moment) Inject(f Fault) Step { m.step.Fault = f; return m.step }

// Then is Inject, for the sentence that a trigger begins.
func (m Moment) Then(f Fault) Step { return m.Inject(f) }

// For is how long the fault lasts before it is healed.
func (s Step) For(d time.Duration) Step { s.Duration = Duration(d); return s }

// RestartAfter is For, for the sentence that Kill begins.
func (s Step) RestartAfter(d time.Duration) Step { return s.For(d) }

// Name is the step as the report writes it.
func (s Step) Name() string { return s.Fault.String() }

// Drops is whether what the trigger held goes no further: a killed sender's
// request dies with it, and a dropped answer is the fault itself. Any other
// sender still waits for its answer.
func (s Step) Drops() bool {
	t, f := s.When, s.Fault
	return f.Kind == KindKill ||
		f.Kind == KindDrop && t.HoldResponse && t.API == f.API && t.To == f.Edge.To && sameClient(t.Client, f.Edge.Client)
}

// sameClient is whether one names the other: the same, or a service and an
// instance of it.
func sameClient(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

func (s Step) validate() error {
	var errs []error
	if err := s.Fault.Validate(); err != nil {
		errs = append(errs, err)
	}
	switch k := s.Fault.Kind; {
	case k == KindStart && s.Duration != 0:
		errs = append(errs, fmt.Errorf("it lasts %s, but what is started stays; leave out For, and end it with a Stop of its own", s.Duration))
	case s.Duration < 0, s.Duration == 0 && k != KindRestart && k != KindStart && k != KindResetOffsets:
		errs = append(errs, fmt.Errorf("it lasts %s; set how long with For", s.Duration))
	}
	if s.When == nil && s.At <= 0 {
		errs = append(errs, fmt.Errorf("it begins at %s; leave time for a baseline before it", s.At))
	}
	if s.When != nil && s.At != 0 {
		errs = append(errs, fmt.Errorf("it begins at %s and at a trigger; leave one of them out", s.At))
	}
	if t := s.When; t != nil && (t.Client == "" || t.To == "" || t.API == "" || t.Count < 1) {
		errs = append(errs, fmt.Errorf("its trigger %q needs a client, a dependency, an API and a count from 1", t))
	}
	return errors.Join(errs...)
}
