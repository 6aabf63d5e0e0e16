package breakwater

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// driver sends the load: every arrival at its intended instant, whatever has
// become of the earlier ones.
type driver struct {
	scenario Scenario
	prefix   string // of event ids, unique to the trial
	target   map[string]string
	now      func() time.Duration
	record   func(history.Event)
	asks     func(operation string) bool // whether one must have effects
	client   *http.Client

	served, failed atomic.Int64

	mu   sync.Mutex
	owed []string // ids that were acknowledged and must have effects

	exhausted sync.Map // what it ran out of, in words that were recorded already
}

// acknowledged are the ids so far whose requests were answered ok and must have effects.
func (d *driver) acknowledged() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.owed)
}

func newDriver(s Scenario, prefix string, target map[string]string, w World, record func(history.Event)) *driver {
	return &driver{
		scenario: s, prefix: prefix, target: target, now: w.Now, record: record, asks: s.header("", "", "").Asks,
		client: &http.Client{
			Timeout: s.Load.TimeOut,
			Transport: &http.Transport{
				DialContext: w.Dial,
				// As many idle connections as can be in flight: a pool smaller than
				// that would reconnect under load and be measured as latency.
				MaxIdleConns:        0,
				MaxIdleConnsPerHost: s.Load.AtOnce() + 1,
				DisableCompression:  true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// run sends the whole load, the first arrival at start, and returns when every
// request has its outcome. A cancelled context stops sending; what is in flight
// is cancelled with it.
func (d *driver) run(ctx context.Context, start time.Duration) {
	defer d.client.CloseIdleConnections()
	weights := make([]float64, len(d.scenario.Requests))
	for i, r := range d.scenario.Requests {
		weights[i] = r.Weight
		if r.Weight == 0 {
			weights[i] = 1
		}
	}
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	n := 0
	for a := range d.scenario.Load.arrivals(weights, d.scenario.Seed) {
		scheduled := start + a.at
		if wait := scheduled - d.now(); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
		n++
		id, key := fmt.Sprintf("%s-%06d", d.prefix, n), fmt.Sprintf("u%03d", a.key)
		inFlight.Go(func() { d.send(ctx, d.scenario.Requests[a.request], id, key, scheduled) })
	}
}

func (d *driver) send(ctx context.Context, r Request, id, key string, scheduled time.Duration) {
	e := history.Event{Kind: history.Request, Client: "load", To: r.Service, Name: d.scenario.operation(r), ID: id, Key: key, Scheduled: scheduled}
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// From the first byte of the request on it may have happened.
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, r.Method, "http://"+d.target[r.Service]+fill(r.Path, id, key), strings.NewReader(fill(r.Body, id, key)))
	if err != nil { // validated before the run: the path or method is no URL
		e.Outcome, e.Error = history.Failed, errorClass(err)
		d.record(e)
		return
	}
	for name, value := range r.Header {
		req.Header.Set(name, fill(value, id, key))
	}
	req.Host = req.Header.Get("Host") // as a header alone it would not be sent; "": the address
	e.At = d.now()
	res, err := d.client.Do(req)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close() // the body was read to its end, or err says why not
		e.Status = res.StatusCode
	}
	e.End = d.now()
	switch {
	case err != nil:
		e.Outcome, e.Error = history.Unknown, errorClass(err)
		if !sent.Load() {
			e.Outcome = history.Failed
		}
		d.exhaust(err, e.End)
	default:
		e.Outcome = history.OutcomeOf(e.Status, res.Header.Get("Retry-After"))
	}
	if e.Outcome == history.OK {
		d.served.Add(1)
		if d.asks(e.Name) {
			d.mu.Lock()
			d.owed = append(d.owed, id)
			d.mu.Unlock()
		}
	} else {
		d.failed.Add(1)
	}
	d.record(e)
}

// exhaust records, once each, what the generator itself ran out of: a request that it
// could not send is no answer of the system.
func (d *driver) exhaust(err error, at time.Duration) {
	words := Exhausted(err)
	if words == "" {
		return
	}
	if _, known := d.exhausted.LoadOrStore(words, true); !known {
		d.record(history.Event{
			Kind: history.Trouble, At: at, Client: "load",
			Error: fmt.Sprintf("the load generator cannot send: %s (%s)", words, errorClass(err)),
		})
	}
}

// longestClass is how much is kept of an error for which there is no name.
const longestClass = 60

// errorClass folds an error of net and net/http into the few words that a
// report can count: without an address, a URL, or what a peer has sent.
func errorClass(err error) string {
	var timeout net.Error
	var errno syscall.Errno
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "eof"
	case errors.As(err, &errno):
		return errno.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	words, _, _ := strings.Cut(err.Error(), `"`) // what follows is somebody's own
	words, _, _ = strings.Cut(words, "://")
	if runes := []rune(strings.TrimRight(words, ": ")); len(runes) > longestClass {
		return string(runes[:longestClass])
	} else if len(runes) > 0 {
		return string(runes)
	}
	return "error"
}
