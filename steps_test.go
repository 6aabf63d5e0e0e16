package breakwater_test

import (
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
)

// consuming is a scenario with a consumer of three instances, of which two are
// late, and a step that starts each of those.
func consuming() breakwater.Scenario {
	s := scenario()
	s.Services = append(s.Services, breakwater.Service{
		Name: "reader", Instances: 3, Deferred: 2, Group: "readers", Program: s.Services[0].Program,
		Needs: []breakwater.Need{{To: breakwater.Kafka}},
	})
	s.Plan = breakwater.Plan{
		breakwater.At(3 * time.Second).Inject(breakwater.Start("reader/2")),
		breakwater.At(5 * time.Second).Inject(breakwater.Start("reader/3")),
	}
	return s
}

func TestStepsAreValidated(t *testing.T) {
	if err := consuming().Validate(); err != nil {
		t.Fatalf("what all cases begin with: %v", err)
	}
	step := func(at time.Duration, f breakwater.Fault, last time.Duration) func(*breakwater.Scenario) {
		return func(s *breakwater.Scenario) { s.Plan = append(s.Plan, breakwater.At(at).Inject(f).For(last)) }
	}
	const sec = time.Second
	for name, test := range map[string]struct {
		spoil func(s *breakwater.Scenario)
		want  string // "": it is valid
	}{
		"stopped":             {step(6*sec, breakwater.Stop("reader"), sec), ""},
		"stopped for no time": {step(6*sec, breakwater.Stop("reader"), 0), "plan, step 3 (stop reader): it lasts 0s; set how long with For"},
		"nobody is stopped":   {step(6*sec, breakwater.Stop("raeder"), sec), `"raeder" is no service or instance`},
		"stopped by its commit": {func(s *breakwater.Scenario) {
			s.Plan = append(s.Plan, breakwater.On(breakwater.Commit("reader/1")).Then(breakwater.Stop("reader")).For(sec))
		}, "its trigger holds a request of reader/1, which would wait for the answer and not end; use Kill, or inject at a time"},
		"stopped by another's": {func(s *breakwater.Scenario) {
			s.Plan = append(s.Plan, breakwater.On(breakwater.Commit("reader/1")).Then(breakwater.Stop("reader/2")).For(sec))
		}, ""},

		"all are late": {func(s *breakwater.Scenario) {
			s.Services[1].Deferred = 3
			s.Plan = append(s.Plan, breakwater.At(6*sec).Inject(breakwater.Start("reader/1")))
		}, ""},
		"more are late than are":  {func(s *breakwater.Scenario) { s.Services[1].Deferred = 4 }, "service reader: late 4; give 0 to 3"},
		"fewer are late than can": {func(s *breakwater.Scenario) { s.Services[1].Deferred = -1 }, "service reader: late -1; give 0 to 3"},
		"nobody starts one":       {func(s *breakwater.Scenario) { s.Plan = s.Plan[:1] }, `plan: reader/3 is deferred and nothing starts it; add At(…).Inject(Start("reader/3")), or set Deferred to 0`},
		"two start one":           {step(6*sec, breakwater.Start("reader/3"), 0), "plan: steps 2 and 3 both start reader/3; leave one of them"},
		"one that is there":       {step(6*sec, breakwater.Start("reader/1"), 0), "plan, step 3 (start reader/1): reader/1 is started with the system; set Deferred to how many of its instances are not, or use Restart"},
		"a start that ends":       {func(s *breakwater.Scenario) { s.Plan[1].Duration = breakwater.Duration(sec) }, "plan, step 2 (start reader/3): it lasts 1s, but what is started stays; leave out For, and end it with a Stop of its own"},
		"killed before it is":     {step(4*sec, breakwater.Kill("reader"), sec), "plan, step 3 (kill reader): reader/3 is not there before 5s, when step 2 starts it; aim at an instance that is, or inject it later"},
		"killed where it is":      {step(4*sec, breakwater.Kill("reader/2"), sec), ""},
		"cut before it is":        {step(sec, breakwater.Cut(breakwater.Edge("reader", breakwater.Kafka)), sec), ""},
		"called, and late": {func(s *breakwater.Scenario) {
			s.Services[0].Needs = append(s.Services[0].Needs, breakwater.Need{To: "reader"})
			s.Services[1].Deferred = 3
		}, `service api: it needs "reader", which the system begins without; set Deferred of reader to 0`},
		"loaded, and late": {func(s *breakwater.Scenario) { s.Requests[0].Service = "reader"; s.Services[1].Deferred = 3 }, `request GET /: service "reader" is one that the system begins without`},

		"reset":                 {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToEarliest()), 0), ""},
		"reset for a while":     {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToOffset(0)), sec), ""},
		"reset before some are": {step(4*sec, breakwater.ResetOffsets("reader", breakwater.ToTime(2*sec)), 0), ""},
		"reset for less than 0": {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToEarliest()), -sec), "it lasts -1s"},
		"reset before any is": {func(s *breakwater.Scenario) {
			s.Services[1].Deferred = 3
			s.Plan = append(s.Plan, breakwater.At(2*sec).Inject(breakwater.ResetOffsets("reader", breakwater.ToEarliest())), breakwater.At(6*sec).Inject(breakwater.Start("reader/1")))
		}, "reader/1 is not there before 6s"},
		"reset to nowhere":       {step(6*sec, breakwater.ResetOffsets("reader", breakwater.OffsetSpec{}), 0), `reset-offsets: to ""; use ToEarliest, ToOffset or ToTime (in JSON earliest, offset or time)`},
		"reset below 0":          {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToOffset(-1)), 0), "reset-offsets: to offset -1; give 0 or more"},
		"reset before the load":  {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToTime(-sec)), 0), "reset-offsets: to the time -1s; give 0s"},
		"reset to the future":    {step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToTime(7*sec)), 0), "it goes to 7s and comes at 6s, when there is nothing yet; give an earlier time to go to"},
		"one instance's offsets": {step(6*sec, breakwater.ResetOffsets("reader/1", breakwater.ToEarliest()), 0), `"reader/1" is an instance, and offsets are those of its group; name the service`},
		"offsets of no group":    {step(6*sec, breakwater.ResetOffsets("api", breakwater.ToEarliest()), 0), "api consumes nothing, so it has no offsets; name a service with a Group"},
		"offsets in the sink": {func(s *breakwater.Scenario) {
			s.Services[1].Offsets = breakwater.OffsetsInSink
			step(6*sec, breakwater.ResetOffsets("reader", breakwater.ToEarliest()), 0)(s)
		}, "reader keeps its offsets in its sink, where Kafka cannot set them; name a service whose Offsets are in kafka"},
		"offsets by their commit": {func(s *breakwater.Scenario) {
			s.Plan = append(s.Plan, breakwater.On(breakwater.Commit("reader")).Then(breakwater.ResetOffsets("reader", breakwater.ToEarliest())))
		}, "its trigger holds a request of reader"},
	} {
		t.Run(name, func(t *testing.T) {
			s := consuming()
			test.spoil(&s)
			err := s.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestStepsSurviveTheirJSON(t *testing.T) {
	s := consuming()
	s.Plan = append(s.Plan,
		breakwater.At(6*time.Second).Inject(breakwater.Stop("reader/3")).For(time.Second),
		breakwater.At(6*time.Second).Inject(breakwater.ResetOffsets("reader", breakwater.ToEarliest())),
		breakwater.At(6*time.Second).Inject(breakwater.ResetOffsets("reader", breakwater.ToOffset(12))),
		breakwater.At(6*time.Second).Inject(breakwater.ResetOffsets("reader", breakwater.ToTime(1500*time.Millisecond))),
	)
	first, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"deferred":2`, `"kind":"stop"`, `"kind":"start"`, `"offset":{"to":"earliest"}`, `"offset":{"to":"offset","offset":12}`, `"offset":{"to":"time","time":"1.5s"}`} {
		if !strings.Contains(string(first), want) {
			t.Errorf("%s is not in %s", want, first)
		}
	}
	again, err := breakwater.ParseScenario(first)
	if err != nil {
		t.Fatal(err)
	}
	second, err := again.JSON()
	if err != nil || string(second) != string(first) {
		t.Errorf("%v, read back\n%s, want\n%s", err, second, first)
	}
	misspelt := strings.Replace(string(first), `"to":"offset"`, `"tpyo": 1, "to":"offset"`, 1)
	if _, err := breakwater.ParseScenario([]byte(misspelt)); err == nil || !strings.Contains(err.Error(), `unknown field "tpyo"`) {
		t.Errorf("a misspelt field in a place: %v", err)
	}
}
