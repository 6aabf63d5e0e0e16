package breakwater

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/breakwater-kit/breakwater/reports/redact"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Secrets are the names of the secrets that the scenario refers to as ${secret:NAME},
// sorted: in the environment, the arguments and the settings of its services, in paths,
// headers and bodies of its requests. Each is filled in with the environment variable of
// that name when the scenario is performed. A scenario that was saved has references in
// place of all secrets that stood in it.
func (s Scenario) Secrets() []string {
	b, err := s.JSON()
	if err != nil {
		return nil
	}
	return redact.References(string(b))
}

// MissingSecrets are those of the scenario's secrets that the environment lacks, or that
// are empty there.
func (s Scenario) MissingSecrets() (missing []string) {
	for _, name := range s.Secrets() {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// revealed is the scenario with its secrets filled in.
func (s Scenario) revealed() (Scenario, error) {
	b, err := s.JSON()
	if err != nil {
		return s, err
	}
	filled, missing, err := redact.Resolve(b, os.LookupEnv)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("it refers to %s; set %s in the environment", redact.Reference(missing[0]), strings.Join(missing, ", "))
	}
	if err != nil || string(filled) == string(b) {
		return s, err
	}
	var full Scenario
	return full, decode(filled, &full)
}

// redacted is the scenario as it is saved: with references in place of secrets.
func (s Scenario) redacted(r *redact.Redactor) (Scenario, error) {
	b, err := s.JSON()
	if err != nil {
		return s, err
	}
	document, err := r.Document(b)
	if err != nil {
		return s, err
	}
	var saved Scenario
	return saved, decode(document, &saved)
}

// Redactor holds the secrets of all contenders: those that are referred to, and what
// stands in them as a secret or looks like one. It is an error when one that is referred
// to is not in the environment.
func (e Experiment) Redactor() (*redact.Redactor, error) {
	var words []string
	for _, c := range e.Contenders {
		s := e.Of(c)
		words = append(append(append(words, c.Name), s.subjects()...), s.Topics()...)
		for _, v := range s.Services {
			words = append(words, v.Listeners()...)
		}
	}
	r := redact.New(words...)
	for _, c := range e.Contenders {
		s := e.Of(c)
		if _, err := s.revealed(); err != nil {
			return nil, err
		}
		for _, name := range s.Secrets() {
			r.Hold(name, os.Getenv(name))
		}
	}
	for _, c := range e.Contenders {
		b, err := e.Of(c).JSON()
		if err != nil {
			return nil, err
		}
		if err := r.Collect(b); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// redactor is the one of the performance, or that of the experiment. There is one in
// every case, for what is wrong with an experiment may be shown with a secret in it.
func (p Performance) redactor(e Experiment) (*redact.Redactor, error) {
	if p.Redactor != nil {
		return p.Redactor, nil
	}
	r, err := e.Redactor()
	if err != nil {
		r = redact.New()
	}
	return r, err
}

// withoutSecrets is the error with its text redacted, and the texts of those errors in
// it that are shown by themselves.
func withoutSecrets(r *redact.Redactor, err error) error {
	if e, ok := errors.AsType[*ServiceError](err); ok {
		e.Reason, e.Log = r.Text(e.Reason), r.Text(e.Log)
	}
	if e, ok := errors.AsType[*Unsupported](err); ok {
		e.Reason = r.Text(e.Reason)
	}
	if e, ok := errors.AsType[*InvalidError](err); ok {
		e.Err = r.Error(e.Err)
	}
	return r.Error(err)
}

// mostLogs is how many bytes of logs a trial keeps, of all instances together.
const mostLogs = 4 << 20

// withoutSecretsIn redacts what the world says of itself, and the logs, of which it
// keeps the ends.
func withoutSecretsIn(t *trial.Trial, r *redact.Redactor) {
	t.Environment.Versions = r.Values(t.Environment.Versions)
	t.Environment.Images = r.Values(t.Environment.Images)
	t.Environment.Settings = r.Values(t.Environment.Settings)
	t.Environment.Machine = r.Text(t.Environment.Machine)
	logs := map[string]string{}
	for name, log := range t.Logs {
		log = r.Text(log)
		logs[name] = log[max(0, len(log)-mostLogs/len(t.Logs)):]
	}
	if t.Logs != nil {
		t.Logs = logs
	}
}
