package registration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// Caller notifies the other services by calling each of them over HTTP.
type Caller struct {
	Callees []Destination
	client  *http.Client
	timeout time.Duration // for each call
	fanout  bool
}

// NewCaller makes it with the configuration's URLs or Callees, Dial, Workers and
// CallTimeout.
func NewCaller(config Config) *Caller {
	return &Caller{
		client: &http.Client{Transport: &http.Transport{
			DialContext: config.Dial,
			// As many as there can be callers, or connections would be opened
			// and closed at every peak.
			MaxIdleConnsPerHost: config.Workers,
			IdleConnTimeout:     30 * time.Second,
		}},
		Callees: calleesOf(config),
		timeout: config.CallTimeout,
		fanout:  config.Mode == SyncFanout,
	}
}

// Destination is one service to call.
type Destination struct{ Name, URL string }

func calleesOf(config Config) []Destination {
	if len(config.Callees) == 0 {
		return []Destination{
			{"email", config.EmailURL + "/send-welcome"},
			{"analytics", config.AnalyticsURL + "/log-event"},
			{"cache", config.CacheURL + "/invalidate"},
		}
	}
	var all []Destination
	for _, to := range config.Callees {
		all = append(all, Destination{strings.TrimPrefix(strings.TrimPrefix(to, "http://"), "https://"), to})
	}
	return all
}

func isBaseURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// Close releases connections.
func (c *Caller) Close() { c.client.CloseIdleConnections() }

// Notify calls the services, and fails when any of them did.
func (c *Caller) Notify(ctx context.Context, e event.Event) error {
	if !c.fanout {
		for _, to := range c.Callees {
			if err := c.Call(ctx, to.URL, e); err != nil {
				return err
			}
		}
		return nil
	}

	// A failed call does not cancel the others: they may as well succeed.
	var calls sync.WaitGroup
	errs := make([]error, len(c.Callees))
	for i, to := range c.Callees {
		calls.Go(func() { errs[i] = c.Call(ctx, to.URL, e) })
	}
	calls.Wait()
	return errors.Join(errs...)
}

// Call makes one call and succeeds on any 2xx.
func (c *Caller) Call(ctx context.Context, to string, e event.Event) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(e.Body()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(event.IDHeader, e.ID)
	// A request with this header is one that net/http would send again by
	// itself when a kept connection breaks under it. Without GetBody it
	// cannot, so that one call is one attempt.
	request.GetBody = nil

	response, err := c.client.Do(request)
	if err != nil {
		return err // names the method and the URL
	}
	defer response.Body.Close()
	// Reading to the end lets the connection be used again.
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if err != nil {
		return fmt.Errorf("POST %s: read answer: %w", to, err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: answered %s: %s", to, response.Status, bytes.TrimSpace(answer))
	}
	return nil
}
