package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
)

func TestListed(t *testing.T) {
	got, err := listed([]byte(`[{"SuiteDescription": "replay", "SpecReports": [
		{"ContainerHierarchyTexts": ["The consumer", "when it is killed"], "LeafNodeType": "It", "LeafNodeText": "goes on (a.b)", "State": "passed"},
		{"ContainerHierarchyTexts": ["A chain", ""], "LeafNodeType": "It", "LeafNodeText": "fails", "State": "passed", "IsSerial": true},
		{"ContainerHierarchyTexts": ["A chain"], "LeafNodeType": "It", "LeafNodeText": "fails", "State": "passed"},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "It", "LeafNodeText": "out of focus", "State": "skipped"},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "It", "LeafNodeText": "later", "State": "pending"},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "BeforeSuite", "LeafNodeText": "", "State": "passed"}]}]`))
	want := []spec{{"The consumer when it is killed goes on (a.b)", false}, {"A chain fails", true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := listed([]byte("{")); err == nil {
		t.Error("half a report is read")
	}
}

// scripted is a suite whose test program is a shell script.
func scripted(t *testing.T, dir, name, script string) suite {
	t.Helper()
	s := suite{name: name, dir: dir, program: filepath.Join(dir, name+".test")}
	if err := os.WriteFile(s.program, []byte("#!/bin/sh\n"+script), 0o755); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	return s
}

// Specs of all suites are in one queue, so that no process waits for the end of a suite.
func TestPlan(t *testing.T) {
	bin := t.TempDir()
	fake := func(name, report string) suite {
		return scripted(t, bin, name, "cat > $0.json <<'END'\n"+report+"\nEND\n")
	}
	it := func(text string, serial bool) string {
		return fmt.Sprintf(`{"LeafNodeType": "It", "LeafNodeText": %q, "State": "passed", "IsSerial": %t}`, text, serial)
	}
	of := func(specs ...string) string { return `[{"SpecReports": [` + strings.Join(specs, ",") + `]}]` }
	suites := []suite{
		fake("one", of(it("a", false), it("b", false), it("c", false), it("d", true), it("h", true))),
		fake("two", of(it("e", false))),
		fake("three", of()),
		fake("four", of(it("f", true), it("g", false))),
	}
	for procs, want := range map[int]string{
		1: "side by side [], alone [one  two  three  four ]",
		2: "side by side [one ^(?:one a)$ one ^(?:one b)$ one ^(?:one c)$ two ^(?:two e)$ four ^(?:four g)$], alone [one ^(?:one d|one h)$ three  four ^(?:four f)$]",
	} {
		together, alone, err := plan(t.Context(), suites, procs)
		if err != nil {
			t.Fatal(err)
		}
		reported := func(parts chan part) (all []string) {
			for p := range parts {
				all = append(all, p.suite.name+" "+p.focus)
			}
			return all
		}
		if got := fmt.Sprintf("side by side %v, alone %v", reported(together), reported(alone)); got != want {
			t.Errorf("%d processes: %s, want %s", procs, got, want)
		}
	}
	if _, _, err := plan(t.Context(), []suite{fake("five", "half")}, 2); err == nil || !strings.Contains(err.Error(), "suite five") {
		t.Errorf("of a program that says nothing: %v", err)
	}
}

func TestExactlyMatchesNothingElse(t *testing.T) {
	focus := regexp.MustCompile(suite{name: "replay"}.exactly(spec{text: "a (b.c)"}, spec{text: "x"}))
	for text, want := range map[string]bool{"replay a (b.c)": true, "replay x": true, "replay a (bxc)": false, "replay x y": false, "a replay x": false, "": false} {
		if focus.MatchString(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// What is cancelled hears of it once, and is waited for.
func TestASuiteIsInterruptedOnce(t *testing.T) {
	run, err := store.Create(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	s := scripted(t, t.TempDir(), "one", "trap 'echo INT >> $0.heard' INT\necho ready\nuntil [ -e $0.heard ]; do sleep 0.01; done\necho healed >> $0.heard\nexit 1\n")
	s.run = run
	ctx, cancel := context.WithCancel(t.Context())
	screen := session.NewScreen(writer(func(b []byte) {
		if strings.Contains(string(b), "ready") {
			cancel()
		}
	}))
	var exit *exec.ExitError
	if err := (part{suite: s}).perform(ctx, screen); !errors.As(err, &exit) {
		t.Errorf("%v, want the program's own exit code", err)
	}
	if observed, err := os.ReadFile(s.program + ".heard"); err != nil || string(observed) != "INT\nhealed\n" {
		t.Errorf("the program heard %q, %v", observed, err)
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) {
	w(b)
	return len(b), nil
}
