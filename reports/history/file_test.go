package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func written(t testing.TB, l history.Log) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := history.Write(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileRoundTrip(t *testing.T) {
	for name, log := range map[string]history.Log{
		"event": historytest.Event(historytest.Options{}), "sync": historytest.Sync(historytest.Options{}),
		"empty":   historytest.Log(history.Header{Trial: "nothing happened"}),
		"strange": historytest.Log(history.Header{}, history.Event{Kind: history.Audit, ID: "<\xff&\u2028>", Offset: -1, Committed: -1}),
		"letter": historytest.Log(history.Header{}, history.Event{
			Kind: history.Audit, Letter: &history.LetterRecord{Topic: "\xff", Partition: -1, Offset: 0, Error: "a\xff", Attempt: 3},
		}),
	} {
		file := written(t, log)
		got, err := history.Read(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.Header, log.Header) || len(got.Events) != len(log.Events) {
			t.Fatalf("%s: the header or the number of events changed", name)
		}
		for i := range log.Events {
			if !reflect.DeepEqual(got.Events[i], log.Events[i]) {
				t.Fatalf("%s: event %d became %+v, was %+v", name, i, got.Events[i], log.Events[i])
			}
		}
		if again := written(t, got); !bytes.Equal(again, file) {
			t.Errorf("%s: written again it is another file", name)
		}
	}
}

func lines(t testing.TB, file []byte) []string {
	t.Helper()
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(string(plain), "\n")
}

func packed(t testing.TB, lines ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(strings.Join(lines, ""))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileDamage(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 10})
	n := len(log.Events)
	whole := lines(t, written(t, log))
	whole = whole[:len(whole)-1] // after the last line end there is nothing
	edit := func(i int, old, new string) []byte {
		edited := append([]string(nil), whole...)
		if edited[i] = strings.Replace(edited[i], old, new, 1); edited[i] == whole[i] {
			t.Fatalf("line %d has no %q: %s", i, old, whole[i])
		}
		return packed(t, edited...)
	}
	for name, c := range map[string]struct {
		file     []byte
		readable int
		why      string
	}{
		"no zstd":                {[]byte("hello, world"), 0, "no readable header"},
		"empty":                  {nil, 0, "no readable header"},
		"no header":              {packed(t, "[]\n"), 0, "no header"},
		"other schema":           {packed(t, `{"schema":"breakwater.history/9"}`+"\n"), 0, "its schema is"},
		"no trailer":             {packed(t, whole[:n+1]...), n, "without its trailer"},
		"half a line":            {packed(t, append(append([]string(nil), whole[:5]...), whole[5][:10])...), 4, "without its trailer"},
		"a line cut out":         {packed(t, append(append([]string(nil), whole[:5]...), whole[6:]...)...), n - 1, "edited"},
		"tail cut, trailer kept": {packed(t, append(append([]string(nil), whole[:5]...), whole[n+1])...), 4, "edited"},
		"a number changed":       {edit(7, `"at":`, `"at":1`), n, "edited"},
		"header changed":         {edit(0, `"local"`, `"docker"`), n, "edited"},
		"not an event":           {edit(3, `{`, `[`), 2, "line 4 is no event"},
		"something follows":      {packed(t, append(append([]string(nil), whole...), "{}\n")...), n, "does not end"},
	} {
		got, err := history.Read(bytes.NewReader(c.file))
		var damaged *history.DamagedError
		if !errors.As(err, &damaged) {
			t.Errorf("%s: got %v, want a DamagedError", name, err)
			continue
		}
		if damaged.Readable != c.readable || len(got.Events) != c.readable || !strings.Contains(damaged.Why, c.why) {
			t.Errorf("%s: %d events readable, %d read, why %q; want %d and %q", name, damaged.Readable, len(got.Events), damaged.Why, c.readable, c.why)
		}
	}
}

// Torn anywhere, what is readable is a true beginning, and the tear is named.
func TestFileTorn(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 40})
	file := written(t, log)
	most := 0
	for cut := 0; cut < len(file); cut += 1 + len(file)/15 {
		got, err := history.Read(bytes.NewReader(file[:cut]))
		var damaged *history.DamagedError
		if !errors.As(err, &damaged) || damaged.Readable != len(got.Events) {
			t.Fatalf("cut at %d of %d: %v", cut, len(file), err)
		}
		for i := range got.Events {
			if !reflect.DeepEqual(got.Events[i], log.Events[i]) {
				t.Fatalf("cut at %d: event %d is wrong", cut, i)
			}
		}
		most = max(most, len(got.Events))
	}
	if most < len(log.Events)/2 {
		t.Errorf("never more than %d of %d events survived a tear", most, len(log.Events))
	}
}

func FuzzRead(f *testing.F) {
	few := historytest.Event(historytest.Options{Rate: 2, Phase: 1e9})
	file := written(f, historytest.Log(few.Header, few.Events[:12]...))
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstd.MinWindowSize), zstd.WithLowerEncoderMem(true))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte(strings.Join(lines(f, file), "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		// Both as a file and, so that the fuzzer gets past the compression, as its lines.
		for _, file := range [][]byte{b, packer.EncodeAll(b, nil)} {
			log, err := history.Read(bytes.NewReader(file))
			var damaged *history.DamagedError
			if err != nil && (!errors.As(err, &damaged) || damaged.Readable != len(log.Events)) {
				t.Fatalf("%d events and %v", len(log.Events), err)
			}
			_ = log.Validate() // must not panic, whatever was read
		}
	})
}

func ExampleWrite() {
	var r history.Recorder
	_ = r.Add(history.Event{Kind: history.Request, ID: "u1", Outcome: history.OK, At: 5, End: 10})
	var file bytes.Buffer
	if err := history.Write(&file, r.Freeze(history.Header{Trial: "first"})); err != nil {
		fmt.Println(err)
	}
	log, err := history.Read(&file)
	fmt.Println(log.Header.Trial, len(log.Events), err)
	// Output: first 1 <nil>
}
