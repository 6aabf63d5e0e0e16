package breakwater_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func cut() breakwater.Fault { return breakwater.Cut(breakwater.Edge("api", "redis")) }

func faults(log history.Log) []history.Event {
	var found []history.Event
	for e := range log.Of(history.Fault) {
		found = append(found, *e)
	}
	return found
}

func TestRunKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		s := scenario()
		s.Plan = breakwater.Plan{breakwater.At(3 * time.Second).Inject(cut()).For(4 * time.Second)}
		_, log, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"open", "start api", "inject", "heal", "audit", "ledgers", "close", "close"}
		if !slices.Equal(w.calls, want) {
			t.Errorf("the world was asked for %v, want %v", w.calls, want)
		}
		f := faults(log)
		if len(f) != 1 || f[0].End-f[0].At != 4*time.Second || f[0].Fault.Active == 0 || f[0].Fault.Clear == 0 {
			t.Errorf("fault recorded as %+v", f)
		}
		before, _ := log.Header.Phase(history.Before)
		if f[0].At != before.Start+3*time.Second {
			t.Errorf("injected at %s, the baseline began at %s", f[0].At, before.Start)
		}
		n := 0
		for e := range log.Of(history.Request) {
			if n++; e.Outcome != history.OK {
				t.Errorf("request %d: %s %s", n, e.Outcome, e.Error)
			}
		}
		if n != 11*50 { // one second of warm-up
			t.Errorf("%d requests, want %d", n, 11*50)
		}
	})
}

// In the middle of a ramp from 10 to 50 it is 30 a second, and so it is on average.
func TestRunRampsTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scenario()
		s.Load = breakwater.Ramp(10, 50).For(10 * time.Second)
		_, log, err := breakwater.Run(t.Context(), newFakeWorld(), s, breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		var sent []time.Duration
		for e := range log.Of(history.Request) {
			sent = append(sent, e.Scheduled)
		}
		between := func(from, to time.Duration) (n int) {
			begin := sent[0] + time.Second // the warm-up, at 10 a second
			for _, at := range sent {
				if at >= begin+from && at < begin+to {
					n++
				}
			}
			return n
		}
		for _, c := range []struct {
			from, to time.Duration
			want     int
		}{{-time.Second, 0, 10}, {0, time.Second, 12}, {4500 * time.Millisecond, 5500 * time.Millisecond, 30}, {9 * time.Second, 10 * time.Second, 48}, {0, 10 * time.Second, 300}} {
			if n := between(c.from, c.to); n < c.want-1 || n > c.want+1 {
				t.Errorf("%d requests from %s to %s, want about %d", n, c.from, c.to, c.want)
			}
		}
	})
}

func TestRunIsAnOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.handle = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(2 * time.Second) })
		_, log, err := breakwater.Run(t.Context(), w, scenario(), breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		for e := range log.Of(history.Request) {
			if e.At != e.Scheduled || e.End-e.At != 2*time.Second {
				t.Fatalf("scheduled %s, sent %s, answered %s", e.Scheduled, e.At, e.End)
			}
		}
	})
}

func TestRunWithoutAWitnessIsUndecided(t *testing.T) {
	for _, c := range []struct {
		name  string
		noop  bool
		lasts time.Duration
		want  trial.Outcome
		why   string
	}{
		{"it never bites", true, 0, trial.Undecided, "was never seen to take effect"},
		{"it ends at once", false, time.Second, trial.Undecided, "was undone before it was healed"},
		{"it ends too early", false, 3 * time.Second, trial.Undecided, "was undone before it was healed"},
		{"it bites to its end", false, 4 * time.Second, trial.Confirmed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				w.noop, w.lasts = c.noop, c.lasts
				s := scenario()
				s.Plan = breakwater.Plan{breakwater.At(3 * time.Second).Inject(cut()).For(4 * time.Second)}
				s.Require.Availability = 0.9
				got, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
				if err != nil {
					t.Fatal(err)
				}
				if got.Outcome != c.want || !strings.Contains(got.Why, c.why) {
					t.Errorf("%s: %s", got.Outcome, got.Why)
				}
			})
		})
	}
}

