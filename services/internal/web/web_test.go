package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server on a network in memory, and returns a client for it and
// a function that stops the server and reports how long that took.
func serve(t *testing.T, s Server) (*http.Client, func() time.Duration) {
	t.Helper()
	network := &kfake.VirtualNetwork{}
	listener, err := network.Listen("tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	s.Listener, s.Log = listener, slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
	return client, func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		took := time.Since(began)
		client.CloseIdleConnections()
		return took
	}
}

func get(t *testing.T, client *http.Client, path string) (int, string) {
	t.Helper()
	response, err := client.Get("http://localhost:80" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notReady := errors.New("not yet")
		client, stop := serve(t, Server{Handler: http.NotFoundHandler(), Ready: func() error { return notReady }})
		defer stop()
		if status, body := get(t, client, "/healthz"); status != 503 || !strings.Contains(body, "not yet") {
			t.Errorf("before: %d %s", status, body)
		}
		notReady = nil
		if status, _ := get(t, client, "/healthz"); status != 200 {
			t.Errorf("after: %d", status)
		}
	})
}

func TestStopLetsRequestsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(2 * time.Second):
				fmt.Fprint(w, "finished")
			case <-r.Context().Done():
			}
		})})
		answers := make(chan string)
		go func() {
			_, body := get(t, client, "/")
			answers <- body
		}()
		time.Sleep(time.Second)
		var stopped sync.WaitGroup
		stopped.Go(func() { stop() })
		defer stopped.Wait()
		if got := <-answers; got != "finished" {
			t.Errorf("the request in flight got %q", got)
		}
	})
}

func TestStopCutsOffWhatDoesNotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})})
		failed := make(chan error)
		go func() {
			_, err := client.Get("http://localhost:80/")
			failed <- err
		}()
		time.Sleep(time.Second)
		took := make(chan time.Duration, 1)
		go func() { took <- stop() }()
		if err := <-failed; err == nil {
			t.Error("a request that never ends got an answer")
		}
		if d := <-took; d < drainTimeout || d > drainTimeout+time.Second {
			t.Errorf("stopped after %v, want the drain time-out of %v", d, drainTimeout)
		}
	})
}

func TestReadBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, stop := serve(t, Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, ok := ReadBody(w, r); ok {
				JSON(w, 200, len(body))
			}
		})})
		defer stop()
		for size, want := range map[int]int{0: 200, maxBody: 200, maxBody + 1: 413} {
			response, err := client.Post("http://localhost:80/", "", strings.NewReader(strings.Repeat("x", size)))
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("%d bytes: %d, want %d", size, response.StatusCode, want)
			}
		}
	})
}
