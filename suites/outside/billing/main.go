// Command billing writes an invoice for each order that it consumes, and lists them.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type invoice struct {
	ID  string    `json:"id"`
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

func main() {
	kafka, err := kgo.NewClient(
		kgo.SeedBrokers(os.Getenv("BROKERS")), kgo.ConsumeTopics(os.Getenv("TOPIC")), kgo.ConsumerGroup("billing"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(), kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(time.Second),
	)
	if err != nil {
		log.Fatal(err)
	}
	var mu sync.Mutex
	var invoices []invoice
	written := map[string]bool{}

	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /invoices", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range invoices {
			_ = json.NewEncoder(w).Encode(i)
		}
	})
	go func() { log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil)) }()

	for ctx := context.Background(); ; {
		fetched := kafka.PollFetches(ctx)
		mu.Lock()
		fetched.EachRecord(func(r *kgo.Record) {
			id := ""
			for _, h := range r.Headers {
				if h.Key == "event-id" {
					id = string(h.Value)
				}
			}
			if !written[id] { // a record may come twice
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
