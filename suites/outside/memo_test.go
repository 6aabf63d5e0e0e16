package shop

import (
	"testing"
	"time"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/fixtures/systems"
	"github.com/breakwater-kit/breakwater/suites/harness"
)

// A system that the kit does not know: its stand-in is a program of this module.
func init() {
	systems.Register(systems.System{Name: "memo", StandIn: &systems.StandIn{Go: "example.com/shop/memo", Version: "memo of the shop"}})
}

// With a slow memo the notes answer all the same, and what they acknowledged is there once.
func TestNotesHaveASlowMemo(t *testing.T) {
	harness.Test(t, Scenario{
		Title: "the memo of the notes is slow",
		Services: []Service{{
			Name: "notes", Program: Program{Go: "example.com/shop/notes"}, Needs: []Need{{To: "memo"}},
			Env:    map[string]string{"LISTEN": "${listen}", "MEMO": "${memo}"},
			Ledger: &Ledger{Sink: "memo", Of: "notes", Path: "/notes", Once: true},
		}},
		Requests: []Request{{
			Service: "notes", Method: "POST", Path: "/notes", Event: true,
			Header: map[string]string{"Idempotency-Key": "${id}", "Customer": "${key}"},
		}},
		Load:    Constant(50).For(6 * time.Second),
		Plan:    Plan{At(2 * time.Second).Inject(Latency(Edge("notes", "memo"), 100*time.Millisecond, 0)).For(2 * time.Second)},
		Require: Require{Availability: 0.99},
		Predict: Holds(NoAcknowledgedLoss, EffectOnce, Availability),
	})
}
