package breakwater_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// An example without an output is compiled and never run: what it teaches may be wrong.
func TestEveryExampleIsRun(t *testing.T) {
	n := 0
	err := filepath.WalkDir(".", func(path string, file fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file.IsDir() && (path == "out" || path != "." && strings.HasPrefix(file.Name(), ".")):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, e := range doc.Examples(parsed) {
			if n++; e.Output == "" && !e.EmptyOutput {
				t.Errorf("%s: Example%s has no // Output", path, e.Name)
			}
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d examples were found, %v", n, err)
	}
}
