package trial_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func holds(guarantee string) breakwater.Prediction {
	return breakwater.Prediction{Guarantee: guarantee, Expect: breakwater.ToHold}
}

func bound(name, op string, v float64) breakwater.Prediction {
	return breakwater.Prediction{Measurement: name, Op: op, Bound: v}
}

func judge(log history.Log, predictions ...breakwater.Prediction) *trial.Trial {
	t := &trial.Trial{Schema: trial.Schema, ID: "t", Contender: log.Header.Contender}
	t.Judge(log, predictions)
	return t
}

func tolerated(guarantees ...string) (all []breakwater.Prediction) {
	for _, g := range guarantees {
		all = append(all, breakwater.Prediction{Guarantee: g, Expect: breakwater.ToBeTolerated})
	}
	return all
}

func others(except ...string) breakwater.Prediction {
	return breakwater.Prediction{Guarantee: breakwater.Others, Expect: breakwater.ToHold, Except: except}
}

func TestJudge(t *testing.T) {
	event, sync := historytest.Event(historytest.Options{}), historytest.Sync(historytest.Options{})
	const x = "u0-000042"
	lost := historytest.Without(event, func(e *history.Event) bool {
		return e.Kind == history.Effect && e.ID == x && e.Sink == "redis"
	})
	edit := func(kind history.Kind, change func(*history.Event)) history.Log {
		return historytest.Edit(event, func(e *history.Event) bool {
			if e.Kind == kind {
				change(e)
			}
			return true
		})
	}
	stuck := edit(history.Sample, func(e *history.Event) {
		if e.Group == "analytics" && e.At > 4*time.Second {
			e.Lag += 1000
		}
	})
	const p50 = "latency.p50.added[POST /register]"
	// Every answer takes up to 80 ms longer, some more and some less.
	uneven := historytest.Edit(sync, func(e *history.Event) bool {
		if e.Kind == history.Request {
			e.End += time.Duration(e.N*7919%9) * 10 * time.Millisecond
		}
		return true
	})
	broken := breakwater.Prediction{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToBreak}

	besides := tolerated(breakwater.NoOrphans, breakwater.CommitAfterEffect)

	for name, c := range map[string]struct {
		log         history.Log
		predictions []breakwater.Prediction
		want        trial.Outcome
		why         string
	}{
		"holds as predicted":                      {event, []breakwater.Prediction{holds(breakwater.NoAcknowledgedLoss)}, trial.Confirmed, "no-acknowledged-loss holds"},
		"several":                                 {event, []breakwater.Prediction{holds(breakwater.NoAcknowledgedLoss), bound(breakwater.Lost("redis"), "<=", 0)}, trial.Confirmed, "all 2 predictions"},
		"broken as predicted":                     {lost, append(besides, broken), trial.Confirmed, ""},
		"broken against":                          {lost, []breakwater.Prediction{holds(breakwater.NoPhantom), holds(breakwater.NoAcknowledgedLoss)}, trial.Refuted, "1 of 2 predictions were observed otherwise: no-acknowledged-loss holds: broken: 1 of 480 acknowledged ids never took effect in redis"},
		"holds against":                           {event, []breakwater.Prediction{broken}, trial.Refuted, ""},
		"a bound kept":                            {sync, []breakwater.Prediction{bound(p50, "<=", 20.5)}, trial.Confirmed, ""},
		"a bound broken":                          {sync, []breakwater.Prediction{bound(p50, "<=", 19.5)}, trial.Refuted, "p50 of POST /register rises by ≤ 19.5 ms: +20"},
		"a bound from below":                      {sync, []breakwater.Prediction{bound(p50, ">=", 19.5)}, trial.Confirmed, ""},
		"a bound from below, broken":              {sync, []breakwater.Prediction{bound(p50, ">=", 20.5)}, trial.Refuted, ""},
		"a bound broken by chance":                {uneven, append(tolerated(breakwater.Contained), bound(p50, "<=", 10)), trial.Undecided, "show only that it lies between"},
		"a bound from below, by chance":           {uneven, append(tolerated(breakwater.Contained), bound(p50, ">=", 10.5)), trial.Undecided, "show only that it lies between"},
		"a bound broken by more than chance":      {uneven, append(tolerated(breakwater.Contained), bound(p50, "<=", -100)), trial.Refuted, ""},
		"never reached, over the bound":           {stuck, []breakwater.Prediction{bound(breakwater.CatchUp("analytics"), "<=", 5)}, trial.Refuted, "catch-up of analytics ≤ 5 s: > 10.4 s"},
		"never reached, but the bound not either": {stuck, append(tolerated(breakwater.BoundedRecovery), bound(breakwater.CatchUp("analytics"), "<=", 30)), trial.Undecided, "cannot be decided"},
		"at least what is asked":                  {stuck, append(tolerated(breakwater.BoundedRecovery), bound(breakwater.CatchUp("analytics"), ">=", 5)), trial.Confirmed, ""},
		"at least less than is asked":             {stuck, append(tolerated(breakwater.BoundedRecovery), bound(breakwater.CatchUp("analytics"), ">=", 30)), trial.Undecided, ""},
		"not measured":                            {event, []breakwater.Prediction{bound(breakwater.Amplification("mailbox"), "<=", 5)}, trial.Undecided, "calls to mailbox per request during the fault ≤ 5: not measured"},
		"not asked":                               {sync, []breakwater.Prediction{holds(breakwater.ResumeAtCommitted)}, trial.Undecided, "not asked: no service has a consumer group"},
		"refuted goes before undecided":           {lost, []breakwater.Prediction{holds(breakwater.NoAcknowledgedLoss), bound(breakwater.Amplification("mailbox"), "<=", 5)}, trial.Refuted, "1 of 2 predictions were observed otherwise: no-acknowledged-loss holds: broken: 1 of 480"},
		"nothing was predicted of it":             {lost, []breakwater.Prediction{holds(breakwater.NoPhantom)}, trial.Refuted, "broken, though nothing was predicted of it: no-acknowledged-loss: 1 of 480 acknowledged ids never took effect in redis; 0 of 480 in mailbox, analytics-db; and so are no-orphans, commit-after-effect"},
		"nor of another":                          {lost, []breakwater.Prediction{holds(breakwater.NoAcknowledgedLoss)}, trial.Refuted, "besides, broken though nothing was predicted of it: no-orphans; and so are commit-after-effect"},
		"it is tolerated":                         {lost, append(tolerated(breakwater.NoAcknowledgedLoss, breakwater.NoOrphans, breakwater.CommitAfterEffect), holds(breakwater.NoPhantom)), trial.Confirmed, "observed as predicted: no-phantom holds"},
		"one of them is not":                      {lost, append(tolerated(breakwater.NoAcknowledgedLoss, breakwater.NoOrphans), holds(breakwater.NoPhantom)), trial.Refuted, "nothing was predicted of it: commit-after-effect"},
		"nothing is predicted but what may be":    {lost, tolerated(breakwater.NoAcknowledgedLoss), trial.Undecided, "nothing was predicted"},
		"nothing is broken":                       {event, []breakwater.Prediction{others()}, trial.Confirmed, "nothing is broken"},
		"another is broken":                       {lost, []breakwater.Prediction{others(breakwater.NoOrphans)}, trial.Refuted, "nothing is broken but no-orphans: broken: no-acknowledged-loss: 1 of 480"},
		"only the exceptions are broken":          {lost, []breakwater.Prediction{others(breakwater.NoOrphans, breakwater.NoAcknowledgedLoss, breakwater.CommitAfterEffect)}, trial.Confirmed, ""},
		"nothing else to be broken":               {event, []breakwater.Prediction{others(guarantees()...)}, trial.Undecided, "no other guarantee could be judged"},
		"no prediction":                           {event, nil, trial.Undecided, "nothing was predicted"},
		"only for another contender":              {event, []breakwater.Prediction{{Contender: "sync-fanout", Guarantee: breakwater.NoPhantom, Expect: breakwater.ToHold}}, trial.Undecided, "nothing was predicted"},
		"a prediction without sense":              {event, []breakwater.Prediction{{Guarantee: "no-such", Expect: breakwater.ToHold}}, trial.Undecided, `Guarantee "no-such" is not registered`},
		"the fault was not witnessed":             {edit(history.Fault, func(e *history.Event) { e.Fault.Active = 0 }), []breakwater.Prediction{holds(breakwater.NoPhantom)}, trial.Undecided, "never seen to take effect"},
		"the generator was late": {edit(history.Request, func(e *history.Event) {
			if e.ID == "c-"+x {
				e.At += 90 * time.Millisecond
				e.End += 90 * time.Millisecond
			}
		}), []breakwater.Prediction{holds(breakwater.NoLostInLog), holds(breakwater.BoundedRecovery)}, trial.Undecided, "behind its schedule"},
		"too few operations":          {edit(history.Request, func(e *history.Event) { e.Outcome = history.Unknown }), []breakwater.Prediction{holds(breakwater.NoPhantom)}, trial.Undecided, "only 0 requests were ok"},
		"the history is inconsistent": {edit(history.Fault, func(e *history.Event) { e.End, e.Fault.Clear = 0, 0 }), []breakwater.Prediction{holds(breakwater.NoPhantom)}, trial.Undecided, "the history is inconsistent: a fault was never healed"},
		"the kit failed":              {historytest.With(event, history.Event{Kind: history.HarnessError, Error: "tap lost its stream"}), []breakwater.Prediction{holds(breakwater.NoPhantom)}, trial.Error, "tap lost its stream"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := judge(c.log, c.predictions...)
			if tr.Outcome != c.want || !strings.Contains(tr.Why, c.why) {
				t.Errorf("%s: %s; want %s and %q", tr.Outcome, tr.Why, c.want, c.why)
			}
			if len(tr.Verdicts) != len(check.All()) || len(tr.Measurements.Values) == 0 {
				t.Errorf("%d verdicts, %d values", len(tr.Verdicts), len(tr.Measurements.Values))
			}
		})
	}
}

