// Package page renders a run as one HTML file that needs nothing else: no
// network, no script to be readable, no asset beside it. It can be opened from
// disk years later, printed, and read on a phone.
//
// The package only formats. Every number on the page was computed by measure or
// check and is in the trials. What it adds is arrangement: trials of the same
// claim and title in the same world are contenders of one experiment and are
// drawn together.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/printable"
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

	// Claims says what each claim states, by its id. A claim that is missing
	// here is shown with the title of its first scenario.
	Claims map[string]string

	Trials   []*trial.Trial // in the order in which they are to be read
	Skipped  []Absent       // the world cannot do what these need
	Troubled []Absent       // these failed or were not performed to their end; with one of them the run is not green
}

// Empty is whether the run has nothing to show.
func (r Run) Empty() bool { return len(r.Trials)+len(r.Skipped)+len(r.Troubled) == 0 }

// ReplayCommand is the command that performs the run in that folder again.
func ReplayCommand(dir string) string { return "breakwater replay " + shellWord(dir) }

// ReplayTrial is the command that performs one trial of the run again, "" when
// the run has none.
func (r Run) ReplayTrial(t *trial.Trial) string {
	if r.Replay == "" {
		return ""
	}
	return r.Replay + " --trial " + shellWord(t.ID)
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

//go:embed page.css
var style string

//go:embed page.js
var script string

//go:embed *.html
var templates embed.FS

var layout = template.Must(template.New("page").Funcs(helpers).ParseFS(templates, "*.html"))

// policy is the page's own content security policy. It lets nothing in from
// anywhere: the one script is named by its hash, so that even a string that
// slipped through the escaping could not run.
func policy() string {
	sum := sha256.Sum256([]byte(script))
	return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
		"script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write renders the run to w. It fails on a run that does not validate, before
// anything is written, and with the error of w.
func Write(w io.Writer, run Run) error {
	if err := run.Validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := layout.ExecuteTemplate(&b, "page", newView(run)); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	shown := printable.NewWriter(w)
	_, err := shown.Write(b.Bytes())
	return errors.Join(err, shown.Close())
}
