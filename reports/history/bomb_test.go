package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

const head = `{"schema":"` + history.Schema + `","trial":"t","world":"local","contender":"","base":"2026-01-01T00:00:00Z","clock":"","scenario":{},"phases":null}` + "\n"

// bomb is a file of a header and n lines, without a trailer.
func bomb(t *testing.T, header string, n int, line func(i int) string, options ...zstd.EOption) []byte {
	t.Helper()
	var file bytes.Buffer
	z, err := zstd.NewWriter(&file, append([]zstd.EOption{zstd.WithEncoderConcurrency(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(z, header)
	for i := range n {
		if _, err := io.WriteString(z, line(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// What becomes far more than the file is ends early, with little memory.
func TestBombs(t *testing.T) {
	mebibyte := strings.Repeat("A", 1<<20)
	event := func(more string) func(int) string {
		return func(i int) string { return fmt.Sprintf(`{"n":%d,"kind":"request","at":%d%s}`+"\n", i, i, more) }
	}
	for _, c := range []struct {
		name string
		file []byte
		why  string
	}{
		{"a line without an end", bomb(t, head, 20, func(int) string { return mebibyte }), "a line is longer than"},
		{"long lines", bomb(t, head, 4, event(`,"error":"`+strings.Repeat(mebibyte, 15)+`"`)), "a line is longer than"},
		{"many lines that are rather long", bomb(t, head, 260, event(`,"error":"`+mebibyte[:1<<20-100]+`"`)), "for each event"},
		{"a header without an end", bomb(t, `{"schema":"`, 20, func(int) string { return mebibyte }), "a line is longer than"},
		{"a header of many services", bomb(t, `{"schema":"`+history.Schema+`","scenario":{"services":[{}`, 4, func(i int) string { return strings.Repeat(",{}", 1<<18) + map[bool]string{true: "\n"}[i == 4] }), "values"},
		{"a header of many levels", bomb(t, `{"schema":`+strings.Repeat("[", 4<<20)+"\n", 0, nil), "values"},
		{"a header of some levels", bomb(t, strings.Repeat("[", 100_000)+"\n", 0, nil), "exceeded max depth"},
		{"an event of many levels", bomb(t, head, 1, func(int) string { return `{"n":1,"kind":` + strings.Repeat("[", 1<<19) + "\n" }), "exceeded max depth"},
		{"a window of another size", bomb(t, head, 20, func(int) string { return mebibyte }, zstd.WithWindowSize(512<<20)), "window size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := history.Read(bytes.NewReader(c.file))
			runtime.ReadMemStats(&after)
			if damaged := (*history.DamagedError)(nil); !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %.300v, want %q", err, c.why)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 400 {
				t.Errorf("%d bytes were read with %d MiB of memory", len(c.file), took)
			}
		})
	}
}

// A process with a memory limit does not exceed it for a history: what is too large is
// refused, by its header or when the room is used up.
func TestTooLarge(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(68 << 20))
	text := strings.Repeat("x", 900)
	for _, c := range []struct {
		name   string
		header string
		line   func(i int) string
		least  int // how many events are read before
	}{
		{"by its header", strings.Replace(head, `"phases":null`, `"phases":null,"events":4000000`, 1), nil, 0},
		{"events", head, func(i int) string { return fmt.Sprintf(`{"n":%d,"kind":"request"}`+"\n", i) }, 20_000},
		{"texts of events", head, func(i int) string { return fmt.Sprintf(`{"n":%d,"kind":"request","error":"%d%s"}`+"\n", i, i, text) }, 4_000},
		{"evidence of faults", head, func(i int) string {
			return fmt.Sprintf(`{"n":%d,"kind":"fault","fault":{"fault":{"kind":"cut"},"evidence":["%d%s"]}}`+"\n", i, i, text)
		}, 4_000},
		{"many pieces of evidence", head, func(i int) string {
			return fmt.Sprintf(`{"n":%d,"kind":"fault","fault":{"fault":{"kind":"cut"},"evidence":[%s""]}}`+"\n", i, strings.Repeat(`"",`, 500))
		}, 200},
		{"letters", head, func(i int) string {
			return fmt.Sprintf(`{"n":%d,"kind":"audit","letter":{"partition":0,"offset":0,"error":"%d%s"}}`+"\n", i, i, text)
		}, 4_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			if c.line != nil {
				n = 60_000
			}
			log, err := history.Read(bytes.NewReader(bomb(t, c.header, n, c.line)))
			tooLarge := (*history.TooLargeError)(nil)
			if !errors.As(err, &tooLarge) || log.Events != nil {
				t.Fatalf("%d events, %v", len(log.Events), err)
			}
			if tooLarge.Events < c.least || !strings.Contains(err.Error(), "GOMEMLIMIT") {
				t.Errorf("refused with %d events: %v", tooLarge.Events, err)
			}
		})
	}
	few := historytest.Event(historytest.Options{Rate: 10})
	if _, err := history.Read(bytes.NewReader(written(t, few))); err != nil {
		t.Errorf("a small one is refused: %v", err)
	}
}

// What is scanned is not kept, so that it may be as large as it likes.
func TestScan(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 10})
	var got history.Log
	err := history.Scan(bytes.NewReader(written(t, log)), func(h history.Header) error {
		got.Header = h
		return nil
	}, func(e *history.Event) error {
		got.Events = append(got.Events, *e)
		return nil
	})
	if err != nil || len(got.Events) != len(log.Events) || got.Header.Trial != log.Header.Trial || got.Events[7] != log.Events[7] {
		t.Errorf("%d events of %d, %v", len(got.Events), len(log.Events), err)
	}
	enough := errors.New("enough")
	n := 0
	err = history.Scan(bytes.NewReader(written(t, log)), func(history.Header) error { return nil }, func(*history.Event) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if n != 3 || !errors.Is(err, enough) {
		t.Errorf("%d events, %v", n, err)
	}
	if err := history.Scan(bytes.NewReader(written(t, log)), func(history.Header) error { return enough }, nil); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// A text that is too long for a line is recorded cut, and two stay two.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("日", 1<<20)
	var r history.Recorder
	for _, s := range []string{long + "a", long + "b", strings.Repeat("x", history.MaxText)} {
		if err := r.Add(history.Event{Kind: history.Effect, ID: s, Error: s, Value: s, DeadLetter: &history.DeadLetterRecord{Error: s}}); err != nil {
			t.Fatal(err)
		}
	}
	log := r.Freeze(history.Header{})
	read, err := history.Read(bytes.NewReader(written(t, log)))
	if err != nil || !slices.EqualFunc(read.Events, log.Events, func(a, b history.Event) bool { return a.ID == b.ID && a.DeadLetter.Error == b.DeadLetter.Error }) {
		t.Fatalf("%d events, %v", len(read.Events), err)
	}
	a, b, whole := read.Events[0].ID, read.Events[1].ID, read.Events[2].ID
	if len(a) > history.MaxText+2 || a == b || !strings.HasPrefix(a, "日日") || !strings.Contains(a, "SHA-256") || len(whole) != history.MaxText {
		t.Errorf("%d bytes: %.20q … %q", len(a), a, a[len(a)-90:])
	}
}
