package measure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// view is a consumer that keeps its position with its state, on one partition.
func view() breakwater.Service {
	return breakwater.Service{Name: "view", Group: "views", Offsets: "sink",
		Ledger: &breakwater.Ledger{Sink: "db", Projection: breakwater.CountByKey}}
}

// logged puts the events of load into the log, in order.
func logged() []history.Event {
	var all []history.Event
	for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
		all = append(all, history.Event{Kind: history.Audit, At: 9 * time.Second, Topic: "orders", Offset: int64(at / (50 * ms)), ID: "u" + at.String()})
	}
	return all
}

func stored(at time.Duration, client string, next int64) history.Event {
	return history.Event{Kind: history.Commit, Sink: "db", Group: "views", Client: client, Topic: "orders", Offset: next, At: at, End: at, Outcome: history.OK}
}

func TestStaleness(t *testing.T) {
	const stale = "staleness[view]"
	soon := func(time.Duration) time.Duration { return 30 * ms } // 20 ms after the answer
	away := func(at time.Duration) time.Duration {               // from 1 s to 2.6 s
		if at >= time.Second && at < 2500*ms {
			return 2600*ms - at
		}
		return 30 * ms
	}
	deletedAt := func(at time.Duration, back ...history.Event) []history.Event {
		return append([]history.Event{stored(30*ms, "view/1", 1), stored(at-10*ms, "view/1", int64(at/(50*ms))), stored(at, "reset", 0)}, back...)
	}
	for name, c := range map[string]struct {
		events [][]history.Event
		want   want
	}{
		"never behind": {[][]history.Event{load(fine), effects("db", func(time.Duration) time.Duration { return 5 * ms }), {cut}}, want{
			breakwater.Staleness("view"): "0 s", breakwater.StalenessIn(breakwater.During, "view"): "0 s", breakwater.FreshAgain("view"): "0 s",
		}},
		"always a little behind": {[][]history.Event{load(fine), effects("db", soon), {cut}}, want{
			breakwater.Staleness("view"): "20 ms", breakwater.StalenessIn(breakwater.Before, "view"): "20 ms", breakwater.StalenessIn(breakwater.After, "view"): "20 ms",
			breakwater.FreshAgain("view"): "0 s",
		}},
		// The oldest that is missing was acknowledged at 1.01 s.
		"away while the fault lasts": {[][]history.Event{load(fine), effects("db", away), {cut}}, want{
			breakwater.Staleness("view"): "1.6 s", breakwater.StalenessIn(breakwater.Before, "view"): "20 ms",
			breakwater.StalenessIn(breakwater.During, "view"): "990 ms", breakwater.StalenessIn(breakwater.After, "view"): "1.6 s",
			breakwater.FreshAgain("view"): "750 ms",
		}},
		"a second staler is fresh enough": {[][]history.Event{load(fine), effects("db", func(at time.Duration) time.Duration {
			if at >= 1500*ms {
				return 1020 * ms
			}
			return 30 * ms
		}), {cut}}, want{
			breakwater.Staleness("view"): "1 s", breakwater.FreshAgain("view"): "0 s",
		}},
		"one never comes": {[][]history.Event{load(fine), effects("db", func(at time.Duration) time.Duration {
			if at == 1500*ms {
				return 0
			}
			return 30 * ms
		}), {cut}}, want{
			breakwater.Staleness("view"): "> 8.5 s", breakwater.StalenessIn(breakwater.During, "view"): "490 ms", breakwater.FreshAgain("view"): "> 8 s",
		}},
		"what is not acknowledged is not missed": {[][]history.Event{load(worse(10*ms, history.Unknown)), logged(), effects("db", away), {cut}}, want{
			breakwater.Staleness("view"): "590 ms", breakwater.StalenessIn(breakwater.During, "view"): "0 s", // the oldest is of 2 s
		}},
		// Where nobody is answered nothing can be stale, and that is no recovery.
		"nothing is acknowledged": {[][]history.Event{load(func(time.Duration) (time.Duration, history.Outcome) { return 10 * ms, history.Failed }), {cut}}, want{
			breakwater.Staleness("view"): "not measured", breakwater.StalenessIn(breakwater.Before, "view"): "not measured", breakwater.FreshAgain("view"): "not measured",
		}},
		"without a fault": {[][]history.Event{load(fine), effects("db", soon)}, want{
			breakwater.Staleness("view"): "20 ms", breakwater.StalenessIn(breakwater.During, "view"): "20 ms", breakwater.FreshAgain("view"): "not measured",
		}},
		// The first event, acknowledged at 10 ms, is gone at 1.2 s.
		"deleted and made again": {[][]history.Event{load(fine), logged(), effects("db", soon), deletedAt(1200*ms, stored(1700*ms, "view/1", 10), stored(2600*ms, "view/1", 60)), {cut}}, want{
			// Offset 9 is there again at 1.7 s, offset 10 at 2.6 s.
			breakwater.Staleness("view"): "2.1 s", breakwater.StalenessIn(breakwater.Before, "view"): "20 ms", breakwater.FreshAgain("view"): "750 ms",
			breakwater.CatchUp("views"): "500 ms",
		}},
		"deleted twice": {[][]history.Event{load(fine), logged(), effects("db", soon), deletedAt(1200*ms, stored(1300*ms, "view/1", 2), stored(1600*ms, "reset", 0), stored(2200*ms, "view/1", 60)), {cut}}, want{
			breakwater.Staleness("view"): "2.2 s",
		}},
		"deleted, and never made again": {[][]history.Event{load(fine), logged(), effects("db", soon), deletedAt(1200 * ms), {cut}}, want{
			breakwater.Staleness("view"): "> 10 s", breakwater.StalenessIn(breakwater.Before, "view"): "20 ms", breakwater.CatchUp("views"): "> 8 s",
		}},
		"set back in part": {[][]history.Event{load(fine), logged(), effects("db", soon), {
			stored(30*ms, "view/1", 1), stored(1190*ms, "view/1", 23), stored(1200*ms, "reset", 20), stored(1300*ms, "view/1", 24),
		}, {cut}}, want{
			breakwater.Staleness("view"): "290 ms", // of offset 20, acknowledged at 1.01 s
		}},
		"a fall that nobody wished is none of the state": {[][]history.Event{load(fine), logged(), effects("db", soon), {
			stored(30*ms, "view/1", 1), stored(1190*ms, "view/1", 23), stored(1200*ms, "view/1", 0),
		}, {cut}}, want{
			breakwater.Staleness("view"): "20 ms",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := of(header(view()), c.events...)
			c.want.check(t, m)
			if v, measured := m.Lookup(stale); measured {
				highest := 0.0
				for _, p := range m.Sinks[0].Staleness {
					highest = max(highest, p.Value)
				}
				if highest != v.Value {
					t.Errorf("the series rises to %v, and the value is %v", highest, v.Value)
				}
			}
		})
	}
}

func TestStalenessByWindow(t *testing.T) {
	m := of(header(view()), load(fine), effects("db", func(at time.Duration) time.Duration {
		switch at {
		case 900 * ms: // acknowledged at 910 ms, missing until 1.7 s
			return 800 * ms
		case 1000 * ms: // younger, and missing until 1.3 s
			return 300 * ms
		}
		return 30 * ms
	}))
	got := ""
	for _, p := range m.Sinks[0].Staleness[2:8] {
		got += fmt.Sprint(p.At, " ", p.Value, "; ")
	}
	if want := "500ms 0.02; 750ms 0.09; 1s 0.34; 1.25s 0.59; 1.5s 0.79; 1.75s 0.02; "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := len(m.Sinks[0].Staleness); n != 40 {
		t.Errorf("%d windows of 10 s", n)
	}
}
