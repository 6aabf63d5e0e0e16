package registration

import (
	"context"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"
)

// How the hardened caller treats each of the services that it calls.
const (
	// attemptTimeout is a few times what a healthy callee takes at its p99. With
	// attempts it bounds what a request waits for a callee that hangs.
	attemptTimeout = 150 * time.Millisecond
	attempts       = 2

	// retryDelay keeps a second attempt from hitting what made the first fail.
	retryDelay, retryJitter = 20 * time.Millisecond, 10 * time.Millisecond

	// retryShare is how many of the attempts under way may be retries. It is
	// what keeps retries from becoming the load that holds a callee down.
	retryShare = 0.2

	// A breaker opens when half of the last breakerWindow attempts failed, and
	// lets one through every breakerDelay to see whether the callee is back.
	breakerFailures, breakerWindow = 10, 20
	breakerDelay                   = 500 * time.Millisecond
)

// hardened calls all services at once, as an expert would have it: attempts
// that time out early, few retries within a budget, and for each callee a
// circuit breaker and a bulkhead, so that one that is slow or gone costs neither
// the workers nor the others. What could not be told is left out, and the answer
// reports it: nobody tells it later.
type hardened struct {
	caller  *Caller
	callees []callee
}

type callee struct {
	name, url string
	policies  failsafe.Executor[any]
}

func newHardened(config Config) *hardened {
	h := &hardened{caller: NewCaller(config)}
	retries := budget.NewBuilder().WithMaxRate(retryShare).Build()
	for _, to := range h.caller.Callees {
		h.callees = append(h.callees, callee{to.Name, to.URL, failsafe.With[any](
			retrypolicy.NewBuilder[any]().
				WithMaxAttempts(attempts).WithDelay(retryDelay).WithJitter(retryJitter).WithBudget(retries).
				AbortOnErrors(circuitbreaker.ErrOpen, bulkhead.ErrFull, context.Canceled).
				ReturnLastFailure().Build(),
			// A quarter of the workers: with three callees all down, a quarter
			// of them is left for what needs none of the three. It stands before the
			// breaker, which would take what it turns away for a success.
			bulkhead.New[any](uint(max(config.Workers/4, 1))),
			circuitbreaker.NewBuilder[any]().
				WithFailureThresholdRatio(breakerFailures, breakerWindow).WithDelay(breakerDelay).
				// Default: half-open it lets as many through as the window holds.
				WithSuccessThreshold(1).Build(),
			timeout.New[any](attemptTimeout),
		)})
	}
	return h
}

// Close releases connections.
func (h *hardened) Close() { h.caller.Close() }

// Notify calls all services at once. It never fails as a whole: those that could
// not be told are named.
func (h *hardened) Notify(ctx context.Context, e event.Event) error {
	missed := make([]bool, len(h.callees))
	var calls sync.WaitGroup
	for i, to := range h.callees {
		calls.Go(func() {
			err := to.policies.WithContext(ctx).RunWithExecution(func(attempt failsafe.Execution[any]) error { //nolint:contextcheck // the attempt's ends with ctx
				return h.caller.Call(attempt.Context(), to.url, e)
			})
			missed[i] = err != nil
		})
	}
	calls.Wait()
	var incomplete IncompleteError
	for i, to := range h.callees {
		if missed[i] {
			incomplete.Missed = append(incomplete.Missed, to.name)
		}
	}
	if len(incomplete.Missed) > 0 {
		return incomplete
	}
	return nil
}
