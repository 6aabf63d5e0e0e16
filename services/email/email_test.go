package email

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const body = `{"userId":"u17","action":"registered"}`

// server is an SMTP server that a test can make misbehave.
type server struct {
	mu    sync.Mutex
	mails []*mail.Message
	to    []string
	// rcpt and data run before the server answers RCPT and the text's end.
	rcpt, data func() error

	smtp *smtp.Server
}

func serve(t *testing.T, network func(string, string) (net.Listener, error)) *server {
	t.Helper()
	listener, err := network("tcp", "localhost:25")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.smtp.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	go s.smtp.Serve(listener)
	t.Cleanup(func() { s.smtp.Close() })
	return s
}

func (s *server) ids() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mails {
		ids = append(ids, m.Header.Get("X-Event-Id"))
	}
	return ids
}

type session struct {
	*server
	conn *smtp.Conn
	to   string
}

func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.run(&s.rcpt)
}

func (s *session) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil {
		return err
	}
	s.mu.Lock()
	s.mails = append(s.mails, message)
	s.server.to = append(s.server.to, s.to)
	s.mu.Unlock()
	return s.run(&s.data)
}

func (s *server) run(hook *func() error) error {
	s.mu.Lock()
	f := *hook
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	return f()
}

// counter counts connections.
type counter struct {
	dial  func(context.Context, string, string) (net.Conn, error)
	mu    sync.Mutex
	count int
}

func (c *counter) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr == "localhost:25" {
		c.mu.Lock()
		c.count++
		c.mu.Unlock()
	}
	return c.dial(ctx, network, addr)
}

// start runs the service without a consumer.
func start(t *testing.T, network *kfake.VirtualNetwork, change ...func(*Config)) (*servicetest.Client, *counter) {
	t.Helper()
	listener, err := network.Listen("tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	dials := &counter{dial: network.DialContext}
	config := Config{Listener: listener, SMTPAddr: "localhost:25", Dial: dials.Dial, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Run(t, s)
	return servicetest.NewClient(t, network.DialContext), dials
}

// One mail by each way, over one connection.
func TestSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kafkatest.Virtual(t, 1)
		server := serve(t, k.Listen)
		listener, err := k.Listen("tcp", "localhost:80")
		if err != nil {
			t.Fatal(err)
		}
		dials := &counter{dial: k.Dial}
		s, err := New(Config{
			Listener: listener, SMTPAddr: "localhost:25", Dial: dials.Dial, Log: slog.New(slog.DiscardHandler),
			Consumer: Consumer{Brokers: k.Brokers, Topic: k.Topic},
		})
		if err != nil {
			t.Fatal(err)
		}
		servicetest.Run(t, s)
		client := servicetest.NewClient(t, k.Dial)

		if answer := client.Post("localhost:80", "/send-welcome", "e1", body); answer.Status != 200 {
			t.Errorf("POST /send-welcome: %d %s", answer.Status, answer.Body)
		}
		k.PutEvent(0, event.Event{ID: "e2", UserID: "a:b", Action: "registered"})
		k.WaitCommitted("email", 0, 1)

		if got, want := server.ids(), []string{"e1", "e2"}; !slices.Equal(got, want) {
			t.Fatalf("mails %v, want %v", got, want)
		}
		if want := []string{"u17@example.com", `a:b@example.com`}; !slices.Equal(server.to, want) {
			t.Errorf("to %q, want %q", server.to, want)
		}
		header := server.mails[0].Header
		if _, err := mail.ParseAddress(header.Get("To")); err != nil || header.Get("Message-ID") != "<e1@example.com>" {
			t.Errorf("header %v, %v", header, err)
		}
		if _, err := server.mails[1].Header.AddressList("To"); err != nil {
			t.Errorf("an address that needs quoting: %q: %v", server.mails[1].Header.Get("To"), err)
		}
		if dials.count != 1 {
			t.Errorf("%d connections, want one that is used again", dials.count)
		}
	})
}

