package redact

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// found is a secret in a text.
type found struct {
	from, to int
	label    string // what to call it
}

// find are the secrets in a value that stands under a name.
func find(name, value string) []found {
	if !secretName(name) || plain(value) {
		return looks(value)
	}
	from := 0
	label := name
	if m := scheme.FindStringIndex(value); m != nil {
		from = m[1]
	}
	if inner := looks(value); userinfo(value) && len(inner) > 0 {
		return inner // CONNECTION_STRING=postgres://user:pass@host: the rest is none
	}
	// What is filled in later is no secret by itself.
	var all []found
	for from < len(value) {
		open := strings.Index(value[from:], "${")
		if open < 0 {
			open = len(value) - from
		}
		if open > 0 && (open >= shortest || open == len(value)) {
			all = append(all, found{from, from + open, label})
		}
		from += open
		end := strings.IndexByte(value[from:], '}')
		if end < 0 {
			break
		}
		from += end + 1
	}
	return all
}

var scheme = regexp.MustCompile(`^(?i)(basic|bearer|token|apikey|negotiate|digest)\s+`)

func userinfo(value string) bool { return strings.Contains(value, "://") }

const kinds = `pass(?:word|wd|phrase|code)|pwd|secret|token|api[_.\- ]?key|access[_.\- ]?key|account[_.\- ]?key|private[_.\- ]?key|session[_.\- ]?key|encryption[_.\- ]?key|signing[_.\- ]?key|credential|authorization|cookie|[_.\-]pass\b`

var (
	names = regexp.MustCompile(`(?i)` + kinds)

	// harmless ends the name of what is about a secret and is none.
	harmless = regexp.MustCompile(`(?i)(?:^|[_.\- ]|[a-z])(ttl|time-?out|url|uri|file|path|dir|folder|length|len|min|max|limit|count|expiry|expires|expiration|age|type|name|header|id|endpoint|algorithm|enabled|required|policy|size|rate|interval|domain|issuer|audience|budget|bucket)s?$`)
)

// brief are names of secrets that are no part of longer ones: SSHPASS, redis_auth, X-Auth.
var brief = regexp.MustCompile(`(?i)(?:^|[_.\-])(?:auth|creds?|pin|pw|pass)$|[a-z]pass$`)

var roleID = regexp.MustCompile(`secret[_.\-]?id$`)

// secretName is whether what stands under the name is a secret.
func secretName(name string) bool {
	switch lower := strings.ToLower(name); {
	case brief.MatchString(name), roleID.MatchString(lower):
		return true
	case name == "PWD", name == "OLDPWD": // where a process works
		return false
	}
	return names.MatchString(name) && !harmless.MatchString(name)
}

var nothing = regexp.MustCompile(`^(?i)(true|false|null|nil|none|<nil>|\*+|xxx+|)$`)

// plain is whether a value under the name of a secret is none.
func plain(value string) bool {
	v := strings.TrimSpace(value)
	if nothing.MatchString(v) {
		return true
	}
	for strings.HasPrefix(v, "${") {
		_, rest, closed := strings.Cut(v, "}")
		if !closed {
			return false
		}
		v = rest
	}
	return v == ""
}

// rule finds a secret by what is around it, in a line: the last group that took part.
type rule struct {
	lines   bool     // it may have several lines
	trigger []string // in lower case: without one of them the rule does not apply
	match   *regexp.Regexp
	label   string // "": the first group
	is      func(secret string) bool
}

// keyed are the words of kinds: a line that says key=u001 is not looked at.
var keyed = func() []string {
	all := []string{"pass", "pwd", "secret", "token", "credential"}
	for _, of := range []string{"api", "access", "account", "private", "session", "encryption", "signing"} {
		for _, between := range []string{"", "_", "-", ".", " "} {
			all = append(all, of+between+"key")
		}
	}
	return all
}()

