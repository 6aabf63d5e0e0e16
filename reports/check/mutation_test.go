package check

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// is matches the events of one kind and id.
func is(kind history.Kind, id string) func(*history.Event) bool {
	return func(e *history.Event) bool { return e.Kind == kind && e.ID == id }
}

func inSink(sink string, match func(*history.Event) bool) func(*history.Event) bool {
	return func(e *history.Event) bool { return e.Sink == sink && match(e) }
}

func changed(l history.Log, match func(*history.Event) bool, change func(*history.Event)) history.Log {
	n := 0
	edited := historytest.Edit(l, func(e *history.Event) bool {
		if match(e) {
			n++
			change(e)
		}
		return true
	})
	if n == 0 {
		panic("nothing matched")
	}
	return edited
}

// An edit of one event of a healthy run breaks exactly the guarantees that speak
// of it, and each names exactly the id that was touched.
func TestMutations(t *testing.T) {
	const x = "u3-000101"
	event, sync := historytest.Event(historytest.Options{Seed: 3}), historytest.Sync(historytest.Options{Seed: 3})
	lastResume := func(e *history.Event) bool {
		return e.Kind == history.Resume && e.Group == "analytics" && e.Generation == 3 && e.Partition == 0
	}
	resumed := historytest.Find(event, 0, lastResume)
	records := event.Index().Records[resumed.In()]
	first := records[slices.IndexFunc(records, func(r *history.Event) bool { return r.Offset >= resumed.Offset })]
	earlier := historytest.Find(event, 3, func(e *history.Event) bool {
		return e.Kind == history.Commit && e.Group == "analytics" && e.Partition == 0 && e.At > resumed.At-time.Second
	})
	var between []string
	for _, r := range event.Index().Between(resumed.In(), earlier.Offset, resumed.Committed) {
		between = append(between, r.ID)
	}
	if len(between) == 0 || len(between) > maxNames {
		t.Fatalf("the mutation wants 1 to %d records, not %d", maxNames, len(between))
	}
	failed := func(name string, at time.Duration) func(*history.Event) bool {
		return func(e *history.Event) bool {
			return e.Kind == history.Request && e.Name == name && at <= e.Scheduled && e.Scheduled < at+50*ms
		}
	}
	fail := func(e *history.Event) { e.Outcome = history.Failed }
	twoFailed := func(name string) (ids []string) {
		for r := range sync.Of(history.Request) {
			if failed(name, 5*time.Second)(r) {
				ids = append(ids, r.ID)
			}
		}
		return ids
	}

	var registered []string // while the fault was active
	var again []history.Event
	for e := range sync.Of(history.Request, history.Call) {
		switch {
		case !sync.Windows()[0].Contains(max(e.Scheduled, e.At)):
		case e.Kind == history.Call && e.To == "mailbox":
			again = append(again, *e)
		case e.Name == "POST /register":
			registered = append(registered, e.ID)
		}
	}

	// Of two batches in one partition the second is sent under the number of the first.
	one := historytest.Find(event, 20, func(e *history.Event) bool { return e.Kind == history.Produce && e.Partition == 0 })
	other := historytest.Find(event, 21, func(e *history.Event) bool { return e.Kind == history.Produce && e.Partition == 0 })
	misnumbered := historytest.Edit(event, func(e *history.Event) bool {
		if e.Kind == history.Produce && e.ID == other.ID {
			e.Sequence, e.Offset = one.Sequence, one.Offset
		}
		return e.ID != other.ID || e.Kind == history.Produce || e.Kind == history.Request
	})

	testMutations(t, map[string]mutation{
		"a batch is sent under another's number": {misnumbered,
			map[string][]string{breakwater.OneRecordPerOffset: {other.ID}, breakwater.NoLostInLog: {other.ID}, breakwater.NoAcknowledgedLoss: {other.ID, other.ID, other.ID}}},
		"the record is dropped from the log": {historytest.Without(event, is(history.Audit, x)),
			map[string][]string{breakwater.NoLostInLog: {x}}},
		"the effect is dropped": {historytest.Without(event, inSink("analytics-db", is(history.Effect, x))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}, breakwater.CommitAfterEffect: {x}}},
		"the effect has another id": {changed(event, inSink("redis", is(history.Effect, x)), func(e *history.Event) { e.ID = "ghost" }),
			map[string][]string{breakwater.NoPhantom: {"ghost"}, breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}, breakwater.CommitAfterEffect: {x}}},
		"an attempt has another id": {changed(event, inSink("redis", is(history.Attempt, x)), func(e *history.Event) { e.ID = "ghost" }),
			map[string][]string{breakwater.NoPhantom: {"ghost"}, breakwater.ReplayIsContiguous: {x}}},
		"the effect comes late": {changed(event, inSink("mailbox", is(history.Effect, x)), func(e *history.Event) { e.At += 100 * ms }),
			map[string][]string{breakwater.CommitAfterEffect: {x}}},
		"the effect happens twice": {historytest.With(event, historytest.Find(event, 0, inSink("mailbox", is(history.Effect, x)))),
			map[string][]string{breakwater.EffectOnce: {x}}},
		"record and effects are gone": {historytest.Without(event, func(e *history.Event) bool { return e.ID == x && e.Kind != history.Request }),
			map[string][]string{breakwater.NoLostInLog: {x}, breakwater.NoAcknowledgedLoss: {x, x, x}}},
		"the request is forgotten": {historytest.Without(event, is(history.Request, x)),
			map[string][]string{breakwater.NoPhantom: {x, x, x}}},
		"the answer was lost": {changed(event, is(history.Request, x), func(e *history.Event) { e.Outcome = history.Unknown }),
			nil},
		"the broker answers with nothing": {changed(event, lastResume, func(e *history.Event) { e.Committed = -1 }),
			map[string][]string{breakwater.ResumeAtCommitted: nil}},
		"the client skips a record": {changed(event, lastResume, func(e *history.Event) { e.Offset = first.Offset + 1 }),
			map[string][]string{breakwater.ResumeAtCommitted: {first.ID}}},
		"the broker answers with an older commit": {changed(event, lastResume, func(e *history.Event) { e.Committed, e.Offset = earlier.Offset, earlier.Offset }),
			map[string][]string{breakwater.ResumeAtCommitted: nil, breakwater.ExplainedRedelivery: between}},
		"two of eighty registrations fail": {changed(sync, failed("POST /register", 5*time.Second), fail),
			map[string][]string{breakwater.Availability: twoFailed("POST /register"), breakwater.NoAbortedRead: slices.Repeat(twoFailed("POST /register"), 3)}},
		"two of eighty reads fail": {changed(sync, failed("GET /catalog", 5*time.Second), fail),
			map[string][]string{breakwater.Contained: twoFailed("GET /catalog")}},
		"the caller of what is slow is slow as well": {changed(sync, func(e *history.Event) bool {
			return e.Kind == history.Request && slices.Contains(registered, e.ID)
		}, func(e *history.Event) { e.End += time.Second }), map[string][]string{breakwater.Contained: registered[:maxNames]}},
		"a leaf is called twice each time": {historytest.With(sync, again...), map[string][]string{breakwater.Contained: registered[:1]}},
		"a synchronous effect is dropped": {historytest.Without(sync, inSink("redis", is(history.Effect, x))),
			map[string][]string{breakwater.NoAcknowledgedLoss: {x}, breakwater.NoOrphans: {x}}},
	})
}

