package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/render"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// Every way in which a spec can end is what it is in every form of the report and in the
// exit code, also after a trial that came out as predicted.
func TestRedIsRedEverywhere(t *testing.T) {
	endings := builtEndings(t)
	for _, c := range []struct {
		focus   string
		failing string // a node beside the specs
		code    int
		as      string   // "" for what is green
		wording []string // the reason, everywhere
	}{
		{focus: "a spec passes$", code: trial.ExitAsPredicted},
		{focus: "is refuted", code: trial.ExitRefuted, as: "refuted", wording: []string{"no-acknowledged-loss"}},
		{focus: "a spec fails", code: trial.ExitRefuted, as: "failed", wording: []string{"a spec fails", "endings_test.go:", "to equal"}},
		{focus: "cleans up badly", code: trial.ExitRefuted, as: "failed", wording: []string{"a spec cleans up badly", "to equal"}},
		{focus: "a spec panics$", code: trial.ExitHarnessError, as: "panicked", wording: []string{"a spec panics", "boom"}},
		{focus: "panics elsewhere", code: trial.ExitHarnessError, as: "exited", wording: []string{"a spec panics elsewhere", "exit status 2"}},
		{focus: "a spec exits$", code: trial.ExitHarnessError, as: "exited", wording: []string{"a spec exits", "exit status 7"}},
		{focus: "exits well", code: trial.ExitHarnessError, as: "panicked", wording: []string{"a spec exits well", "os.Exit(0)"}}, // else it would pass
		{focus: "a spec leaves", code: trial.ExitHarnessError, as: "exited", wording: []string{"a spec leaves", "exit status 0"}},
		{focus: "a spec is killed", code: trial.ExitHarnessError, as: "killed", wording: []string{"a spec is killed", "signal: killed"}},
		{focus: "takes too long", code: trial.ExitHarnessError, as: "timed out", wording: []string{"a spec takes too long", "timed"}},
		{focus: "is interrupted", code: trial.ExitHarnessError, as: "interrupted", wording: []string{"a spec is interrupted", "Interrupted by"}},
		{focus: "aborts the suite", code: trial.ExitHarnessError, as: "interrupted", wording: []string{"a spec aborts the suite", "it cannot go on"}},
		{focus: "a chain", code: trial.ExitHarnessError, as: "killed", wording: []string{"a chain is killed at first", "a chain goes on", "ended before it began"}},
		{focus: "a spec is skipped", code: trial.ExitAsPredicted, wording: []string{"this world cannot do it"}},
		{focus: "passes twice", code: trial.ExitRefuted, as: "failed", wording: []string{"a spec passes twice"}}, // under one name, and the second one's trial is refused
		{focus: "a spec passes$", failing: "BeforeEach", code: trial.ExitRefuted, as: "failed", wording: []string{"a spec passes", "BeforeEach"}},
		{focus: "a spec passes$", failing: "AfterEach", code: trial.ExitRefuted, as: "failed", wording: []string{"a spec passes", "AfterEach"}},
		{focus: "a spec passes$", failing: "BeforeSuite", code: trial.ExitRefuted, as: "failed", wording: []string{"[BeforeSuite]"}},
		{focus: "a spec passes$", failing: "AfterSuite", code: trial.ExitRefuted, as: "failed", wording: []string{"[AfterSuite]"}},
		{focus: "a spec passes$", failing: "ReportAfterSuite", code: trial.ExitRefuted, as: "failed", wording: []string{"endings"}},
		{focus: "a spec passes$", failing: "exit", code: trial.ExitHarnessError, as: "exited", wording: []string{"exit status 7"}},
		{focus: "a spec passes$", failing: "test", code: trial.ExitRefuted, as: "failed", wording: []string{"no spec failed, and its process did"}},
		{focus: "there is no such spec", code: trial.ExitUndecided},
	} {
		for _, procs := range []int{1, 2} {
			t.Run(strings.Trim(c.focus, "$")+" "+c.failing+" "+string(rune('0'+procs)), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				run, err := session.NewRun(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				t.Setenv("BREAKWATER_TEST_ENDING", "none")
				if c.failing != "" {
					t.Setenv("BREAKWATER_TEST_ENDING", c.failing)
				}
				var printed strings.Builder
				screen := session.NewScreen(writer(func(b []byte) {
					printed.Write(b)
					if strings.Contains(string(b), "ready to be interrupted") {
						cancel()
					}
				}))
				s := endings
				s.focus, s.run, s.world, s.round = c.focus, run, "local", 1
				broken := perform(ctx, []suite{s}, procs, screen)
				if (broken == nil) != (c.as == "") {
					t.Errorf("the suite gives %v\n%s", broken, printed.String())
				}
				if err := agree(run, []string{"local"}, broken); err != nil {
					t.Fatal(err)
				}
				var table bytes.Buffer
				if code := codeOf(conclude(&table, run)); code != c.code {
					t.Errorf("exit code %d, want %d\n%s", code, c.code, printed.String())
				}
				if strings.Contains(c.focus, "no such spec") {
					if _, err := os.Readlink(filepath.Join(filepath.Dir(run.Dir), "latest")); err == nil || exists(run.Dir) {
						t.Errorf("the run is kept, and is the latest: %v", err)
					}
					return
				}
				seen := forms(t, run.Dir)
				seen["terminal"] = form{text: table.String(), red: !strings.HasSuffix(strings.TrimSpace(strings.Split(table.String(), "report:")[0]), "as predicted.") && !strings.Contains(table.String(), "as predicted. 1 spec skipped.\n")}
				for name, f := range seen {
					if f.red != (c.code != trial.ExitAsPredicted) {
						t.Errorf("%s: red is %t", name, f.red)
					}
					for _, want := range append([]string{c.as}, c.wording...) {
						if !strings.Contains(strings.ToLower(f.text), strings.ToLower(want)) {
							t.Errorf("%s does not have %q", name, want)
						}
					}
				}
				if t.Failed() {
					t.Logf("%s\n%s", printed.String(), table.String())
				}
			})
		}
	}
}

