package measure_test

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

func TestWhatAnAcknowledgementPromises(t *testing.T) {
	const before, during = breakwater.Before, breakwater.During
	after := func(d time.Duration) func(time.Duration) time.Duration {
		return func(time.Duration) time.Duration { return d }
	}
	away := func(at time.Duration) time.Duration { // from 1 s to 2.6 s
		if at >= time.Second && at < 2500*ms {
			return 2600*ms - at
		}
		return 30 * ms
	}
	never := func(at time.Duration) time.Duration {
		if at == 1500*ms {
			return 0
		}
		return 30 * ms
	}
	for name, c := range map[string]struct {
		events [][]history.Event
		want   want
	}{
		"there before the answer": {[][]history.Event{load(fine), effects("db", after(5*ms)), {cut}}, want{
			breakwater.ConsistencyWindow(breakwater.P99, before, "db"): "0 s", breakwater.StaleReads(before, "db"): "0 %", breakwater.Overtaken("db"): "0",
			breakwater.OvertakenInKey("db"): "not measured", // no event has a key
		}},
		"a little later": {[][]history.Event{load(fine), effects("db", after(30*ms)), {cut}}, want{
			breakwater.ConsistencyWindow(breakwater.P50, before, "db"): "20 ms", breakwater.StaleReads(before, "db"): "100 %", breakwater.StaleReads(during, "db"): "100 %",
		}},
		// The oldest that waits was acknowledged at 1.01 s; one that was sent at 2.5 s
		// is there first.
		"later while the fault lasts": {[][]history.Event{load(fine), effects("db", away), {cut}}, want{
			breakwater.ConsistencyWindow(breakwater.P99, before, "db"): "20 ms", breakwater.ConsistencyWindow(breakwater.P99, during, "db"): "1.6 s",
			breakwater.Overtaken("db"): "30",
		}},
		"one never comes": {[][]history.Event{load(fine), effects("db", never), {cut}}, want{
			breakwater.ConsistencyWindow(breakwater.P50, during, "db"): "20 ms", breakwater.ConsistencyWindow(breakwater.P99, during, "db"): "> 8.5 s",
			breakwater.Overtaken("db"): "0",
		}},
		"nothing is acknowledged": {[][]history.Event{load(worse(10*ms, history.Failed)), {cut}}, want{
			breakwater.ConsistencyWindow(breakwater.P99, during, "db"): "not measured", breakwater.StaleReads(during, "db"): "not measured",
		}},
	} {
		t.Run(name, func(t *testing.T) { c.want.check(t, of(header(consumer()), c.events...)) })
	}
}

func TestOvertaken(t *testing.T) {
	// Three events, each sent when the one before has been acknowledged; the first
	// and the last are of one key.
	run := func(skew time.Duration, effects ...time.Duration) measure.Measurements {
		var events []history.Event
		for i, key := range []string{"ann", "bob", "ann"} {
			r := request(time.Duration(i)*50*ms, 10*ms, history.OK)
			r.Key = key
			events = append(events, r)
			if effects[i] > 0 {
				events = append(events, history.Event{Kind: history.Effect, Sink: "db", ID: r.ID, At: effects[i]})
			}
		}
		h := header(consumer())
		h.Ledgers = map[string]history.Reading{"db": {Skew: skew}}
		return of(h, events)
	}
	for name, c := range map[string]struct {
		skew        time.Duration
		effects     []time.Duration
		all, inKeys string
	}{
		"in order":              {0, []time.Duration{100 * ms, 110 * ms, 120 * ms}, "0", "0"},
		"by another key":        {0, []time.Duration{115 * ms, 110 * ms, 120 * ms}, "1", "0"},
		"by both":               {0, []time.Duration{130 * ms, 110 * ms, 120 * ms}, "1", "1"},
		"two of them":           {0, []time.Duration{130 * ms, 140 * ms, 120 * ms}, "2", "1"},
		"by less than is known": {20 * ms, []time.Duration{130 * ms, 110 * ms, 120 * ms}, "0", "0"},
		"the first never comes": {0, []time.Duration{0, 130 * ms, 120 * ms}, "1", "not measured"},
		"the last never comes":  {0, []time.Duration{130 * ms, 110 * ms, 0}, "1", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			want{breakwater.Overtaken("db"): c.all, breakwater.OvertakenInKey("db"): c.inKeys}.check(t, run(c.skew, c.effects...))
		})
	}
}

// Of every acknowledged event of a healthy run all is known, and not of one that
// lacks any station of its life.
func TestTraced(t *testing.T) {
	event, sync := historytest.Event(historytest.Options{}), historytest.Sync(historytest.Options{NoFault: true})
	const id = "u0-000042"
	without := historytest.Without
	of := func(kind history.Kind, match func(*history.Event) bool) func(e *history.Event) bool {
		return func(e *history.Event) bool { return e.Kind == kind && match(e) }
	}
	isIt := func(e *history.Event) bool { return e.ID == id }
	for name, c := range map[string]struct {
		log   history.Log
		whole bool
	}{
		"event-driven":      {event, true},
		"synchronous":       {sync, true},
		"not in the log":    {without(event, of(history.Audit, isIt)), false},
		"an effect missing": {without(event, func(e *history.Event) bool { return e.Kind == history.Effect && e.Sink == "redis" && isIt(e) }), false},
		"never delivered":   {without(event, of(history.Fetched, func(e *history.Event) bool { return e.Group == "cache" })), false},
		"never committed":   {without(event, of(history.Commit, func(e *history.Event) bool { return e.Group == "cache" })), false},
		"never called":      {without(sync, of(history.Call, func(e *history.Event) bool { return isIt(e) && e.To == "cache" })), false},
	} {
		t.Run(name, func(t *testing.T) {
			v, measured := measure.Of(c.log.Index()).Lookup(breakwater.Traced)
			if !measured || (v.Value == 1) != c.whole {
				t.Errorf("traced %v of %d, want the whole: %t", v.Value, v.N, c.whole)
			}
		})
	}
}

// The life that is kept is that of the event that took longest to be everywhere.
func TestTheSlowestLifeIsKept(t *testing.T) {
	m := of(header(consumer()), load(fine), effects("db", func(at time.Duration) time.Duration {
		if at == 700*ms {
			return 400 * ms
		}
		return 30 * ms
	}))
	if m.Life == nil || m.Life.ID != "u700ms" || m.Life.Took != 390*ms || len(m.Life.Moments) != 4 {
		t.Errorf("kept %+v", m.Life)
	}
	if m := of(header(consumer()), load(worse(10*ms, history.Failed))[20:30]); m.Life != nil {
		t.Errorf("nothing was acknowledged, and this life is kept: %+v", m.Life)
	}
}