// What proves nothing is undecided for its reason, whatever was predicted.
func TestJudgeWhatProvesNothing(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	unwitnessed := historytest.Edit(event, func(e *history.Event) bool {
		if e.Kind == history.Fault {
			e.Fault.Active = 0
		}
		return true
	})
	truncated := event
	truncated.Events = event.Events[:len(event.Events)-1]
	for name, c := range map[string]struct {
		log history.Log
		why string
	}{
		"a fault that nobody saw":   {unwitnessed, "was never seen to take effect"},
		"a history without its end": {truncated, "the history is truncated"},
	} {
		for _, predictions := range [][]breakwater.Prediction{
			{holds(breakwater.Exercised)}, {holds(breakwater.NoPhantom)}, {others()}, {{Guarantee: breakwater.Exercised, Expect: breakwater.ToBreak}},
		} {
			got := &trial.Trial{Schema: trial.Schema, ID: "t"}
			got.Judge(c.log, predictions)
			if got.Outcome != trial.Undecided || !strings.Contains(got.Why, c.why) || got.AsPredicted() {
				t.Errorf("%s, predicted %v: %s (%s)", name, predictions, got.Outcome, got.Why)
			}
			if again := trial.Rejudge(got, c.log); again.Outcome != got.Outcome {
				t.Errorf("%s: judged again it is %s", name, again.Outcome)
			}
		}
	}
}

