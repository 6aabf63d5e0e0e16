package history_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleRecorder() {
	var r history.Recorder
	_ = r.Add(history.Event{Kind: history.Effect, ID: "u1", Sink: "mailbox", At: 20 * time.Millisecond})
	_ = r.Add(history.Event{Kind: history.Request, ID: "u1", At: 5 * time.Millisecond})
	for e := range r.Freeze(history.Header{}).Of(history.Request, history.Effect) {
		fmt.Println(e.N, e.Kind, e.ID)
	}
	fmt.Println(r.Add(history.Event{}))
	// Output:
	// 1 request u1
	// 2 effect u1
	// history: the recorder is frozen
}

func ExampleLog_Index() {
	x := historytest.Event(historytest.Options{}).Index()
	record := x.InTopic("u0-000042", historytest.Topic)
	fmt.Println(record.In().At(record.Offset), len(x.Sink("redis").Effects.ID("u0-000042")))
	// Output: user-events/0@19 1
}

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
