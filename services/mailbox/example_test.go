package mailbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/smtp"

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
	config := mailbox.Config{Listener: listen(), SMTPListener: listen(), Log: slog.New(slog.DiscardHandler)}
	service, err := mailbox.New(config)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- service.Run(ctx) }()

	err = smtp.SendMail(config.SMTPListener.Addr().String(), nil, "from@example.com", []string{"u17@example.com"},
		[]byte("X-Event-Id: e1\r\n\r\nHello.\r\n"))
	if err != nil {
		panic(err)
	}
	response, err := http.Get("http://" + config.Listener.Addr().String() + "/ledger")
	if err != nil {
		panic(err)
	}
	var entry mailbox.Entry
	if err := json.NewDecoder(response.Body).Decode(&entry); err != nil {
		panic(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		panic(err)
	}
	fmt.Println(entry.Seq, entry.ID, entry.Key)
	// Output: 1 e1 u17
}
