package offline

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/render"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// memory is what a command takes at most that reads whole histories: enough for some
// 950,000 events. GOMEMLIMIT changes that; what does not fit is refused.
const memory = 420 << 20

func limitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // nobody has set one
		debug.SetMemoryLimit(memory)
	}
}

// Trials are the run's trials with those ids, or all: at least one. A trial that
// cannot be read is in the way only of those who ask for it.
func Trials(dir string, ids []string) ([]*trial.Trial, error) {
	if err := isRun(dir); err != nil {
		return nil, err
	}
	all, broken := store.Load(dir)
	if broken != nil && len(ids) == 0 {
		return nil, fmt.Errorf("%w: it was cut off or changed, or is another version's; remove it, or choose others with --trial", broken)
	}
	if len(ids) == 0 {
		if len(all) == 0 {
			return nil, noTrial(dir)
		}
		return all, nil
	}
	var chosen []*trial.Trial
	var known []string
	for _, t := range all {
		known = append(known, t.ID)
		if slices.Contains(ids, t.ID) {
			chosen = append(chosen, t)
		}
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			missing := fmt.Errorf("%s has no trial %q; it has %s", dir, id, strings.Join(known, ", "))
			if len(known) == 0 {
				missing = noTrial(dir)
			}
			return nil, errors.Join(missing, broken)
		}
	}
	return chosen, nil
}

// isRun is whether the folder can be that of a run.
func isRun(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no run at %s: breakwater run makes one, and out/latest is the newest", dir)
	case err != nil:
		return fmt.Errorf("the run cannot be read: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: name the folder of a run, such as out/latest", dir)
	}
	return nil
}

// noTrial says that a folder holds nothing to judge, and what it may be instead.
func noTrial(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, render.PageFile)); err == nil {
		return fmt.Errorf("no trial was performed in %s, so there is nothing to judge or to perform again", dir)
	}
	return fmt.Errorf("%s is not the folder of a run: it has no trial; name one such as out/latest", dir)
}
