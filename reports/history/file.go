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

const maxLine = 16 << 20 // bytes of one line; a longer one is damage

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
		return Log{}, fmt.Errorf("history: read: %w", err)
	}
	defer z.Close()
	lines := lineReader{r: bufio.NewReaderSize(z, 1<<16), sum: sha256.New()}
	var l Log
	why, err := lines.read(&l)
	if why == "" {
		return l, nil
	}
	return l, &DamagedError{Readable: len(l.Events), Line: lines.accepted + 1, Offset: lines.offset, Why: why, Err: err}
}

// lineReader reads the uncompressed lines.
type lineReader struct {
	r   *bufio.Reader
	buf []byte

	sum      hash.Hash // of the lines that were accepted
	accepted int
	offset   int64 // bytes of them
}

// read says what is wrong with the next line, and "" when it has read all.
func (l *lineReader) read(log *Log) (why string, err error) {
	line, err := l.next()
	if err != nil {
		return "it has no readable header", err
	}
	var h Header
	if err := json.Unmarshal(line, &h); err != nil {
		return "its first line is no header", err
	}
	if log.Header = h; h.Schema != Schema {
		return fmt.Sprintf("its schema is %q, this version reads %q", h.Schema, Schema), nil
	}
	known := texts{}
	for {
		l.accept(line)
		if line, err = l.next(); errors.Is(err, io.EOF) {
			return "it ends without its trailer", nil
		} else if err != nil {
			return "it ends without its trailer", err
		}
		// Every event has a kind and the trailer has a sum, so one look tells them apart.
		var t trailer
		if bytes.HasPrefix(line, []byte(`{"events":`)) && json.Unmarshal(line, &t) == nil && t.SHA256 != "" {
			return l.finish(t, len(log.Events))
		}
		if len(log.Events) == MaxEvents {
			return fmt.Sprintf("it has more than %d events", MaxEvents), nil
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return "the line is no event", err
		}
		if n := uint64(len(log.Events) + 1); e.N != n {
			return fmt.Sprintf("it was edited: event %d stands where event %d was", e.N, n), nil
		}
		known.share(&e)
		log.Events = append(log.Events, e)
	}
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
			if errors.Is(err, io.EOF) && len(l.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		case len(l.buf) > maxLine:
			return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
		}
	}
}

func (l *lineReader) accept(line []byte) {
	l.sum.Write(line)
	l.accepted++
	l.offset += int64(len(line))
}

// finish compares what was read with what the trailer promises.
func (l *lineReader) finish(t trailer, events int) (why string, err error) {
	if sum := hex.EncodeToString(l.sum.Sum(nil)); sum != t.SHA256 || events != t.Events {
		return fmt.Sprintf("it was edited: its trailer names %d events with another checksum than the %d here", t.Events, events), nil
	}
	if _, err := l.next(); !errors.Is(err, io.EOF) || len(l.buf) > 0 {
		return "it does not end after its trailer", err
	}
	return "", nil
}
