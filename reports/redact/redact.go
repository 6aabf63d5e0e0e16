// Package redact keeps secrets out of what is saved and shown.
//
// A [Redactor] knows the secrets of one scenario: the values that stand in it under
// names such as PASSWORD, Authorization or api_key, in URLs (user:pass@), bodies and
// arguments, and those to which it refers as ${secret:NAME}. In whatever is written it
// puts ${secret:NAME} where one of them stands, in the spelling of JSON, URLs, HTML, hex
// and base64 too, and [redacted] for what looks like a secret and is not of the scenario.
//
// A secret of three characters, of few digits, or that is an ordinary word of the run
// (the database's password "postgres") is redacted where it is a value, and not in the
// middle of sentences: nobody could read them any more, and everybody could guess what
// was taken out.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/breakwater-kit/breakwater"
)

// Unnamed stands for a secret that nobody can fill in again.
const Unnamed = "[redacted]"

// Resolve fills in the references of a JSON document. The names of secrets that lookup
// does not know, or that are empty, are missing; the document is nil then.
func Resolve(document []byte, lookup func(name string) (string, bool)) (resolved []byte, missing []string, err error) {
	names := breakwater.SecretsIn(string(document))
	if len(names) == 0 {
		return document, nil, nil
	}
	values := map[string]string{}
	for _, name := range names {
		value, known := lookup(name)
		switch {
		case !known || value == "":
			missing = append(missing, name)
		case strings.Contains(value, "${"):
			return nil, nil, fmt.Errorf("secret %s holds ${, which would be filled in once more; use another value", name)
		}
		values[name] = value
	}
	if len(missing) > 0 {
		return nil, missing, nil
	}
	resolved, err = each(document, func(_, s string) string {
		return breakwater.FillSecrets(s, func(name string) string { return values[name] })
	})
	return resolved, nil, err
}

// Redactor redacts the secrets that it holds, and what looks like one. Fill it before
// it is used; then it may be used by many at once.
type Redactor struct {
	names    map[string]string // of secrets, by their value
	values   map[string]string // by their name
	ordinary map[string]bool   // words that are no secret in a sentence

	searched atomic.Pointer[search] // nil: it was filled since
}

// search is how the secrets are looked for in a text.
type search struct {
	spellings *strings.Replacer // of those that are found anywhere
	anywhere  []string          // the same
	words     map[string]string // that are found where they stand alone: what to put there
	coded     map[string]bool   // pieces of base64 in which one is hidden
}

// New makes a redactor that holds no secret, and knows which words are ordinary: the
// names of what runs.
func New(ordinary ...string) *Redactor {
	r := &Redactor{names: map[string]string{}, values: map[string]string{}, ordinary: map[string]bool{}}
	for _, w := range slices.Concat(ordinary, usual) {
		r.ordinary[strings.ToLower(w)] = true
	}
	return r
}

// usual are passwords that everybody knows, names of secrets, and words of every run.
var usual = []string{
	"password", "passwd", "secret", "token", "credential", "authorization", "cookie", "bearer", "basic", "root", "admin", "guest", "user", "test",
	"none", "null", "true", "false", "local", "docker", "kafka", "database", "redis", "names", "postgres", "postgresql", "http", "https", "event",
	"load", "edge", "holds", "broken", "unknown", "failed", "before", "during", "after", "drain",
}

// Hold makes the value a secret. It returns the name under which it is redacted: the
// one that was asked for where that is free, and no other value's.
func (r *Redactor) Hold(name, value string) string { return r.hold("", name, value) }

func (r *Redactor) hold(of, label, value string) string {
	if name, known := r.names[value]; known || value == "" {
		return name
	}
	label = cmp.Or(identifier(label), "SECRET")
	candidates := []string{label}
	if of = identifier(of); of != "" {
		candidates = append(candidates, of+"_"+label)
	}
	for n := 2; ; n++ {
		for _, name := range candidates {
			if _, taken := r.values[name]; !taken {
				r.names[value], r.values[name] = name, value
				r.searched.Store(nil)
				return name
			}
		}
		candidates = []string{label + "_" + strconv.Itoa(n)}
	}
}

// identifier makes the name of an environment variable of a label.
func identifier(label string) string {
	var b strings.Builder
	lower := false
	for _, c := range label {
		switch {
		case c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)):
			if unicode.IsUpper(c) && lower {
				b.WriteByte('_') // accessKey
			}
			b.WriteRune(unicode.ToUpper(c))
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		lower = unicode.IsLower(c)
	}
	name := strings.Trim(b.String(), "_")
	if name != "" && unicode.IsDigit(rune(name[0])) {
		name = "_" + name
	}
	return name
}

