package breakwater_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestWhoIsToBlame(t *testing.T) {
	invalid := &breakwater.InvalidError{What: `scenario "a slow mailer"`, Err: errors.New("load: rate 0 a second")}
	service := &breakwater.ServiceError{Service: "billing/1", Reason: "ended (exit status 2) before it was ready", Log: "DATABASE is not set"}
	for _, c := range []struct {
		name string
		err  error
		want trial.Blame
		says string
	}{
		{"an invalid scenario", invalid, trial.BlameScenario, `scenario "a slow mailer": load: rate 0 a second`},
		{"a service that ended", fmt.Errorf("start billing: %w", service), trial.BlameService, "start billing: billing/1 ended (exit status 2) before it was ready; its last log lines:\nDATABASE is not set"},
		{"one without a log", &breakwater.ServiceError{Service: "billing/1", Reason: "cannot be run", Log: " \n"}, trial.BlameService, "billing/1 cannot be run"},
		{"anything else", errors.New("open /tmp: no space left on device"), trial.BlameKit, "open /tmp: no space left on device"},
		{"both", errors.Join(service, invalid), trial.BlameScenario, service.Error() + "\n" + invalid.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := breakwater.BlameFor(c.err); got != c.want || c.err.Error() != c.says {
				t.Errorf("%s is to blame for %q", got, c.err)
			}
		})
	}
}

func ExampleBlameFor() {
	err := fmt.Errorf("start shop: %w", &breakwater.ServiceError{
		Service: "shop/1", Reason: "ended (exit status 2) before it was ready", Log: "panic: LISTEN is not set",
	})
	fmt.Println(breakwater.BlameFor(err).Because())
	fmt.Println(err)
	// Output:
	// your service did not start
	// start shop: shop/1 ended (exit status 2) before it was ready; its last log lines:
	// panic: LISTEN is not set
}
