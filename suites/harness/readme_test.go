package harness_test

import (
	"go/format"
	"os"
	"strings"
	"testing"
)

// What README shows as the first test is the one that suites/outside compiles and runs in
// a module of its own.
func TestReadmeShowsTheTestThatIsRun(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	run, err := os.ReadFile("../outside/shop_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```go\n")
	block, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("README.md has no Go")
	}
	shown, err := format.Source([]byte(block))
	if err != nil {
		t.Fatalf("the first Go of README.md: %v", err)
	}
	if string(shown) != string(run) {
		t.Errorf("the first Go of README.md is not suites/outside/shop_test.go; copy it:\n%s", run)
	}
}
