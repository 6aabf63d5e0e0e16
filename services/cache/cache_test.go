package cache

import (
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const body = `{"userId":"u1","action":"registered"}`

// start runs the service on loopback, because that is where miniredis is.
func start(t *testing.T, consumer Consumer, log ...io.Writer) (*miniredis.Miniredis, *servicetest.Client, string) {
	t.Helper()
	redis := miniredis.RunT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Listener: listener, RedisAddr: redis.Addr(), Consumer: consumer, Log: slog.New(slog.NewTextHandler(io.MultiWriter(log...), nil))})
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Run(t, s)
	return redis, servicetest.NewClient(t, (&net.Dialer{}).DialContext), listener.Addr().String()
}

func ledger(t *testing.T, redis *miniredis.Miniredis) (entries []string) {
	t.Helper()
	stream, err := redis.Stream("ledger")
	if err != nil {
		return nil
	}
	for _, e := range stream {
		entries = append(entries, strings.Join(e.Values, " "))
	}
	return entries
}

func TestInvalidates(t *testing.T) {
	k := kafkatest.Loopback(t, 1)
	redis, client, addr := start(t, Consumer{Brokers: k.Brokers, Topic: k.Topic})
	for _, user := range []string{"user:u1", "user:u2", "user:u3"} {
		redis.Set(user, "cached")
	}
	if answer := client.Post(addr, "/invalidate", "e1", body); answer.Status != 200 {
		t.Errorf("POST /invalidate: %d %s", answer.Status, answer.Body)
	}
	for range 2 { // delivered twice
		k.PutEvent(0, event.Event{ID: "e2", UserID: "u2", Action: "registered"})
	}
	k.WaitCommitted("cache", 0, 2)
	if got, want := redis.Keys(), []string{"ledger", "user:u3"}; !slices.Equal(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	if got, want := ledger(t, redis), []string{"id e1 key u1", "id e2 key u2", "id e2 key u2"}; !slices.Equal(got, want) {
		t.Errorf("ledger %q, want %q", got, want)
	}
}

// Both or neither: where the ledger cannot be written nothing is deleted.
func TestOneTransaction(t *testing.T) {
	redis, client, addr := start(t, Consumer{})
	redis.Set("user:u1", "cached")
	// As Redis does when its memory is full: the write is refused when it is
	// queued, and so is EXEC after it. (An error for every command, MULTI too,
	// is what no Redis sends, and go-redis leaves replies unread after it.)
	redis.Server().SetPreHook(func(peer *server.Peer, command string, args ...string) bool {
		if command != "XADD" || len(args) == 0 {
			return false
		}
		redis.Server().Dispatch(peer, []string{"XADD"})
		return true
	})
	if answer := client.Post(addr, "/invalidate", "e1", body); answer.Status != 502 {
		t.Errorf("%d %s, want 502", answer.Status, answer.Body)
	}
	redis.Server().SetPreHook(nil)
	if !redis.Exists("user:u1") || len(ledger(t, redis)) != 0 {
		t.Errorf("a failed call left the keys %v", redis.Keys())
	}
	commands := redis.CommandCount()
	if answer := client.Post(addr, "/invalidate", "e1", body); answer.Status != 200 {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	if n := redis.CommandCount() - commands; n < 4 { // MULTI DEL XADD EXEC
		t.Errorf("%d commands: no transaction", n)
	}
}

// The consumer tries until Redis is back; the offset waits.
func TestRedisDown(t *testing.T) {
	k := kafkatest.Loopback(t, 1)
	log := lines(make(chan string, 100))
	redis, client, addr := start(t, Consumer{Brokers: k.Brokers, Topic: k.Topic}, log)
	redis.Close()
	if answer := client.Post(addr, "/invalidate", "e1", body); answer.Status != 502 {
		t.Errorf("%d %s, want 502", answer.Status, answer.Body)
	}
	k.PutEvent(0, event.Event{ID: "e2", UserID: "u2", Action: "registered"})
	for failures := 0; failures < 3; {
		if strings.Contains(<-log, "record failed") {
			failures++
		}
	}
	if n := k.Committed("cache", 0); n != 0 {
		t.Errorf("committed %d with Redis down", n)
	}
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	k.WaitCommitted("cache", 0, 1)
	if got := ledger(t, redis); !slices.Equal(got, []string{"id e2 key u2"}) {
		t.Errorf("ledger %q", got)
	}
}

// lines passes on what is logged, as far as somebody reads it.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	select {
	case l <- string(line):
	default:
	}
	return len(line), nil
}

func TestConfigErrors(t *testing.T) {
	for want, config := range map[string]Config{
		"RedisAddr is empty": {},
		"Listener is nil":    {RedisAddr: "127.0.0.1:6379"},
	} {
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New: %v, want an error that contains %q", err, want)
		}
	}
}
