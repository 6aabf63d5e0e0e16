package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestTable(t *testing.T) {
	for file, run := range map[string]report.Run{"table.golden": pagetest.Small(), "selftest.golden": pagetest.Selftest()} {
		var b bytes.Buffer
		if err := report.WriteTable(&b, run); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
