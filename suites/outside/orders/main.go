// Command orders takes orders over HTTP and publishes each as a record.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	kafka, err := kgo.NewClient(kgo.SeedBrokers(os.Getenv("BROKERS")), kgo.DefaultProduceTopic(os.Getenv("TOPIC")))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		order, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		record := &kgo.Record{
			Key: []byte(r.Header.Get("Customer")), Value: order,
			Headers: []kgo.RecordHeader{{Key: "event-id", Value: []byte(r.Header.Get("Idempotency-Key"))}},
		}
		if err := kafka.ProduceSync(r.Context(), record).FirstErr(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}