// What is wrong with the kit on purpose is an observation, and for no other reason.
func TestRunWithAFlawIsAsPredictedForItsReasonOnly(t *testing.T) {
	for _, c := range []struct {
		because string
		want    trial.Outcome
	}{{"was never seen to take effect", trial.Confirmed}, {"was never seen to be gone", trial.Undecided}} {
		synctest.Test(t, func(t *testing.T) {
			w := newFakeWorld()
			w.noop = true
			s := scenario()
			s.Plan = breakwater.Plan{breakwater.At(3 * time.Second).Inject(cut()).For(4 * time.Second)}
			s.Predict = breakwater.ProvesNothing(c.because)
			got, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{Flaw: "the fault lands nowhere"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != c.want || got.AsPredicted() != (c.want == trial.Confirmed) || got.Flaw == "" {
				t.Errorf("%q: %s, as predicted: %t (%s)", c.because, got.Outcome, got.AsPredicted(), got.Why)
			}
		})
	}
}

func TestRunHoldsAndReleasesTheTrigger(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  breakwater.Fault
		fires  bool
		want   string
		inject int
	}{
		{"a killed sender's request is dropped", breakwater.Kill("api/1"), true, "drop", 1},
		{"any other sender's goes on", cut(), true, "forward", 1},
		{"without the request there is no fault", cut(), false, "forward", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if c.fires {
					close(w.trigger)
				}
				s := scenario()
				s.Services[0].Needs[0].Protocol = "http" // triggers see no requests in mere bytes
				s.Plan = breakwater.Plan{breakwater.On(breakwater.Trigger{Client: "api", To: "redis", API: "GET /", Count: 1}).Then(c.fault).For(time.Second)}
				got, log, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
				if err != nil {
					t.Fatal(err)
				}
				if w.noted(c.want) != 1 || w.noted("inject") != c.inject {
					t.Errorf("the world was asked for %v", w.calls)
				}
				if len(faults(log)) != 1 {
					t.Errorf("the step left no fault in the history")
				}
				if !c.fires && got.Outcome != trial.Undecided {
					t.Errorf("a trigger that never fired gave %s", got.Outcome)
				}
			})
		})
	}
}

// Nothing can be proved without the broker, so nothing is waited for either.
func TestRunEndsWithAPartOfItsWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.loses = 4 * time.Second
		s := scenario()
		s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(cut()).For(8 * time.Second)}
		tr, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
		if tr != nil || err == nil || err.Error() != "kafka, a part of the kit, ended in mid-run" {
			t.Errorf("trial %v, error %v", tr, err)
		}
		if took := w.Now(); took > 5*time.Second {
			t.Errorf("it was known after 4s, and the run ended after %s", took)
		}
		if w.noted("heal") != 1 || w.noted("audit") != 0 || w.noted("close") != 1 {
			t.Errorf("the world was asked for %v", w.calls)
		}
	})
}

func TestRunHealsAndClosesWhenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		s := scenario()
		s.Plan = breakwater.Plan{breakwater.At(3 * time.Second).Inject(cut()).For(4 * time.Second)}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, _, err := breakwater.Run(ctx, w, s, breakwater.Performance{})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a cancelled run ended with %v", err)
		}
		if w.noted("heal") != 1 || w.noted("close") != 1 {
			t.Errorf("the world was asked for %v", w.calls)
		}
	})
}

