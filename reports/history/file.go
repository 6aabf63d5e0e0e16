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

	"github.com/klauspost/compress/zstd"
)

// Extension is how the file name of a saved history ends.
const Extension = ".history.jsonl.zst"

const (
	maxLine   = 16 << 20 // bytes of one line; a longer one is damage
	maxEvents = 20_000_000
)

// trailer is the last line of the file. A file without it is torn.
type trailer struct {
	Events int    `json:"events"`
	SHA256 string `json:"sha256"` // of all uncompressed bytes before this line
}

// DamagedError is returned by [Read] for a history that is torn, edited or no
// history at all. The log that comes with it holds what is readable before the
// damage; it is there to look at and must not be judged.
type DamagedError struct {
	Readable int    // events before the damage
	Why      string // "the file ends without its trailer"
	Err      error  // what the decoder said, if it did
}

func (e *DamagedError) Error() string {
	s := fmt.Sprintf("history is damaged: %s; %d events are readable", e.Why, e.Readable)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Write saves the log as zstd-compressed JSON lines: the header, one line an
// event, and a trailer with their number and the SHA-256 of the bytes before it.
func Write(w io.Writer, l Log) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
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
// log up to the damage. The log is not validated, see [Log.Validate].
func Read(r io.Reader) (Log, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return Log{}, &DamagedError{Why: "it does not start as a zstd stream", Err: err}
	}
	defer z.Close()
	return read(z)
}

// read parses the uncompressed lines.
func read(r io.Reader) (Log, error) {
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16), sum: sha256.New()}
	var l Log
	damaged := func(why string, err error) (Log, error) {
		return l, &DamagedError{Readable: len(l.Events), Why: why, Err: err}
	}

	line, err := lines.next()
	if err != nil {
		return damaged("it has no readable header", err)
	}
	if err := json.Unmarshal(line, &l.Header); err != nil {
		l.Header = Header{}
		return damaged("its first line is no header", err)
	}
	if l.Header.Schema != Schema {
		return damaged(fmt.Sprintf("its schema is %q, this version reads %q", l.Header.Schema, Schema), nil)
	}
	lines.accept(line)

	for {
		line, err := lines.next()
		if err != nil {
			return damaged("it ends without its trailer", err)
		}
		// Every event has a kind and the trailer has a sum, so one look tells them apart.
		var t trailer
		if bytes.HasPrefix(line, []byte(`{"events":`)) && json.Unmarshal(line, &t) == nil && t.SHA256 != "" {
			return l, lines.finish(t, len(l.Events))
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return damaged(fmt.Sprintf("line %d is no event", len(l.Events)+2), err)
		}
		if len(l.Events) == maxEvents {
			return damaged(fmt.Sprintf("it has more than %d events", maxEvents), nil)
		}
		l.Events = append(l.Events, e)
		lines.accept(line)
	}
}

type lineReader struct {
	r   *bufio.Reader
	sum hash.Hash
	buf []byte
}

// next returns the next line with its end. A line without an end is torn.
func (l *lineReader) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		switch {
		case err == nil:
			return l.buf, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		case len(l.buf) > maxLine:
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
	}
}

func (l *lineReader) accept(line []byte) { l.sum.Write(line) }

// finish compares what was read with what the trailer promises.
func (l *lineReader) finish(t trailer, events int) error {
	if sum := hex.EncodeToString(l.sum.Sum(nil)); sum != t.SHA256 || events != t.Events {
		return &DamagedError{Readable: events, Why: fmt.Sprintf("it was edited: its trailer names %d events with another checksum than the %d here", t.Events, events)}
	}
	if _, err := l.next(); !errors.Is(err, io.ErrUnexpectedEOF) || len(l.buf) > 0 {
		return &DamagedError{Readable: events, Why: "it does not end after its trailer", Err: err}
	}
	return nil
}