// A guarantee that is broken in another way than predicted is no confirmation.
func TestJudgeTheWayInWhichItBreaks(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	checkers := check.All()
	for i, c := range checkers {
		if c.Name == breakwater.Outbox {
			checkers[i].Check = func(*history.Index) check.Verdict {
				return check.Verdict{Status: check.Broken, Why: "a row was lost", Total: 1, Anomalies: []check.Anomaly{{What: "a ghost", Code: breakwater.OutboxLost}}}
			}
		}
	}
	for because, want := range map[string]trial.Outcome{
		"": trial.Confirmed, breakwater.OutboxLost: trial.Confirmed, breakwater.OutboxGhost: trial.Refuted, "a ghost": trial.Refuted,
	} {
		saved := judge(event, breakwater.Prediction{Guarantee: breakwater.Outbox, Expect: breakwater.ToBreak, Because: because})
		if got := trial.RejudgeBy(saved, event, checkers); got.Outcome != want {
			t.Errorf("because %q: %s (%s), want %s", because, got.Outcome, got.Why, want)
		}
	}
}

// A check that always passes turns what another finds into a refutation.
func TestRejudgeByOtherCheckers(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	lost := historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Effect && e.ID == "u0-000042" })
	sound := judge(lost, append(tolerated(breakwater.NoOrphans, breakwater.CommitAfterEffect), breakwater.Prediction{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToBreak})...)
	checkers := check.All()
	for i, c := range checkers {
		if c.Name == breakwater.NoAcknowledgedLoss {
			checkers[i].Check = func(*history.Index) check.Verdict {
				return check.Verdict{Status: check.Holds, Examined: 1, Why: "all is well"}
			}
		}
	}
	if again := trial.RejudgeBy(sound, lost, checkers); sound.Outcome != trial.Confirmed || again.Outcome != trial.Refuted {
		t.Errorf("%s (%s), and by a check that always passes %s (%s)", sound.Outcome, sound.Why, again.Outcome, again.Why)
	}
}