func TestRunRefusesBeforeAnythingStarts(t *testing.T) {
	for _, c := range []struct {
		name string
		with func(*breakwater.Scenario)
		want string
	}{
		{"no title", func(s *breakwater.Scenario) { s.Title = "" }, "title:"},
		{"rate 0", func(s *breakwater.Scenario) { s.Load.Rate = 0 }, "rate 0"},
		{"no duration", func(s *breakwater.Scenario) { s.Load.Duration = 0 }, "say how long with For"},
		{"endless load", func(s *breakwater.Scenario) { s.Load.Rate = 1e9 }, "lower one of them"},
		{"unknown edge", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(breakwater.Cut(breakwater.Edge("api", "kafka"))).For(time.Second)}
		}, "there is no edge api→kafka: api has edges to redis"},
		{"unknown service", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(breakwater.Kill("apy")).For(time.Second)}
		}, `"apy" is no service`},
		{"fault longer than the run", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(cut()).For(time.Minute)}
		}, "it ends at 1m1s, the load at 10s"},
		{"fault without an end", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(cut())}
		}, "say how long with For"},
		{"fault without a baseline", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(0).Inject(cut()).For(time.Second)}
		}, "leave time for a baseline"},
		{"negative latency", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(breakwater.Latency(breakwater.Edge("api", "redis"), -1, 0)).For(time.Second)}
		}, "give a positive duration"},
		{"a world that cannot", func(s *breakwater.Scenario) {
			s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(breakwater.Freeze("api")).For(time.Second)}
		}, "the fake world cannot do freeze: it has no processes"},
		{"circle", func(s *breakwater.Scenario) {
			s.Services = append(s.Services, breakwater.Service{Name: "b", Program: s.Services[0].Program, Needs: []breakwater.Need{{To: "api"}}})
			s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: "b"})
		}, "need each other in a circle"},
		{"nothing proved, predicted", func(s *breakwater.Scenario) { s.Predict = breakwater.ProvesNothing("was never seen to take effect") }, "a run that proves nothing is no success"},
		{"no prediction", func(s *breakwater.Scenario) { s.Predict = nil }, "nothing is predicted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newFakeWorld()
			s := scenario()
			c.with(&s)
			_, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if _, cannot := errors.AsType[*breakwater.Unsupported](err); !cannot && breakwater.BlameFor(err) != trial.BlameScenario {
				t.Errorf("%s is to blame", breakwater.BlameFor(err))
			}
			if w.noted("open") > 0 {
				t.Error("the world was opened all the same")
			}
		})
	}
}

func TestRunSaysWhyAServiceIsNotReady(t *testing.T) {
	w := newFakeWorld()
	w.never = true
	_, _, err := breakwater.Run(t.Context(), w, scenario(), breakwater.Performance{})
	if err == nil || !strings.Contains(err.Error(), "start api: api/1 never became ready; its last log lines:\nno configuration") {
		t.Errorf("error %v", err)
	}
	if blame := breakwater.BlameFor(err); blame != trial.BlameService {
		t.Errorf("%s is to blame", blame)
	}
	if w.noted("close") == 0 {
		t.Error("the world was left open")
	}
}

// Who waits beside a service that has ended is called off, and is not what is reported.
func TestRunReportsTheServiceThatFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.never, w.hangs = true, "beside"
		s := scenario()
		s.Services = append(s.Services, breakwater.Service{Name: "beside", Program: s.Services[0].Program})
		began := time.Now()
		_, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
		if took := time.Since(began); took > time.Second || err == nil || strings.Contains(err.Error(), "beside") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// What the world itself brings along is the kit's, also where it is started as a service is.
func TestAWorldThatDoesNotOpenIsTheKits(t *testing.T) {
	w := newFakeWorld()
	w.shut = &breakwater.ServiceError{Service: "kafka", Reason: "ended (exit status 1) before it was ready"}
	_, _, err := breakwater.Run(t.Context(), w, scenario(), breakwater.Performance{})
	if blame := breakwater.BlameFor(err); !errors.Is(err, w.shut) || blame != trial.BlameKit {
		t.Errorf("%s is to blame for %v", blame, err)
	}
}

