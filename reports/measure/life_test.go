package measure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

func whats(moments []measure.Moment, part string) (found []measure.Moment) {
	for _, m := range moments {
		if strings.Contains(m.What, part) {
			found = append(found, m)
		}
	}
	return found
}

// The life of one event of a healthy run has every station, in an order that
// can be: nothing comes before its cause.
func TestLifeOf(t *testing.T) {
	log := historytest.Event(historytest.Options{})
	const id = "u0-000042"
	life := measure.LifeOf(log, id)
	if !slices.IsSortedFunc(life, func(a, b measure.Moment) int { return int(a.At - b.At) }) {
		t.Error("the moments are not in order of time")
	}
	for part, want := range map[string]int{
		"sent POST /register": 1, "heard of POST /register": 1, "published": 1, "appended": 1,
		"delivered": 3, "attempt": 3, "effect": 3, "committed past": 3, "found at": 1,
	} {
		if got := whats(life, part); len(got) != want {
			t.Errorf("%d × %q, want %d: %v", len(got), part, want, got)
		}
	}
	before := func(a, b string) {
		if x, y := whats(life, a), whats(life, b); len(x) > 0 && len(y) > 0 && x[0].At > y[0].At {
			t.Errorf("%q comes after %q", a, b)
		}
	}
	before("sent", "published")
	before("published", "delivered")
	before("delivered", "effect")
	before("effect", "committed past")
	for _, m := range life {
		if e := log.Events[m.N-1]; e.N != m.N || m.Who == "" {
			t.Errorf("%+v names event %d", m, e.N)
		}
	}
}

func TestLifeOfTold(t *testing.T) {
	in := func(e history.Event) history.Event { e.Topic, e.Client = "t", "a/1"; return e }
	log := historytest.Log(history.Header{},
		in(history.Event{Kind: history.Produce, At: 1, Offset: -1, Count: 1, Outcome: history.Unknown}),
		in(history.Event{Kind: history.Produce, At: 2, End: 3, Offset: 7, Count: 3, Outcome: history.OK}),
		in(history.Event{Kind: history.Commit, At: 4, End: 5, Group: "g", Offset: 8, Outcome: history.OK}),
		in(history.Event{Kind: history.Commit, At: 6, End: 7, Group: "g", Offset: 9, Outcome: history.Failed}),
		in(history.Event{Kind: history.Commit, At: 8, End: 9, Sink: "db", Offset: 9, Outcome: history.OK}),
		in(history.Event{Kind: history.Commit, At: 10, End: 11, Group: "g", Offset: 9, Outcome: history.OK}),
		in(history.Event{Kind: history.Commit, At: 12, End: 13, Group: "g", Offset: 12, Outcome: history.OK}),
		in(history.Event{Kind: history.Audit, At: 20, Offset: 8, ID: "x"}),
		in(history.Event{Kind: history.Aborted, At: 20, Offset: 5, ID: "x"}),
		in(history.Event{Kind: history.Audit, At: 21, Offset: 9, ID: "y", DeadLetter: &history.DeadLetterRecord{Error: "poison", Attempt: 2}}),
	)
	var got []string
	for _, m := range measure.LifeOf(log, "x") {
		got = append(got, fmt.Sprintf("%d %s", m.At, m.What))
	}
	want := []string{
		"2 published, to become t/0@8",
		"3 heard that it was appended at t/0@8 after 1 ns (ok)",
		"5 committed past t/0@5 for group g (next is 8)",
		"9 stored in db that it is past t/0@8 (next is 9)",
		"9 stored in db that it is past t/0@5 (next is 9)",
		"11 committed past t/0@8 for group g (next is 9)",
		"20 found at t/0@8",
		"20 found at t/0@5, in no committed transaction",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if y := whats(measure.LifeOf(log, "y"), "after attempt 2: poison"); len(y) != 1 {
		t.Error("a dead letter's life does not say why it was given up")
	}
	if z := measure.LifeOf(log, "z"); len(z) != 0 {
		t.Errorf("nobody sent it, and it lived: %v", z)
	}
}
