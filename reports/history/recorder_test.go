package history_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
)

func TestRecorder(t *testing.T) {
	var r history.Recorder
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 100 {
				if err := r.Add(history.Event{Kind: history.Process, At: time.Duration(100*i + g)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := 0
	if next := r.Since(10, func(*history.Event) { seen++ }); next != 400 || seen != 390 || r.Len() != 400 {
		t.Errorf("next %d, seen %d, length %d", next, seen, r.Len())
	}
	log := r.Freeze(history.Header{Base: time.Now()})
	if err := log.Validate(); err != nil || log.Header.Events != 400 || log.Header.Schema != history.Schema {
		t.Errorf("%v, header %+v", err, log.Header)
	}
	if err := r.Add(history.Event{}); !errors.Is(err, history.ErrFrozen) {
		t.Errorf("adding after the freeze: %v", err)
	}
	if again := r.Freeze(log.Header); len(again.Events) != 400 {
		t.Errorf("frozen again it has %d events", len(again.Events))
	}
}

func TestAsks(t *testing.T) {
	for _, c := range []struct {
		header    history.Header
		operation string
		want      bool
	}{
		{history.Header{}, "POST /register", true},
		{history.Header{}, "GET /catalog", false},
		{history.Header{}, "register", true},
		{history.Header{Require: history.Require{Unrelated: "POST /search"}}, "POST /search", false},
		{history.Header{Writes: []string{"GET /legacy-write"}}, "GET /legacy-write", true},
		{history.Header{Writes: []string{"GET /legacy-write"}}, "POST /register", false},
	} {
		if got := c.header.Asks(c.operation); got != c.want {
			t.Errorf("Asks(%q) = %v", c.operation, got)
		}
	}
}

func TestWindows(t *testing.T) {
	var r history.Recorder
	for _, w := range [][2]time.Duration{{10, 20}, {15, 30}, {50, 60}, {0, 70}, {80, 0}} {
		_ = r.Add(history.Event{Kind: history.Fault, Fault: &history.FaultRecord{Active: w[0], Clear: w[1]}})
	}
	got := r.Freeze(history.Header{}).Windows()
	if len(got) != 2 || got[0] != (history.Window{From: 10, To: 30}) || got[1] != (history.Window{From: 50, To: 60}) {
		t.Errorf("windows %v", got)
	}
}
