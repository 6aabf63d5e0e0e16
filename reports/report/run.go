// Package report is a run as all renderers show it: its trials and what has none, its
// claims and planted defects, and what became of each. The packages beside it only format.
package report

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Run is everything that one invocation of the suites left behind.
type Run struct {
	ID      string        // names the run and its folder: "20261123T140201Z"
	World   string        // the world that was asked for; a trial names its own
	Started time.Time     // wall time; zero leaves it out
	Took    time.Duration // zero leaves it out

	// Replay is the command that performs the whole run again. A single trial is
	// replayed by the same command with " --trial <id>". "" leaves both out.
	Replay string

	// Claims describes what each claim states, by its id. A claim that is missing
	// here is shown with the title of its first scenario.
	Claims map[string]string

	Trials  []*trial.Trial // in the order in which they are to be read
	Skipped []Absent       // the world cannot do what these need
	Errored []Absent       // these failed or were not performed to their end; with one of them the run is not green

	Sabotage []Sabotage // what was planted in the kit itself, by its self-test
}

// Empty is whether the run has nothing to show.
func (r Run) Empty() bool {
	return len(r.Trials)+len(r.Skipped)+len(r.Errored)+len(r.Sabotage) == 0
}

// ReplayCommand is the command that performs the run in that folder again.
func ReplayCommand(dir string) string { return "breakwater replay " + shellWord(dir) }

// ReplayOf is the command that performs these trials of the run again, "" when the run
// has none.
func (r Run) ReplayOf(trials ...*trial.Trial) string {
	if r.Replay == "" || len(trials) == len(r.Trials) {
		return r.Replay
	}
	command := r.Replay
	for _, t := range trials {
		command += " --trial " + shellWord(t.ID)
	}
	return command
}

// shellWord quotes s where a POSIX shell would otherwise split or expand it.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Validate reports a run that cannot be rendered: a trial that is nil or
// without an id, or two of the same id.
func (r Run) Validate() error {
	var problems []error
	seen := map[string]bool{}
	for i, t := range r.Trials {
		switch {
		case t == nil:
			problems = append(problems, fmt.Errorf("page: trial %d of run %q is nil", i, r.ID))
		case t.ID == "":
			problems = append(problems, fmt.Errorf("page: trial %d of run %q (%s) has no id", i, r.ID, t.Title))
		case seen[t.ID]:
			problems = append(problems, fmt.Errorf("page: run %q has two trials with the id %q", r.ID, t.ID))
		default:
			seen[t.ID] = true
		}
	}
	return errors.Join(problems...)
}