// Collect makes secrets of what is one in a JSON document: what stands under a name
// that means a secret, and what looks like one.
func (r *Redactor) Collect(document []byte) error {
	var texts []string
	_, err := rewrite(document, func(p place, s string) string {
		texts = append(texts, s)
		for _, f := range find(p.name, s) {
			secret := s[f.from:f.to]
			r.hold(p.of, f.label, secret)
			for _, inner := range decoded(secret) {
				r.hold(p.of, f.label, inner)
			}
		}
		return s
	})
	// One that stands in another spelling elsewhere is a secret there, too: it would be
	// filled in otherwise.
	for value, name := range maps.Clone(r.names) {
		for _, other := range spellings(value) {
			if other != value && len(other) >= shortest && slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, other) }) {
				r.hold("", name, other)
			}
		}
	}
	return err
}

// decoded are the secrets that one is made of: programs show what they have understood.
func decoded(secret string) (inner []string) {
	if s, err := url.PathUnescape(secret); err == nil && s != secret {
		inner = append(inner, s)
	}
	var s string
	if json.Unmarshal([]byte(`"`+secret+`"`), &s) == nil && s != secret {
		inner = append(inner, s)
	}
	if s := html.UnescapeString(secret); s != secret {
		inner = append(inner, s)
	}
	if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(secret, "=")); err == nil && utf8.Valid(b) {
		if _, password, ok := strings.Cut(string(b), ":"); ok && len(password) >= shortest {
			inner = append(inner, password)
		}
	}
	return inner
}

// Document is the JSON document with its secrets redacted. Where that cannot fill in
// again what was there (it is no secret that the redactor holds), it is [Unnamed].
func (r *Redactor) Document(b []byte) ([]byte, error) {
	return each(b, r.Value)
}

// Value is Text of a value that stands under a name: that decides whether all of it is
// a secret.
func (r *Redactor) Value(name, value string) string {
	if !secretName(name) {
		return r.Text(value)
	}
	return r.marked(value, find(name, value), r.Text)
}

// marked is s with marks in the place of what was found, and what rest makes of the rest.
func (r *Redactor) marked(s string, all []found, rest func(string) string) string {
	var b strings.Builder
	at := 0
	for _, f := range all {
		b.WriteString(rest(s[at:f.from]) + r.mark(s[f.from:f.to]))
		at = f.to
	}
	return b.String() + rest(s[at:])
}

// Values is Value of each.
func (r *Redactor) Values(by map[string]string) map[string]string {
	redacted := maps.Clone(by)
	for name, value := range redacted {
		redacted[name] = r.Value(name, value)
	}
	return redacted
}

// mark is what stands in the place of a secret.
func (r *Redactor) mark(value string) string {
	if name, known := r.names[value]; known {
		return breakwater.Secret(name)
	}
	return Unnamed
}

// Text is s with its secrets redacted.
func (r *Redactor) Text(s string) string {
	s = r.literals(s)
	return r.marked(s, looks(s), func(s string) string { return s })
}

// Error is an error with the same errors in it, and its text redacted.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := r.Text(err.Error()); text != err.Error() {
		return &redacted{err, text}
	}
	return err
}

type redacted struct {
	error
	text string
}

func (r *redacted) Error() string { return r.text }

func (r *redacted) Unwrap() error { return r.error }

// shortest is how many bytes a secret has at least that is looked for in sentences.
const shortest = 4

// literals redacts the secrets that the redactor holds.
func (r *Redactor) literals(s string) string {
	by := r.searched.Load()
	if by == nil {
		by = r.prepare()
		r.searched.Store(by)
	}
	if slices.ContainsFunc(by.anywhere, func(spelling string) bool { return strings.Contains(s, spelling) }) {
		s = by.spellings.Replace(s)
	}
	for word, mark := range by.words {
		s = replaceWord(s, word, mark)
	}
	for piece := range by.coded {
		s = replaceCoded(s, piece)
	}
	return s
}

func (r *Redactor) prepare() *search {
	by := &search{words: map[string]string{}, coded: map[string]bool{}}
	marks := map[string]string{}
	for _, value := range slices.SortedFunc(maps.Keys(r.names), longestFirst) {
		mark := breakwater.Secret(r.names[value])
		for i, part := range parts(value) {
			if i > 0 {
				mark = Unnamed // a part cannot be filled in again
			}
			by.add(part, mark, marks, r.ordinary)
		}
	}
	var pairs []string
	for _, spelling := range slices.SortedFunc(maps.Keys(marks), longestFirst) {
		pairs = append(pairs, spelling, marks[spelling])
		by.anywhere = append(by.anywhere, spelling)
	}
	by.spellings = strings.NewReplacer(pairs...)
	return by
}
