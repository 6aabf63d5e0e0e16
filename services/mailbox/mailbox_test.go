package mailbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is a running mailbox on a network in memory.
type box struct {
	*Service
	*servicetest.Client
	t       *testing.T
	network *kfake.VirtualNetwork
	stop    func()
}

func start(t *testing.T, ledgerFile string) *box {
	t.Helper()
	network := &kfake.VirtualNetwork{}
	http, err := network.Listen("tcp", "localhost:80")
	if err != nil {
		t.Fatal(err)
	}
	mail, err := network.Listen("tcp", "localhost:25")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Listener: http, SMTPListener: mail, LedgerFile: ledgerFile, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return &box{s, servicetest.NewClient(t, network.DialContext), t, network, servicetest.Run(t, s)}
}

func (b *box) connect() *smtp.Client {
	b.t.Helper()
	conn, err := b.network.DialContext(b.t.Context(), "tcp", "localhost:25")
	if err != nil {
		b.t.Fatal(err)
	}
	c := smtp.NewClient(conn)
	b.t.Cleanup(func() { c.Close() })
	return c
}

func (b *box) send(c *smtp.Client, id, to string) error {
	return c.SendMail("a@example.com", []string{to}, strings.NewReader("X-Event-Id: "+id+"\r\n\r\nHello.\r\n"))
}

func (b *box) entries() (entries []Entry) {
	b.t.Helper()
	for line := range strings.Lines(b.Get("localhost:80", "/ledger").Body) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			b.t.Fatalf("ledger line %q: %v", line, err)
		}
		entries = append(entries, e)
	}
	return entries
}

func TestLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, "")
		if answer := b.Get("localhost:80", "/healthz"); answer.Status != 200 {
			t.Errorf("/healthz: %d", answer.Status)
		}
		if got := b.entries(); len(got) != 0 {
			t.Errorf("a new mailbox has %v", got)
		}
		began := time.Now()
		c := b.connect()
		for i := range 3 {
			time.Sleep(time.Second)
			if err := b.send(c, fmt.Sprint("e", i), fmt.Sprintf("u%d@example.com", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.SendMail("a@example.com", []string{`"u:3"@example.com`, "second@example.com"},
			strings.NewReader("Message-ID: <e3@example.com>\r\n\r\nHello.\r\n")); err != nil {
			t.Fatal(err)
		}
		got := b.entries()
		want := []Entry{{ID: "e0", Key: "u0"}, {ID: "e1", Key: "u1"}, {ID: "e2", Key: "u2"}, {ID: "e3@example.com", Key: "u:3"}}
		if len(got) != len(want) {
			t.Fatalf("ledger %v, want %d mails", got, len(want))
		}
		for i := range want {
			if got[i].ID != want[i].ID || got[i].Key != want[i].Key || got[i].Seq != uint64(i)+1 {
				t.Errorf("entry %d: %+v, want %+v", i, got[i], want[i])
			}
			if at := began.Add(time.Duration(min(i+1, 3)) * time.Second); !got[i].At.Equal(at) {
				t.Errorf("entry %d at %v, want %v", i, got[i].At, at)
			}
		}
	})
}

func TestNotAcceptedNotInTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, "")
		c := b.connect()
		if err := c.SendMail("a@example.com", []string{"u@example.com"}, strings.NewReader("no header\r\n")); err == nil {
			t.Error("a mail without a header was accepted")
		}
		cut := b.connect() // and leaves in the middle of the text
		if err := errors.Join(cut.Mail("a@example.com", nil), cut.Rcpt("u@example.com", nil)); err != nil {
			t.Fatal(err)
		}
		text, err := cut.Data()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(text, "X-Event-Id: e1\r\n\r\nHel")
		cut.Close()
		synctest.Wait()
		if got := b.entries(); len(got) != 0 {
			t.Errorf("ledger %v, want nothing", got)
		}
	})
}

func TestLedgerFileSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	synctest.Test(t, func(t *testing.T) {
		b := start(t, path)
		c := b.connect()
		for i := range 3 {
			if err := b.send(c, fmt.Sprint("e", i), "u@example.com"); err != nil {
				t.Fatal(err)
			}
			// The sender knows that it was accepted: it must be in the file.
			if content, err := os.ReadFile(path); err != nil || strings.Count(string(content), "\n") != i+1 {
				t.Errorf("after %d mails the file has %q, %v", i+1, content, err)
			}
		}
	})

	// A crash in the middle of a write.
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString(`{"id":"e3","key":`)
	file.Close()

	synctest.Test(t, func(t *testing.T) {
		b := start(t, path)
		if err := b.send(b.connect(), "e4", "u@example.com"); err != nil {
			t.Fatal(err)
		}
		got := b.entries()
		if len(got) != 4 || got[2].ID != "e2" || got[3].ID != "e4" || got[3].Seq != 4 {
			t.Errorf("ledger after the restart: %+v", got)
		}
	})
	if content, _ := os.ReadFile(path); strings.Contains(string(content), "e3") {
		t.Errorf("the line cut short is still there: %q", content)
	}
}

func TestLedgerCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	synctest.Test(t, func(t *testing.T) {
		b := start(t, path)
		b.ledger.file.Close()
		err := b.send(b.connect(), "e1", "u@example.com")
		if refusal := (*smtp.SMTPError)(nil); !errors.As(err, &refusal) || refusal.Code != 451 {
			t.Errorf("SendMail: %v, want 451", err)
		}
		if got := b.entries(); len(got) != 0 {
			t.Errorf("ledger %v, want nothing", got)
		}
		b.ledger.file = nil // closed already
	})
}

func TestDamagedLedgerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	if err := os.WriteFile(path, []byte("{\"id\":\"e1\"}\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openLedger(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("openLedger: %v, want an error about line 2", err)
	}
}

// Senders keep connections open; stopping does not wait for them.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, "")
		idle := b.connect()
		if err := b.send(idle, "e1", "u@example.com"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		b.stop()
		// The goodbye blocks on a network that buffers nothing, until it is cut.
		if took := time.Since(began); took > drainTimeout {
			t.Errorf("stopped after %v", took)
		}
		refusal := (*smtp.SMTPError)(nil)
		if err := b.send(idle, "e2", "u@example.com"); err == nil || errors.As(err, &refusal) && refusal.Code != 421 {
			t.Errorf("a mail after the stop: %v", err)
		}
		if n := len(b.ledger.all()); n != 1 {
			t.Errorf("%d mails in the ledger", n)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Listener or SMTPListener is nil") {
		t.Errorf("New: %v", err)
	}
	network := &kfake.VirtualNetwork{}
	http, _ := network.Listen("tcp", "localhost:80")
	mail, _ := network.Listen("tcp", "localhost:25")
	if _, err := New(Config{Listener: http, SMTPListener: mail, LedgerFile: t.TempDir()}); err == nil {
		t.Error("New with a folder for a ledger file succeeded")
	}
}

// One that takes ten mails a second takes the eleventh after a second, whoever
// is waiting for it.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := session{service: &Service{ledger: &ledger{}, turns: rate.NewLimiter(10, 1)}, ctx: t.Context(), to: "u1@example.com"}
		began := time.Now()
		for i := range 11 {
			if err := s.Data(strings.NewReader(fmt.Sprintf("X-Event-Id: e%d\r\n\r\nhello\r\n", i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took eleven mails in %v, want a second", took)
		}
	})
}