var rules = []rule{
	{
		lines: true, trigger: []string{"private key"}, label: "PRIVATE_KEY",
		match: regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----`),
	},
	{ // the head of one
		lines: true, trigger: []string{"private key"}, label: "PRIVATE_KEY",
		match: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?:(?:\s|\\[nr])*[^\n]*?[A-Za-z0-9+/=]{16,})*`),
	},
	{ // the tail of one
		lines: true, trigger: []string{"private key"}, label: "PRIVATE_KEY",
		match: regexp.MustCompile(`(?:[A-Za-z0-9+/=]{16,}[^\nA-Za-z0-9+/=]*(?:\s|\\[nr])+[^\n]*?)*-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----`),
	},
	{ // user:pass@ of a URL, also with an @ in the password
		trigger: []string{"://"}, label: "URL_PASSWORD",
		match: regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#@:"'<>\\]*:([^\s/?#"'<>\\]+)@`),
	},
	{ // and with a slash
		trigger: []string{"://"}, label: "URL_PASSWORD",
		match: regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#@:"'<>\\]*:([^\s@"'<>\\]+)@`),
		is:    func(s string) bool { return !port.MatchString(s) },
	},
	{ // a token in place of the user
		trigger: []string{"://"}, label: "URL_TOKEN",
		match: regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.\-]*://([^\s/?#@:"'<>\\$]{20,}):?@`),
	},
	{
		trigger: []string{"@tcp(", "@udp(", "@unix("}, label: "DSN_PASSWORD",
		match: regexp.MustCompile(`[^\s:/@"'=]+:([^\s"']+)@(?:tcp|udp|unix)\(`),
	},
	{
		trigger: []string{"@"}, label: "PASSWORD",
		match: regexp.MustCompile(`(?:^|[\s"'=,])[A-Za-z0-9._\-]+:([^\s:@/"'{}\[\]]+)@[A-Za-z0-9][A-Za-z0-9._\-]*(?::\d+|/)`),
	},
	{
		trigger: []string{"authorization"}, label: "AUTHORIZATION",
		match: regexp.MustCompile(`(?i)authorization\\*["']?\]?\s*[:=]+\s*\[?\\*["']?(?:(?:basic|bearer|token|apikey|negotiate)\s+([^\s"'\\,;)\]}]+)|(?:digest|aws4-hmac-sha256|hawk|oauth)\s+([^\r\n]+)|([^\s"'\\,;)\]}]+))`),
	},
	{
		trigger: []string{"bearer "}, label: "TOKEN",
		match: regexp.MustCompile(`(?i)\bbearer\s+([A-Za-z0-9._~+/\-]{6,}=*)`),
		is:    func(s string) bool { return strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsLower(c) }) },
	},
	{
		trigger: []string{"basic "}, label: "BASIC",
		match: regexp.MustCompile(`(?i)\bbasic\s+([A-Za-z0-9+/]{4,}={0,2})`),
		is: func(s string) bool {
			b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
			return err == nil && strings.Contains(string(b), ":")
		},
	},
	{
		trigger: []string{"cookie"}, label: "COOKIE",
		match: regexp.MustCompile(`(?i)\b(?:set-)?cookie\\*["']?\]?\s*[:=]+\s*\[?\\*["']?([^\r\n"'\\\]]+)`),
	},
	{ // name=value, "name": "value", and so on in the strings of other strings
		trigger: keyed,
		match: regexp.MustCompile(`(?i)([a-z0-9_.\-]*(?:` + kinds + `)[a-z0-9_.\-]*)\\*["']?\]?\s*(?:=>|:=|==?|:)[ \t]*` +
			`(?:\[?\\+"((?:[^"\\]|\\+[^"\\])*)|\[?"((?:[^"\\]|\\.)*)|'([^'\n]*)|([^\s&;,"'<>)\]}\\]+))`),
	},
	{ // an argument
		trigger: []string{"--"},
		match:   regexp.MustCompile(`(?i)--?([a-z0-9_.\-]*(?:` + kinds + `)[a-z0-9_.\-]*)\s+["']?([^\s"'\-][^\s"']*)`),
	},
	{ // <name>value</
		trigger: []string{"</"},
		match:   regexp.MustCompile(`(?i)<([a-z0-9_.:\-]*(?:` + kinds + `)[a-z0-9_.\-]*)(?:\s[^<>]*)?>([^<]+)</`),
	},
	{
		trigger: []string{"eyj"}, label: "JWT",
		match: regexp.MustCompile(`\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*`),
	},
	{
		trigger: []string{"hooks.slack.com/", "discord.com/api/webhooks/", "webhook.office.com/"}, label: "WEBHOOK",
		match: regexp.MustCompile(`(?i)(?:hooks\.slack\.com/(?:services|workflows)|discord\.com/api/webhooks|webhook\.office\.com/webhookb2)/([^\s"'<>\\]+)`),
	},
	{ // what well-known services give out: AWS, GitHub, GitLab, Slack, Stripe, Google, npm
		trigger: []string{"akia", "asia", "gh", "glpat-", "xox", "k_live_", "k_test_", "aiza", "npm_"}, label: "TOKEN",
		match: regexp.MustCompile(`\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_\-]{20,}|xox[abprs]-[A-Za-z0-9\-]{10,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[0-9A-Za-z_\-]{35}|npm_[A-Za-z0-9]{36})\b`),
	},
}

