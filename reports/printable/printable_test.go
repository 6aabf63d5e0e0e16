package printable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/breakwater-kit/breakwater/reports/printable"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "analytics/1 → kafka, 3 ms; naïve, 日本語, 🙂", "analytics/1 → kafka, 3 ms; naïve, 日本語, 🙂"},
		{"lines and tabs stay", "a\tb\nc\n", "a\tb\nc\n"},
		{"line ends of another system", "a\r\nb\r\n", "a\nb\n"},
		{"a carriage return alone would hide what precedes it", "refuted\rconfirmed\r", `refuted\u000dconfirmed\u000d`},
		{"colour", "\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		{"title of the window", "\x1b]0;owned\x07", `\u001b]0;owned\u0007`},
		{"the same in one character", "\u009b31m\u009d0;x\u009c", `\u009b31m\u009d0;x\u009c`},
		{"backspace, delete, NUL", "ab\b\x7f\x00", `ab\u0008\u007f\u0000`},
		{"directions", "\u202egnp.exe\u2066x\u2069\u200e\u200f\u061c", `\u202egnp.exe\u2066x\u2069\u200e\u200f\u061c`},
		{"no width", "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", `a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg`},
		{"other line ends", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`},
		{"tags, beyond the first plane", "a\U000e0041b", `a\udb40\udc41b`},
		{"no UTF-8", "a\xffb\x9bc\xe2\x80", "a\uFFFDb\uFFFDc\uFFFD\uFFFD"},
		{"a replacement that was there", "a\uFFFDb", "a\uFFFDb"},
		{"an Arabic sign that is seen", "\u0600\u0661", "\u0600\u0661"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := printable.Text(c.text); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := printable.Line(" a\n\tb \r\n c\x1b"); got != `a b c\u001b` {
		t.Errorf("on one line: %q", got)
	}
}

// However the text is cut on its way, the same comes out.
func TestWriter(t *testing.T) {
	const text = "a\r\nb\x1b[2J\u202e日本\xff\U000e0041\r"
	for size := range len(text) {
		var got bytes.Buffer
		w := printable.NewWriter(iotest.TruncateWriter(&got, 1<<20))
		for rest := text; rest != ""; {
			n := min(size+1, len(rest))
			if k, err := w.Write([]byte(rest[:n])); k != n || err != nil {
				t.Fatalf("%d of %d, %v", k, n, err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil || got.String() != printable.Text(text) {
			t.Errorf("in pieces of %d: %q, want %q; %v", size+1, got.String(), printable.Text(text), err)
		}
	}
}

// A pipe's reader that has gone is not waited for when there is nothing left.
func TestCloseWritesNothing(t *testing.T) {
	read, write := io.Pipe()
	defer read.Close()
	if err := printable.NewWriter(write).Close(); err != nil {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "\x1b[31m", "\u202e", "a\r\n", "\xff", "\U000e0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printable.Text(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		for _, r := range got {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Fatalf("%q of %q", got, s)
			}
		}
		if again := printable.Text(got); again != got {
			t.Fatalf("%q, and again %q", got, again)
		}
		before, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var a, b string
		if err := json.Unmarshal(before, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(printable.Text(string(before))), &b); err != nil || a != b {
			t.Fatalf("JSON of %q became %q, %v", a, b, err)
		}
	})
}

func ExampleText() {
	fmt.Println(printable.Text("\x1b[2Jconfirmed"))
	// Output: \u001b[2Jconfirmed
}

func ExampleLine() {
	fmt.Println(printable.Line("two\nlines"))
	// Output: two lines
}

func ExampleNewWriter() {
	w := printable.NewWriter(os.Stdout)
	fmt.Fprintln(w, strings.ToUpper("abc\u202ecba"))
	fmt.Println(w.Close())
	// Output:
	// ABC\u202eCBA
	// <nil>
}
