package shop

import (
	"testing"
	"time"

	. "github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/suites/harness"
)

// program is a sample with two services. Put your own programs in its place.
const program = "github.com/breakwater-kit/breakwater/services/shop"

// Billing is cut off from Kafka for four seconds, and writes every invoice once all the same.
func TestBillingIsCutOffFromKafka(t *testing.T) {
	env := map[string]string{"LISTEN": "${listen}", "BROKERS": "${kafka}", "TOPIC": "${topic}"}
	harness.Test(t, Scenario{
		Title: "billing is cut off from Kafka",
		Services: []Service{
			{Name: "orders", Program: Program{Go: program, Args: []string{"orders"}}, Needs: []Need{{To: Kafka}}, Env: env},
			{
				Name: "billing", Program: Program{Go: program, Args: []string{"billing"}}, Needs: []Need{{To: Kafka}}, Env: env,
				Ready: "/healthz", Group: "billing",
				Ledger: &Ledger{Sink: "invoices", Of: "billing", Path: "/invoices", Once: true},
			},
		},
		Requests: []Request{{
			Service: "orders", Method: "POST", Path: "/orders", Event: true, Body: `{"order":"${id}"}`,
			Header: map[string]string{"Idempotency-Key": "${id}", "Customer": "${key}"},
		}},
		Load:    Constant(50).For(14 * time.Second),
		Plan:    Plan{At(4 * time.Second).Inject(Cut(Edge("billing", Kafka))).For(4 * time.Second)},
		Predict: Predict(Holds(NoAcknowledgedLoss, EffectOnce, ResumeAtCommitted), AtMost(CatchUp("billing"), 10*time.Second)),
	})
}
