package page_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// elements counts what a browser has to build: of the whole page, and of what is
// open when it is opened.
func elements(t *testing.T, source string) (all, shown int) {
	t.Helper()
	walk(t, source, func(n *html.Node) {
		all++
		for p := n; p != nil; p = p.Parent {
			if p.Parent != nil && p.Parent.Data == "details" && p.Data != "summary" && !attribute(p.Parent, "open") {
				return
			}
		}
		shown++
	})
	return all, shown
}

func attribute(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func TestSizeOfARunOf60Trials(t *testing.T) {
	run := pagetest.Large(60)
	source := write(t, run)
	checkPage(t, source)
	if limit := 5 << 20; len(source) > limit {
		t.Errorf("a page of 60 trials is %d bytes, want at most %d", len(source), limit)
	}
	all, shown := elements(t, source)
	if limit := 1_000 * len(run.Trials); all > limit {
		t.Errorf("the page has %d elements, want at most %d", all, limit)
	}
	if shown > all/2 {
		t.Errorf("%d of %d elements are open at once, want no more than half", shown, all)
	}
	t.Logf("%d bytes, %d elements, %d of them open", len(source), all, shown)
}

// However much there is of a trial, its part of the page has a limit, and says what
// it leaves out.
func TestSizeOfACrowdedTrial(t *testing.T) {
	run := report.Run{Trials: []*trial.Trial{pagetest.Replay()}}
	usual := len(write(t, run))
	crowded := pagetest.Crowded()
	crowded.ID, crowded.Title = "crowded", "Far too much of everything"
	run.Trials = append(run.Trials, crowded)
	source := write(t, run)
	checkPage(t, source)
	if limit := 1 << 20; len(source)-usual > limit {
		t.Errorf("a crowded trial takes %d bytes, want at most %d", len(source)-usual, limit)
	}
	for _, want := range []string{"38 more faults", "49 more operations", "more charts", "the saved trial has them", " more, below."} {
		if !strings.Contains(source, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	t.Logf("%d bytes more", len(source)-usual)
	if len(crowded.Measurements.Operations) != 61 || !strings.HasSuffix(crowded.Why, ", ") {
		t.Error("the trial itself was cut")
	}
}

// What a small run shows, a large one folds, but for what is not as predicted; and
// the way from the top to each scenario stays one click.
func TestLargeRunsAreFolded(t *testing.T) {
	for _, c := range []struct {
		trials int
		folded bool
	}{{11, false}, {60, true}} {
		run := pagetest.Large(c.trials)
		source := write(t, run)
		links, red := map[string]bool{}, 0
		walk(t, source, func(n *html.Node) {
			for _, a := range n.Attr {
				switch {
				case a.Key == "href" && within(n, "claims"):
					links[strings.TrimPrefix(a.Val, "#")] = true
				case a.Key == "class" && a.Val == "part" && attribute(n, "open") && within(n, "folded"):
					t.Errorf("%d trials: %q is open", c.trials, text(n)[:20])
				case a.Key == "class" && a.Val == "reds":
					red = strings.Count(text(n), "The ")
				}
			}
		})
		sections, folded := strings.Count(source, "<section id=\"x"), strings.Count(source, `class="experiment folded"`)
		if len(links) != sections {
			t.Errorf("%d trials: the claims lead to %d of %d scenarios", c.trials, len(links), sections)
		}
		if want := map[bool]int{true: sections - 3}[c.folded]; folded != want {
			t.Errorf("%d trials: %d of %d scenarios are folded, want %d", c.trials, folded, sections, want)
		}
		if c.folded && strings.Count(source, `<details class="brief">`) != sections-3 {
			t.Errorf("%d trials: %d scenarios have only a line, want %d", c.trials, strings.Count(source, `<details class="brief">`), sections-3)
		}
		if red != 3 {
			t.Errorf("%d trials: %d of 3 that are not as predicted are at the top", c.trials, red)
		}
	}
}

// within is whether the node stands in an element of that class.
func within(n *html.Node, class string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		for _, a := range p.Attr {
			if a.Key == "class" && strings.Contains(" "+a.Val+" ", " "+class+" ") {
				return true
			}
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestManyRedTrialsAreCounted(t *testing.T) {
	var run report.Run
	for i := range 20 {
		run.Trials = append(run.Trials, &trial.Trial{ID: fmt.Sprint(i), Title: fmt.Sprint("scenario ", i), Outcome: trial.Undecided})
	}
	if source := write(t, run); !strings.Contains(source, "and 8 more in the table") {
		t.Error("the page does not count the red trials beyond the listed")
	}
}
