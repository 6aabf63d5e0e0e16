// Package store keeps the trials of a run in a folder, so that they can be read,
// compared and judged again:
//
//	out/latest                                     → the newest run that has something to show
//	out/<run>/<suite>/<trial>.trial.json           the trial
//	out/<run>/<suite>/<trial>.history.jsonl.zst    its history
//	out/<run>/<suite>/<trial>.logs/<instance>.log  what each instance printed
//
// What is read is bounded, and held against the checksums that it was saved with: an
// edit shows, a forgery by somebody who edits those too does not.
//
// Every file appears complete or not at all, and nothing is replaced: a run has a
// name of its own, and so has a trial in its run. Several processes may save into
// one run.
package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

const (
	trialExtension = ".trial.json"
	logsExtension  = ".logs"
	latest         = "latest"
)

// Run is one run's folder.
type Run struct {
	Dir string // out/<run>
}

// Create makes the folder of a new run. A name that is taken gets a number: of two
// runs that are called after the same second the other one is name-2. The name must be
// usable as a file name; one that starts with a sortable time is best.
func Create(out, name string) (*Run, error) {
	if err := Usable(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	for n := 1; ; n++ {
		dir := filepath.Join(out, name)
		if n > 1 {
			dir += "-" + strconv.Itoa(n)
		}
		switch err := os.Mkdir(dir, 0o755); {
		case err == nil:
			return &Run{Dir: dir}, nil
		case !errors.Is(err, fs.ErrExist):
			return nil, fmt.Errorf("store: %w", err)
		}
	}
}

// Join takes the folder of a run that several share, and makes it for the first of them.
func Join(out, name string) (*Run, error) {
	if err := Usable(name); err != nil {
		return nil, err
	}
	r := &Run{Dir: filepath.Join(out, name)}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return r, nil
}

// Usable is an error when a run cannot have that name.
func Usable(name string) error {
	if name == latest {
		return fmt.Errorf("store: a run cannot be named %q", latest)
	}
	return usable("run", name)
}

// Discard removes the folder of a run that never had anything.
func (r *Run) Discard() {
	suites, _ := os.ReadDir(r.Dir)
	for _, s := range suites {
		if !s.IsDir() {
			return
		}
		_ = os.Remove(filepath.Join(r.Dir, s.Name())) // which leaves what is not empty
	}
	_ = os.Remove(r.Dir)
}

// MakeLatest points out/latest at the run, in one step: whoever reads it sees the old
// run or the new one. It is for a run that has something to show.
func (r *Run) MakeLatest() error {
	out, name := filepath.Dir(r.Dir), filepath.Base(r.Dir)
	dir, err := os.MkdirTemp(out, "."+latest+"-*") // several may be at it
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	fresh := filepath.Join(dir, latest)
	err = os.Symlink(name, fresh)
	if err == nil {
		err = os.Rename(fresh, filepath.Join(out, latest))
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return fmt.Errorf("store: point %s at %s: %w", filepath.Join(out, latest), name, err)
	}
	return nil
}

// usable reports whether the text can be part of a path without surprises.
func usable(what, name string) error {
	if err := trial.CheckName(what, name); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// path is <run>/<suite>/<trial>, without an extension.
func (r *Run) path(suite, id string) (string, error) {
	return filepath.Join(r.Dir, suite, id), errors.Join(usable("suite", suite), usable("trial", id))
}

// ErrTaken says that a run has a trial of that id, or that somebody performs one.
var ErrTaken = errors.New("a run cannot have two trials of one id")

// Begin takes the id for a trial that is about to be performed, and makes the folder
// for the logs of its instances. An id that was taken before is [ErrTaken], whether
// that trial was saved, is still being performed, or left nothing but logs.
func (r *Run) Begin(suite, id string) (logs string, err error) {
	path, err := r.path(suite, id)
	if err != nil {
		return "", err
	}
	if err := r.makeDir(suite); err != nil {
		return "", err
	}
	logs = path + logsExtension
	err = os.Mkdir(logs, 0o755)
	if _, there := os.Lstat(path + trialExtension); errors.Is(err, fs.ErrExist) || there == nil {
		if err == nil {
			_ = os.Remove(logs)
		}
		return "", fmt.Errorf("store: %w: %s is taken in %s", ErrTaken, id, r.Dir)
	}
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return logs, nil
}

// Save writes the history, then the trial, which from then on names it. A trial
// that can be read is therefore never without its history. An id that was saved
// before is [ErrTaken], and what was saved stays as it is.
func (r *Run) Save(t *trial.Trial, log history.Log) error {
	path, err := r.path(t.Suite, t.ID)
	if err != nil {
		return err
	}
	t.Schema = cmp.Or(t.Schema, trial.Schema)
	t.History = t.ID + history.Extension
	if err := r.makeDir(t.Suite); err != nil {
		return err
	}
	sum := sha256.New()
	if err := create(path+history.Extension, func(w io.Writer) error { return history.Write(io.MultiWriter(w, sum), log) }); err != nil {
		return err
	}
	t.HistorySum = hex.EncodeToString(sum.Sum(nil))
	encoded, err := t.Encode()
	if err == nil && len(encoded) > trial.MaxSize {
		err = fmt.Errorf("trial %s: it has %d bytes, and at most %d could be read again", t.ID, len(encoded), trial.MaxSize)
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return create(path+trialExtension, func(w io.Writer) error {
		_, err := w.Write(encoded)
		return err
	})
}

// create writes a file beside its place and links it there when it is complete. One
// that is there already stays.
func create(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() {
		if left := os.Remove(f.Name()); !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
		if err != nil {
			err = fmt.Errorf("store: %s: %w", path, err)
		}
	}()
	if err = errors.Join(write(f), f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	switch err = os.Link(f.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: it is there already", ErrTaken)
	case errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission): // a file system without hard links
		return os.Rename(f.Name(), path)
	}
	return err
}

// Load reads every trial of a run, by suite and then by when it started. Trials
// that cannot be read are named in the error; the others are returned with it.
func Load(dir string) ([]*trial.Trial, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(escape(dir), "*", "*"+trialExtension))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var trials []*trial.Trial
	var broken []error
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), ".") {
			continue // being written
		}
		t, err := readTrial(dir, path)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		trials = append(trials, t)
	}
	slices.SortStableFunc(trials, func(a, b *trial.Trial) int {
		return cmp.Or(cmp.Compare(a.Suite, b.Suite), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	})
	return trials, errors.Join(broken...)
}

// Widowed are the histories of the run, as suite/id, beside which there is no trial: that
// was removed, or its run was killed while it was saved.
func (r *Run) Widowed() (all []string, err error) {
	paths, err := filepath.Glob(filepath.Join(escape(r.Dir), "*", "*"+history.Extension))
	for _, path := range paths {
		of := strings.TrimSuffix(path, history.Extension)
		if _, err := os.Lstat(of + trialExtension); errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(filepath.Base(path), ".") {
			all = append(all, filepath.Base(filepath.Dir(path))+"/"+filepath.Base(of))
		}
	}
	return all, err
}
