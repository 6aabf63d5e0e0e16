package history_test

import (
	"errors"
	"fmt"
	"strings"
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
	const each, all = 1000, 4000 // some chunks
	var r history.Recorder
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range each {
				if err := r.Add(history.Event{Kind: history.Process, At: time.Duration(i / 2), Generation: int32(g), Offset: int64(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := 0
	if next := r.Since(10, func(*history.Event) { seen++ }); next != all || seen != all-10 || r.Len() != all {
		t.Errorf("next %d, seen %d, length %d", next, seen, r.Len())
	}
	log := r.Freeze(history.Header{Base: time.Now()})
	if err := log.Validate(); err != nil || log.Header.Events != all || len(log.Events) != all || log.Header.Schema != history.Schema {
		t.Errorf("%v, header %+v", err, log.Header)
	}
	last := map[int32]int64{0: -1, 1: -1, 2: -1, 3: -1} // of each goroutine
	for _, e := range log.Events {
		if e.Offset != last[e.Generation]+1 {
			t.Fatalf("%d of goroutine %d comes after %d", e.Offset, e.Generation, last[e.Generation])
		}
		last[e.Generation] = e.Offset
	}
	if err := r.Add(history.Event{}); !errors.Is(err, history.ErrFrozen) {
		t.Errorf("adding after the freeze: %v", err)
	}
	if next := r.Since(all-1, func(e *history.Event) { seen = int(e.N) }); next != all || seen != all {
		t.Errorf("once frozen the last of %d is %d", next, seen)
	}
	if again := r.Freeze(log.Header); len(again.Events) != all {
		t.Errorf("frozen again it has %d events", len(again.Events))
	}
}

// A recorder that is full says so at once, and again in a log that nobody judges.
func TestRecorderFull(t *testing.T) {
	r := history.Recorder{Limit: 3}
	e := history.Event{Kind: history.Process, At: 7}
	for i, refused := range []error{nil, nil, history.ErrFull, nil, history.ErrFull} {
		events := []history.Event{e}
		if i == 2 { // all or none
			events = append(events, e)
		}
		if err := r.Add(events...); !errors.Is(err, refused) {
			t.Errorf("adding %d: %v", i, err)
		}
	}
	log := r.Freeze(history.Header{})
	err := log.Validate()
	if len(log.Events) != 4 || err == nil || !strings.Contains(err.Error(), "the kit failed") || log.Events[3].Error != "it was full with 3 events, and 3 more were refused" {
		t.Errorf("%v, %+v", err, log.Events)
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
