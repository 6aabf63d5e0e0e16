package mailbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Entry is one mail that was accepted.
type Entry struct {
	// ID is the mail's X-Event-Id, or its Message-ID where it has none.
	ID string `json:"id"`
	// Key is the local part of the first recipient's address: the user.
	Key string `json:"key"`
	// At is the wall time at which the mail was written to the ledger.
	At time.Time `json:"at"`
	// Seq numbers the mails from 1, in the order of acceptance.
	Seq uint64 `json:"seq"`
}

// ledger is the list of accepted mails, in memory and, if it has a file, there
// first.
type ledger struct {
	mu      sync.Mutex
	entries []Entry // append-only
	file    *os.File
	size    int64 // of the file's complete lines
}

// openLedger reads the file's entries, if there is one. A last line that was
// cut short by a crash was never acknowledged; it is removed.
func openLedger(path string) (*ledger, error) {
	l := &ledger{}
	if path == "" {
		return l, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l.file = file
	if err := l.load(); err != nil {
		file.Close()
		return nil, fmt.Errorf("load ledger %s: %w", path, err)
	}
	return l, nil
}

func (l *ledger) load() error {
	lines := bufio.NewReader(l.file)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return l.rewind()
		}
		if err != nil {
			return err
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", len(l.entries)+1, err)
		}
		l.entries = append(l.entries, e)
		l.size += int64(len(line))
	}
}

// rewind cuts the file back to its complete lines.
func (l *ledger) rewind() error {
	if err := l.file.Truncate(l.size); err != nil {
		return err
	}
	_, err := l.file.Seek(l.size, io.SeekStart)
	return err
}

// add writes one entry. When it returns nil the entry survives the end of this
// process (not a power loss: it does not wait for the disk).
func (l *ledger) add(id, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := Entry{ID: id, Key: key, At: time.Now(), Seq: uint64(len(l.entries)) + 1}
	if l.file != nil {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		n, err := l.file.Write(append(line, '\n'))
		if err != nil {
			return errors.Join(fmt.Errorf("write ledger: %w", err), l.rewind())
		}
		l.size += int64(n)
	}
	l.entries = append(l.entries, e)
	return nil
}

// all returns the entries so far.
func (l *ledger) all() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[:len(l.entries):len(l.entries)]
}

// write streams the entries so far as JSON lines.
func (l *ledger) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	for _, e := range l.all() {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (l *ledger) close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
