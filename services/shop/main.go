// Command shop is the smallest event-driven system: orders publishes, billing consumes. It
// is what the README's first test runs until a program of your own stands in its place.
//
//	shop orders|billing
//
// Both read LISTEN, BROKERS and TOPIC from the environment.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// idHeader is the record header that carries the order's id from the request to the invoice.
const idHeader = "event-id"

func main() {
	services := map[string]func() error{"orders": orders, "billing": billing}
	if len(os.Args) != 2 || services[os.Args[1]] == nil {
		log.Fatal("usage: shop orders|billing")
	}
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	log.Fatal(services[os.Args[1]]())
}

// connect makes a Kafka client of either service.
func connect(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(options, kgo.SeedBrokers(os.Getenv("BROKERS")))...)
}

// orders takes orders over HTTP and publishes each as a record before it acknowledges it.
func orders() error {
	kafka, err := connect(kgo.DefaultProduceTopic(os.Getenv("TOPIC")))
	if err != nil {
		return err
	}
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		order, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		record := &kgo.Record{
			Key: []byte(r.Header.Get("Customer")), Value: order,
			Headers: []kgo.RecordHeader{{Key: idHeader, Value: []byte(r.Header.Get("Idempotency-Key"))}},
		}
		if err := kafka.ProduceSync(r.Context(), record).FirstErr(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	return http.ListenAndServe(os.Getenv("LISTEN"), nil)
}

// invoice is one effect of billing: GET /invoices lists them, one JSON object a line.
type invoice struct {
	ID  string    `json:"id"`
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// billing writes one invoice for each order, however often its record is delivered, and
// commits afterwards. It holds them in memory: a billing that is killed loses them.
func billing() error {
	kafka, err := connect(
		kgo.ConsumeTopics(os.Getenv("TOPIC")), kgo.ConsumerGroup("billing"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(), kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(time.Second),
	)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var invoices []invoice
	written := map[string]bool{}

	http.HandleFunc("GET /invoices", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range invoices {
			_ = json.NewEncoder(w).Encode(i) // a client that has gone is none of billing's concern
		}
	})
	go func() { log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil)) }()

	for ctx := context.Background(); ; {
		fetched := kafka.PollFetches(ctx)
		mu.Lock()
		fetched.EachRecord(func(r *kgo.Record) {
			var id string
			for _, h := range r.Headers {
				if h.Key == idHeader {
					id = string(h.Value)
				}
			}
			if !written[id] {
				written[id] = true
				invoices = append(invoices, invoice{id, string(r.Key), time.Now()})
			}
		})
		mu.Unlock()
		if err := kafka.CommitUncommittedOffsets(ctx); err != nil {
			log.Print(err)
		}
	}
}
