package history_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
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
			Kind: history.Audit, DeadLetter: &history.DeadLetterRecord{Topic: "\xff", Partition: -1, Offset: 0, Error: "a\xff", Attempt: 3},
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

// text is the lines of a file, without the nothing after the last one's end.
func text(t testing.TB, l history.Log) []string {
	all := lines(t, written(t, l))
	return all[:len(all)-1]
}

func TestFileDamage(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 10})
	n := len(log.Events)
	whole := text(t, log)
	trailer := n + 2 // its line
	without := func(i int) []string { return append(slices.Clone(whole[:i]), whole[i+1:]...) }
	edit := func(i int, old, new string) []byte {
		edited := slices.Clone(whole)
		if edited[i] = strings.Replace(edited[i], old, new, 1); edited[i] == whole[i] {
			t.Fatalf("line %d has no %q: %s", i, old, whole[i])
		}
		return packed(t, edited...)
	}
	swapped := slices.Clone(whole)
	swapped[8], swapped[9] = swapped[9], swapped[8]
	for name, c := range map[string]struct {
		file     []byte
		readable int
		line     int
		why      string
	}{
		"no zstd":                 {[]byte("hello, world"), 0, 1, "no readable header"},
		"empty":                   {nil, 0, 1, "no readable header"},
		"no header":               {packed(t, "[]\n"), 0, 1, "no header"},
		"no history's header":     {packed(t, `{"schema":"breakwater.trial/2"}`+"\n"), 0, 1, "no header"},
		"half a header":           {packed(t, whole[0][:20]), 0, 1, "no readable header"},
		"a header and no more":    {packed(t, whole[0]), 0, 2, "without its trailer"},
		"no trailer":              {packed(t, whole[:n+1]...), n, trailer, "without its trailer"},
		"half a trailer":          {packed(t, append(slices.Clone(whole[:n+1]), whole[n+1][:30])...), n, trailer, "without its trailer"},
		"the last line's end":     {packed(t, append(slices.Clone(whole[:n+1]), strings.TrimSpace(whole[n+1]))...), n, trailer, "without its trailer"},
		"half a line":             {packed(t, append(slices.Clone(whole[:5]), whole[5][:10])...), 4, 6, "without its trailer"},
		"an event removed":        {packed(t, without(5)...), 4, 6, "edited: event 6 stands where event 5 was"},
		"an event twice":          {packed(t, slices.Insert(slices.Clone(whole), 5, whole[4])...), 4, 6, "edited: event 4 stands where event 5 was"},
		"two events swapped":      {packed(t, swapped...), 7, 9, "edited: event 9 stands where event 8 was"},
		"tail cut, trailer kept":  {packed(t, append(slices.Clone(whole[:5]), whole[n+1])...), 4, 6, "edited: its trailer names"},
		"the last removed":        {packed(t, without(n)...), n - 1, trailer - 1, "edited: its trailer names"},
		"a number changed":        {edit(7, `"at":`, `"at":1`), n, trailer, "edited: its trailer names"},
		"header changed":          {edit(0, `"local"`, `"docker"`), n, trailer, "edited: its trailer names"},
		"trailer changed":         {edit(n+1, `"events":`, `"events":1`), n, trailer, "edited: its trailer names"},
		"not an event":            {edit(3, `{`, `[`), 2, 4, "the line is no event"},
		"something follows":       {packed(t, append(slices.Clone(whole), "{}\n")...), n, trailer, "does not end"},
		"the beginning of a line": {packed(t, append(slices.Clone(whole), "{")...), n, trailer, "does not end"},
		"another history follows": {append(written(t, log), written(t, log)...), n, trailer, "does not end"},
		"no zstd follows":         {append(written(t, log), "hello"...), n, trailer, "does not end"},
	} {
		got, err := history.Read(bytes.NewReader(c.file))
		var damaged *history.DamagedError
		if !errors.As(err, &damaged) {
			t.Errorf("%s: got %v, want a DamagedError", name, err)
			continue
		}
		if damaged.Readable != c.readable || len(got.Events) != c.readable || damaged.Line != c.line || !strings.Contains(damaged.Why, c.why) {
			t.Errorf("%s: %d events readable, %d read, line %d, why %q; want %d, line %d and %q", name, damaged.Readable, len(got.Events), damaged.Line, damaged.Why, c.readable, c.line, c.why)
		}
		if c.line > 10 {
			continue // what comes before it may have other lengths
		}
		if offset := len(strings.Join(whole[:c.line-1], "")); damaged.Offset != int64(offset) {
			t.Errorf("%s: at byte %d, want %d", name, damaged.Offset, offset)
		}
	}
}

