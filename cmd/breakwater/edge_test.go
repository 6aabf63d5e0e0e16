package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/fixtures/edge"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// started is a command that runs.
type started struct {
	in   *io.PipeWriter
	out  *bufio.Reader
	stop context.CancelFunc
	code chan int
	err  bytes.Buffer
}

func start(t *testing.T, args ...string) *started {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	s := &started{in: inW, out: bufio.NewReader(outR), stop: stop, code: make(chan int, 1)}
	go func() {
		s.code <- run(ctx, args, streams{inR, outW, &s.err})
		outW.Close()
	}()
	t.Cleanup(func() {
		stop()
		inW.Close()
		outR.Close()
	})
	return s
}

func (s *started) line(t *testing.T) string {
	t.Helper()
	l, err := s.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v; %s", err, s.err.String())
	}
	return l
}

// A world starts the command empty, makes edges over the API, and ends it by
// closing its stdin.
func TestEdgesForAWorld(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := start(t, "edge", "--json", "--api", "127.0.0.1:0", "--until-eof")
	var where struct {
		API   string
		Edges map[string]string
	}
	if err := json.Unmarshal([]byte(s.line(t)), &where); err != nil || where.API == "" || where.Edges != nil {
		t.Fatalf("%+v, %v", where, err)
	}
	email := httptest.NewServer(http.NotFoundHandler())
	defer email.Close()
	client := edge.NewClient(where.API, "")
	defer client.Close()
	if err := client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := client.Create(t.Context(), edge.Spec{Client: "shop/1", To: "email", Protocol: edge.HTTP, Upstreams: []string{email.Listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	events, err := client.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Client{Transport: &http.Transport{}}
	resp, err := web.Get("http://" + info.Address + "/x")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	web.CloseIdleConnections()
	s.in.Close()
	n := 0
	for e, err := range events {
		if e.Kind == history.Account { // the last of all
			break
		}
		if err != nil || e.Kind != history.Call || e.Name != "GET /x" || e.Status != 404 {
			t.Errorf("%+v, %v", e, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d events", n)
	}
	if code := <-s.code; code != 0 {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
}

// A run gives its edges a token, which stands in no argument.
func TestEdgesWithAToken(t *testing.T) {
	defer goleak.VerifyNone(t)
	const secret = "a-word-that-only-the-run-knows"
	t.Setenv(edge.TokenVariable, secret)
	s := start(t, "edge", "--json", "--api", "0.0.0.0:0", "--http", "email=127.0.0.1:3")
	var where struct{ API string }
	if line := s.line(t); json.Unmarshal([]byte(line), &where) != nil || !strings.HasPrefix(where.API, "0.0.0.0:") || strings.Contains(line, secret) {
		t.Errorf("printed %s", line)
	}
	for given, status := range map[string]int{"": http.StatusUnauthorized, "guessed-" + secret: http.StatusUnauthorized, secret: 0} {
		client := edge.NewClient(where.API, given)
		_, err := client.Edges(t.Context())
		client.Close()
		if refused := (*edge.APIError)(nil); status == 0 && err != nil || status != 0 && (!errors.As(err, &refused) || refused.Status != status) {
			t.Errorf("with the token %q: %v", given, err)
		}
	}
	s.stop()
	if code := <-s.code; code != 0 || s.err.Len() > 0 {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
}

// Without a token the API is for this machine only, and warns where it is not.
func TestAnAPIThatIsReachedFromElsewhere(t *testing.T) {
	defer goleak.VerifyNone(t)
	for api, warned := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true, ":0": true} {
		s := start(t, "edge", "--api", api, "--http", "email=127.0.0.1:3")
		s.line(t)
		host, _, _ := strings.Cut(api, ":")
		if l := s.line(t); !strings.Contains(l, "http://"+cmp.Or(host, "localhost")+":") {
			t.Errorf("%s: printed %s", api, l)
		}
		s.stop()
		if code := <-s.code; code != 0 || strings.Contains(s.err.String(), "warning: --api "+api+" is reached from other machines") != warned || strings.Contains(s.err.String(), "warning") != warned {
			t.Errorf("%s: exit code %d: %s", api, code, s.err.String())
		}
	}
}

// A person names the edges, and ends the command with Ctrl-C.
func TestEdgesForAPerson(t *testing.T) {
	defer goleak.VerifyNone(t)
	file := filepath.Join(t.TempDir(), "events")
	s := start(t, "edge", "--kafka", "analytics=127.0.0.1:1,127.0.0.1:2", "--http", "email=127.0.0.1:3", "--tcp", "mail=127.0.0.1:4", "--api", "127.0.0.1:0", "--events", file)
	for _, want := range []struct{ name, wording string }{
		{"analytics", "→ 127.0.0.1:1,127.0.0.1:2 (kafka)"}, {"email", "(http)"}, {"mail", "(tcp)"}, {"control API", "http://127.0.0.1:"},
	} {
		l := s.line(t)
		if !strings.HasPrefix(l, want.name+" ") || !strings.Contains(l, want.wording) {
			t.Errorf("%q, want %q with %q", l, want.name, want.wording)
		}
		if want.name == "email" {
			c, err := net.Dial("tcp", strings.Fields(l)[1])
			if err != nil {
				continue // reset before it was seen to open
			}
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}
	s.stop()
	if code := <-s.code; code != 0 {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
	b, err := os.ReadFile(file)
	if err != nil || strings.Count(string(b), "\n") != 1 || !strings.Contains(string(b), `"error":"refused"`) {
		t.Errorf("events: %s, %v", b, err)
	}
}

func TestEventsOnStdout(t *testing.T) {
	s := start(t, "edge", "--http", "email=127.0.0.1:3", "--api", "127.0.0.1:0", "--ports", "1024-65535", "--events", "-", "--until-eof")
	s.in.Close()
	if code := <-s.code; code != 0 || !strings.Contains(s.err.String(), "control API") {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
}

func TestWhatIsWrongWithAnEdge(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, test := range []struct {
		args    string
		wording string
	}{
		{"--kafka a", "--kafka a: write CLIENT=HOST:PORT"},
		{"--kafka a=b", "--kafka a=b: edge \"a\": upstream \"b\" is no address"},
		{"--http a=b:1,c:2", "has one"},
		{"--http a=b:0", "from 1 to 65535"},
		{"--http a/b=c:1", "letters, digits"},
		{"--http =c:1", "client is empty"},
		{"--http a=b:1 --tcp a=c:2", "--tcp a=c:2: the name \"a\" is that of --http a=b:1"},
		{"--api nowhere", "--api \"nowhere\" is no address"},
		{"--api " + taken.Addr().String(), "--api " + taken.Addr().String() + ": listen tcp " + taken.Addr().String() + ": bind: address already in use; choose another port, or 0"},
		{"--api 127.0.0.1:99999", "--api 127.0.0.1:99999: listen tcp: address 99999: invalid port; give an address of this machine and a port from 0 to 65535"},
		{"--api 192.0.2.1:1", "--api 192.0.2.1:1: listen tcp 192.0.2.1:1: bind: cannot assign requested address; give an address of this machine"},
		{"--listen 192.0.2.1", "--listen 192.0.2.1: listen tcp 192.0.2.1:0: bind: cannot assign requested address; give an address of this machine"},
		{"--advertise a:1", "--advertise \"a:1\" is no host"},
		{"--api-host a:1", "--api-host \"a:1\" is no host"},
		{"--token=", "--token is empty; give one, or unset BREAKWATER_EDGE_TOKEN"},
		{"--token short", "token: it has 5 characters; give at least 16"},
		{"--listen localhost", "--listen \"localhost\" is no IP"},
		{"--listen 0.0.0.0", "add --advertise"},
		{"--ports 5", "--ports \"5\" is no range"},
		{"--ports 5-1", "--ports \"5-1\" is no range"},
		{"--ports 5-10x", "--ports \"5-10x\" is no range"},
		{"--tcp a=b:1 --ports " + port + "-" + port, "--tcp a --ports " + port + "-" + port + ": edge \"a\": no free port in the range"},
		{"--json --events -", "give --events a file"},
		{"--events /nowhere/at/all", "--events"},
		{"--flood", "unknown flag --flood"},
	} {
		args := append([]string{"edge"}, strings.Fields(test.args)...)
		if !strings.Contains(test.args, "--api") {
			args = append(args, "--api", "127.0.0.1:0")
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs}); code != 3 || !strings.Contains(errs.String(), test.wording) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s, want %q", test.args, code, errs.String(), out.String(), test.wording)
		}
	}
}

func TestHelp(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"edge", "--help"}, streams{nil, &out, &errs}); code != 0 || !strings.Contains(out.String(), "--until-eof") {
		t.Errorf("%d %s", code, out.String())
	}
}
