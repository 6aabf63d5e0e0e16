package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// longestSlug leaves room in a file's name, which may have 255 bytes, for a hash, a
// round, a contender and an extension.
const longestSlug = 140

// Slug makes a name of words that can stand in a file name and in a command line:
// their ASCII letters and digits in lower case, with hyphens between. The last of the
// words is a sentence, the one before it the id of a claim ("E2"), or empty.
//
// Different words have different names. Those that cannot be read back from the name
// alone, for they have capitals, punctuation or another script than Latin, say, end in
// a hash of the exact words: "a b" is a-b, and "A.B" is a-b-3fdd6395.
func Slug(words ...string) string {
	name := strings.Trim(unspeakable.ReplaceAllString(strings.ToLower(strings.Join(words, " ")), "-"), "-")
	if len(name) <= longestSlug && plain(words) {
		return name
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", words))
	sum[0] &= 0x7f // so that it begins with a digit, as no word of a plain sentence does that has letters
	name = strings.TrimRight(name[:min(len(name), longestSlug)], "-")
	return strings.TrimLeft(name+"-"+hex.EncodeToString(sum[:4]), "-")
}

var (
	unspeakable = regexp.MustCompile(`[^a-z0-9]+`)
	plainName   = regexp.MustCompile(`^[a-z]+$`)
	plainClaim  = regexp.MustCompile(`^[A-Z]+[0-9]+[a-z]?$`)
	plainWord   = regexp.MustCompile(`^(?:[a-z]+|[0-9]+)$`)
	number      = regexp.MustCompile(`^[0-9]+$`)

	// What is written with a capital in the middle of a sentence.
	proper = map[string]string{"kafka": "Kafka", "postgresql": "PostgreSQL", "redis": "Redis"}
)

// plain is whether no other words have the same slug: each name, claim's id and
// sentence that is plain has a spelling of its own, and which is which can be seen.
func plain(words []string) bool {
	for i, w := range words {
		switch len(words) - i {
		case 1:
			if !plainSentence(w) {
				return false
			}
		case 2:
			if w != "" && !plainClaim.MatchString(w) {
				return false
			}
		default:
			if !plainName.MatchString(w) {
				return false
			}
		}
	}
	return true
}

// plainSentence is whether the sentence is one of plain words with a space between.
// The last is no number, which a round may follow.
func plainSentence(s string) bool {
	words := strings.Split(s, " ")
	for _, w := range words {
		spelled, known := proper[strings.ToLower(w)]
		if known && w != spelled || !known && !plainWord.MatchString(w) {
			return false
		}
	}
	return !number.MatchString(words[len(words)-1])
}