func TestPredictionValidate(t *testing.T) {
	for _, c := range []struct {
		p    breakwater.Prediction
		want string // "": good
	}{
		{holds(breakwater.NoPhantom), ""},
		{bound(breakwater.Orphans, "<=", 0), ""},
		{breakwater.Prediction{}, "set Guarantee or Measurement"},
		{breakwater.Prediction{Guarantee: breakwater.NoPhantom, Measurement: breakwater.Orphans}, "both set"},
		{breakwater.Prediction{Guarantee: "no-phantoms", Expect: breakwater.ToHold}, "is not registered"},
		{breakwater.Prediction{Guarantee: breakwater.NoPhantom, Expect: "unknown"}, "Expect of no-phantom"},
		{breakwater.Prediction{Guarantee: breakwater.NoPhantom, Expect: breakwater.ToBreak, Because: breakwater.OutboxGhost}, ""},
		{breakwater.Prediction{Guarantee: breakwater.NoPhantom, Expect: breakwater.ToHold, Because: "two clocks"}, "Because of no-phantom"},
		{breakwater.Prediction{Measurement: breakwater.Orphans, Op: "<=", Because: "two clocks"}, "Because of orphans"},
		{bound("catchup[analytics]", "<=", 1), `"catchup[analytics]" is not measured`},
		{bound(breakwater.Orphans, "<", 1), "Op of orphans"},
		{others(breakwater.NoPhantom), ""},
		{others("no-phantoms"), `Except names "no-phantoms"`},
		{breakwater.Prediction{Guarantee: breakwater.Others, Expect: breakwater.ToBreak}, "Expect of others"},
		{breakwater.Prediction{Guarantee: breakwater.NoPhantom, Expect: breakwater.ToHold, Except: guarantees()}, "Except is set"},
	} {
		err := c.p.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.p, err, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	tr := judge(historytest.Event(historytest.Options{}), holds(breakwater.NoPhantom), bound(breakwater.AvailabilityOf("POST /register"), ">=", 0.999))
	tr.Suite, tr.ID = "replay", "one"
	tr.Scenario = breakwater.Scenario{Load: breakwater.Constant(40), Plan: breakwater.Plan{}}
	tr.Environment = trial.Environment{World: "local", Versions: map[string]string{"go": "1.26", "kafka": "4.1.1"}}
	tr.Started, tr.Took = time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC), 16*time.Second
	first, err := tr.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := trial.Decode(first)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := back.Encode(); err != nil || string(second) != string(first) {
		t.Errorf("it does not survive: %v\n%s\n%s", err, first, second)
	}
	if p := back.Predictions[1]; p.Says != "POST /register ok during the fault ≥ 99.9 %" || p.Brief != "100 % of POST /register ok" || p.Outcome != trial.Confirmed {
		t.Errorf("%+v", p)
	}
}

