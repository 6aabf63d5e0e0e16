package store

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/bounded"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// maxHistory is how many bytes of a saved history are read: some ten times as many as
// one of [history.MaxEvents] has.
const maxHistory = 1 << 30

// ErrForeign says that a history is not the one that its trial was saved with.
var ErrForeign = errors.New("it is not the history that its trial was saved with")

// readTrial reads a trial and asks whether it lies where it was saved.
func readTrial(dir, path string) (*trial.Trial, error) {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	b, err := bounded.ReadFileIn(dir, name, trial.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	t, err := trial.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	if is := filepath.Join(t.Suite, t.ID+trialExtension); is != name {
		return nil, fmt.Errorf("store: %s: it was moved or copied here: it is the trial of %s", path, is)
	}
	return t, nil
}

// History reads the history of a trial of this run. A damaged one gives a
// [*history.DamagedError] and what is readable of it, one of another trial
// [ErrForeign], and one that is too large for this process's memory limit a
// [*history.TooLargeError].
func (r *Run) History(t *trial.Trial) (log history.Log, err error) {
	err = r.withHistory(t, func(f io.Reader) error {
		log, err = history.Read(f)
		return err
	})
	return log, err
}

// Scan reads the history of a trial without keeping it, see [history.Scan]. Its errors
// are those of [Run.History]; that a history is damaged or foreign is known at its end.
func (r *Run) Scan(t *trial.Trial, header func(history.Header) error, event func(*history.Event) error) error {
	return r.withHistory(t, func(f io.Reader) error { return history.Scan(f, header, event) })
}

func (r *Run) withHistory(t *trial.Trial, read func(io.Reader) error) error {
	path, err := r.path(t.Suite, t.ID)
	if err != nil {
		return err
	}
	path += history.Extension
	f, err := bounded.OpenIn(r.Dir, filepath.Join(t.Suite, t.ID+history.Extension), maxHistory)
	if err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	defer f.Close()
	sum := sha256.New()
	if err := read(bufio.NewReader(io.TeeReader(f, sum))); err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != t.HistorySum {
		return fmt.Errorf("store: %s: %w", path, ErrForeign)
	}
	return nil
}

// makeDir makes a folder of the run. A link that leads out of the run is an error.
func (r *Run) makeDir(names ...string) error {
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Join(names...), 0o755); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// escape keeps the characters of a folder's name from meaning something to Glob.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
