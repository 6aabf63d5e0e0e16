package registration_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/breakwater-kit/breakwater/services/registration"
)

func ExampleNew() {
	others := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"))
	}))
	defer others.Close()
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
	service, err := registration.New(registration.Config{
		Listener:     listener,
		DB:           db,
		Mode:         registration.SyncSequential,
		EmailURL:     others.URL,
		AnalyticsURL: others.URL,
		CacheURL:     others.URL,
		Log:          slog.New(slog.DiscardHandler),
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
	request, _ := http.NewRequest(http.MethodPost, url+"/register", strings.NewReader(`{"userId":"u17","action":"registered"}`))
	request.Header.Set("Idempotency-Key", "e1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	fmt.Println(response.Status)
	stop()
	if err := <-done; err != nil {
		panic(err)
	}
	// Output:
	// POST /send-welcome e1
	// POST /log-event e1
	// POST /invalidate e1
	// 201 Created
}
