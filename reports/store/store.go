// Package store keeps the trials of a run in a folder, so that they can be read,
// compared and judged again:
//
//	out/latest                                     → the newest run
//	out/<run>/<suite>/<trial>.trial.json           the trial
//	out/<run>/<suite>/<trial>.history.jsonl.zst    its history
//	out/<run>/<suite>/<trial>.logs/<instance>.log  what each instance said
//
// Every file appears complete or not at all. Several processes may save into one
// run, each trial under its own id.
package store

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

const (
	trialExtension = ".trial.json"
	logsExtension  = ".logs"
	latest         = "latest"
)

// ErrNoRun is returned by [Latest] when nothing has been run yet.
var ErrNoRun = errors.New("store: there is no run")

// Run is one run's folder.
type Run struct {
	Dir string // out/<run>
}

// Create makes the folder of a run, or takes the one that is there, and points
// out/latest at it. The name must be usable as a file name; one that starts with
// a sortable time is best.
func Create(out, name string) (*Run, error) {
	if err := usable("run", name); err != nil {
		return nil, err
	}
	if name == latest {
		return nil, fmt.Errorf("store: a run cannot be named %q", latest)
	}
	r := &Run{Dir: filepath.Join(out, name)}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := point(out, name); err != nil {
		return nil, err
	}
	return r, nil
}

// point replaces out/latest in one step: whoever reads it sees the old run or the
// new one.
func point(out, name string) error {
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

// Latest is the newest run in out, or [ErrNoRun].
func Latest(out string) (*Run, error) {
	name, err := os.Readlink(filepath.Join(out, latest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s", ErrNoRun, out)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &Run{Dir: filepath.Join(out, filepath.Base(name))}, nil
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// usable says whether the text can be part of a path without surprises.
func usable(what, name string) error {
	if !fileName.MatchString(name) {
		return fmt.Errorf("store: %s %q must begin with a letter or digit and hold only those, '.', '_' and '-'", what, name)
	}
	return nil
}

// path is <run>/<suite>/<trial><extension>.
func (r *Run) path(suite, id, extension string) (string, error) {
	if err := errors.Join(usable("suite", suite), usable("trial", id)); err != nil {
		return "", err
	}
	return filepath.Join(r.Dir, suite, id+extension), nil
}

// Save writes the history, then the trial, which from then on names it. A trial
// that can be read is therefore never without its history. Saving the
// same trial again replaces it.
func (r *Run) Save(t *trial.Trial, log history.Log) error {
	historyPath, err := r.path(t.Suite, t.ID, history.Extension)
	if err != nil {
		return err
	}
	trialPath, err := r.path(t.Suite, t.ID, trialExtension)
	if err != nil {
		return err
	}
	t.Schema = cmp.Or(t.Schema, trial.Schema)
	t.History = filepath.Base(historyPath)
	encoded, err := t.Encode()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(trialPath), 0o755); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := replace(historyPath, func(w io.Writer) error { return history.Write(w, log) }); err != nil {
		return err
	}
	return replace(trialPath, func(w io.Writer) error {
		_, err := w.Write(encoded)
		return err
	})
}

// replace writes a file beside its place and moves it there when it is complete.
func replace(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("store: %s: %w", path, errors.Join(err, os.Remove(f.Name())))
		}
	}()
	if err = errors.Join(write(f), f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
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
		b, err := os.ReadFile(path)
		if err != nil {
			broken = append(broken, fmt.Errorf("store: %w", err))
			continue
		}
		t, err := trial.Decode(b)
		if err != nil {
			broken = append(broken, fmt.Errorf("store: %s: %w", path, err))
			continue
		}
		trials = append(trials, t)
	}
	slices.SortStableFunc(trials, func(a, b *trial.Trial) int {
		return cmp.Or(cmp.Compare(a.Suite, b.Suite), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
	})
	return trials, errors.Join(broken...)
}

// escape keeps the characters of a folder's name from meaning something to Glob.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// History reads the history of a trial of this run. A damaged one gives a
// [*history.DamagedError] and what is readable of it.
func (r *Run) History(t *trial.Trial) (history.Log, error) {
	path, err := r.path(t.Suite, t.ID, history.Extension)
	if err != nil {
		return history.Log{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return history.Log{}, fmt.Errorf("store: %w", err)
	}
	defer f.Close()
	log, err := history.Read(bufio.NewReader(f))
	if err != nil {
		return log, fmt.Errorf("store: %s: %w", path, err)
	}
	return log, nil
}

// CreateLog makes the log file of one instance ("analytics/1" → analytics-1.log)
// of a trial, for whoever starts it to write to. An earlier one is emptied.
func (r *Run) CreateLog(suite, id, instance string) (*os.File, error) {
	dir, err := r.path(suite, id, logsExtension)
	if err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(instance, "/", "-")
	if err := usable("instance", name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	f, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return f, nil
}

// Logs are the paths of a trial's log files, in order of name; none when nothing
// was kept.
func (r *Run) Logs(t *trial.Trial) ([]string, error) {
	dir, err := r.path(t.Suite, t.ID, logsExtension)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(escape(dir), "*.log"))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return paths, nil
}