func FuzzDecode(f *testing.F) {
	tr := judge(historytest.Event(historytest.Options{Rate: 2, Phase: 1e9}), holds(breakwater.NoPhantom))
	tr.Schema, tr.Suite, tr.ID, tr.Verdicts = trial.Schema, "replay", "one", tr.Verdicts[:2]
	saved, err := tr.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(saved)
	f.Add([]byte(`{"schema":"` + trial.Schema + `","suite":"replay","id":"one","outcome":"confirmed"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Both as it is and, so that the fuzzer gets past the sums, with new ones.
		for _, b := range [][]byte{b, resealed(b)} {
			tr, err := trial.Decode(b)
			if err != nil {
				continue
			}
			if again, err := tr.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%s becomes %s, %v", b, again, err)
			}
			if filepath.Base(tr.Suite) != tr.Suite || filepath.Base(tr.ID) != tr.ID {
				t.Errorf("suite %q, id %q", tr.Suite, tr.ID)
			}
			trial.ExitCode([]*trial.Trial{tr})
		}
	})
}

// resealed is the trial with sums that fit, as of somebody who edits those, too.
func resealed(b []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) != nil {
		return nil
	}
	sums := map[string]string{}
	delete(fields, "sums")
	for name, value := range fields {
		var compact bytes.Buffer
		_ = json.Compact(&compact, value)
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(compact.Bytes()))
	}
	rest := bytes.TrimRight(b, "\n")
	if i := bytes.LastIndex(rest, []byte(`,"sums":`)); i > 0 {
		rest = append(slices.Clone(rest[:i]), '}')
	}
	seal, _ := json.Marshal(sums)
	return slices.Concat(rest[:max(0, len(rest)-1)], []byte(`,"sums":`), seal, []byte("}\n"))
}

// Whatever is changed in a saved trial is found and named.
func TestEdited(t *testing.T) {
	tr := judge(historytest.Event(historytest.Options{}), holds(breakwater.NoPhantom))
	tr.Schema, tr.Suite, tr.ID, tr.World, tr.Round, tr.HistorySum = trial.Schema, "replay", "one", "local", 1, "abc"
	tr.Scenario = breakwater.Scenario{Title: "a", Load: breakwater.Load{Rate: 40}}
	tr.Started, tr.Took = time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC), 16*time.Second
	saved, err := tr.Encode()
	scenario, wrong := tr.Scenario.JSON()
	if err := errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) []byte {
		edited := strings.Replace(string(saved), old, new, 1)
		if edited == string(saved) {
			t.Fatalf("it has no %q: %.300s", old, saved)
		}
		return []byte(edited)
	}
	indented := bytes.Buffer{}
	if err := json.Indent(&indented, saved, "", " "); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", saved, ""},
		{"scenario", edit(`"rate":40`, `"rate":41`), "scenario changed"},
		{"scenario removed", edit(`"scenario":`+string(scenario)+`,`, ``), "scenario removed"},
		{"world", edit(`"world":"local"`, `"world":"docker"`), "world changed"},
		{"round", edit(`"round":1`, `"round":2`), "round changed"},
		{"took", edit(`"took":16`, `"took":17`), "took changed"},
		{"suite", edit(`"suite":"replay"`, `"suite":"scaling"`), "suite changed"},
		{"seed and title", edit(`"title":"","contender":"event","order":0`, `"title":"x","contender":"event","order":3`), "order changed, title changed"},
		{"a verdict", edit(`"why":"`, `"why":"not `), "verdicts changed"},
		{"the history's sum", edit(`"historySum":"abc"`, `"historySum":"abd"`), "historySum changed"},
		{"a field added", edit(`"seed":0`, `"seed":0,"statement":"x"`), "statement added"},
		{"one that nobody knows", edit(`"seed":0`, `"seed":0,"x":0`), "x added"},
		{"one by another case", edit(`"seed":0`, `"seed":0,"SEED":7`), "SEED added"},
		{"one twice, the first is void", edit(`"seed":0`, `"seed":9,"seed":0`), "not written as"},
		{"one twice", edit(`"seed":0`, `"seed":0,"seed":9`), "seed changed"},
		{"a deep one twice", edit(`"rate":40`, `"rate":41,"rate":40`), "scenario changed"},
		{"the sum of one", edit(`"took":"`, `"took":"0`), "took changed"},
		{"the sum of one removed", edit(`"sums":{`, `"sums":{"none":"",`), "none removed"},
		{"all sums removed", slices.Concat(saved[:bytes.LastIndex(saved, []byte(`,"sums"`))], []byte("}\n")), "sums removed"},
		{"no sums but a number", edit(`"sums":{`, `"sums":7,"sums2":{`), "sums changed"},
		{"its form", indented.Bytes(), "not written as"},
		{"a space", edit(`"round":1`, `"round": 1`), "not written as"},
		{"the line's end", bytes.TrimSpace(saved), "not written as"},
		{"something follows", append(slices.Clone(saved), '{'), "invalid character"},
		{"an older version", edit(trial.Schema, "breakwater.trial/2"), `schema is "breakwater.trial/2", this version reads "breakwater.trial/3": perform it again, or judge it with the version that saved it`},
		{"a misspelt scenario", resealed(edit(`"rate":40`, `"rte":40`)), "it is not written as a trial is saved"},
		{"no version", edit(`"schema":"`+trial.Schema+`",`, ``), `schema is ""`},
		{"a version that is no text", edit(`"schema":"`+trial.Schema+`"`, `"schema":[]`), `schema is ""`},
		{"a suite that leads elsewhere", resealed(edit(`"suite":"replay"`, `"suite":"../../etc"`)), `suite "../../etc" must begin with`},
		{"an absolute one", resealed(edit(`"suite":"replay"`, `"suite":"/etc"`)), `suite "/etc" must begin with`},
		{"none", resealed(edit(`"suite":"replay"`, `"suite":""`)), `suite "" must begin with`},
		{"an id with a NUL", resealed(edit(`"id":"one"`, `"id":"one\u0000"`)), `trial "one\x00" must begin with`},
		{"a hidden one", resealed(edit(`"id":"one"`, `"id":".one"`)), `trial ".one" must begin with`},
		{"a long one", resealed(edit(`"id":"one"`, `"id":"`+strings.Repeat("a", 201)+`"`)), `200 at most`},
		{"many values", edit(`"verdicts":[`, `"verdicts":[`+strings.Repeat("{},", 1_000_001)), "more than 1000000 values"},
		{"many levels", edit(`"round":1`, `"round":`+strings.Repeat("[", 20_000)), "exceeded max depth"},
		{"many bytes", bytes.Repeat([]byte(" "), trial.MaxSize+1), "at most"},
		{"nothing at all", nil, "unexpected end"},
		{"no object", []byte("[]"), "cannot unmarshal"},
		{"null", []byte("null"), `schema is ""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := trial.Decode(c.b)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %.300v, want %q", err, c.want)
			}
		})
	}
}

// settled makes a trial whose predictions came out so.
func settled(claim, title, contender string, outcome trial.Outcome, predicted ...trial.Predicted) *trial.Trial {
	return &trial.Trial{ID: claim + "-" + contender, Claim: claim, Title: title, Contender: contender, Outcome: outcome, Predictions: predicted, Why: string(outcome)}
}

func came(o trial.Outcome, known string) trial.Predicted {
	return trial.Predicted{Prediction: breakwater.Prediction{Guarantee: breakwater.NoPhantom, Expect: breakwater.ToHold, KnownRefuted: known}, Says: "no-phantom holds", Observed: string(o), Outcome: o}
}

func TestExitCode(t *testing.T) {
	good := settled("E1", "", "event", trial.Confirmed, came(trial.Confirmed, ""))
	known := settled("E1", "", "event", trial.Refuted, came(trial.Refuted, "as understood"))
	surprise := settled("E1", "", "event", trial.Confirmed, came(trial.Confirmed, "as understood"))
	refuted := settled("E1", "", "event", trial.Refuted, came(trial.Refuted, ""))
	undecided := settled("E1", "", "event", trial.Undecided, came(trial.Undecided, ""))
	failure := settled("E1", "", "event", trial.Error)
	for _, c := range []struct {
		trials []*trial.Trial
		want   int
	}{
		{nil, trial.ExitUndecided},
		{[]*trial.Trial{good, known}, trial.ExitAsPredicted},
		{[]*trial.Trial{good, surprise}, trial.ExitRefuted},
		{[]*trial.Trial{refuted, good}, trial.ExitRefuted},
		{[]*trial.Trial{undecided, refuted, good}, trial.ExitRefuted},
		{[]*trial.Trial{undecided, failure, good}, trial.ExitHarnessError},
		{[]*trial.Trial{{}}, trial.ExitUndecided},                                          // never judged
		{[]*trial.Trial{settled("E1", "", "event", trial.Confirmed)}, trial.ExitUndecided}, // confirmed nothing
	} {
		if got := trial.ExitCode(c.trials); got != c.want {
			t.Errorf("%d trials: %d, want %d", len(c.trials), got, c.want)
		}
	}
}

func ExampleTrial_Judge() {
	log := historytest.Event(historytest.Options{})
	t := trial.Trial{ID: "replay-e2-kill-event", Contender: "event"}
	t.Judge(log, []breakwater.Prediction{
		{Guarantee: breakwater.NoAcknowledgedLoss, Expect: breakwater.ToHold},
		{Measurement: breakwater.CatchUp("analytics"), Op: breakwater.OpAtMost, Bound: 10},
	})
	for _, p := range t.Predictions {
		fmt.Println(p.Says+":", p.Outcome)
	}
	fmt.Println(t.Outcome)
	// Output:
	// no-acknowledged-loss holds: confirmed
	// catch-up of analytics ≤ 10 s: confirmed
	// confirmed
}

func ExampleExitCode() {
	t := trial.Trial{}
	t.Judge(historytest.Sync(historytest.Options{}), []breakwater.Prediction{{Guarantee: breakwater.NoOrphans, Expect: breakwater.ToBreak}})
	fmt.Println(t.Outcome, trial.ExitCode([]*trial.Trial{&t}))
	// Output: refuted 1
}

func ExampleRejudge() {
	log := historytest.Event(historytest.Options{})
	saved := trial.Trial{Contender: "event"}
	saved.Judge(log, []breakwater.Prediction{{Guarantee: breakwater.ResumeAtCommitted, Expect: breakwater.ToHold}})
	again := trial.Rejudge(&saved, log)
	fmt.Println(again.Outcome == saved.Outcome, again.Why)
	// Output: true observed as predicted: resume-at-committed holds
}

// What is broken is broken, however little was done, but not by what the kit itself did
// not do, and not by what somebody else did to the system.
func TestJudgeARunThatProvesLittle(t *testing.T) {
	event := historytest.Event(historytest.Options{})
	const x = "u0-000042"
	lost := historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Effect && e.ID == x && e.Sink == "redis" })
	edit := func(log history.Log, kind history.Kind, change func(*history.Event)) history.Log {
		return historytest.Edit(log, func(e *history.Event) bool {
			if e.Kind == kind {
				change(e)
			}
			return true
		})
	}
	during, _ := event.Header.Phase(breakwater.During)
	// Nothing is ok during the fault, of which the acknowledged loss is another matter.
	idle := func(log history.Log) history.Log {
		return edit(log, history.Request, func(e *history.Event) {
			if during.Contains(e.Scheduled) && e.ID != x {
				e.Outcome, e.Status = history.Unknown, 500
			}
		})
	}
	late := func(log history.Log) history.Log {
		return edit(log, history.Request, func(e *history.Event) {
			if during.Contains(e.Scheduled) {
				e.Scheduled -= 90 * time.Millisecond
			}
		})
	}
	unwitnessed := func(log history.Log) history.Log {
		return edit(log, history.Fault, func(e *history.Event) { e.Fault.Active = 0 })
	}
	long := historytest.Event(historytest.Options{Phase: 16 * time.Second})
	healed := long.Windows()[0].To
	dead := edit(long, history.Request, func(e *history.Event) {
		if e.Scheduled >= healed {
			e.Outcome, e.Status, e.End = history.Unknown, 0, 0
		}
	})
	killed := history.Event{Kind: history.Accident, Name: history.Killed, Client: "cache/1", Value: "signal: killed", At: 1800 * time.Millisecond}
	exited := history.Event{Kind: history.Accident, Name: history.Exited, Client: "cache/1", Value: "exit status 2", At: 1800 * time.Millisecond}
	rest := tolerated(breakwater.NoOrphans, breakwater.CommitAfterEffect, breakwater.Availability, breakwater.BoundedRecovery, breakwater.Contained, breakwater.NoPhantom)
	// Every second request is not ok during the fault.
	poor := func(log history.Log) history.Log {
		odd := false
		return edit(log, history.Request, func(e *history.Event) {
			if odd = !odd; odd && during.Contains(e.Scheduled) {
				e.Outcome, e.Status = history.Unknown, 500
			}
		})
	}
	// The machine is saturated in the middle of the fault, for so much of its time.
	saturated := func(log history.Log, share float64) history.Log {
		active := log.Windows()[0]
		middle, half := (active.From+active.To)/2, time.Duration(share*float64(active.To-active.From)/2)
		return historytest.With(log, history.Event{Kind: history.Saturated, At: middle - half, End: middle + half})
	}
	quick := func(p breakwater.Prediction) []breakwater.Prediction { return append(slices.Clone(rest), p) }
	sure := func(guarantee string, expect breakwater.Expectation) []breakwater.Prediction {
		all := slices.DeleteFunc(slices.Clone(rest), func(p breakwater.Prediction) bool { return p.Guarantee == guarantee })
		return append(all, breakwater.Prediction{Guarantee: guarantee, Expect: expect})
	}
	loss := append(slices.Clone(rest), holds(breakwater.NoAcknowledgedLoss))
	fast := append(slices.Clone(rest), bound(breakwater.CatchUp("cache"), "<=", -1))
	for name, c := range map[string]struct {
		log         history.Log
		predictions []breakwater.Prediction
		want        trial.Outcome
		why         string
	}{
		"too few, and nothing is broken":           {idle(event), loss, trial.Undecided, "the run proves nothing: only"},
		"too few, and something is lost":           {idle(lost), loss, trial.Refuted, "1 of 480"},
		"dead after the fault":                     {dead, append(slices.Clone(loss), holds(breakwater.NotMetastable)), trial.Refuted, "0 % ok"},
		"late, and something is lost":              {late(lost), loss, trial.Refuted, "1 of 480"},
		"late, and nothing is lost":                {late(event), append(slices.Clone(rest), holds(breakwater.NoAcknowledgedLoss)), trial.Confirmed, "observed as predicted"},
		"late, and it should be fast":              {late(event), append(slices.Clone(rest), bound(breakwater.CatchUp("cache"), "<=", 100)), trial.Undecided, "behind its schedule"},
		"late, and nothing else is broken":         {late(event), []breakwater.Prediction{holds(breakwater.NoAcknowledgedLoss), {Guarantee: breakwater.Others, Expect: breakwater.ToHold, Except: []string{breakwater.Availability, breakwater.BoundedRecovery, breakwater.Contained}}}, trial.Confirmed, ""},
		"late, and not available":                  {late(idle(event)), append(tolerated(breakwater.BoundedRecovery, breakwater.Contained, breakwater.NoPhantom), holds(breakwater.Availability)), trial.Undecided, "behind its schedule"},
		"no fault was seen, and something is lost": {unwitnessed(lost), loss, trial.Undecided, "never seen to take effect"},
		"somebody killed a process":                {historytest.With(lost, killed), loss, trial.Undecided, "cache/1 was killed at 1.8 s (signal: killed), which no step of the plan ordered and which may explain: 1 of 480"},
		"somebody did, and it is slow":             {historytest.With(event, killed), fast, trial.Undecided, "cache/1 was killed at 1.8 s"},
		"somebody did, and nothing came of it":     {historytest.With(event, killed), loss, trial.Confirmed, "cache/1 was killed at 1.8 s (signal: killed); observed as predicted"},
		"saturated, and something is lost":         {saturated(lost, 0.9), loss, trial.Refuted, "1 of 480"},
		"saturated, and it is slow":                {saturated(event, 0.3), quick(bound(breakwater.LatencyAdded(breakwater.P50, "POST /register"), "<=", -1000)), trial.Undecided, "the machine's processors were saturated for"},
		"hardly saturated, and it is slow":         {saturated(event, 0.2), quick(bound(breakwater.LatencyAdded(breakwater.P50, "POST /register"), "<=", -1000)), trial.Refuted, ""},
		"hardly saturated, and the last are slow":  {saturated(event, 0.02), quick(bound(breakwater.LatencyAdded(breakwater.P99, "POST /register"), "<=", -1000)), trial.Undecided, "during the fault (leave it more to itself: --procs), which may explain"},
		"saturated for as long as it is late":      {saturated(event, 0.5), quick(bound(breakwater.CatchUp("cache"), "<=", -0.1)), trial.Undecided, "which may explain"},
		"saturated for less than it is late":       {saturated(event, 0.5), quick(bound(breakwater.CatchUp("cache"), "<=", -100)), trial.Refuted, ""},
		"saturated, and a record came twice":       {saturated(event, 0.9), quick(bound(breakwater.Duplicates("redis"), "<=", -1)), trial.Refuted, ""},
		"saturated, and not available":             {saturated(poor(event), 0.2), sure(breakwater.Availability, breakwater.ToHold), trial.Undecided, "which may explain"},
		"saturated, and not available as foreseen": {saturated(poor(event), 0.2), sure(breakwater.Availability, breakwater.ToBreak), trial.Confirmed, ""},
		"a process ended by itself":                {historytest.With(lost, exited), loss, trial.Refuted, "cache/1 ended by itself at 1.8 s (exit status 2); 1 of 1 predictions"},
	} {
		t.Run(name, func(t *testing.T) {
			if tr := judge(c.log, c.predictions...); tr.Outcome != c.want || !strings.Contains(tr.Why, c.why) {
				t.Errorf("%s: %s; want %s and %q", tr.Outcome, tr.Why, c.want, c.why)
			}
		})
	}
}

func guarantees() (names []string) {
	for _, g := range breakwater.Guarantees() {
		names = append(names, g.Name)
	}
	return names
}