// port is what follows the host of a URL rather than a user: a number, or what the
// world fills in.
var port = regexp.MustCompile(`^(\d+|\$\{[^}]*\})?[/?#]`)

// looks are the secrets that a text shows by itself, in order and apart.
func looks(s string) []found {
	all, at := matches(s, 0, true, nil), 0
	for line := range strings.SplitSeq(s, "\n") {
		all = matches(line, at, false, all)
		at += len(line) + len("\n")
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.from - b.from })
	return apart(all)
}

// matches adds what the rules find in a part of the text that begins at a place in it.
func matches(s string, at int, lines bool, all []found) []found {
	var marks [][]int
	lower := strings.ToLower(s)
	for _, r := range rules {
		if r.lines != lines || !slices.ContainsFunc(r.trigger, func(t string) bool { return strings.Contains(lower, t) }) {
			continue
		}
		for _, m := range r.match.FindAllStringSubmatchIndex(s, -1) {
			f := found{m[0], m[1], r.label}
			for g := len(m) - 2; g > 0; g -= 2 { // the last group that took part
				if m[g] >= 0 {
					f.from, f.to = m[g], m[g+1]
					break
				}
			}
			if r.label == "" {
				f.label = s[m[2]:m[3]]
				if !secretName(f.label) {
					continue
				}
			}
			if secret := s[f.from:f.to]; plain(secret) || r.is != nil && !r.is(secret) {
				continue
			}
			if marks == nil {
				marks = mark.FindAllStringIndex(s, -1)
			}
			if f.to = before(marks, f.from, f.to); f.from < f.to {
				all = append(all, found{at + f.from, at + f.to, f.label})
			}
		}
	}
	return all
}

// mark is what is filled in later, a redacted secret too: no secret by itself.
var mark = regexp.MustCompile(`\$\{[^{}]*\}|\[redacted\]`)

// before is where a secret ends that no mark may be part of; from where it is none.
func before(marks [][]int, from, to int) int {
	for _, m := range marks {
		switch {
		case m[0] <= from && from < m[1]:
			return from
		case from < m[0] && m[0] < to:
			return m[0]
		}
	}
	return to
}

// apart leaves, of secrets that overlap, what covers both.
func apart(all []found) []found {
	var kept []found
	for _, f := range all {
		if n := len(kept); n > 0 && f.from < kept[n-1].to {
			if f.to > kept[n-1].to {
				kept[n-1].to = f.to
			}
			continue
		}
		kept = append(kept, f)
	}
	return kept
}
