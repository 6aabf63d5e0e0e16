// Package notimeouts is registration with a planted defect: calls to other
// services have no time-out, and are tried again at once, for ever.
//
// People write it because the default client has no time-out, and because a call
// that fails must be tried again. While a callee is gone every request becomes a
// stream of calls that nobody waits for any more; when it is back they are what
// keeps it down.
package notimeouts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/registration"
	"golang.org/x/sync/errgroup"
)

// pause bounds how fast one request can try again, for the sake of the machine
// that this runs on.
const pause = 10 * time.Millisecond

// New makes the way; it stands for [registration.SyncHardened].
func New(config registration.Config) (registration.Way, error) {
	return registration.StoreThenNotify(registration.NewUsers(config), &notifier{
		client:  &http.Client{Transport: &http.Transport{DialContext: config.Dial, MaxIdleConnsPerHost: config.Workers}},
		callees: []string{config.EmailURL + "/send-welcome", config.AnalyticsURL + "/log-event", config.CacheURL + "/invalidate"},
		closed:  make(chan struct{}),
	}, http.StatusCreated), nil
}

type notifier struct {
	client  *http.Client
	callees []string
	closed  chan struct{}
}

func (t *notifier) Close() {
	close(t.closed)
	t.client.CloseIdleConnections()
}

func (t *notifier) Notify(_ context.Context, e event.Event) error {
	var calls errgroup.Group
	for _, to := range t.callees {
		calls.Go(func() error {
			for t.call(to, e) != nil { // the defect
				select {
				case <-t.closed:
					return errors.New("shutting down")
				case <-time.After(pause):
				}
			}
			return nil
		})
	}
	return calls.Wait()
}

func (t *notifier) call(to string, e event.Event) error {
	request, err := http.NewRequest(http.MethodPost, to, bytes.NewReader(e.Body())) //nolint:noctx // the defect
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(event.IDHeader, e.ID)
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s", response.Status)
	}
	return nil
}
