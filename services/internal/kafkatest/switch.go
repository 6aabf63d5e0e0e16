package kafkatest

import (
	"context"
	"net"
	"sync"
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

// wait waits until the network is open, or ended is closed.
func (s *Switch) wait(ended <-chan struct{}) error {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate == nil {
		return nil
	}
	select {
	case <-gate:
		return nil
	case <-ended:
		return net.ErrClosed
	}
}

// Dial opens a connection through the network.
func (s *Switch) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := s.wait(ctx.Done()); err != nil {
		return nil, err
	}
	far, err := s.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	near, inner := net.Pipe()
	ended := make(chan struct{})
	c := &switchedConn{near, sync.OnceFunc(func() {
		close(ended)
		near.Close()
		inner.Close()
		far.Close()
	})}
	go s.pass(far, inner, ended, c.end)
	go s.pass(inner, far, ended, c.end)
	return c, nil
}

// pass passes on what it reads while the network is open, until the connection has ended.
func (s *Switch) pass(to, from net.Conn, ended <-chan struct{}, end func()) {
	defer end()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil || s.wait(ended) != nil {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

type switchedConn struct {
	net.Conn
	end func()
}

// Close ends the connection, with what is held up of it.
func (c *switchedConn) Close() error {
	c.end()
	return nil
}
