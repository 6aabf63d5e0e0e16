package deadletter

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestLetterKeepsItsOrigin(t *testing.T) {
	original := &kgo.Record{
		Topic: "in", Partition: 3, Offset: 41, Key: []byte("k"), Value: []byte("v"),
		Headers: []kgo.RecordHeader{{Key: "event-id", Value: []byte("e1")}},
	}
	first := NewLetter("retry", original, Failure{Class: "timeout", Detail: "slow", Attempt: 1})
	first.Partition, first.Offset = 0, 7
	second := NewLetter("dead", first, Failure{Class: "failed", Detail: "down", Attempt: 2})
	if attempts(original) != 0 || attempts(first) != 1 || attempts(second) != 2 {
		t.Errorf("attempts %d, %d, %d", attempts(original), attempts(first), attempts(second))
	}
	got := headers(second)
	if len(second.Headers) != 7 || got["origin-topic"] != "in" || got["origin-partition"] != "3" || got["origin-offset"] != "41" ||
		got["error"] != "failed" || got["error-detail"] != "down" || got["event-id"] != "e1" {
		t.Errorf("headers %v", second.Headers)
	}
	back, err := Original(second)
	if err != nil || back.Topic != "in" || string(back.Key) != "k" || string(back.Value) != "v" || len(back.Headers) != 1 {
		t.Errorf("Original = %+v, %v", back, err)
	}
	if _, err := Original(original); err == nil {
		t.Error("Original took a record without an origin")
	}
}

// Headers come from outside: whatever they are, a dead letter is a dead letter.
func FuzzLetter(f *testing.F) {
	f.Add("origin-topic", []byte("in"), "attempt", []byte("3"))
	f.Add("attempt", []byte("-1"), "attempt", []byte("99999999999999999999"))
	f.Fuzz(func(t *testing.T, name1 string, value1 []byte, name2 string, value2 []byte) {
		r := &kgo.Record{Topic: "in", Headers: []kgo.RecordHeader{{Key: name1, Value: value1}, {Key: name2, Value: value2}}}
		if attempts(r) < 0 {
			t.Errorf("%d attempts", attempts(r))
		}
		deadLetter := NewLetter("dead", r, Failure{Class: "failed", Attempt: 5})
		if attempts(deadLetter) != 5 {
			t.Errorf("the dead letter says %d attempts", attempts(deadLetter))
		}
		if !unknown(NewLetter("dead", r, Failure{Unknown: true})) || unknown(deadLetter) {
			t.Errorf("what is unknown: %v", deadLetter.Headers)
		}
		if again := NewLetter("dead", deadLetter, Failure{Class: "failed", Attempt: 5}); len(again.Headers) != len(deadLetter.Headers) {
			t.Errorf("headers grow from %v to %v", deadLetter.Headers, again.Headers)
		}
		if back, err := Original(deadLetter); err == nil && slices.ContainsFunc(back.Headers, func(h kgo.RecordHeader) bool { return h.Key == Attempt || h.Key == Unknown }) {
			t.Errorf("the original has headers %v", back.Headers)
		}
	})
}
