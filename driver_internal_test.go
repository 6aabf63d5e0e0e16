package breakwater

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func dialing(errno syscall.Errno) error {
	return &url.Error{Op: "Get", URL: "http://127.0.0.1:15347/slow", Err: &net.OpError{
		Op: "dial", Net: "tcp", Addr: &net.TCPAddr{Port: 15347}, Err: os.NewSyscallError("socket", errno),
	}}
}

// Reports count errors by their words, so no two of a kind may differ.
func TestErrorClassIsFewWords(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{dialing(syscall.ECONNREFUSED), "refused"},
		{dialing(syscall.EPIPE), "reset"},
		{dialing(syscall.EMFILE), "too many open files"},
		{dialing(syscall.EHOSTUNREACH), "no route to host"},
		{&url.Error{Op: "Get", URL: "http://a/b", Err: context.Canceled}, "cancelled"},
		{&url.Error{Op: "Get", URL: "http://a/b", Err: os.ErrDeadlineExceeded}, "timeout"},
		{&url.Error{Op: "Get", URL: "http://a/b", Err: io.EOF}, "eof"},
		{&url.Error{Op: "Get", URL: "http://a/b", Err: errors.New(`malformed HTTP response "\x1b[31mu17-000231"`)}, "malformed HTTP response"},
		{&url.Error{Op: "Get", URL: "http://a/b", Err: errors.New("net/http: request canceled while waiting")}, "net/http: request canceled while waiting"},
		{fmt.Errorf("see http://a/b?id=u17-000231"), "see http"},
		{errors.New(strings.Repeat("ü", 100)), strings.Repeat("ü", 60)},
		{errors.New(`"only what the peer sent"`), "error"},
	} {
		if got := errorClass(c.err); got != c.want {
			t.Errorf("%q for %v, want %q", got, c.err, c.want)
		}
	}
}
