package breakwater_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// withSecrets has one of each, the query's in the operation that something is predicted
// of.
func withSecrets() breakwater.Scenario {
	s := scenario()
	s.Services[0].Env = map[string]string{"PASSWORD": "hunter2-S3CRET", "PEER": "http://a:p4ss-S3CRET@${listen}/", "TOKEN": "${secret:SHOP_TOKEN}", "LEVEL": "info"}
	s.Requests = []breakwater.Request{{
		Service: "api", Method: "POST", Path: "/x?token=qu3ry-S3CRET", Body: `{"secret":"b0dy-S3CRET"}`,
		Header: map[string]string{"Authorization": "Bearer h3ader-S3CRET", "X-Shop": "${secret:SHOP_TOKEN}"},
	}}
	s.Require.Operation, s.Require.Availability = s.Requests[0].Name(), 0.9
	s.Plan = nil
	s.Predict = breakwater.Predict(breakwater.Holds(check.Availability), breakwater.AtLeast(measure.AvailabilityIn("before", s.Requests[0].Name()), 0.9))
	return s
}

// The system is given its secrets, and nothing that comes of the run has one: not the
// trial, its history, its logs or its errors. What is judged is what is saved.
func TestRunKeepsSecretsOut(t *testing.T) {
	t.Setenv("SHOP_TOKEN", "r3f-S3CRET")
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		var mu sync.Mutex
		var got http.Header
		w.handle = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			got = r.Header.Clone()
			got.Set("Query", r.URL.RawQuery)
		})
		w.unread = "answered 500: cannot log in with hunter2-S3CRET at postgres://u:0ther-S3CRET@h/db"
		s := withSecrets()
		s.Services[0].Ledger = &breakwater.Ledger{Sink: "shop", Of: "api", Path: "/ledger"}
		s.Requests[0].Body = `{"id":"${id}","secret":"b0dy-S3CRET"}`
		tr, log, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"Authorization": "Bearer h3ader-S3CRET", "X-Shop": "r3f-S3CRET", "Query": "token=qu3ry-S3CRET"} {
			if got.Get(name) != want {
				t.Errorf("the service was given %s %q, want %q", name, got.Get(name), want)
			}
		}
		tr.Suite = "x"
		saved, err := tr.Encode()
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := json.Marshal(log)
		if err != nil {
			t.Fatal(err)
		}
		for what, b := range map[string][]byte{"trial": saved, "history": recorded} {
			if strings.Contains(string(b), "S3CRET") || !strings.Contains(string(b), "${secret:") {
				t.Errorf("the %s is %.2000s", what, b)
			}
		}
		if tr.Outcome != trial.Confirmed || tr.Measurements.Operations[0].Name != "POST /x?token=${secret:TOKEN}" {
			t.Errorf("it came out as %s (%s), of %s", tr.Outcome, tr.Why, tr.Measurements.Operations[0].Name)
		}
		if again, err := trial.Rejudge(tr, log).Encode(); err != nil || string(again) != string(saved) {
			t.Errorf("judged again it is another: %v", err)
		}
		replay, err := breakwater.ParseScenario(tr.Scenario)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"AUTHORIZATION", "PASSWORD", "SECRET", "SHOP_TOKEN", "TOKEN", "URL_PASSWORD"}; !slices.Equal(replay.Secrets(), want) {
			t.Errorf("to replay it one needs %q, want %q", replay.Secrets(), want)
		}
		if missing := replay.MissingSecrets(); slices.Contains(missing, "SHOP_TOKEN") || len(missing) != 5 {
			t.Errorf("missing are %q", missing)
		}
	})
}

// What is filled in is performed as before: the same scenario again.
func TestReplayFillsSecretsIn(t *testing.T) {
	for name, value := range map[string]string{
		"SHOP_TOKEN": "r3f-S3CRET", "AUTHORIZATION": "h3ader-S3CRET", "PASSWORD": "hunter2-S3CRET", "SECRET": "b0dy-S3CRET", "TOKEN": "qu3ry-S3CRET", "URL_PASSWORD": "p4ss-S3CRET",
	} {
		t.Setenv(name, value)
	}
	synctest.Test(t, func(t *testing.T) {
		first, _, err := breakwater.Run(t.Context(), newFakeWorld(), withSecrets(), breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		replay, err := breakwater.ParseScenario(first.Scenario)
		if err != nil {
			t.Fatal(err)
		}
		w := newFakeWorld()
		var mu sync.Mutex
		given := ""
		w.handle = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			given = r.Header.Get("Authorization") + " " + r.RequestURI
		})
		second, _, err := breakwater.Run(t.Context(), w, replay, breakwater.Performance{})
		if err != nil {
			t.Fatal(err)
		}
		if given != "Bearer h3ader-S3CRET /x?token=qu3ry-S3CRET" || string(second.Scenario) != string(first.Scenario) {
			t.Errorf("given %q; saved\n%s, the first\n%s", given, second.Scenario, first.Scenario)
		}
	})
}

func TestErrorsKeepSecretsOut(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte("alice:b4sic-S3CRET"))
	for _, c := range []struct {
		name   string
		change func(*breakwater.Scenario, *fakeWorld)
		want   string
	}{
		{"a secret that is nowhere", func(s *breakwater.Scenario, _ *fakeWorld) { s.Services[0].Env["X"] = "${secret:NO_SUCH_SECRET}" }, "it refers to ${secret:NO_SUCH_SECRET}; set NO_SUCH_SECRET in the environment"},
		{"no name", func(s *breakwater.Scenario, _ *fakeWorld) { s.Services[0].Env["X"] = "${secret:no such}" }, "refers to ${secret:no such}"},
		{"a header that cannot be sent", func(s *breakwater.Scenario, _ *fakeWorld) {
			s.Requests[0].Header["Authorization"] = "Basic " + basic + "\nX: y"
		}, "cannot be sent"},
		{"a world that prints it", func(_ *breakwater.Scenario, w *fakeWorld) {
			w.shut = errors.New("dial http://a:p4ss-S3CRET@x/: password hunter2-S3CRET, header h3ader-S3CRET")
		}, "dial http://a:${secret:URL_PASSWORD}@x/: password ${secret:PASSWORD}, header ${secret:AUTHORIZATION}"},
		{"a service that prints it", func(_ *breakwater.Scenario, w *fakeWorld) {
			w.shut = &breakwater.ServiceError{Service: "api", Reason: "ended", Log: "with hunter2-S3CRET and api_key=unknown-S3CRET"}
		}, "with ${secret:PASSWORD} and api_key=[redacted]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("SHOP_TOKEN", "r3f-S3CRET")
			synctest.Test(t, func(t *testing.T) {
				s, w := withSecrets(), newFakeWorld()
				c.change(&s, w)
				_, _, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "S3CRET") || strings.Contains(err.Error(), basic) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				if e, ok := errors.AsType[*breakwater.ServiceError](err); ok && strings.Contains(e.Log, "S3CRET") {
					t.Errorf("its log is %q", e.Log)
				}
			})
		})
	}
}

func ExampleScenario_Secrets() {
	s := breakwater.Scenario{Services: []breakwater.Service{{Name: "shop", Env: map[string]string{"PASSWORD": "${secret:SHOP_PASSWORD}"}}}}
	fmt.Println(s.Secrets())
	// Output: [SHOP_PASSWORD]
}
