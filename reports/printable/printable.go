// Package printable makes text from outside fit to be shown: on a terminal, in
// Markdown, in JUnit and in logs. What is not meant to be seen but to be obeyed (escape
// sequences, control characters, the marks that turn the direction of text or have no
// width) is shown in the notation of JSON, as \u001b, so that JSON stays the same value.
package printable

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// Text is s with everything visible. Line ends and tabs stay, a carriage return
// before a line end goes, and what is no UTF-8 becomes U+FFFD.
func Text(s string) string {
	if clean(s) {
		return s
	}
	shown, _, _ := transform.String(show{}, s) // it knows no error
	return shown
}

// Line is Text on one line: line ends, tabs and runs of space become one space.
func Line(s string) string { return Text(strings.Join(strings.Fields(s), " ")) }

// clean is whether nothing would be changed.
func clean(s string) bool {
	for i, r := range s {
		if hidden(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

// hidden is whether the character is obeyed rather than seen. The signs that Arabic
// and its kin set before a number are seen, though Unicode counts them among the marks.
func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x7f:
		return r < ' '
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Writer writes what [Text] makes of what is written to it. Several goroutines may
// write. Close writes what is left of a character that was cut off; it does not close
// the writer underneath.
type Writer struct {
	to io.Writer

	mu    sync.Mutex
	shown *transform.Writer
}

// NewWriter is a Writer to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{to: w, shown: transform.NewWriter(something{w}, show{})}
}

// Unwrap is the writer underneath, for who draws on it.
func (w *Writer) Unwrap() io.Writer { return w.to }

func (w *Writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown.Write(b)
}

// Close writes what is left.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown.Close()
}

// something writes nothing where there is nothing: a pipe would wait for its reader.
type something struct{ to io.Writer }

func (s something) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return s.to.Write(b)
}

// show is the change of Text.
type show struct{ transform.NopResetter }

func (show) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		r, size := utf8.DecodeRune(src[read:])
		seen := src[read : read+size]
		switch {
		case r == utf8.RuneError && size == 1:
			if !atEOF && !utf8.FullRune(src[read:]) {
				return written, read, transform.ErrShortSrc
			}
			seen = []byte("\uFFFD")
		case r == '\r' && read+1 == len(src) && !atEOF:
			return written, read, transform.ErrShortSrc
		case r == '\r' && read+1 < len(src) && src[read+1] == '\n':
			seen = nil
		case hidden(r):
			seen = notation(r)
		}
		if written+len(seen) > len(dst) {
			return written, read, transform.ErrShortDst
		}
		written += copy(dst[written:], seen)
		read += size
	}
	return written, read, nil
}

// notation is how JSON writes the character in letters.
func notation(r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return fmt.Appendf(nil, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(nil, `\u%04x`, r)
}
