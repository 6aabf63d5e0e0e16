package breakwater_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// A typing error in a scenario that was written by hand is found wherever it is.
func TestParseScenarioIsStrict(t *testing.T) {
	s := scenario()
	s.Plan = breakwater.Plan{
		breakwater.At(time.Second).Inject(breakwater.Latency(breakwater.Edge("api", "redis"), time.Second, 0)).For(time.Second),
		breakwater.On(breakwater.Commit("api")).Then(cut()).For(time.Second),
	}
	s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: breakwater.Kafka})
	s.Require.Availability = 0.9
	b, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := breakwater.ParseScenario(b); err != nil {
		t.Fatal(err)
	}
	for in, field := range map[string]string{
		"the scenario": `"title":`, "a service": `"program":`, "a program": `"go":`, "a need": `"to":"redis"`, "a request": `"method":`,
		"the load": `"rate":`, "a step": `"at":`, "a trigger": `"nth":`, "a fault": `"kind":`, "an edge": `"client":"api"`,
		"what is required": `"availability":`, "a prediction": `"expect":`,
	} {
		t.Run(in, func(t *testing.T) {
			misspelt := strings.Replace(string(b), field, `"tpyo": 1, `+field, 1)
			if misspelt == string(b) {
				t.Fatalf("there is no %s in %s", field, b)
			}
			if _, err := breakwater.ParseScenario([]byte(misspelt)); err == nil || !strings.Contains(err.Error(), `unknown field "tpyo"`) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("behind the end", func(t *testing.T) {
		if _, err := breakwater.ParseScenario(append(b, "{}"...)); err == nil || !strings.Contains(err.Error(), "unexpected data after the JSON value") {
			t.Errorf("error %v", err)
		}
		if _, err := breakwater.ParseScenario(append(b, "\n \n"...)); err != nil {
			t.Errorf("white space: %v", err)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		if _, err := breakwater.ParseScenario(b[:len(b)/2]); err == nil {
			t.Error("half a scenario is none")
		}
	})
}

// What is written by hand is read, or refused; and what was read is written in a
// way that reads the same.
func FuzzParseScenario(f *testing.F) {
	s := scenario()
	edge := breakwater.Edge("api", "redis")
	for _, fault := range []breakwater.Fault{
		breakwater.Latency(edge, time.Second, time.Millisecond), breakwater.Throttle(edge, 10), breakwater.Cut(edge),
		breakwater.Silence(edge), breakwater.Reset(edge), breakwater.Kill("api"), breakwater.Freeze("api"),
	} {
		s.Plan = breakwater.Plan{breakwater.At(time.Second).Inject(fault).For(time.Second), breakwater.On(breakwater.Commit("api")).Then(fault).For(time.Second)}
		b, err := s.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, invalid := breakwater.ParseScenario(b)
		for _, step := range s.Plan {
			_ = step.Name()
		}
		if invalid != nil {
			return
		}
		written, err := s.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := breakwater.ParseScenario(written)
		if err != nil {
			t.Fatalf("%s is refused: %v", written, err)
		}
		if rewritten, err := again.JSON(); err != nil || string(rewritten) != string(written) {
			t.Errorf("%s became %s, %v", written, rewritten, err)
		}
	})
}

func FuzzPlan(f *testing.F) {
	for _, plan := range []string{
		`[{"at":"1s","fault":{"kind":"latency","edge":{"client":"api","to":"redis"},"latency":"300ms","jitter":"3ms"},"for":"2s"}]`,
		`[{"when":{"client":"a","to":"kafka","api":"OffsetCommit","nth":3,"holdResponse":true},"fault":{"kind":"kill","service":"a/1"},"for":"1.5s"}]`,
		`[{"at":"1s","fault":{"kind":"silence","edge":{"client":"a","to":"b"},"direction":"upstream"}},{"fault":{"kind":"throttle","rate":-1}}]`,
	} {
		f.Add([]byte(plan))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var plan, again breakwater.Plan
		if json.Unmarshal(b, &plan) != nil {
			return
		}
		for _, step := range plan {
			_ = step.Name()
		}
		written, err := json.Marshal(plan)
		if err == nil {
			err = json.Unmarshal(written, &again)
		}
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if rewritten, err := json.Marshal(again); err != nil || string(rewritten) != string(written) {
			t.Errorf("%s became %s, %v", written, rewritten, err)
		}
	})
}
