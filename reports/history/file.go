package history

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"unsafe"

	"github.com/klauspost/compress/zstd"

	"github.com/breakwater-kit/breakwater/reports/bounded"
)

// Extension is how the file name of a saved history ends.
const Extension = ".history.jsonl.zst"

// What a file may hold. A line of an event is some hundred bytes; texts are cut to
// [MaxText] when they are recorded.
const (
	maxHeader = 16 << 20  // bytes of the first line
	maxValues = 200_000   // that it holds
	maxLine   = 1 << 20   // bytes of any other
	maxBytes  = 256 << 20 // uncompressed, and
	perEvent  = 1 << 10   // as many more for each event
	maxWindow = 8 << 20   // of the compression, as it is written
)

// trailer is the last line of the file. A file without it is torn.
type trailer struct {
	Events int    `json:"events"`
	SHA256 string `json:"sha256"` // of all uncompressed bytes before this line
}

// DamagedError is returned by [Read] for a history that is torn, edited or no
// history at all. The log that comes with it holds what is readable before the
// damage; it is there to look at and must not be judged. An edit that leaves every
// line an event and every number in its place shows at the trailer only, so that
// any of the events may be the one that was edited.
type DamagedError struct {
	Readable int    // events before the damage
	Line     int    // where it is, from 1, of the uncompressed lines
	Offset   int64  // bytes of them before that line
	Why      string // "the file ends without its trailer"
	Err      error  // what the decoder said, if it did
}

func (e *DamagedError) Error() string {
	s := fmt.Sprintf("history is damaged at line %d (byte %d, uncompressed): %s; %d events before it are readable", e.Line, e.Offset, e.Why, e.Readable)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *DamagedError) Unwrap() error { return e.Err }

// VersionError is returned by [Read] for a history that another version saved.
type VersionError struct{ Schema string }

func (e *VersionError) Error() string {
	return fmt.Sprintf("history: schema is %q, this version reads %q: perform it again, or judge it with the version that saved it", e.Schema, Schema)
}

// TooLargeError is returned by [Read] for a history that takes more memory than this
// process may have by its Go memory limit (GOMEMLIMIT). Nothing is wrong with it.
type TooLargeError struct {
	Events int   // how many it has, or had when the memory was used up
	Need   int64 // bytes of memory, at least
	Limit  int64 // bytes of memory that one may take
}

func (e *TooLargeError) Error() string {
	const mebibyte = 1 << 20
	return fmt.Sprintf("history is too large: %d events or more take at least %d MiB of memory, and one may take %d MiB; set GOMEMLIMIT to %dMiB or more, or print it with breakwater dump, which needs no memory for it",
		e.Events, e.Need/mebibyte, e.Limit/mebibyte, (e.Need+e.Need/8)/mebibyte+reserved/mebibyte)
}

// Write saves the log as zstd-compressed JSON lines: the header, one line an
// event, and a trailer with their number and the SHA-256 of the bytes before it.
func Write(w io.Writer, l Log) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow))
	if err != nil {
		return fmt.Errorf("history: write: %w", err)
	}
	lines := bufio.NewWriterSize(z, 1<<16)
	sum := sha256.New()
	enc := json.NewEncoder(io.MultiWriter(lines, sum))
	enc.SetEscapeHTML(false)
	err = enc.Encode(l.Header)
	for i := range l.Events {
		if err != nil {
			break
		}
		err = enc.Encode(&l.Events[i])
	}
	if err == nil {
		err = json.NewEncoder(lines).Encode(trailer{Events: len(l.Events), SHA256: hex.EncodeToString(sum.Sum(nil))})
	}
	if err = errors.Join(err, lines.Flush(), z.Close()); err != nil {
		return fmt.Errorf("history: write: %w", err)
	}
	return nil
}

// Read loads a saved log. A torn or edited file gives a [*DamagedError] and the
// log up to the damage, one of another version a [*VersionError]. The log is not validated, see [Log.Validate].
//
// A million events take some 400 MB of memory. Where this process has a Go memory
// limit, what does not fit gives a [*TooLargeError] and no log.
func Read(r io.Reader) (Log, error) {
	var l Log
	known, room := texts{}, newRoom()
	err := Scan(r, func(h Header) error {
		l.Header = h
		claimed := min(max(h.Events, 0), MaxEvents)
		if err := room.fit(claimed, claimed); err != nil {
			return err
		}
		l.Events = slices.Grow(l.Events, claimed)
		return nil
	}, func(e *Event) error {
		n := len(l.Events) + 1
		if n > cap(l.Events) {
			more := cap(l.Events)/4 + 1024
			if err := room.fit(n, cap(l.Events)+more); err != nil { // meanwhile it is there twice
				return err
			}
			l.Events = slices.Grow(l.Events, more)
		}
		room.taken += eventSize + known.share(e)
		l.Events = append(l.Events, *e)
		return room.fit(n, 0)
	})
	if len(l.Events) == 0 {
		l.Events = nil // as one that was recorded
	}
	if tooLarge := (*TooLargeError)(nil); errors.As(err, &tooLarge) {
		return Log{}, err
	}
	return l, err
}

