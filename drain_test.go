package breakwater_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// slowSystem takes note of what is asked of it, and does each of it later.
type slowSystem struct {
	world *fakeWorld
	later func(at time.Duration) (time.Duration, bool) // when what came at an instant takes effect, false: never

	mu      sync.Mutex
	effects []history.Event
}

func (s *slowSystem) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.world.Now()
	if at, does := s.later(now); does {
		s.mu.Lock()
		s.effects = append(s.effects, history.Event{Kind: history.Effect, Sink: "api", ID: r.URL.Query().Get("id"), At: at})
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *slowSystem) by(now time.Duration) (done []history.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.effects {
		if e.At <= now {
			done = append(done, e)
		}
	}
	return done
}

// How a drain ends, and when, follows from what still moves. The load ends 11 s after
// the start, its last request up to 20 ms before.
func TestDrain(t *testing.T) {
	const s = time.Second
	after := func(d time.Duration) func(time.Duration) (time.Duration, bool) {
		return func(at time.Duration) (time.Duration, bool) { return at + d, true }
	}
	behind := func(until time.Duration) func(time.Duration) breakwater.Sampled {
		return func(now time.Duration) breakwater.Sampled {
			if now >= until {
				return breakwater.Sampled{}
			}
			return breakwater.Sampled{Lag: 100, Position: int64(now / (2 * s))}
		}
	}
	for name, c := range map[string]struct {
		later    func(time.Duration) (time.Duration, bool) // nil: at once
		sampled  func(time.Duration) breakwater.Sampled
		require  breakwater.Require
		end      string
		from, to time.Duration // of the load's end, by when the drain has ended
	}{
		"nothing is missing":                    {end: history.DrainQuiet, from: 1 * s, to: 2 * s},
		"what is accepted is done 3 s later":    {later: after(3 * s), end: history.DrainQuiet, from: 2 * s, to: 5 * s},
		"it is done 9 s later":                  {later: after(9 * s), end: history.DrainQuiet, from: 8 * s, to: 11 * s},
		"nothing came by the end of the load":   {later: after(14 * s), end: history.DrainQuiet, from: 13 * s, to: 16 * s},
		"it is done in batches, every 5 s":      {later: func(at time.Duration) (time.Duration, bool) { return at.Truncate(5*s) + 5*s, true }, end: history.DrainQuiet, from: 3 * s, to: 6 * s},
		"half of it is never done":              {later: func(at time.Duration) (time.Duration, bool) { return at, int(at/(20*time.Millisecond))%2 == 0 }, end: history.DrainQuiet, from: 3 * s, to: 4 * s},
		"the same, and it may settle for 500ms": {later: func(at time.Duration) (time.Duration, bool) { return at, int(at/(20*time.Millisecond))%2 == 0 }, require: breakwater.Require{Settle: breakwater.Duration(s / 2)}, end: history.DrainQuiet, from: 1 * s, to: 2 * s},
		"a group catches up slowly":             {sampled: behind(70 * s), end: history.DrainQuiet, from: 59 * s, to: 62 * s},
		"it is too slow for the deadline":       {sampled: behind(70 * s), require: breakwater.Require{Deadline: breakwater.Duration(20 * s)}, end: history.DrainDeadline, from: 20 * s, to: 21 * s},
		"a group stands still":                  {sampled: func(time.Duration) breakwater.Sampled { return breakwater.Sampled{Lag: 7, Position: 3} }, end: history.DrainStill, from: 15 * s, to: 16 * s},
		"it may be at work":                     {sampled: func(time.Duration) breakwater.Sampled { return breakwater.Sampled{Lag: 7, Position: 3, AtWork: true} }, end: history.DrainStill, from: 60 * s, to: 61 * s},
		"it goes on though calls do": {sampled: func(now time.Duration) breakwater.Sampled {
			return breakwater.Sampled{Lag: 7, Position: 3, Calls: int64(now / s)}
		}, end: history.DrainStill, from: 15 * s, to: 16 * s},
		"a session is open until 40 s": {sampled: func(now time.Duration) breakwater.Sampled {
			if now > 42*s {
				return breakwater.Sampled{}
			}
			return breakwater.Sampled{Lag: 7, Open: 40 * s}
		}, end: history.DrainQuiet, from: 31 * s, to: 34 * s},
		"and nothing comes of it": {sampled: func(time.Duration) breakwater.Sampled {
			return breakwater.Sampled{Lag: 7, Open: 40 * s}
		}, end: history.DrainStill, from: 44 * s, to: 45 * s},
		"calls never end": {later: func(at time.Duration) (time.Duration, bool) { return at, at > 2*s }, sampled: func(now time.Duration) breakwater.Sampled {
			return breakwater.Sampled{Calls: int64(now / s)}
		}, end: history.DrainDeadline, from: 120 * s, to: 121 * s},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				system := &slowSystem{world: w, later: c.later}
				if system.later == nil {
					system.later = after(0)
				}
				w.handle, w.effects, w.sampled = system, system.by, c.sampled
				sc := scenario()
				sc.Services[0].Ledger = &breakwater.Ledger{Sink: "api", Of: breakwater.Redis, Stream: "done"}
				sc.Requests[0].Method, sc.Requests[0].Path = "POST", "/?id=${id}"
				sc.Require = c.require
				_, log, err := breakwater.Run(t.Context(), w, sc, breakwater.Performance{})
				if err != nil {
					t.Fatal(err)
				}
				p, _ := log.Header.Phase(history.Drain)
				if took := p.End - p.Start; log.Header.Drained == nil || log.Header.Drained.End != c.end || took < c.from-20*time.Millisecond || took > c.to {
					t.Errorf("the drain ended as %+v after %s, want %s after %s to %s", log.Header.Drained, took, c.end, c.from, c.to)
				}
			})
		})
	}
}
