package breakwater

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/breakwater-kit/breakwater/reports/trial"
)

// InvalidError is a scenario, or an experiment, that is refused before anything
// starts. It holds all that is wrong with it, each with its place and the fix.
type InvalidError struct {
	What string // `scenario "a slow mailer"`
	Err  error
}

func (e *InvalidError) Error() string { return fmt.Sprintf("%s: %s", e.What, e.Err) }
func (e *InvalidError) Unwrap() error { return e.Err }

// ServiceError is a service of the system under test that cannot be used: it did not
// start, ended while it started, or does not listen where it was asked to. A world
// returns it from Check and Start; what the world itself provides (a broker, the edges)
// is not meant, for that is the kit's.
type ServiceError struct {
	Service string // or the instance: "billing/1"
	Reason  string // "ended (exit status 2) before it was ready"
	Log     string // the last lines of its log; "" where it has none, or none that is of use
}

func (e *ServiceError) Error() string {
	if strings.TrimSpace(e.Log) == "" {
		return e.Service + " " + e.Reason
	}
	return fmt.Sprintf("%s %s; its last log lines:\n%s", e.Service, e.Reason, e.Log)
}

// ofKit marks an error as the kit's own, whatever is in it: a broker that does not
// start is none of the system's services.
type ofKit struct{ error }

func (e ofKit) Unwrap() error { return e.error }

// BlameFor says whose fault an error is that came in place of a trial: of the scenario
// for an [InvalidError], of a service for a [ServiceError], else the kit's own. Of
// several the one that has to be mended first.
func BlameFor(err error) trial.Blame {
	if _, ok := errors.AsType[*InvalidError](err); ok {
		return trial.BlameScenario
	}
	if _, ok := errors.AsType[ofKit](err); ok {
		return trial.BlameKit
	}
	if _, ok := errors.AsType[*ServiceError](err); ok {
		return trial.BlameService
	}
	return trial.BlameKit
}

// means are what this machine, or one of its processes, can run out of.
var means = []struct {
	errno syscall.Errno
	words string
}{
	{syscall.EMFILE, "this process has as many files open as it may (ulimit -n)"},
	{syscall.ENFILE, "the machine has as many files open as it may"},
	{syscall.EADDRNOTAVAIL, "no local port is left for a connection"},
	{syscall.ENOBUFS, "no buffer space is left for connections"},
	{syscall.ENOMEM, "no memory is left"},
	{syscall.EAGAIN, "the machine gives no more processes or buffers"},
	{syscall.ENOSPC, "no space is left on the disk"},
	{syscall.EDQUOT, "the disk quota is used up"},
	{syscall.EROFS, "the disk is read-only"},
	{syscall.EIO, "the disk cannot be read or written"},
}

// Exhausted says what the machine, or a process of the kit's own, has run out of: files,
// ports, memory, space on a disk. "" where the error is about something else. Nothing
// about a system can be concluded from what the kit could not do itself.
func Exhausted(err error) string {
	for _, m := range means {
		if errors.Is(err, m.errno) {
			return m.words
		}
	}
	return ""
}