const (
	// eventSize is the memory of an event in a log and in its index, without its texts.
	eventSize = int64(unsafe.Sizeof(Event{})) + 32

	// faultSize is that of what only faults have.
	faultSize = int64(unsafe.Sizeof(FaultRecord{}))

	// textSize is that of a text beside its bytes.
	textSize = 48

	// reserved is for all else that a process needs that judges a log.
	reserved = 48 << 20
)

// room is the memory that a log may take.
type room struct{ taken, limit int64 }

func newRoom() *room {
	limit := debug.SetMemoryLimit(-1) // which only asks
	if limit < math.MaxInt64 {
		limit = max(0, limit-reserved)
	}
	return &room{limit: limit}
}

// fit is an error when there is no room, with n events read, for so many more.
func (r *room) fit(n, more int) error {
	if need := r.taken + int64(more)*eventSize; need > r.limit {
		return &TooLargeError{Events: n, Need: need, Limit: r.limit}
	}
	return nil
}

// Scan reads a saved log without keeping it, whatever its size: its header, and then
// each event, which is valid during the call only. It ends with the first error of
// either, or with a [*VersionError]. A torn or edited file gives a [*DamagedError] once all
// is read that precedes the damage.
func Scan(r io.Reader, header func(Header) error, event func(*Event) error) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return fmt.Errorf("history: read: %w", err)
	}
	defer z.Close()
	lines := lineReader{r: bufio.NewReaderSize(z, 1<<16), sum: sha256.New(), header: header, event: event}
	why, err := lines.read()
	if lines.called != nil {
		return lines.called
	}
	if why == "" {
		return nil
	}
	return &DamagedError{Readable: lines.events, Line: lines.accepted + 1, Offset: lines.offset, Why: why, Err: err}
}

// lineReader reads the uncompressed lines.
type lineReader struct {
	r   *bufio.Reader
	buf []byte

	sum      hash.Hash // of the lines that were accepted
	accepted int
	offset   int64 // bytes of them

	header func(Header) error
	event  func(*Event) error
	events int   // how many it was called with
	called error // what one of both returned, or why they were not called
}

// read returns what is wrong with the next line, and "" when it has read all, or when
// it was not to go on.
func (l *lineReader) read() (why string, err error) {
	line, err := l.next(maxHeader)
	if err != nil {
		return "it has no readable header", err
	}
	if err := bounded.JSON(line, maxValues); err != nil {
		return "its first line is no header", err
	}
	var version struct{ Schema string }
	if err := json.Unmarshal(line, &version); err != nil || !strings.HasPrefix(version.Schema, family) {
		return "its first line is no header", err
	}
	if version.Schema != Schema {
		l.called = &VersionError{version.Schema}
		return "", nil
	}
	var h Header
	if err := json.Unmarshal(line, &h); err != nil {
		return "its first line is no header", err
	}
	if l.called = l.header(h); l.called != nil {
		return "", nil //nolint:nilerr // the reader's own error, which is given on as it is
	}
	var e Event
	for {
		l.accept(line)
		if line, err = l.next(maxLine); errors.Is(err, io.EOF) {
			return "it ends without its trailer", nil
		} else if err != nil {
			return "it ends without its trailer", err
		}
		// Every event has a kind and the trailer has a sum, so one look tells them apart.
		var t trailer
		if bytes.HasPrefix(line, []byte(`{"events":`)) && json.Unmarshal(line, &t) == nil && t.SHA256 != "" {
			return l.finish(t)
		}
		switch {
		case l.events == MaxEvents:
			return fmt.Sprintf("it has more than %d events", MaxEvents), nil
		case l.offset > maxBytes+int64(l.events)*perEvent:
			return fmt.Sprintf("it has more than %d bytes and %d for each event", maxBytes, perEvent), nil
		}
		e = Event{}
		if err := json.Unmarshal(line, &e); err != nil {
			return "the line is no event", err
		}
		if n := uint64(l.events + 1); e.N != n {
			return fmt.Sprintf("it was edited: event %d stands where event %d was", e.N, n), nil
		}
		if l.called = l.event(&e); l.called != nil {
			return "", nil //nolint:nilerr // as above
		}
		l.events++
	}
}

// next returns the next line with its end, of at most so many bytes. A line without an
// end is torn.
func (l *lineReader) next(most int) ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == nil:
			return l.buf, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if errors.Is(err, io.EOF) && len(l.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		case len(l.buf) > most:
			return nil, fmt.Errorf("a line is longer than %d bytes", most)
		}
	}
}

func (l *lineReader) accept(line []byte) {
	l.sum.Write(line)
	l.accepted++
	l.offset += int64(len(line))
}

// finish compares what was read with what the trailer promises.
func (l *lineReader) finish(t trailer) (why string, err error) {
	if sum := hex.EncodeToString(l.sum.Sum(nil)); sum != t.SHA256 || l.events != t.Events {
		return fmt.Sprintf("it was edited: its trailer names %d events with another checksum than the %d here", t.Events, l.events), nil
	}
	if _, err := l.next(maxLine); !errors.Is(err, io.EOF) || len(l.buf) > 0 {
		return "it does not end after its trailer", err
	}
	return "", nil
}