// mutation is a healthy run that was edited, and exactly what that breaks.
type mutation struct {
	log  history.Log
	want map[string][]string // guarantee → ids of its anomalies
}

func testMutations(t *testing.T, mutations map[string]mutation) {
	t.Helper()
	for name, c := range mutations {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			got := brokenBy(t, c.log)
			if !maps.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("broken: %v, want %v", got, c.want)
			}
		})
	}
}

// brokenBy is the ids of the anomalies by the guarantee that they break. No verdict
// may be unknown.
func brokenBy(t *testing.T, log history.Log) map[string][]string {
	t.Helper()
	got := map[string][]string{}
	for _, v := range Judge(log.Index(), All()) {
		switch v.Status {
		case Broken:
			got[v.Guarantee] = nil
			for _, a := range v.Anomalies {
				got[v.Guarantee] = append(got[v.Guarantee], a.IDs...)
				if len(a.Events) == 0 || a.What == "" {
					t.Errorf("%s: an anomaly without witnesses: %+v", v.Guarantee, a)
				}
			}
		case Unknown:
			t.Errorf("%s is unknown: %s", v.Guarantee, v.Why)
		}
	}
	return got
}

// The three consumers that somebody will plant, without any crash.
func TestPlantedConsumers(t *testing.T) {
	healthy := historytest.Event(historytest.Options{NoFault: true})
	of := func(group string, kinds ...history.Kind) func(*history.Event) bool {
		return func(e *history.Event) bool { return slices.Contains(kinds, e.Kind) && e.Group == group }
	}

	t.Run("commits_before_processing", func(t *testing.T) {
		// Each commit goes out 20 ms earlier, before the batch's effects.
		early := changed(healthy, of("email", history.Commit), func(e *history.Event) { e.At -= 20 * ms; e.End -= 20 * ms })
		broken(t, early, breakwater.CommitAfterEffect)
	})
	t.Run("commits_past_a_failed_record", func(t *testing.T) {
		broken(t, historytest.Without(healthy, inSink("mailbox", is(history.Effect, "u0-000050"))), breakwater.CommitAfterEffect, breakwater.NoAcknowledgedLoss, breakwater.NoOrphans)
	})
	t.Run("skips_the_first_record_after_each_rebalance", func(t *testing.T) {
		killed := historytest.Event(historytest.Options{})
		skips := changed(killed, of("analytics", history.Resume), func(e *history.Event) {
			if e.Committed >= 0 {
				e.Offset++
			}
		})
		broken(t, skips, breakwater.ResumeAtCommitted)
	})
	t.Run("its_producer_retries_under_a_new_id", func(t *testing.T) {
		// The first attempt was appended and only its answer lost: both are in the log.
		const x, again = "u0-000050", "u0-000050-again"
		renamed := historytest.Find(healthy, 0, is(history.Audit, x))
		renamed.ID, renamed.Key, renamed.Offset, renamed.Sequence = again, "", 1_000_000, 1_000_000
		more := []history.Event{renamed}
		for _, sink := range []string{"mailbox", "analytics-db", "redis"} {
			for _, kind := range []history.Kind{history.Attempt, history.Effect} {
				e := historytest.Find(healthy, 0, inSink(sink, is(kind, x)))
				e.ID, e.At = again, e.At+ms
				more = append(more, e)
			}
		}
		broken(t, historytest.With(healthy, more...), breakwater.NoPhantom)
		// Or it was not, and what was acknowledged is nowhere.
		lost := historytest.Edit(healthy, func(e *history.Event) bool {
			if e.ID == x && e.Kind != history.Request {
				e.ID = again
			}
			return true
		})
		broken(t, lost, breakwater.NoPhantom, breakwater.NoLostInLog, breakwater.NoAcknowledgedLoss)
	})
	t.Run("skips_it_within_the_process", func(t *testing.T) {
		// The wire looks right; only the sink shows it.
		killed := historytest.Event(historytest.Options{})
		x := killed.Index()
		lost := map[string]bool{}
		for r := range killed.Of(history.Resume) {
			if r.Group == "analytics" && r.Committed >= 0 {
				// The first that no earlier incarnation had processed.
				for _, record := range x.Between(r.In(), r.Offset, 1<<62) {
					if e := x.Sink("analytics-db").Effects.Of(record); e[0].At > r.At {
						lost[record.ID] = true
						break
					}
				}
			}
		}
		skips := historytest.Without(killed, func(e *history.Event) bool {
			return e.Sink == "analytics-db" && lost[e.ID]
		})
		broken(t, skips, breakwater.NoAcknowledgedLoss, breakwater.NoOrphans, breakwater.CommitAfterEffect, breakwater.ReplayIsContiguous)
	})
}

