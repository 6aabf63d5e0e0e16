package mailbox

import (
	"net"
	"sync"
	"time"
)

// listener can tell its connections to finish what they do and to read no
// more. The SMTP server itself can only cut them off, or wait for clients to
// leave; but clients keep idle connections open.
type listener struct {
	net.Listener

	mu       sync.Mutex
	conns    map[*conn]struct{}
	stopping bool
}

type conn struct {
	net.Conn
	listener *listener
}

// stop lets an answer under way be written; the next read fails.
func (l *listener) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	for c := range l.conns {
		_ = c.Conn.SetReadDeadline(longAgo) // fails where the connection has ended, which is as good
	}
}

// cut closes all connections.
func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Conn.Close()
	}
}

var longAgo = time.Unix(1, 0)

func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: accepted, listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, nil
}

// SetReadDeadline is how the SMTP server grants a client time for its next
// command.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if c.listener.stopping {
		t = longAgo
	}
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.conns, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
