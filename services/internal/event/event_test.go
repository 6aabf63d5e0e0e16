package event

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestParse(t *testing.T) {
	const good = `{"userId":"u17","action":"registered"}`
	for name, test := range map[string]struct {
		id, body string
		want     string // in the error; "" means none
	}{
		"good":             {"e-1", good, ""},
		"unknown field":    {"e-1", `{"userId":"u17","action":"registered","more":1}`, ""},
		"no id":            {"", good, "event id is empty"},
		"long id":          {strings.Repeat("x", 129), good, "send at most 128"},
		"header injection": {"e\r\nBcc: x", good, `contains '\r'`},
		"not JSON":         {"e-1", `userId=u17`, "body is not an event"},
		"wrong type":       {"e-1", `{"userId":17,"action":"registered"}`, "body is not an event"},
		"no user":          {"e-1", `{"action":"registered"}`, "userId is empty"},
		"no action":        {"e-1", `{"userId":"u17"}`, "action is empty"},
		"space in user":    {"e-1", `{"userId":"u 17","action":"registered"}`, "userId contains ' '"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Parse(test.id, []byte(test.body))
			if test.want == "" {
				if want := (Event{ID: "e-1", UserID: "u17", Action: "registered"}); err != nil || e != want {
					t.Errorf("Parse = %+v, %v; want %+v", e, err, want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse: %v, want an error that contains %q", err, test.want)
			}
		})
	}
}

func TestRecord(t *testing.T) {
	want := Event{ID: "e-1", UserID: "u17", Action: "registered"}
	r := want.Record("topic")
	if r.Topic != "topic" || string(r.Key) != "u17" || string(r.Value) != `{"userId":"u17","action":"registered"}` {
		t.Errorf("Record = %+v", r)
	}
	if got, err := FromRecord(r); err != nil || got != want {
		t.Errorf("FromRecord = %+v, %v; want %+v", got, err, want)
	}
	if _, err := FromRecord(&kgo.Record{Value: want.Body()}); err == nil {
		t.Error("FromRecord accepts a record without an id")
	}
}

// Whatever comes from outside either is refused or can be put into a mail
// header, an address, a Redis key and JSON as it is.
func FuzzParse(f *testing.F) {
	f.Add("e-1", []byte(`{"userId":"u17","action":"registered"}`))
	f.Add("e\r\n", []byte(`{"userId":"a@b","action":""}`))
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		e, err := Parse(id, body)
		if err != nil {
			return
		}
		for _, s := range []string{e.ID, e.UserID, e.Action} {
			if s == "" || strings.ContainsAny(s, "\r\n\x00 <>@\"\\%/") {
				t.Errorf("accepted %q", s)
			}
		}
		if again, err := FromRecord(e.Record("t")); err != nil || again != e {
			t.Errorf("a round trip turned %+v into %+v, %v", e, again, err)
		}
	})
}
