// Package junit renders a run as JUnit XML, for CI systems that count tests. A
// suite of the run is a testsuite, a trial a testcase.
package junit

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []*suite `xml:"testsuite"`
}

type suite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []*testcase `xml:"testcase"`

	took time.Duration
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Class     string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *problem `xml:"failure"`
	Error     *problem `xml:"error"`
	Skipped   *problem `xml:"skipped"`
	SystemOut string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Write renders the run to w. A trial that is as predicted passes, one that is
// refuted fails, one that is undecided or had an error of the kit is an error:
// it shows nothing about the system. So is a spec that was not performed to its end; one
// that failed an assertion of its own fails. What is known to be refuted passes, and its
// output reports why. It fails on a run that does not validate and with the error
// of w. Control characters are shown as \u001b.
func Write(w io.Writer, run report.Run) error {
	if err := run.Validate(); err != nil {
		return err
	}
	all := &suites{Name: "breakwater " + run.ID, Time: seconds(run.Took)}
	find := func(name string) *suite {
		name = cmp.Or(name, "trials")
		for _, s := range all.Suites {
			if s.Name == name {
				return s
			}
		}
		s := &suite{Name: name}
		all.Suites = append(all.Suites, s)
		return s
	}
	repeated := map[*trial.Trial]bool{}
	for _, rounds := range trial.Repeated(run.Trials) {
		for _, t := range rounds {
			repeated[t] = len(rounds) > 1
		}
	}
	for _, t := range run.Trials {
		s := find(t.Suite)
		c := caseOf(run, t)
		if repeated[t] {
			c.Name += fmt.Sprintf(", round %d", t.Round)
		}
		s.Cases = append(s.Cases, c)
		s.took += t.Took
		if c.Failure != nil {
			s.Failures++
		}
		if c.Error != nil {
			s.Errors++
		}
		if s.Timestamp == "" && !t.Started.IsZero() {
			s.Timestamp = t.Started.UTC().Format("2006-01-02T15:04:05")
		}
	}
	absent := func(a report.Absent) (*suite, *testcase) {
		s := find(a.Suite)
		c := &testcase{Name: name(a.Title, a.Spec, a.Contender), Class: class(a.Suite, a.Claim, a.World), Time: seconds(0)}
		if a.Round > 1 {
			c.Name += fmt.Sprintf(", round %d", a.Round)
		}
		s.Cases = append(s.Cases, c)
		return s, c
	}
	for _, a := range run.Errored {
		s, c := absent(a)
		p := &problem{Message: a.Why(), Type: string(a.How())}
		if a.Outcome() == trial.Refuted {
			c.Failure = p
			s.Failures++
		} else {
			c.Error = p
			s.Errors++
		}
	}
	for _, a := range run.Skipped {
		s, c := absent(a)
		c.Skipped = &problem{Message: a.Reason}
		s.Skipped++
	}
	for _, s := range all.Suites {
		s.Tests, s.Time = len(s.Cases), seconds(s.took)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
	}
	all.show()
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// show makes control characters visible in all that comes from outside.
func (all *suites) show() {
	show := func(texts ...*string) {
		for _, s := range texts {
			*s = printable.Text(*s)
		}
	}
	show(&all.Name)
	for _, s := range all.Suites {
		show(&s.Name)
		for _, c := range s.Cases {
			show(&c.Name, &c.Class, &c.SystemOut)
			for _, p := range []*problem{c.Failure, c.Error, c.Skipped} {
				if p != nil {
					show(&p.Message, &p.Type, &p.Text)
				}
			}
		}
	}
}

func caseOf(run report.Run, t *trial.Trial) *testcase {
	c := &testcase{Name: name(t.Title, t.Spec, t.Contender), Class: class(t.Suite, t.Claim, t.World), Time: seconds(t.Took)}
	p := &problem{Message: t.Why, Type: string(cmp.Or(t.Outcome, trial.Undecided)), Text: body(run, t)}
	switch {
	case t.AsPredicted():
		for _, q := range t.Predictions {
			if q.KnownRefuted != "" {
				c.SystemOut += fmt.Sprintf("known to be refuted: %s: %s\n", q.Says, q.KnownRefuted)
			}
		}
	case len(t.Predictions) == 0 && t.Outcome == trial.Confirmed:
		p.Type, p.Message = string(trial.Undecided), "nothing was predicted"
		c.Error = p
	case t.Outcome == trial.Refuted:
		c.Failure = p
	case t.Outcome == trial.Confirmed:
		p.Message = "came out confirmed where it is marked as known to be refuted"
		c.Failure = p
	default:
		c.Error = p
	}
	return c
}

func body(run report.Run, t *trial.Trial) string {
	var b strings.Builder
	for _, p := range t.Predictions {
		fmt.Fprintf(&b, "%s: predicted %s; observed %s\n", cmp.Or(p.Outcome, trial.Undecided), p.Says, cmp.Or(p.Observed, "nothing"))
	}
	for _, v := range t.Verdicts {
		if v.Status != check.Broken && v.Status != check.Unknown {
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s\n", v.Guarantee, v.Status, v.Why)
		for _, a := range v.Anomalies {
			fmt.Fprintf(&b, "  %s\n", a.What)
		}
	}
	if command := run.ReplayOf(t); command != "" {
		fmt.Fprintf(&b, "replay: %s\n", command)
	}
	return b.String()
}

func name(title, spec, contender string) string {
	s := cmp.Or(title, spec, "unnamed")
	if contender != "" {
		s += " [" + contender + "]"
	}
	return s
}

func class(suite, claim, world string) string {
	parts := []string{cmp.Or(suite, "trials")}
	for _, p := range []string{claim, world} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
