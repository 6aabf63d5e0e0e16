package analytics_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/breakwater-kit/breakwater/services/analytics"
)

func ExampleNew() {
	db, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // an in-memory database belongs to its connection
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	service, err := analytics.New(analytics.Config{
		Listener: listener,
		DB:       db,
		// Consumer: analytics.Consumer{Brokers: …, Topic: "user-events"},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- service.Run(ctx) }()
	defer http.DefaultClient.CloseIdleConnections()
	url := "http://" + listener.Addr().String()
	for ready := false; !ready; {
		response, err := http.Get(url + "/healthz")
		if err != nil {
			panic(err)
		}
		response.Body.Close()
		ready = response.StatusCode == http.StatusOK
	}
	for range 2 { // delivered twice
		request, _ := http.NewRequest(http.MethodPost, url+"/log-event", strings.NewReader(`{"userId":"u17","action":"registered"}`))
		request.Header.Set("Idempotency-Key", "e1")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		response.Body.Close()
	}
	stop()
	if err := <-done; err != nil {
		panic(err)
	}

	var events, deliveries int
	db.QueryRow("SELECT count(*) FROM events").Scan(&events)
	db.QueryRow("SELECT count(*) FROM deliveries").Scan(&deliveries)
	fmt.Println(events, "event,", deliveries, "deliveries")
	// Output: 1 event, 2 deliveries
}
