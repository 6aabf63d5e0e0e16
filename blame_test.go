package breakwater_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestWhoIsToBlame(t *testing.T) {
	invalid := &breakwater.InvalidError{What: `scenario "a slow mailer"`, Err: errors.New("load: rate 0 a second")}
	service := &breakwater.ServiceError{Service: "billing/1", Reason: "ended (exit status 2) before it was ready", Log: "DATABASE is not set"}
	for _, c := range []struct {
		name string
		err  error
		want trial.Blame
		says string
	}{
		{"an invalid scenario", invalid, trial.BlameScenario, `scenario "a slow mailer": load: rate 0 a second`},
		{"a service that ended", fmt.Errorf("start billing: %w", service), trial.BlameService, "start billing: billing/1 ended (exit status 2) before it was ready; its last log lines:\nDATABASE is not set"},
		{"one without a log", &breakwater.ServiceError{Service: "billing/1", Reason: "cannot be run", Log: " \n"}, trial.BlameService, "billing/1 cannot be run"},
		{"anything else", errors.New("open /tmp: no space left on device"), trial.BlameKit, "open /tmp: no space left on device"},
		{"both", errors.Join(service, invalid), trial.BlameScenario, service.Error() + "\n" + invalid.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := breakwater.BlameFor(c.err); got != c.want || c.err.Error() != c.says {
				t.Errorf("%s is to blame for %q", got, c.err)
			}
		})
	}
}

// What the load generator could not send says nothing about the system: nothing is
// judged from it, and what is missing is named.
func TestRunOutOfItsOwnMeans(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		call  string
		words string // "": it is what the system answered
	}{
		{syscall.EMFILE, "socket", "this process has as many files open as it may (ulimit -n)"},
		{syscall.ENFILE, "socket", "the machine has as many files open as it may"},
		{syscall.EADDRNOTAVAIL, "connect", "no local port is left"},
		{syscall.ENOBUFS, "connect", "no buffer space is left"},
		{syscall.ENOMEM, "socket", "no memory is left"},
		{syscall.EAGAIN, "connect", "the machine gives no more"},
		{syscall.ECONNREFUSED, "connect", ""},
		{syscall.ECONNRESET, "connect", ""},
		{syscall.ETIMEDOUT, "connect", ""},
		{syscall.EHOSTUNREACH, "connect", ""},
	} {
		t.Run(c.errno.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				w.dials = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(c.call, c.errno)}
				s := scenario()
				s.Require.Availability, s.Require.MinOperations = 0.9, 1
				got, log, err := breakwater.Run(t.Context(), w, s, breakwater.Performance{})
				if err != nil {
					t.Fatal(err)
				}
				if c.words == "" {
					if got.Outcome == trial.Trouble {
						t.Errorf("%s: %s", got.Outcome, got.Why)
					}
					return
				}
				if got.Outcome != trial.Trouble || !strings.Contains(got.Why, c.words) {
					t.Errorf("%s: %s", got.Outcome, got.Why)
				}
				n := 0
				for range log.Of(history.Trouble) {
					n++
				}
				if n != 1 {
					t.Errorf("it is in the history %d times", n)
				}
			})
		})
	}
}

func ExampleBlameFor() {
	err := fmt.Errorf("start shop: %w", &breakwater.ServiceError{
		Service: "shop/1", Reason: "ended (exit status 2) before it was ready", Log: "panic: LISTEN is not set",
	})
	fmt.Println(breakwater.BlameFor(err).Because())
	fmt.Println(err)
	// Output:
	// your service did not start
	// start shop: shop/1 ended (exit status 2) before it was ready; its last log lines:
	// panic: LISTEN is not set
}

func ExampleExhausted() {
	_, err := os.Open("/no/such/file")
	fmt.Printf("%q\n", breakwater.Exhausted(err))
	err = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	fmt.Printf("%q\n", breakwater.Exhausted(err))
	// Output:
	// ""
	// "this process has as many files open as it may (ulimit -n)"
}
