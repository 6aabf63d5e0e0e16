package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// How a secret may be spelt where it turns up, and how each spelling is found.

func longestFirst(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }

// parts are the secret itself and what of it is a secret by itself: each line of several,
// as logs have them, and the values of cookies.
func parts(value string) []string {
	all := []string{value}
	for _, line := range strings.FieldsFunc(value, func(c rune) bool { return c == '\n' || c == '\r' }) {
		if line = strings.TrimSpace(line); line != value && len(line) >= 8 && !strings.HasPrefix(line, "-----") {
			all = append(all, line)
		}
	}
	for crumb := range strings.SplitSeq(value, ";") {
		if _, v, ok := strings.Cut(strings.TrimSpace(crumb), "="); ok && v != value && len(v) >= 8 && !strings.Contains(value, "\n") {
			all = append(all, v)
		}
	}
	return all
}

// add has the secret looked for as far as that leaves sentences readable.
func (by *search) add(value, mark string, marks map[string]string, ordinary map[string]bool) {
	digits := strings.TrimFunc(value, unicode.IsDigit) == ""
	word := strings.TrimFunc(value, unicode.IsLetter) == ""
	switch {
	case len(value) < shortest || ordinary[strings.ToLower(value)] || digits && len(value) < 8:
		return
	case word || digits:
		by.words[value] = cmp.Or(by.words[value], mark)
	default:
		for _, s := range spellings(value) {
			m := mark
			if s != value {
				m = Unnamed // it would be filled in as another spelling
			}
			if was, known := marks[s]; !known || was == Unnamed {
				marks[s] = m
			}
		}
	}
	if len(value) >= 6 {
		coded := hex.EncodeToString([]byte(value))
		marks[coded], marks[strings.ToUpper(coded)] = Unnamed, Unnamed
		for _, piece := range pieces(value) {
			by.coded[piece] = true
		}
	}
}

// spellings are all ways in which a text stands in others, the text itself first.
func spellings(value string) []string {
	quoted := func(s string) string { return strings.Trim(strconv.Quote(s), `"`) }
	escaped := func(s string) string {
		b, _ := json.Marshal(s) // with < and > escaped; a string cannot fail
		return string(b[1 : len(b)-1])
	}
	plainly := func(s string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s)
		return strings.Trim(strings.TrimSuffix(b.String(), "\n"), `"`)
	}
	if strings.HasSuffix(value, `"`) || strings.HasPrefix(value, `"`) { // which Trim would take for the quotes
		plainly, quoted = escaped, escaped
	}
	userinfo, _ := strings.CutPrefix(url.UserPassword("", value).String(), ":")
	all := []string{
		value, escaped(value), plainly(value), quoted(value), escaped(escaped(value)), plainly(plainly(value)),
		url.QueryEscape(value), url.PathEscape(value), userinfo, url.QueryEscape(url.QueryEscape(value)), percent(value),
		html.EscapeString(value), strings.ReplaceAll(html.EscapeString(value), "&#34;", "&quot;"),
		strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;").Replace(html.EscapeString(value)), // Python's
		inASCII(escaped(value)), inASCII(plainly(value)), plainly(inASCII(plainly(value))), // Python's JSON
		pythonBytes(value), strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), `'`, `\'`), // and its repr
		strings.ToUpper(value), strings.ToLower(value),
	}
	if len(value) < 8 { // the same word in other letters may be another one
		all = all[:len(all)-2]
	}
	for _, s := range slices.Clone(all) {
		all = append(all, lowerPercent.ReplaceAllStringFunc(s, strings.ToLower))
	}
	slices.SortStableFunc(all[1:], longestFirst)
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(s string) bool {
		again := seen[s] || s == ""
		seen[s] = true
		return again
	})
}

// inASCII escapes all but ASCII in a string of JSON.
func inASCII(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// pythonBytes is the text as Python shows bytes.
func pythonBytes(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\\' || c == '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var lowerPercent = regexp.MustCompile(`%[0-9A-F]{2}`)

// percent escapes all but letters and digits, as some clients do.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// pieces are what base64 makes of the middle of the text, wherever it begins among the
// bytes around it: "user:" before it, say.
func pieces(value string) []string {
	var all []string
	for before := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			coded := encoding.EncodeToString(append(make([]byte, before), value...))
			from := []int{0, 2, 3}[before]      // the first depends on what is before it
			to := (before + len(value)) / 3 * 4 // the last on what follows
			if to-from >= 7 {
				all = append(all, coded[from:to])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// replaceCoded redacts the run of base64 that holds the piece.
func replaceCoded(s, piece string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, piece)
		if i < 0 {
			return b.String() + s
		}
		from, to := i, i+len(piece)
		for from > 0 && isBase64(s[from-1]) {
			from--
		}
		for to < len(s) && (isBase64(s[to]) || s[to] == '=') {
			to++
		}
		b.WriteString(s[:from] + Unnamed)
		s = s[to:]
	}
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_'
}

// replaceWord redacts a word where it is one and no part of another.
func replaceWord(s, word, mark string) string {
	var b strings.Builder
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return b.String() + s
		}
		i += from
		if !begins(s[:i]) || !ends(s[i+len(word):]) {
			from = i + len(word)
			continue
		}
		b.WriteString(s[:i] + mark)
		s, from = s[i+len(word):], 0
	}
}

var escape = regexp.MustCompile(`(%[0-9A-Fa-f]{2}|\\[nrtbf]|\\u[0-9A-Fa-f]{4}|&[a-z]+;|&#[0-9]+;)$`)

func begins(before string) bool {
	c, _ := utf8.DecodeLastRuneInString(before)
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) || escape.MatchString(before[max(0, len(before)-8):])
}

func ends(after string) bool {
	c, _ := utf8.DecodeRuneInString(after)
	return !unicode.IsLetter(c) && !unicode.IsDigit(c)
}
