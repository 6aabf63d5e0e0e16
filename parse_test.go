package breakwater_test

import (
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
		if _, err := breakwater.ParseScenario(append(b, "{}"...)); err == nil || !strings.Contains(err.Error(), "something behind its end") {
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
