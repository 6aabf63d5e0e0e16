package breakwater_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/local"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A whole experiment: a consumer of Kafka is killed while its 200th commit is
// held, and started again. What is predicted is said before; the report says
// what came of it.
func Example() {
	scenario := breakwater.Scenario{
		Title: "analytics is killed on a held commit",
		Services: []breakwater.Service{
			{
				Name:    "registration",
				Program: breakwater.Program{Go: "example.com/shop/cmd/registration"},
				Env:     map[string]string{"LISTEN": "${listen}", "KAFKA_BROKERS": "${kafka}", "KAFKA_TOPIC": "${topic}"},
				Needs:   []breakwater.Need{{To: breakwater.Kafka}},
			},
			{
				Name:    "analytics",
				Program: breakwater.Program{Command: []string{"java", "-jar", "analytics.jar"}},
				Env:     map[string]string{"LISTEN": "${listen}", "KAFKA_BROKERS": "${kafka}", "DATABASE_URL": "${database}"},
				Needs:   []breakwater.Need{{To: breakwater.Kafka}, {To: breakwater.Database}},
				Group:   "analytics",
				Ledger:  &breakwater.Ledger{Sink: "analytics-db", Of: breakwater.Database, Table: "events", Once: true},
			},
		},
		Requests: []breakwater.Request{{Service: "registration", Method: "POST", Path: "/register", Body: `{"id": "${id}", "user": "${key}"}`, Event: true}},
		Load:     breakwater.Constant(100).For(14 * time.Second),
		Plan: breakwater.Plan{
			breakwater.On(breakwater.Commit("analytics/1").Nth(200)).Then(breakwater.Kill("analytics/1")).RestartAfter(2 * time.Second),
		},
		Require: breakwater.Require{Replay: true},
		Predict: breakwater.Predict(
			breakwater.Holds(check.NoAcknowledgedLoss, check.ResumeAtCommitted),
			breakwater.AtMost(measure.CatchUp("analytics"), 10),
		),
	}
	performed, _, err := breakwater.Run(context.Background(), local.New("out/logs"), scenario, breakwater.Performance{})
	if err != nil {
		log.Fatal(err) // the kit's own trouble: no verdict about the system
	}
	report, err := os.Create("out/index.html")
	if err != nil {
		log.Fatal(err)
	}
	if err := errors.Join(page.Write(report, page.Run{World: local.Name, Trials: []*trial.Trial{performed}}), report.Close()); err != nil {
		log.Fatal(err)
	}
	os.Exit(trial.ExitCode([]*trial.Trial{performed}))
}

func ExampleRun() {
	scenario := breakwater.Scenario{
		Title:    "The shop loses its cache",
		Services: []breakwater.Service{{Name: "shop", Program: breakwater.Program{Go: "example.com/shop"}, Needs: []breakwater.Need{{To: breakwater.Redis}}}},
		Requests: []breakwater.Request{{Service: "shop", Method: "GET", Path: "/offers"}},
		Load:     breakwater.Constant(100).For(1200 * time.Millisecond),
		Plan:     breakwater.Plan{breakwater.At(300 * time.Millisecond).Inject(breakwater.Cut(breakwater.Edge("shop", breakwater.Redis))).For(300 * time.Millisecond)},
		Require:  breakwater.Require{Availability: 0.99, MinOperations: 1, MaxLateness: breakwater.Duration(time.Minute)},
		Predict:  breakwater.Holds(check.Availability),
	}
	world := newFakeWorld() // in earnest local.New("out/logs"), or docker.New
	trial, history, err := breakwater.Run(context.Background(), world, scenario, breakwater.Performance{})
	if err != nil {
		fmt.Println("the kit's own trouble:", err)
		return
	}
	fmt.Println(trial.Outcome, "-", trial.Why)
	fmt.Println("from events:", len(history.Events) > 100)
	// Output:
	// confirmed - observed as predicted: availability holds
	// from events: true
}

// Two ways to build a shop, of which one cannot do without its cache, meet the
// same requests and the same fault at the same instants.
func ExampleCompare() {
	built := func(pkg string) []breakwater.Service {
		return []breakwater.Service{{Name: "shop", Program: breakwater.Program{Go: pkg}, Needs: []breakwater.Need{{To: breakwater.Redis}}}}
	}
	experiment := breakwater.Experiment{
		Scenario: breakwater.Scenario{
			Title:    "The shop loses its cache",
			Requests: []breakwater.Request{{Service: "shop", Method: "GET", Path: "/offers"}},
			Load:     breakwater.Constant(100).For(1200 * time.Millisecond),
			Plan:     breakwater.Plan{breakwater.At(300 * time.Millisecond).Inject(breakwater.Cut(breakwater.Edge("shop", breakwater.Redis))).For(300 * time.Millisecond)},
			Require:  breakwater.Require{Availability: 0.99, MinOperations: 1, MayFail: true, MaxLateness: breakwater.Duration(time.Minute)},
			Predict: breakwater.Predict(
				breakwater.Holds(check.Availability).By("copes"),
				breakwater.Breaks(check.Availability).By("depends"),
			),
		},
		Contenders: []breakwater.Contender{
			{Name: "copes", Services: built("example.com/shop/copes")},
			{Name: "depends", Services: built("example.com/shop/depends")},
		},
	}
	open := func(trial string) (breakwater.World, error) { // in earnest: return local.New("out/" + trial), nil
		return newFakeWorld().depending(strings.HasSuffix(trial, "depends")), nil
	}
	performed, err := breakwater.Compare(context.Background(), open, experiment, breakwater.Performance{ID: "cache"})
	if err != nil {
		fmt.Println("the kit's own trouble:", err)
		return
	}
	for _, p := range performed {
		fmt.Println(p.Trial.ID, p.Trial.Outcome, "-", p.Trial.Why)
	}
	// Output:
	// cache-copes confirmed - observed as predicted: availability holds
	// cache-depends confirmed - observed as predicted: availability broken
}

// depending makes the service fail while a fault bites.
func (w *fakeWorld) depending(yes bool) *fakeWorld {
	w.handle = http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if yes && w.biting {
			res.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return w
}
