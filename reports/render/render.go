// Package render writes all formats of a run's report into its folder.
package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/breakwater-kit/breakwater/reports/junit"
	"github.com/breakwater-kit/breakwater/reports/markdown"
	"github.com/breakwater-kit/breakwater/reports/page"
	"github.com/breakwater-kit/breakwater/reports/report"
)

// Files of a run's report, in the run's folder.
const (
	PageFile     = "index.html"
	MarkdownFile = "summary.md"
	JSONFile     = "report.json"
	JUnitFile    = "junit.xml"
)

// Write writes the run's report, in every format, into its folder and returns the page's
// path. A format that cannot be written is an error, and the others are written.
func Write(dir string, run report.Run) (string, error) {
	into := filepath.Join(dir, PageFile)
	return into, errors.Join(
		write(into, func(w io.Writer) error { return page.Write(w, run) }),
		write(filepath.Join(dir, JSONFile), func(w io.Writer) error { return report.WriteJSON(w, run) }),
		write(filepath.Join(dir, MarkdownFile), func(w io.Writer) error { return markdown.Write(w, run, into) }),
		write(filepath.Join(dir, JUnitFile), func(w io.Writer) error { return junit.Write(w, run) }),
	)
}

// write replaces the file in one step: a reader sees the old report or the new.
func write(file string, render func(io.Writer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if err := os.WriteFile(file+".new", b.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
