package measure_test

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
	"github.com/breakwater-kit/breakwater/reports/measure"
)

// Of a sink whose effects carry no ids, or others than were sent, nobody knows what it
// lost, did twice or is late with.
func TestSinksThatCannotBeTold(t *testing.T) {
	for name, id := range map[string]func(string) string{
		"no id":            func(string) string { return "" },
		"another kind":     func(id string) string { return "row of " + id[:1] },
		"in other letters": func(id string) string { return "U" + id[1:] },
	} {
		log := historytest.Edit(historytest.Sync(historytest.Options{Phase: time.Second}), func(e *history.Event) bool {
			if e.Sink == "redis" {
				e.ID = id(e.ID)
			}
			return true
		})
		m := measure.Of(log.Index())
		for _, what := range []string{breakwater.Lost("redis"), breakwater.StaleReads(breakwater.Before, "redis"), breakwater.Orphans} {
			if v, measured := m.Lookup(what); measured {
				t.Errorf("%s: %s is %v", name, what, v)
			}
		}
		if v, measured := m.Lookup(breakwater.Lost("mailbox")); !measured || v.Value != 0 {
			t.Errorf("%s: of the mailbox it is %v", name, v)
		}
	}
}

func TestEffectsWithoutAnIDAreNoDuplicates(t *testing.T) {
	n := 0
	log := historytest.Edit(historytest.Sync(historytest.Options{Phase: time.Second}), func(e *history.Event) bool {
		if e.Kind == history.Effect && e.Sink == "redis" && n < 5 {
			e.ID = ""
			n++
		}
		return true
	})
	if v, measured := measure.Of(log.Index()).Lookup(breakwater.Duplicates("redis")); !measured || v.Value != 0 {
		t.Errorf("%+v", v)
	}
}
