// Package servicetest runs a service in a test and calls it.
package servicetest

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
)

// Run runs service until the test ends, or stop is called.
func Run(t *testing.T, service interface{ Run(context.Context) error }) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := service.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// Client is an HTTP client with a dialer of the test's choice.
type Client struct {
	t    *testing.T
	http *http.Client
}

// NewClient returns a client that lets go of its connections with the test.
func NewClient(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) *Client {
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	t.Cleanup(client.CloseIdleConnections)
	return &Client{t: t, http: client}
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Get calls http://addr/path.
func (c *Client) Get(addr, path string) Answer {
	return c.do(http.MethodGet, addr, path, "", "")
}

// Post sends an event.
func (c *Client) Post(addr, path, id, body string) Answer {
	return c.do(http.MethodPost, addr, path, id, body)
}

func (c *Client) do(method, addr, path, id, body string) Answer {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, "http://"+addr+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if id != "" {
		request.Header.Set(event.IDHeader, id)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Error(err)
		return Answer{}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: string(answer)}
}

// OpenDB opens the database of that URL until the test ends.
func OpenDB(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := database.Open(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Strings is the query's only column.
func Strings(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}