func TestScenarioSurvivesItsJSON(t *testing.T) {
	s := scenario()
	s.Services[0].Needs[0].Protocol = "http"
	s.Plan = breakwater.Plan{
		breakwater.At(time.Second).Inject(breakwater.Latency(breakwater.Edge("api", "redis"), 300*time.Millisecond, 50*time.Millisecond)).For(time.Second),
		breakwater.On(breakwater.Trigger{Client: "api", To: "redis", API: "GET /", Count: 3}).Then(breakwater.Kill("api/1")).RestartAfter(2 * time.Second),
	}
	first, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := breakwater.ParseScenario(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if string(first) != string(second) {
		t.Errorf("not the same after a round trip:\n%s\n%s", first, second)
	}
	if !strings.Contains(string(first), `"latency":"300ms"`) || !strings.Contains(string(first), `"for":"2s"`) {
		t.Errorf("durations are not written for people: %s", first)
	}
}

func TestSameSeedSameArrivals(t *testing.T) {
	ids := func(seed uint64) (keys []string) {
		synctest.Test(t, func(t *testing.T) {
			s := scenario()
			s.Seed = seed
			s.Load = breakwater.Poisson(50).For(5 * time.Second)
			_, log, err := breakwater.Run(t.Context(), newFakeWorld(), s, breakwater.Performance{})
			if err != nil {
				t.Fatal(err)
			}
			var first time.Duration
			for e := range log.Of(history.Request) {
				if first == 0 {
					first = e.Scheduled
				}
				keys = append(keys, (e.Scheduled-first).String()+" "+e.Key)
			}
			slices.Sort(keys)
		})
		return keys
	}
	if !slices.Equal(ids(7), ids(7)) {
		t.Error("one seed gave two loads")
	}
	if slices.Equal(ids(7), ids(8)) {
		t.Error("two seeds gave one load")
	}
}

// None of the contenders is sent any load before the slowest is ready, and then
// all at once; when one never is, the others do not wait for it.
func TestCompareStartsTogether(t *testing.T) {
	experiment := breakwater.Experiment{Scenario: scenario()}
	for _, name := range []string{"quick", "slow", "slower"} {
		experiment.Contenders = append(experiment.Contenders, breakwater.Contender{Name: name, Services: experiment.Services})
	}
	experiment.Services = nil
	slow := map[string]time.Duration{"t-quick": 0, "t-slow": 3 * time.Second, "t-slower": 20 * time.Second}
	for _, never := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			open := func(trial string) (breakwater.World, error) {
				w := newFakeWorld()
				w.slow, w.never = slow[trial], never && trial == "t-slow"
				return w, nil
			}
			performed, err := breakwater.Compare(t.Context(), open, experiment, breakwater.Performance{ID: "t"})
			if never {
				if err == nil || !strings.Contains(err.Error(), "never became ready") || len(performed) > 0 {
					t.Errorf("%d trials, %v", len(performed), err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range performed {
				first := history.Event{}
				for e := range p.Log.Of(history.Request) {
					first = *e
					break
				}
				if at := p.Log.Header.Base.Add(first.At).Sub(began.UTC()); at != 20*time.Second+10*time.Millisecond {
					t.Errorf("%s was sent load after %s", p.Trial.ID, at)
				}
			}
		})
	}
}

// Contenders that are more than are performed at once come in groups, in order; with
// one that fails the later ones are not even opened.
func TestCompareInGroups(t *testing.T) {
	experiment := breakwater.Experiment{Scenario: scenario(), AtOnce: 2}
	for _, name := range []string{"a", "b", "c"} {
		experiment.Contenders = append(experiment.Contenders, breakwater.Contender{Name: name, Services: experiment.Services})
	}
	experiment.Services = nil
	for _, never := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			opened := map[string]time.Duration{}
			var mu sync.Mutex
			open := func(trial string) (breakwater.World, error) {
				mu.Lock()
				defer mu.Unlock()
				opened[trial] = time.Since(began)
				w := newFakeWorld()
				w.never = never && trial == "t-b"
				return w, nil
			}
			performed, err := breakwater.Compare(t.Context(), open, experiment, breakwater.Performance{ID: "t"})
			if never {
				if _, third := opened["t-c"]; err == nil || third {
					t.Errorf("b failed with %v, and c was opened: %t", err, third)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if opened["t-a"] != 0 || opened["t-b"] != 0 || opened["t-c"] < 5*time.Second {
				t.Errorf("opened after %v", opened)
			}
			for i, p := range performed {
				if p.Trial.Order != i || p.Trial.Contender != string("abc"[i]) {
					t.Errorf("the trial at %d is %s, of order %d", i, p.Trial.Contender, p.Trial.Order)
				}
			}
		})
	}
}