// So it is where go test performs the suite, without the command: as far as the process
// lives.
func TestRedIsRedWithoutTheCommand(t *testing.T) {
	endings := builtEndings(t)
	for _, c := range []struct{ focus, failing, wording string }{
		{"a spec passes$", "", ""},
		{"is refuted", "", "no-acknowledged-loss"},
		{"a spec fails", "", "to equal"},
		{"a spec panics$", "", "boom"},
		{"takes too long", "", "timed out"},
		{"cleans up badly", "", "to equal"},
		{"a spec passes$", "AfterEach", "AfterEach"},
		{"a spec passes$", "BeforeSuite", "[BeforeSuite]"},
		{"a spec passes$", "AfterSuite", "[AfterSuite]"},
		{"a spec passes$", "ReportAfterSuite", "endings"},
	} {
		t.Run(strings.Trim(c.focus, "$")+" "+c.failing, func(t *testing.T) {
			run, err := session.NewRun(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			t.Setenv(launch.LockVariable, filepath.Join(tmp, "lock")) // that of this machine's real runs is another
			t.Setenv("BREAKWATER_TEST_ENDING", cmp.Or(c.failing, "none"))
			s := endings
			s.run, s.world, s.round = run, "local", 1
			printed, err := s.command(t.Context(), "-ginkgo.focus="+c.focus).CombinedOutput()
			if green := c.wording == ""; (err == nil) != green {
				t.Errorf("the process gives %v\n%s", err, printed)
			}
			for name, f := range forms(t, run.Dir) {
				if f.red != (c.wording != "") || !strings.Contains(strings.ToLower(f.text), strings.ToLower(c.wording)) {
					t.Errorf("%s: red is %t, or it does not have %q\n%s", name, f.red, c.wording, printed)
				}
			}
			if latest, err := os.Readlink(filepath.Join(filepath.Dir(run.Dir), "latest")); err != nil || latest != filepath.Base(run.Dir) {
				t.Errorf("the latest is %s, %v", latest, err)
			}
		})
	}
}

// builtEndings is the suite whose specs end in every way.
func builtEndings(t *testing.T) suite {
	t.Helper()
	root, err := launch.ModuleRoot(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := launch.NewScratch("endings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = scratch.Remove() })
	endings := suite{name: "endings", dir: filepath.Join(root, "suites", "harness", "endings"), program: filepath.Join(scratch.Dir, "endings.test")}
	var built bytes.Buffer
	if err := build(t.Context(), &kong.Kong{Stdout: &built, Stderr: &built}, root, scratch, []suite{endings}); err != nil {
		t.Fatalf("%v\n%s", err, built.String())
	}
	return endings
}

type form struct {
	text string
	red  bool
}

// forms are the forms of the report, and whether each is red.
func forms(t *testing.T, dir string) map[string]form {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	page, summary := string(read(render.PageFile)), string(read(render.MarkdownFile))
	var report struct{ Green bool }
	var units struct {
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Tests    int `xml:"tests,attr"`
	}
	if err := json.Unmarshal(read(render.JSONFile), &report); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(read(render.JUnitFile), &units); err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`\_`, "_", `\[`, "[", `\]`, "]", "&#39;", "'", "&#34;", `"`)
	return map[string]form{
		render.PageFile:     {plain.Replace(page), strings.Contains(page, `class="lead red"`)},
		render.MarkdownFile: {plain.Replace(summary), strings.HasPrefix(summary, "## ✗")},
		render.JSONFile:     {string(read(render.JSONFile)), !report.Green},
		render.JUnitFile:    {plain.Replace(string(read(render.JUnitFile))), units.Failures+units.Errors > 0},
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