// remembering runs the service with a database, until the test ends or stop is called.
func remembering(t *testing.T, network *kfake.VirtualNetwork, db *sql.DB) (client *servicetest.Client, stop func()) {
	t.Helper()
	listener, err := network.Listen("tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Listener: listener, SMTPAddr: "localhost:25", DB: db, Dial: network.DialContext, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stop = servicetest.Run(t, s)
	return servicetest.NewClient(t, network.DialContext), stop
}

// A mail that was accepted is not sent again, not even by the next process; one
// that was refused is.
func TestRemembersWhatItSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		server := serve(t, network.Listen)
		db := servicetest.OpenDB(t, "sqlite::memory:")
		refuse := func(yes bool) {
			server.mu.Lock()
			defer server.mu.Unlock()
			if server.rcpt = nil; yes {
				server.rcpt = func() error { return &smtp.SMTPError{Code: 550, Message: "no such user"} }
			}
		}
		for range 2 { // processes
			client, stop := remembering(t, network, db)
			for range 2 {
				refuse(false)
				if answer := client.Post("localhost:80", "/send-welcome", "e1", body); answer.Status != 200 {
					t.Errorf("%d %s", answer.Status, answer.Body)
				}
				refuse(true)
				if answer := client.Post("localhost:80", "/send-welcome", "e2", body); answer.Status != 502 {
					t.Errorf("refused: %d %s", answer.Status, answer.Body)
				}
			}
			stop()
		}
		refuse(false)
		client, _ := remembering(t, network, db)
		client.Post("localhost:80", "/send-welcome", "e2", body)
		if got := server.ids(); !slices.Equal(got, []string{"e1", "e2"}) {
			t.Errorf("mails %v, want each once", got)
		}

		// Who cannot look it up sends nothing.
		if _, err := db.Exec(`DROP TABLE sent`); err != nil {
			t.Fatal(err)
		}
		if answer := client.Post("localhost:80", "/send-welcome", "e3", body); answer.Status != 502 || len(server.ids()) != 2 {
			t.Errorf("%d %s, mails %v", answer.Status, answer.Body, server.ids())
		}
	})
}

// What was idle while the server restarted is replaced, and nobody notices.
func TestServerRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		old := serve(t, network.Listen)
		client, dials := start(t, network)
		if answer := client.Post("localhost:80", "/send-welcome", "e1", body); answer.Status != 200 {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
		old.smtp.Close()
		restarted := serve(t, network.Listen)
		if answer := client.Post("localhost:80", "/send-welcome", "e2", body); answer.Status != 200 {
			t.Errorf("after the restart: %d %s", answer.Status, answer.Body)
		}
		if got := restarted.ids(); !slices.Equal(got, []string{"e2"}) {
			t.Errorf("mails %v", got)
		}
		if dials.count != 2 {
			t.Errorf("%d connections, want 2", dials.count)
		}
	})
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		misbehave func(*server)
		status    int
		took      time.Duration
		mails     int // that reached the server
	}{
		"refused":            {func(s *server) { s.rcpt = func() error { return &smtp.SMTPError{Code: 550, Message: "no such user"} } }, 502, 0, 0},
		"silent":             {func(s *server) { s.rcpt = func() error { time.Sleep(time.Minute); return nil } }, 504, 5 * time.Second, 0},
		"silent when it has": {func(s *server) { s.data = func() error { time.Sleep(time.Minute); return nil } }, 504, 5 * time.Second, 1},
		"refused in the end": {func(s *server) { s.data = func() error { return errors.New("disk full") } }, 502, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &kfake.VirtualNetwork{}
				server := serve(t, network.Listen)
				client, dials := start(t, network)
				client.Post("localhost:80", "/send-welcome", "warm-up", body) // leaves an idle connection
				server.mu.Lock()
				test.misbehave(server)
				server.mu.Unlock()
				began := time.Now()
				answer := client.Post("localhost:80", "/send-welcome", "e1", body)
				if took := time.Since(began); answer.Status != test.status || took != test.took {
					t.Errorf("%d after %v, want %d after %v: %s", answer.Status, took, test.status, test.took, answer.Body)
				}
				if got := len(server.ids()) - 1; got != test.mails {
					t.Errorf("%d mails reached the server, want %d: one call is one attempt", got, test.mails)
				}
				server.mu.Lock()
				server.rcpt, server.data = nil, nil
				server.mu.Unlock()
				if answer := client.Post("localhost:80", "/send-welcome", "e2", body); answer.Status != 200 {
					t.Errorf("afterwards: %d %s", answer.Status, answer.Body)
				}
				if dials.count != 2 {
					t.Errorf("%d connections, want a new one after the failure", dials.count)
				}
				time.Sleep(time.Minute) // let the server's own sleep end
			})
		})
	}
}

func TestNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := start(t, &kfake.VirtualNetwork{})
		if answer := client.Post("localhost:80", "/send-welcome", "e1", body); answer.Status != 502 || !strings.Contains(answer.Body, "localhost:25") {
			t.Errorf("%d %s, want 502 and the address", answer.Status, answer.Body)
		}
	})
}

// More callers than connections wait for one.
func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		server := serve(t, network.Listen)
		server.data = func() error { time.Sleep(time.Second); return nil }
		client, dials := start(t, network)
		began := time.Now()
		var callers sync.WaitGroup
		for i := range 2 * maxConnections {
			callers.Go(func() {
				if answer := client.Post("localhost:80", "/send-welcome", fmt.Sprint("e", i), body); answer.Status != 200 {
					t.Errorf("%d %s", answer.Status, answer.Body)
				}
			})
		}
		callers.Wait()
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v, want two rounds of a second", took)
		}
		if dials.count != maxConnections {
			t.Errorf("%d connections, want %d", dials.count, maxConnections)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	for want, config := range map[string]Config{
		"SMTPAddr is empty":  {},
		"SMTPTimeout is -1s": {SMTPAddr: "x:25", SMTPTimeout: -time.Second},
		"Listener is nil":    {SMTPAddr: "x:25"},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
}