// What another version saved is not judged by the rules of this one, nor is it damaged.
func TestAnotherVersionIsRefused(t *testing.T) {
	_, err := history.Read(bytes.NewReader(packed(t, `{"schema":"breakwater.history/1","services":[{"name":"api"}],"phases":7}`+"\n")))
	want := `history: schema is "breakwater.history/1", this version reads "breakwater.history/2": perform it again, or judge it with the version that saved it`
	if version := (*history.VersionError)(nil); !errors.As(err, &version) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Torn anywhere, what is readable is a true beginning, and the tear is named.
func TestFileTorn(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 20})
	file := written(t, log)
	most := 0
	for cut := 0; cut < len(file); cut++ {
		if cut > 10 && cut < len(file)-10 && cut%(1+len(file)/15) != 0 {
			continue
		}
		got, err := history.Read(bytes.NewReader(file[:cut]))
		var damaged *history.DamagedError
		if !errors.As(err, &damaged) || damaged.Readable != len(got.Events) || len(got.Events) > 0 && damaged.Line != len(got.Events)+2 {
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

// A byte that was flipped is damage, or nothing that the log is made of.
func TestFileFlipped(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 2, Phase: time.Second})
	file := written(t, log)
	harmless := 0
	for i := 0; i < len(file); i += 1 + len(file)/150 {
		flipped := slices.Clone(file)
		flipped[i] ^= 1 << (i % 8)
		got, err := history.Read(bytes.NewReader(flipped))
		if damaged := (*history.DamagedError)(nil); errors.As(err, &damaged) {
			continue
		}
		if harmless++; err != nil || !reflect.DeepEqual(got, log) {
			t.Errorf("flipped at %d of %d: another log, %v", i, len(file), err)
		}
	}
	if harmless > 2 { // the size of the window, say
		t.Errorf("%d flips were not seen", harmless)
	}
}

// forged is the text with new numbers, the header's too, and a trailer that fits.
func forged(t testing.TB, text []string) []byte {
	number := regexp.MustCompile(`^\{"n":\d+`)
	total := regexp.MustCompile(`"events":\d+\}`)
	events := text[1 : len(text)-1]
	header := total.ReplaceAllString(text[0], fmt.Sprintf(`"events":%d}`, len(events)))
	for i := range events {
		events[i] = number.ReplaceAllString(events[i], fmt.Sprintf(`{"n":%d`, i+1))
	}
	all := header + strings.Join(events, "")
	return packed(t, all, fmt.Sprintf(`{"events":%d,"sha256":"%x"}`+"\n", len(events), sha256.Sum256([]byte(all))))
}

// A hand so careful that the file is whole again cannot hide from the judges what
// it did.
func TestFileForged(t *testing.T) {
	log := historytest.Event(historytest.Options{Rate: 10})
	whole := text(t, log)
	find := func(parts ...string) int {
		return slices.IndexFunc(whole, func(line string) bool {
			return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) })
		})
	}
	broken := func(file []byte) map[string]check.Verdict {
		t.Helper()
		read, err := history.Read(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]check.Verdict{}
		for _, v := range check.Judge(read.Index(), check.All()) {
			if v.Status == check.Broken || v.Status == check.Unknown {
				found[v.Guarantee] = v
			}
		}
		return found
	}
	if found := broken(forged(t, slices.Clone(whole))); len(found) > 0 {
		t.Fatalf("not edited at all it is %+v", found)
	}

	const id = "u0-000042"
	effect := find(`"kind":"effect"`, `"id":"`+id+`"`, `"sink":"redis"`)
	found := broken(forged(t, slices.Delete(slices.Clone(whole), effect, effect+1)))
	if v := found[breakwater.NoAcknowledgedLoss]; v.Status != check.Broken || v.Total != 1 || !slices.Equal(v.Anomalies[0].IDs, []string{id}) {
		t.Errorf("one effect removed: %+v", found)
	}

	shifted := func(line int) []byte {
		offset := log.Events[line-1].Offset
		edited := slices.Clone(whole)
		edited[line] = strings.Replace(edited[line], fmt.Sprintf(`"offset":%d`, offset), fmt.Sprintf(`"offset":%d`, offset+1), 1)
		return forged(t, edited)
	}
	audit := find(`"kind":"audit"`, `"id":"`+id+`"`)
	found = broken(shifted(audit))
	if v := found[breakwater.OneRecordPerOffset]; v.Status != check.Broken || len(found) > 1 || !slices.Contains(v.Anomalies[0].IDs, id) || !slices.Contains(v.Anomalies[0].Events, uint64(audit)) {
		t.Errorf("a record's offset changed: %+v", found)
	}
	resume := find(`"kind":"resume"`, `"client":"analytics/2"`, `"generation":2`, `"offset"`)
	found = broken(shifted(resume))
	if v := found[breakwater.ResumeAtCommitted]; v.Status != check.Broken || v.Total != 1 || !slices.Contains(v.Anomalies[0].Events, uint64(resume)) {
		t.Errorf("where a consumer resumed changed: %+v", found)
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
