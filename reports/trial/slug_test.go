package trial_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestSlug(t *testing.T) {
	hashed := regexp.MustCompile(`^(.*?)-?[0-7][0-9a-f]{7}$`)
	for _, c := range []struct {
		claim, title string
		want         string
		hash         bool // after it
	}{
		{"E2", "analytics is cut off from Kafka", "e2-analytics-is-cut-off-from-kafka", false},
		{"S5a", "the load rises for 10 seconds", "s5a-the-load-rises-for-10-seconds", false},
		{"", "analytics is killed", "analytics-is-killed", false},
		{"E2", "a b", "e2-a-b", false},
		{"E2", "a-b", "e2-a-b", true},
		{"E2", "A.B", "e2-a-b", true},
		{"E2", "A b", "e2-a-b", true},
		{"E2", "a  b", "e2-a-b", true},
		{"E2", "a b ", "e2-a-b", true},
		{"e2", "a b", "e2-a-b", true},
		{"", "e2 a b", "e2-a-b", true},
		{"", "E2 a b", "e2-a-b", true},
		{"E2 a", "b", "e2-a-b", true},
		{"E2", "a b 2", "e2-a-b-2", true},
		{"E2", "a b c3", "e2-a-b-c3", true},
		{"E2", "kafka is cut off", "e2-kafka-is-cut-off", true},
		{"E2", "日本", "e2", true},
		{"E2", "中国", "e2", true},
		{"E2", "///", "e2", true},
		{"E2", "🦀🦀", "e2", true},
		{"E2", "שלום", "e2", true},
		{"E2", "\u212Aafka", "e2-kafka", true}, // a Kelvin sign
		{"E2", strings.Repeat("and then ", 20), ("e2-" + strings.Repeat("and-then-", 20))[:127], true},
	} {
		got := trial.Slug("replay", "local", c.claim, c.title)
		if c.hash {
			m := hashed.FindStringSubmatch(got)
			if m == nil {
				t.Errorf("%q %q is %s, without a hash", c.claim, c.title, got)
				continue
			}
			got = m[1]
		}
		if want := strings.TrimRight("replay-local-"+c.want, "-"); got != want {
			t.Errorf("%q %q is %s, want %s", c.claim, c.title, got, want)
		}
	}
	for _, title := range []string{"", "日本", "///"} {
		if got := trial.Slug(title); !regexp.MustCompile(`^[0-7][0-9a-f]{7}$`).MatchString(got) {
			t.Errorf("%q alone is %q", title, got)
		}
	}
}

// Different words have different names, whatever they look like, and every name can
// stand in a file name.
func FuzzSlug(f *testing.F) {
	for _, s := range []string{"a b|a-b", "E2|e2 a", "日本|中国", "Kafka is cut|kafka is cut", "a 2|a", "a|a \x00", "a b 0c1e88d0|A.B"} {
		claim, title, _ := strings.Cut(s, "|")
		f.Add(claim, title, title, claim)
		f.Add("", claim, "", title)
		f.Add("E2", claim, "", "e2 "+claim)
	}
	name := regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	f.Fuzz(func(t *testing.T, claim, title, otherClaim, otherTitle string) {
		a, b := trial.Slug("replay", "local", claim, title), trial.Slug("replay", "local", otherClaim, otherTitle)
		if same := claim == otherClaim && title == otherTitle; (a == b) != same {
			t.Errorf("%q %q is %s, %q %q is %s", claim, title, a, otherClaim, otherTitle, b)
		}
		if !name.MatchString(a) || len(a) > 160 {
			t.Errorf("%q %q is %s", claim, title, a)
		}
	})
}

func ExampleSlug() {
	fmt.Println(trial.Slug("replay", "E2", "analytics is cut off from Kafka"))
	fmt.Println(trial.Slug("replay", "E2", "analytics/1 is cut off!"))
	fmt.Println(trial.Slug("replay", "E2", "卡夫卡"))
	// Output:
	// replay-e2-analytics-is-cut-off-from-kafka
	// replay-e2-analytics-1-is-cut-off-773b6313
	// replay-e2-064970f5
}
