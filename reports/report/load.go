package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/bounded"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/redact"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

const (
	skipFile     = "skipped.jsonl"
	errorsFile   = "errors.jsonl"
	sabotageFile = "sabotage.jsonl"

	maxLines = 16 << 20 // bytes that are read of one
)

// Save records in the run's folder how a spec ended that has no verdict of its own.
// Several processes may do so at once.
func (a Absent) Save(dir string) error {
	file := errorsFile
	if a.Ended == SpecSkipped {
		file = skipFile
	}
	a.Reason = redact.New().Text(a.Reason) // what failed may be an assertion or a panic of anybody
	return appendLine(filepath.Join(dir, file), a)
}

// appendLine adds a value, as a line of JSON, to a file.
func appendLine(path string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(printable.Text(string(b)) + "\n")
	return errors.Join(err, f.Close())
}

// readLines reads what [appendLine] has written; without the file there is nothing.
func readLines[T any](path string) (all []T, err error) {
	b, err := bounded.ReadFile(path, maxLines)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for lines := json.NewDecoder(bytes.NewReader(b)); err == nil; {
		var one T
		if err = lines.Decode(&one); err == nil {
			all = append(all, one)
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s cannot be read (%w): remove it", path, err)
	}
	return all, nil
}

// Load reads a saved run as the renderers want it. Dir is the run's folder.
func Load(dir string) (Run, error) {
	trials, err := store.Load(dir)
	if err != nil {
		return Run{}, fmt.Errorf("%w: it was cut off or changed, or is another version's; remove it to go on without it", err)
	}
	skipped, err := readLines[Absent](filepath.Join(dir, skipFile))
	errored, errTroubled := readLines[Absent](filepath.Join(dir, errorsFile))
	sabotage, errSabotage := readLines[Sabotage](filepath.Join(dir, sabotageFile))
	if err := errors.Join(err, errTroubled, errSabotage); err != nil {
		return Run{}, err
	}
	run := Run{
		ID: filepath.Base(dir), Replay: ReplayCommand(reachable(dir)),
		Claims: map[string]string{}, Trials: trials, Skipped: skipped, Errored: errored, Sabotage: sabotage,
	}
	// Files come by name; a reader wants the claims in their order, experiments as
	// they were performed, and contenders as they were named.
	began := map[string]time.Time{}
	for _, t := range trials {
		if first, known := began[t.Claim+t.Title]; !known || t.Started.Before(first) {
			began[t.Claim+t.Title] = t.Started
		}
	}
	slices.SortStableFunc(run.Trials, func(a, b *trial.Trial) int {
		return cmp.Or(
			strings.Compare(a.Claim, b.Claim),
			began[a.Claim+a.Title].Compare(began[b.Claim+b.Title]),
			cmp.Compare(a.Order, b.Order),
		)
	})
	var worlds []string
	var ended time.Time
	for _, t := range trials {
		if run.Started.IsZero() || t.Started.Before(run.Started) {
			run.Started = t.Started
		}
		if end := t.Started.Add(t.Took); end.After(ended) {
			ended = end
		}
		if !slices.Contains(worlds, t.World) {
			worlds = append(worlds, t.World)
		}
		if t.Statement != "" {
			run.Claims[t.Claim] = t.Statement
		}
	}
	run.Took = ended.Sub(run.Started)
	run.World = strings.Join(worlds, ", ")
	return run, nil
}

// reachable is the run's folder as one names it: from the module's root where runs are
// kept by default, else from anywhere.
func reachable(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	run := filepath.Base(dir)
	if _, err := os.Stat(filepath.Join(dir, "..", "..", "go.mod")); err == nil && filepath.Base(filepath.Dir(dir)) == "out" {
		return "out/" + run
	}
	return dir
}
