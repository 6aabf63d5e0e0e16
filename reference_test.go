package breakwater_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
)

var update = flag.Bool("update", false, "write docs/ anew")

// Whatever can be predicted, injected or measured has its reference, once.
func TestEverythingHasAReference(t *testing.T) {
	names := map[string]map[string]bool{}
	for _, r := range breakwater.References() {
		if names[r.Of] == nil {
			names[r.Of] = map[string]bool{}
		}
		names[r.Of][r.Name] = true
		if text := r.Text(); !strings.Contains(text, r.Symbol) || len(strings.Fields(text)) < 8 {
			t.Errorf("%s %s is explained by %q", r.Of, r.Name, text)
		}
	}
	for _, g := range breakwater.Guarantees() {
		if !names[breakwater.OfGuarantee][g.Name] {
			t.Errorf("guarantee %s has no reference", g.Name)
		}
	}
	for _, k := range breakwater.FaultKinds() {
		if !names[breakwater.OfFault][string(k)] {
			t.Errorf("fault %s has no reference", k)
		}
	}
}

// The pages under docs/ are what the declarations say; -update writes them.
func TestDocsAreCurrent(t *testing.T) {
	for _, page := range []struct{ of, file, title, lead string }{
		{breakwater.OfGuarantee, "docs/guarantees.md", "Guarantees", "What a scenario can predict of a system: that it holds (`Holds(NoStuck)`), or is broken (`Breaks(NoStuck)`)."},
		{breakwater.OfFault, "docs/faults.md", "Faults", "What a plan can inject: `At(4*time.Second).Inject(Cut(Edge(\"billing\", Kafka))).For(4*time.Second)`."},
		{breakwater.OfMeasure, "docs/measures.md", "Measures", "What a bound can be set on: `AtMost(CatchUp(\"billing\"), 10*time.Second)`."},
	} {
		var b strings.Builder
		fmt.Fprintf(&b, "# %s\n\nMade of the comments at the declarations: `go test . -run TestDocsAreCurrent -update`.\n\n%s\n", page.title, page.lead)
		for _, r := range breakwater.References() {
			if r.Of == page.of {
				fmt.Fprintf(&b, "\n%s", r.Markdown())
			}
		}
		if *update {
			if err := os.WriteFile(page.file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if is, err := os.ReadFile(page.file); err != nil || string(is) != b.String() {
			t.Errorf("%s is not current (%v): go test . -run TestDocsAreCurrent -update", page.file, err)
		}
	}
}

func ExampleExplain() {
	for _, r := range breakwater.Explain("reset") {
		fmt.Print(r.Text())
	}
	// Output:
	// reset (fault)
	// Reset(e EdgeRef)
	//
	// Reset answers with RST: open connections are reset at once, new ones as soon as they are
	// accepted. The client sees "connection reset by peer".
}

// Every guarantee can be told in a few words, and those of one are not those of another.
func TestGuaranteesArePhrased(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range breakwater.Guarantees() {
		for _, e := range []breakwater.Expectation{breakwater.ToHold, breakwater.ToBreak} {
			words := g.Phrase(e)
			if seen[words] || strings.Contains(words, g.Name) {
				t.Errorf("%s %s is %q", g.Name, e, words)
			}
			seen[words] = true
		}
	}
	for _, name := range []string{"", breakwater.NoStuck, breakwater.Others} {
		if !panics(func() { breakwater.DeclareGuarantee(breakwater.Guarantee{Name: name}) }) {
			t.Errorf("a guarantee %q was declared", name)
		}
	}
}

// The names that functions make are those of measures that are declared.
func TestMeasuresAreNamed(t *testing.T) {
	for _, name := range []string{
		breakwater.LatencyOf(breakwater.P50, breakwater.After, "x"), breakwater.LatencyAdded(breakwater.P99, "x"), breakwater.LatencyExcess(breakwater.P50, "x"),
		breakwater.AvailabilityIn(breakwater.Before, "x"), breakwater.Lost("x"), breakwater.Duplicates("x"), breakwater.Redelivered("x"), breakwater.EffectsDuring("x"),
		breakwater.EffectsRatio("x"), breakwater.Amplification("x"), breakwater.Detection("x"), breakwater.Outage("x"), breakwater.WorkerOutage("x"),
		breakwater.FirstProgress("x"), breakwater.CatchUp("x"), breakwater.IdealCatchUp("x"), breakwater.Headroom("x"), breakwater.ReplayDepth("x"), breakwater.Rejoins("x"),
		breakwater.LogDuplicates("x"), breakwater.Aborted("x"), breakwater.Restarts("x"), breakwater.Unowned("x"), breakwater.Orphans, breakwater.BlastRadius,
		breakwater.Staleness("x"), breakwater.StalenessIn(breakwater.After, "x"), breakwater.FreshAgain("x"),
		breakwater.ConsistencyWindow(breakwater.P50, breakwater.After, "x"), breakwater.StaleReads(breakwater.After, "x"),
		breakwater.Overtaken("x"), breakwater.OvertakenInKey("x"), breakwater.Traced, breakwater.Capacity("x"),
	} {
		if m, known := breakwater.MeasureOf(name); !known || m.Name() != name {
			t.Errorf("%s is taken for %s (%v)", name, m.Name(), known)
		}
	}
	words := breakwater.MeasureKind{Key: "lost", Unit: "count", Long: "lost", Short: "lost", Brief: "lost"}
	if !panics(func() { breakwater.DeclareMeasure(words) }) {
		t.Error("a measure was declared twice")
	}
	if words.Key, words.Unit = "mine", "m"; !panics(func() { breakwater.DeclareMeasure(words) }) {
		t.Error("a measure was declared in metres")
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func ExampleGuarantee_Phrase() {
	for _, name := range []string{breakwater.NoAcknowledgedLoss, breakwater.NoOrphans, "mine"} {
		g, _ := breakwater.GuaranteeOf(name)
		fmt.Println(g.Phrase(breakwater.ToHold)+",", g.Phrase(breakwater.ToBreak))
	}
	// Output:
	// loses nothing, loses what it acknowledged
	// leaves no orphans, leaves orphans
	// mine holds, mine broken
}
