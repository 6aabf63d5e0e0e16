package kafkatest

import (
	"context"
	"net"
	"os"
	"sync"
	"time"
)

// Switch is a network that can fall silent: connections stay open, and nothing
// passes in either direction until it is restored.
type Switch struct {
	dial func(context.Context, string, string) (net.Conn, error)

	mu   sync.Mutex
	gate chan struct{} // nil when open
}

// NewSwitch returns a network that is open. It reaches what dial does.
func NewSwitch(dial func(context.Context, string, string) (net.Conn, error)) *Switch {
	return &Switch{dial: dial}
}

// Silence lets nothing pass any more.
func (s *Switch) Silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = make(chan struct{})
}

// Restore ends the silence; what was held up passes.
func (s *Switch) Restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.gate)
	s.gate = nil
}

// wait waits until the network is open, the deadline passes (if there is one),
// or closed is.
func (s *Switch) wait(closed <-chan struct{}, deadline time.Time) error {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate == nil {
		return nil
	}
	var expired <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-gate:
		return nil
	case <-expired:
		return os.ErrDeadlineExceeded
	case <-closed:
		return net.ErrClosed
	}
}

// Dial opens a connection through the network.
func (s *Switch) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := s.wait(ctx.Done(), time.Time{}); err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	closed := make(chan struct{})
	return &switchedConn{Conn: conn, network: s, closed: closed, closing: sync.OnceFunc(func() { close(closed) })}, nil
}

type switchedConn struct {
	net.Conn
	network *Switch
	closed  chan struct{}
	closing func()

	mu              sync.Mutex
	readBy, writeBy time.Time
}

func (c *switchedConn) deadline(of *time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *of
}

func (c *switchedConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.readBy = t
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *switchedConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	c.writeBy = t
	c.mu.Unlock()
	return c.Conn.SetWriteDeadline(t)
}

func (c *switchedConn) Write(b []byte) (int, error) {
	if err := c.network.wait(c.closed, c.deadline(&c.writeBy)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *switchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err := c.network.wait(c.closed, c.deadline(&c.readBy)); err != nil {
		return 0, err
	}
	return n, err
}

func (c *switchedConn) Close() error {
	c.closing()
	return c.Conn.Close()
}
