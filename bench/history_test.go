package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// million is a healthy run of a million events, and a few, on twelve partitions,
// as it is read from its file: each event has its strings to itself.
func million(b *testing.B, run func(historytest.Options) history.Log) (log history.Log, file []byte) {
	b.Helper()
	o := historytest.Options{Rate: 400, Partitions: 12, Phase: 10 * time.Second, Refused: 200}
	few := len(run(o).Events)
	o.Phase = time.Duration(float64(o.Phase) * 1_010_000 / float64(few))
	var saved bytes.Buffer
	err := history.Write(&saved, run(o))
	if err == nil {
		log, err = history.Read(bytes.NewReader(saved.Bytes()))
	}
	if n := len(log.Events); err != nil || n < 1_000_000 || n > 1_030_000 {
		b.Fatalf("%d events, %v", n, err)
	}
	return log, saved.Bytes()
}

// BenchmarkJudge judges all guarantees. Each is asked of the pipeline; the others
// are there because the guarantees that they ask cost them more.
func BenchmarkJudge(b *testing.B) {
	for _, system := range []struct {
		name string
		run  func(historytest.Options) history.Log
		all  bool
	}{{"pipeline", historytest.Pipeline, true}, {"event", historytest.Event, false}, {"sync", historytest.Sync, false}} {
		b.Run(system.name, func(b *testing.B) {
			log, _ := million(b, system.run)
			var took []float64
			for b.Loop() {
				var verdicts []check.Verdict
				took = append(took, seconds(b, func() { verdicts = check.Judge(log.Index(), check.All()) }))
				for _, v := range verdicts {
					if v.Status != check.Holds && (system.all || v.Status != check.NotAsked) {
						b.Fatalf("%s is %s: %s", v.Guarantee, v.Status, v.Why)
					}
				}
			}
			b.ReportMetric(float64(len(log.Events)), "events")
			report(b, row{what: "judge a million events: " + system.name, unit: "CPU s", values: took})
		})
	}
}

// BenchmarkRecord is eight producers that record a million events, one by one,
// beside a channel and one who collects what comes out of it.
func BenchmarkRecord(b *testing.B) {
	const producers, each = 8, 125_000
	produce := func(add func(history.Event)) {
		var all sync.WaitGroup
		for p := range producers {
			all.Go(func() {
				for i := range each {
					add(history.Event{Kind: history.Fetched, At: time.Duration(i), Partition: int32(p), Offset: int64(i)})
				}
			})
		}
		all.Wait()
	}
	var recorded, collected, held, heldToo []float64
	for b.Loop() {
		empty := heap()
		var r history.Recorder
		recorded = append(recorded, perEvent(seconds(b, func() {
			produce(func(e history.Event) {
				if err := r.Add(e); err != nil {
					b.Error(err)
				}
			})
		})))
		held = append(held, (heap()-empty)/(producers*each))
		if n := r.Len(); n != producers*each {
			b.Fatalf("%d events", n)
		}
		runtime.KeepAlive(&r)
		r = history.Recorder{}

		empty = heap()
		var all []history.Event
		collected = append(collected, perEvent(seconds(b, func() {
			events, done := make(chan history.Event, 1024), make(chan struct{})
			go func() {
				defer close(done)
				for e := range events {
					all = append(all, e)
				}
			}()
			produce(func(e history.Event) { events <- e })
			close(events)
			<-done
		})))
		heldToo = append(heldToo, (heap()-empty)/(producers*each))
		runtime.KeepAlive(all)
	}
	report(b, row{"record, 8 producers", "CPU ns/event", recorded, "a channel", collected})
	report(b, row{"record, held in memory", "bytes/event", held, "a slice", heldToo})
}

func perEvent(seconds float64) float64 { return seconds * 1e9 / 1e6 }

// heap is how many bytes are in use.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkFile writes and reads a million events, beside bare JSON lines without
// compression, checksum or trailer.
func BenchmarkFile(b *testing.B) {
	log, file := million(b, historytest.Pipeline)
	var plain bytes.Buffer
	encode := func(to io.Writer) {
		lines := json.NewEncoder(to)
		lines.SetEscapeHTML(false)
		for i := range log.Events {
			if err := lines.Encode(&log.Events[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	encode(&plain)
	decode := func() {
		var events []history.Event
		for lines := json.NewDecoder(bytes.NewReader(plain.Bytes())); lines.More(); {
			var e history.Event
			if err := lines.Decode(&e); err != nil {
				b.Fatal(err)
			}
			events = append(events, e)
		}
		if len(events) != len(log.Events) {
			b.Fatalf("%d events were read of %d", len(events), len(log.Events))
		}
	}
	n := float64(len(log.Events))
	compare := func(what string, ours, bare func()) {
		b.Run(what, func(b *testing.B) {
			speed := func(work func()) float64 { return float64(plain.Len()) / 1e6 / seconds(b, work) }
			var measured, beside []float64
			for b.Loop() {
				measured, beside = append(measured, speed(ours)), append(beside, speed(bare))
			}
			report(b, row{what + " a history", "MB/CPU s", measured, "bare JSON lines", beside})
		})
	}
	compare("write", func() {
		if err := history.Write(io.Discard, log); err != nil {
			b.Fatal(err)
		}
	}, func() { encode(io.Discard) })
	compare("read", func() {
		if _, err := history.Read(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}, decode)
	b.Run("size", func(b *testing.B) {
		for b.Loop() { // nothing takes time here, and one row is enough
		}
		b.ReportMetric(0, "ns/op")
		report(b, row{"a history's file", "bytes/event", []float64{float64(len(file)) / n}, "bare JSON lines", []float64{float64(plain.Len()) / n}})
	})
}