func broken(t *testing.T, log history.Log, want ...string) {
	t.Helper()
	var got []string
	for _, v := range Judge(log.Index(), All()) {
		if v.Status == Broken {
			got = append(got, v.Guarantee)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("broken: %q, want %q", got, want)
	}
}

// What the kit did not do is unknown by name, and says what it was.
func TestExercisedMutations(t *testing.T) {
	event := historytest.Event(historytest.Options{Seed: 3})
	isFault := func(e *history.Event) bool { return e.Kind == history.Fault }
	fault := historytest.Find(event, 0, isFault)
	resumed := func(e *history.Event) bool { return e.Kind == history.Resume && e.At >= fault.At }
	for name, c := range map[string]struct {
		log history.Log
		why string
	}{
		"the fault never bit":  {changed(event, isFault, func(e *history.Event) { e.Fault.Active = 0 }), `fault "kill analytics" was never seen to take effect`},
		"it was undone early":  {changed(event, isFault, func(e *history.Event) { e.Fault.Undone = e.Fault.Active + time.Second }), `fault "kill analytics" was undone before it was healed`},
		"the fault never went": {changed(event, isFault, func(e *history.Event) { e.Fault.Clear = 0 }), `fault "kill analytics" was never seen to be gone`},
		"nothing was replayed": {historytest.Without(event, resumed), "none of 0 resumes"},
		"no load in the fault": {historytest.Without(event, func(e *history.Event) bool {
			p, _ := event.Header.Phase(breakwater.During)
			return e.Kind == history.Request && p.Contains(e.Scheduled)
		}), "only 0 requests were ok during the fault"},
		"one request came late": {changed(event, is(history.Request, "u3-000101"), func(e *history.Event) { e.At += 60 * ms; e.End += 60 * ms }), "behind its schedule"},
	} {
		if v := verdict(t, c.log, breakwater.Exercised); v.Status != Unknown || !strings.Contains(v.Why, c.why) {
			t.Errorf("%s: %s, %s", name, v.Status, v.Why)
		}
	}
}

// The kit's own planted defects: never everything that was asked holds.
func TestKitDefects(t *testing.T) {
	event, sync := historytest.Event(historytest.Options{}), historytest.Sync(historytest.Options{})
	isFault := func(e *history.Event) bool { return e.Kind == history.Fault }
	shift := func(l history.Log, kind history.Kind, by time.Duration) history.Log {
		return changed(l, func(e *history.Event) bool { return e.Kind == kind }, func(e *history.Event) { e.At += by })
	}
	for name, log := range map[string]history.Log{
		"the fault never bit":             changed(event, isFault, func(e *history.Event) { e.Fault.Active = 0 }),
		"the fault never went":            changed(event, isFault, func(e *history.Event) { e.Fault.Clear = 0 }),
		"the fault never healed":          changed(event, isFault, func(e *history.Event) { e.End, e.Fault.Clear = 0, 0 }),
		"a sink stamped by another clock": shift(event, history.Effect, -3*time.Second),
		"a sink stamped by the wall":      shift(sync, history.Effect, 500_000*time.Hour),
		"the reader saw nothing":          historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Audit }),
		"the sinks were never read":       historytest.Without(sync, func(e *history.Event) bool { return e.Kind == history.Effect }),
		"the tap saw no resume":           historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Resume }),
		"the tap saw no commit":           historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Commit }),
		"the sampler died":                historytest.Without(event, func(e *history.Event) bool { return e.Kind == history.Sample && e.At > 4*time.Second }),
		"the load did not run in the fault": historytest.Without(event, func(e *history.Event) bool {
			return e.Kind == history.Request && e.At > 4*time.Second && e.At < 8*time.Second
		}),
	} {
		if allHold(log) {
			t.Errorf("%s: everything holds", name)
		}
	}
	// A tail that was lost, of any length, before the freeze or after it.
	for name, log := range map[string]history.Log{"event": event, "sync": sync} {
		for cut := 1; cut < len(log.Events); cut += 1 + len(log.Events)/15 {
			short := log
			short.Events = log.Events[:len(log.Events)-cut]
			if allHold(short) {
				t.Errorf("%s: everything holds though %d events are missing", name, cut)
			}
			if name == "event" && allHold(historytest.Log(log.Header, short.Events...)) {
				t.Errorf("%s: everything holds though %d events never arrived", name, cut)
			}
		}
	}
}

func allHold(log history.Log) bool {
	for _, v := range Judge(log.Index(), All()) {
		if v.Status != Holds && v.Status != NotAsked {
			return false
		}
	}
	return true
}
