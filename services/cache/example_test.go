package cache_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/alicebob/miniredis/v2"

	"github.com/breakwater-kit/breakwater/services/cache"
)

func ExampleNew() {
	redis, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer redis.Close()
	redis.Set("user:u17", "what we know about u17")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	service, err := cache.New(cache.Config{
		Listener:  listener,
		RedisAddr: redis.Addr(),
		// Consumer: cache.Consumer{Brokers: …, Topic: "user-events"},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- service.Run(ctx) }()

	request, _ := http.NewRequest(http.MethodPost, "http://"+listener.Addr().String()+"/invalidate",
		strings.NewReader(`{"userId":"u17","action":"registered"}`))
	request.Header.Set("Idempotency-Key", "e1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		panic(err)
	}
	entries, _ := redis.Stream("ledger")
	fmt.Println(redis.Exists("user:u17"), entries[0].Values)
	// Output: false [id e1 key u17]
}
