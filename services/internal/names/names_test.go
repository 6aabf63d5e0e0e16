package names

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("refused")

// newDialer makes one that is told where email is, and notes what is dialled.
func newDialer(ttl time.Duration) (d *Dialer, email *string, dialled *[]string) {
	email, dialled = new("10.0.0.1:8001"), new([]string)
	d = New("names:53", ttl, func(_ context.Context, _, address string) (net.Conn, error) {
		*dialled = append(*dialled, address)
		return nil, errRefused
	})
	d.ask = func(_ context.Context, name string) ([]string, error) {
		if name != "email.edges." {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		return []string{*email}, nil
	}
	return d, email, dialled
}

func TestBelievesAnAnswerForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, email, dialled := newDialer(time.Second)
		dial := func(address string) {
			if _, err := d.DialContext(t.Context(), "tcp", address); !errors.Is(err, errRefused) {
				t.Errorf("dial %s: %v", address, err)
			}
		}
		dial("email.edges:80")
		*email = "10.0.0.1:8002"
		time.Sleep(999 * time.Millisecond)
		dial("email.edges:80")
		time.Sleep(time.Millisecond)
		dial("email.edges:80")
		if want := []string{"10.0.0.1:8001", "10.0.0.1:8001", "10.0.0.1:8002"}; !slices.Equal(*dialled, want) {
			t.Errorf("dialled %v, want %v", *dialled, want)
		}
	})
}

func TestDialsWhatHasNoNameAsItIs(t *testing.T) {
	d, _, dialled := newDialer(time.Second)
	want := []string{"10.0.0.1:80", "[::1]:80", "edge:9092"}
	for _, address := range want {
		if _, err := d.DialContext(t.Context(), "tcp", address); !errors.Is(err, errRefused) {
			t.Errorf("dial %s: %v", address, err)
		}
	}
	if !slices.Equal(*dialled, want) {
		t.Errorf("dialled %v, want %v", *dialled, want)
	}
}

func TestUnknownNameIsAnError(t *testing.T) {
	d, _, dialled := newDialer(time.Second)
	_, err := d.DialContext(t.Context(), "tcp", "nobody.edges:80")
	if err == nil || !strings.Contains(err.Error(), "where is nobody.edges") || len(*dialled) > 0 {
		t.Errorf("%v, and dialled %v", err, *dialled)
	}
}

// Over the wire, with a server of the kind that is asked.
func TestAsksOverTCP(t *testing.T) {
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	service, serverListener := listen(), listen()
	started := make(chan struct{})
	server := &dns.Server{Listener: serverListener, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		a := new(dns.Msg).SetReply(q)
		head := dns.RR_Header{Name: q.Question[0].Name, Rrtype: q.Question[0].Qtype, Class: dns.ClassINET}
		switch head.Rrtype {
		case dns.TypeSRV:
			a.Answer = append(a.Answer, &dns.SRV{Hdr: head, Target: head.Name, Port: uint16(service.Addr().(*net.TCPAddr).Port)})
		case dns.TypeA:
			a.Answer = append(a.Answer, &dns.A{Hdr: head, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(a)
	})}
	go func() { _ = server.ActivateAndServe() }()
	<-started
	defer func() { _ = server.Shutdown() }()

	d := New(serverListener.Addr().String(), time.Second, new(net.Dialer).DialContext)
	c, err := d.DialContext(t.Context(), "tcp", "registration-1.email.edges:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.RemoteAddr().String(); got != service.Addr().String() {
		t.Errorf("connected to %s, want %s", got, service.Addr())
	}
}
