package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/emersion/go-smtp"
)

const (
	sender = "welcome@example.com"
	domain = "example.com"
	// maxConnections bounds how many mails are on their way at once; more wait.
	maxConnections = 32
)

// mailer sends mail over SMTP connections that it keeps open.
type mailer struct {
	addr  string
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	slots chan struct{} // one token per mail on its way

	mu   sync.Mutex
	idle []*connection
}

// connection is one SMTP session. It carries one mail at a time.
type connection struct {
	*smtp.Client
	conn   net.Conn
	reused bool // it has carried a mail before, so the server may have left
}

func newMailer(addr string, dial func(context.Context, string, string) (net.Conn, error)) *mailer {
	return &mailer{addr: addr, dial: dial, slots: make(chan struct{}, maxConnections)}
}

// send sends the welcome mail for e before ctx ends. When it fails after the mail's text was
// sent, the server may have accepted it all the same: sending it again may
// deliver it twice.
func (m *mailer) send(ctx context.Context, e event.Event) error {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return fmt.Errorf("send mail: wait for one of %d connections: %w", maxConnections, ctx.Err())
	}

	for {
		c, err := m.connect(ctx)
		if err != nil {
			return fmt.Errorf("send mail: connect to %s: %w", m.addr, err)
		}
		begun, err := c.send(ctx, e)
		if err == nil {
			m.release(c)
			return nil
		}
		c.Close()
		if ctx.Err() != nil {
			return fmt.Errorf("send mail: %w (%w)", ctx.Err(), err)
		}
		// A connection that sat idle may have been closed by the server. As
		// long as the mail's text was not begun, nothing can be sent twice.
		if c.reused && !begun && isGone(err) {
			continue
		}
		return fmt.Errorf("send mail: %w", err)
	}
}

// isGone reports whether err says that the server has left, rather than that it
// refused this mail. 421 is the polite answer for that.
func isGone(err error) bool {
	refusal := (*smtp.SMTPError)(nil)
	return !errors.As(err, &refusal) || refusal.Code == 421
}

// connect takes an idle connection, or opens one.
func (m *mailer) connect(ctx context.Context) (*connection, error) {
	m.mu.Lock()
	if last := len(m.idle) - 1; last >= 0 {
		c := m.idle[last]
		m.idle = m.idle[:last]
		m.mu.Unlock()
		return c, nil
	}
	m.mu.Unlock()

	conn, err := m.dial(ctx, "tcp", m.addr)
	if err != nil {
		return nil, err
	}
	return &connection{Client: smtp.NewClient(conn), conn: conn}, nil
}

func (m *mailer) release(c *connection) {
	c.reused = true
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, c)
}

// close closes the idle connections. No mail may be on its way.
func (m *mailer) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.idle {
		c.Close()
	}
	m.idle = nil
}

// send carries one mail. begun reports whether its text was begun.
func (c *connection) send(ctx context.Context, e event.Event) (begun bool, err error) {
	// The SMTP client knows only its own time-outs, and a write to a peer that
	// reads nothing has none: closing the connection ends all of them.
	defer context.AfterFunc(ctx, func() { c.conn.Close() })()

	to := address(e.UserID)
	if err := c.Mail(sender, nil); err != nil {
		return false, err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return false, err
	}
	text, err := c.Data()
	if err != nil {
		return false, err
	}
	if _, err := text.Write(welcome(e, to, time.Now())); err != nil {
		return true, err
	}
	return true, text.Close() // waits for the server to accept it
}

// address is the mailbox of a user; userId needs no quoting but for its colon.
func address(userID string) string {
	if strings.Contains(userID, ":") {
		return `"` + userID + `"@` + domain
	}
	return userID + "@" + domain
}

// welcome is the mail. Its ids let a receiver recognise one that comes again.
func welcome(e event.Event, to string, now time.Time) []byte {
	return fmt.Appendf(nil, "From: Example <%s>\r\n"+
		"To: <%s>\r\n"+
		"Subject: Welcome\r\n"+
		"Date: %s\r\n"+
		"Message-ID: <%s@%s>\r\n"+
		"X-Event-Id: %s\r\n"+
		"\r\n"+
		"Hello %s, glad to have you with us.\r\n",
		sender, to, now.Format(time.RFC1123Z), e.ID, domain, e.ID, e.UserID)
}
