package email_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/breakwater-kit/breakwater/services/email"
	"github.com/breakwater-kit/breakwater/services/mailbox"
)

func ExampleNew() {
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		return l
	}
	log := slog.New(slog.DiscardHandler)
	inbox := mailbox.Config{Listener: listen(), SMTPListener: listen(), Log: log}
	outbox := email.Config{
		Listener: listen(),
		SMTPAddr: inbox.SMTPListener.Addr().String(),
		// Consumer: email.Consumer{Brokers: …, Topic: "user-events"},
		Log: log,
	}
	receiver, err := mailbox.New(inbox)
	if err != nil {
		panic(err)
	}
	sender, err := email.New(outbox)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- receiver.Run(ctx) }()
	go func() { done <- sender.Run(ctx) }()

	request, _ := http.NewRequest(http.MethodPost, "http://"+outbox.Listener.Addr().String()+"/send-welcome",
		strings.NewReader(`{"userId":"u17","action":"registered"}`))
	request.Header.Set("Idempotency-Key", "e1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	answer, _ := io.ReadAll(response.Body)
	response.Body.Close()
	fmt.Print(response.Status, " ", string(answer))
	http.DefaultClient.CloseIdleConnections()
	stop()
	for range 2 {
		if err := <-done; err != nil {
			panic(err)
		}
	}
	// Output: 200 OK {"status":"done"}
}
