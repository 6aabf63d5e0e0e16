package page

import (
	"maps"
	"slices"
	"strings"
)

// Logs are the log tails of red trials.
func (e experiment) Logs() []logTail {
	var out []logTail
	for _, c := range e.Contenders {
		t := c.Rounds.Worst()
		if t.AsPredicted() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(t.Logs)) {
			out = append(out, logTail{Contender: c.Label, Many: !e.Alone(), Instance: name, Text: t.Logs[name]})
		}
	}
	return out
}

type logTail struct {
	Contender string
	Many      bool
	Instance  string
	Text      string
}

// tail keeps the last n bytes, from the beginning of a line, and drops the colours of
// a terminal, which mean nothing here.
func tail(s string, n int) string {
	if len(s) > n {
		s = s[len(s)-n:]
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		}
	}
	return ansi.ReplaceAllString(s, "")
}
