package offline_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What was saved can be judged and shown where there is no engine, no proxy and no broker:
// neither these commands nor any package of reports links one, or the kit's fixtures.
func TestNothingOfARunIsLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".", "../../../../reports/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Errorf("only %d packages are listed", len(packages))
	}
	for _, p := range packages {
		for _, banned := range []string{"breakwater/fixtures/", "breakwater/suites/", "testcontainers", "docker", "toxiproxy", "kfake", "franz-go", "miniredis", "pgx", "psql-wire", "sqlite", "go-redis"} {
			if strings.Contains(p, banned) {
				t.Errorf("%s is linked", p)
			}
		}
	}
}
