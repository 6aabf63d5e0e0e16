package render

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/store"
)

func TestRenderWritesEveryForm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "20261123T120000Z")
	for _, given := range pagetest.Run().Trials {
		saved := &store.Run{Dir: dir}
		if err := saved.Save(given, history.Log{}); err != nil {
			t.Fatal(err)
		}
	}
	run, err := report.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	path, err := Write(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{PageFile, MarkdownFile, JSONFile, JUnitFile} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	if filepath.Base(path) != PageFile {
		t.Errorf("the page is %s", path)
	}
}

// A reader of the report never sees half of one.
func TestAReportIsReplacedWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), PageFile)
	wording := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		}
	}
	if err := write(file, wording("the first", nil)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write(file, wording("half of the sec", broken)); !errors.Is(err, broken) || !strings.Contains(err.Error(), PageFile) {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(file); string(b) != "the first" {
		t.Errorf("the report is %q, %v", b, err)
	}
	if err := write(file, wording("the second", nil)); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); string(b) != "the second" {
		t.Errorf("the report is %q, %v", b, err)
	}
}
