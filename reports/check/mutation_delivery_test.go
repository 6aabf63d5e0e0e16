package check

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// keepsItself is the log as if analytics had stored its positions in its own sink,
// with the last effect of each batch, and the sink were fenced.
func keepsItself(l history.Log) history.Log {
	x := l.Index()
	l.Header.Services = slices.Clone(l.Header.Services)
	s := &l.Header.Services[2]
	sink := *s.Ledger
	sink.Fenced = true
	s.Offsets, s.Ledger = "sink", &sink
	return historytest.Edit(l, func(e *history.Event) bool {
		if e.Kind == history.Resume && e.Group == s.Group {
			e.Committed = -1 // Kafka knows of none
		}
		if e.Kind != history.Commit || e.Group != s.Group {
			return true
		}
		if e.Outcome != history.OK {
			// It was stored with the effect; only Kafka's answer could be lost.
			return false
		}
		records := x.Between(e.In(), 0, e.Offset)
		effects := x.Sink(sink.Sink).Effects.ID(records[len(records)-1].ID)
		*e = history.Event{
			Kind: history.Commit, Sink: sink.Sink, Client: e.Client, Generation: e.Generation,
			Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, At: effects[0].At, Outcome: history.OK,
		}
		return true
	})
}

// An edit of a healthy run breaks exactly the guarantees about deliveries that speak
// of it, and each names exactly the ids that were touched.
func TestDeliveryMutations(t *testing.T) {
	event := historytest.Event(historytest.Options{Seed: 3})
	x := event.Index()
	kept := keepsItself(event)
	if got := brokenBy(t, kept); len(got) > 0 {
		t.Fatalf("a healthy run that keeps its positions breaks %v", got)
	}

	const id = "u3-000101"
	found := func(l history.Log, kinds ...history.Kind) func(*history.Event) bool {
		return func(e *history.Event) bool { return e.ID == id && slices.Contains(kinds, e.Kind) }
	}
	rec := historytest.Find(event, 0, is(history.Audit, id))
	partition := x.Records[rec.In()]
	last := partition[len(partition)-1]
	of := func(group string, kind history.Kind) func(*history.Event) bool {
		return func(e *history.Event) bool { return e.Kind == kind && e.Group == group && e.In() == rec.In() }
	}
	// Two requests of one key in one partition, the second sent after the first was answered.
	var pair [2]*history.Event
	for r := range x.Of(history.Audit) {
		for _, q := range x.Between(r.In(), r.Offset+1, 1<<62) {
			if pair[0] == nil && q.Key == r.Key && requestOf(x, r).End < requestOf(x, q).At {
				pair = [2]*history.Event{r, q}
			}
		}
	}
	second := x.Sink("mailbox").Effects.Of(pair[1])[0]

	stored := func(e *history.Event) bool {
		return e.Sink == "analytics-db" && e.Kind == history.Commit && e.In() == rec.In()
	}
	latest := historytest.Find(kept, 0, func(e *history.Event) bool { return stored(e) && e.Offset > rec.Offset })
	newest := historytest.Find(kept, 0, func(e *history.Event) bool { return stored(e) && e.Generation == 3 })
	lastResume := func(e *history.Event) bool {
		return e.Kind == history.Resume && e.Group == "analytics" && e.Generation == 3 && e.In() == rec.In()
	}
	resumed := historytest.Find(kept, 0, lastResume)
	before := x.Between(rec.In(), 0, resumed.Offset)
	again := before[len(before)-1]

	for name, c := range map[string]struct {
		log  history.Log
		want map[string][]string // guarantee → ids of its anomalies
	}{
		"the last record waits": {
			historytest.Edit(event, func(e *history.Event) bool {
				switch {
				case e.ID == last.ID && e.Sink == "mailbox", of("email", history.Commit)(e) && e.Offset > last.Offset:
					return false
				case of("email", history.Sample)(e):
					e.Committed = min(e.Committed, last.Offset)
				}
				return true
			}), map[string][]string{breakwater.NoStuck: {last.ID}, breakwater.NoAcknowledgedLoss: {last.ID}, breakwater.NoOrphans: {last.ID}, breakwater.ReplayIsContiguous: {last.ID}}},
		"the record was aborted": {
			changed(event, is(history.Audit, id), func(e *history.Event) { e.Kind = history.Aborted }),
			map[string][]string{breakwater.NoAbortedRead: {id, id, id}, breakwater.NoLostInLog: {id}}},
		"the request definitely failed": {
			changed(event, is(history.Request, id), func(e *history.Event) { e.Outcome = history.Failed }),
			map[string][]string{breakwater.NoAbortedRead: {id, id, id}}},
		"another record was there before": {
			historytest.With(event, history.Event{Kind: history.Aborted, At: rec.At, Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, ID: "ghost", ProducerID: 8}),
			map[string][]string{breakwater.OneRecordPerOffset: {id, "ghost"}}},
		"another sequence than was acknowledged": {
			changed(event, is(history.Audit, id), func(e *history.Event) { e.ProducerID = 8 }),
			map[string][]string{breakwater.OneRecordPerOffset: {id}}},
		"appended again": {
			historytest.With(event, func() history.Event { e := rec; e.Offset = last.Offset + 1; return e }()),
			map[string][]string{breakwater.NoLogDuplicate: {id}}},
		"done again": {
			historytest.With(event, historytest.Find(event, 0, inSink("analytics-db", is(history.Effect, id)))),
			map[string][]string{breakwater.EffectOnce: {id}}},
		"never sent to email": {
			historytest.Without(event, func(e *history.Event) bool {
				return e.ID == id && e.Sink == "mailbox" || of("email", history.Fetched)(e) && e.Offset <= rec.Offset && rec.Offset <= e.Last
			}), map[string][]string{breakwater.DeliveryOrder: {id}, breakwater.NoAcknowledgedLoss: {id}, breakwater.NoOrphans: {id}, breakwater.ReplayIsContiguous: {id}, breakwater.CommitAfterEffect: {id}}},
		"one attempt is missing": {
			historytest.Without(event, inSink("analytics-db", found(event, history.Attempt))),
			map[string][]string{breakwater.ReplayIsContiguous: {id}}},
		"the last attempt is missing": {
			historytest.Without(event, inSink("redis", is(history.Attempt, last.ID))),
			map[string][]string{breakwater.ReplayIsContiguous: {last.ID}}},
		"a commit went back": {
			historytest.Edit(event, func(e *history.Event) bool {
				if of("email", history.Commit)(e) && e.Offset == last.Offset+1 {
					e.Offset = partition[len(partition)-2].Offset
				}
				return true
			}), map[string][]string{breakwater.CommittedMonotone: {partition[len(partition)-2].ID}}},
		"two owners": {
			changed(event, func(e *history.Event) bool {
				return e.Kind == history.Assign && e.Name == history.Assigned && e.Generation == 2 && e.Partition == 0
			}, func(e *history.Event) { e.Generation = 1 }),
			map[string][]string{breakwater.SingleOwner: nil}},
		"overtaken": {
			changed(event, func(e *history.Event) bool {
				return e.ID == pair[0].ID && e.Sink == "mailbox"
			}, func(e *history.Event) { e.At = second.At + 5*ms }),
			map[string][]string{breakwater.KeyOrder: {pair[0].ID}, breakwater.CommitAfterEffect: {pair[0].ID}}},
		"overtaken in the log": {
			changed(event, func(e *history.Event) bool {
				return (e.Kind == history.Audit || e.Kind == history.Produce) && (e.ID == pair[0].ID || e.ID == pair[1].ID)
			}, func(e *history.Event) {
				other := pair[0]
				if e.ID == other.ID {
					other = pair[1]
				}
				e.ID = other.ID
			}), map[string][]string{
				breakwater.ProducerOrder: {pair[0].ID, pair[1].ID},
				// All three sinks took effect in the order that the log no longer has.
				breakwater.KeyOrder: slices.Repeat([]string{pair[1].ID}, 3), breakwater.CommitAfterEffect: slices.Repeat([]string{pair[1].ID}, 3),
			}},

		"taken up below what the sink held": {
			changed(kept, lastResume, func(e *history.Event) { e.Offset = again.Offset }),
			map[string][]string{breakwater.ResumeAtCommitted: {again.ID}, breakwater.ExplainedRedelivery: {again.ID}}},
		"a position is stored before its effect": {
			changed(kept, func(e *history.Event) bool { return stored(e) && e.Offset == latest.Offset }, func(e *history.Event) { e.At -= 5 * ms }),
			map[string][]string{breakwater.CommitAfterEffect: {rec.ID}}},
		"a position falls": {
			historytest.With(kept, func() history.Event { e := latest; e.At += 5 * ms; e.Offset = rec.Offset; return e }()),
			map[string][]string{breakwater.CommittedMonotone: {rec.ID}}},
		"a former owner's position is accepted": {
			historytest.With(kept, func() history.Event { e := newest; e.At += 5 * ms; e.Generation--; return e }()),
			map[string][]string{breakwater.SingleOwner: nil}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			if got := brokenBy(t, c.log); !maps.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("broken: %v, want %v", got, c.want)
			}
		})
	}
}
