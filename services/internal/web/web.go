// Package web runs an HTTP server that starts and ends cleanly, and holds the
// few helpers that every handler needs.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// drainTimeout bounds how long requests in flight may take once the
	// server was asked to stop.
	drainTimeout = 3 * time.Second

	maxBody = 64 << 10
)

// Server answers HTTP on one listener.
type Server struct {
	// Listener is where to serve; the server closes it.
	Listener net.Listener
	// Handler answers everything but GET /healthz.
	Handler http.Handler
	// Ready reports why the service is not ready to serve, or nil when it is.
	// A nil function means: ready as soon as it listens.
	Ready func() error
	Log   *slog.Logger
}

// Run serves until ctx ends, then stops accepting, lets requests in flight
// finish for up to three seconds, cuts off the rest, and returns nil. It
// returns an error only when serving failed by itself.
func (s Server) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("/", s.Handler)

	// Requests outlive ctx on purpose: they end by themselves or with cut.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           mux,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       60 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(s.Listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", s.Listener.Addr(), err)
	case <-ctx.Done():
	}

	drain, cancel := context.WithTimeout(requests, drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		s.Log.Warn("requests still in flight were cut off", "after", drainTimeout.String())
		cut()
		server.Close()
	}
	<-served
	return nil
}

func (s Server) health(w http.ResponseWriter, r *http.Request) {
	if s.Ready != nil {
		if err := s.Ready(); err != nil {
			Error(w, http.StatusServiceUnavailable, err)
			return
		}
	}
	JSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// ReadBody reads a request's body of at most 64 KiB. On failure it has already
// answered (413 or 400) and reports false.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		Error(w, http.StatusRequestEntityTooLarge, fmt.Errorf("body is larger than %d bytes", tooLarge.Limit))
		return nil, false
	}
	if err != nil {
		Error(w, http.StatusBadRequest, fmt.Errorf("read body: %w", err))
		return nil, false
	}
	return body, true
}

// JSON answers with status and v.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a caller that went away needs no answer
}

// Error answers with status and {"error": err}.
func Error(w http.ResponseWriter, status int, err error) {
	JSON(w, status, map[string]string{"error": err.Error()})
}

// FailureStatus is 504 for a time-out and 502 for every other failure of
// something that this service depends on.
func FailureStatus(err error) int {
	if IsTimeout(err) {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// IsTimeout reports whether err, or anything it wraps, is a time-out.
func IsTimeout(err error) bool {
	var netErr net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout()
}
