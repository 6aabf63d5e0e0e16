package shop

import (
	"testing"
	"time"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/suites/harness"
)

// A guarantee and a measure that the kit does not know: every effect has a key, and how
// many of a sink's effects do.
func init() {
	check.Register(check.Checker{
		Guarantee: Guarantee{Name: "effects-have-keys", Needs: []Given{GivenLedger}, By: ByActs, Holds: "keys its effects", Broken: "leaves effects without a key"},
		Check: func(x *history.Index) check.Verdict {
			v := check.Verdict{Status: check.Holds, Why: "every effect has a key"}
			for e := range x.Of(history.Effect) {
				if v.Examined++; e.Key == "" {
					v.Status, v.Why, v.Total = check.Broken, e.ID+" has no key", v.Total+1
				}
			}
			return v
		},
	})
	measure.Register(measure.Measure{
		MeasureKind: MeasureKind{Key: "keyed", Unit: "share", Long: "effects in {subject} with a key", Short: "with a key", Brief: "{value} with a key"},
		Subjects: func(x *history.Index) (sinks []string) {
			for _, s := range x.Log.Header.Sinks() {
				sinks = append(sinks, s.Ledger.Sink)
			}
			return sinks
		},
		Value: func(x *history.Index, of Measured) (v measure.Value) {
			for e := range x.Of(history.Effect) {
				if v.N++; e.Key != "" {
					v.Value++
				}
			}
			v.Value /= float64(max(v.N, 1))
			return v
		},
	})
}

// Billing keeps the key of each order, also while Kafka is slow.
func TestInvoicesHaveKeys(t *testing.T) {
	env := map[string]string{"LISTEN": "${listen}", "BROKERS": "${kafka}", "TOPIC": "${topic}"}
	harness.Test(t, Scenario{
		Title: "Kafka is slow for billing",
		Services: []Service{
			{Name: "orders", Program: Program{Go: program, Args: []string{"orders"}}, Needs: []Need{{To: Kafka}}, Env: env},
			{
				Name: "billing", Program: Program{Go: program, Args: []string{"billing"}}, Needs: []Need{{To: Kafka}}, Env: env,
				Ready: "/healthz", Group: "billing", Ledger: &Ledger{Sink: "invoices", Of: "billing", Path: "/invoices", Once: true},
			},
		},
		Requests: []Request{{
			Service: "orders", Method: "POST", Path: "/orders", Event: true, Body: `{"order":"${id}"}`,
			Header: map[string]string{"Idempotency-Key": "${id}", "Customer": "${key}"},
		}},
		Load:    Constant(50).For(6 * time.Second),
		Plan:    Plan{At(2 * time.Second).Inject(Latency(Edge("billing", Kafka), 100*time.Millisecond, 0)).For(2 * time.Second)},
		Predict: Predict(Holds("effects-have-keys"), AtLeast("keyed[invoices]", 1)),
	})
}
