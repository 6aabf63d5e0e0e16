package registration

import (
	"errors"
	"net/http"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/web"
)

// pool bounds how many requests are worked on at once, as a server with a
// fixed number of threads would.
type pool struct {
	workers chan struct{} // one token per request being worked on
	timeout time.Duration // for a free worker
}

func newPool(workers int, timeout time.Duration) *pool {
	return &pool{workers: make(chan struct{}, workers), timeout: timeout}
}

var errBusy = errors.New("all workers are busy: nothing was done, try again later")

// limit passes requests on to next while there is a worker for them. One that
// gets none in time is turned away with 503 and Retry-After before anything
// was done for it.
func (p *pool) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(p.timeout)
		defer timer.Stop()
		select {
		case p.workers <- struct{}{}:
		case <-timer.C:
			w.Header().Set("Retry-After", "1")
			web.Error(w, http.StatusServiceUnavailable, errBusy)
			return
		case <-r.Context().Done():
			return // the caller is gone
		}
		defer func() { <-p.workers }()
		next.ServeHTTP(w, r)
	})
}
