package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/check"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestMatrix(t *testing.T) {
	made := func(id, contender, world string, faults []measure.Fault, verdicts ...check.Verdict) *trial.Trial {
		return &trial.Trial{ID: id, Contender: contender, World: world, Verdicts: verdicts, Measurements: measure.Measurements{Faults: faults}}
	}
	is := func(guarantee string, s check.Status) check.Verdict {
		return check.Verdict{Guarantee: guarantee, Status: s}
	}
	cut, kill, killB := measure.Fault{Fault: breakwater.Cut(breakwater.Edge("a", "kafka")), Service: "a"}, measure.Fault{Fault: breakwater.Kill("a"), Service: "a"}, measure.Fault{Fault: breakwater.Kill("b"), Service: "b"}
	got := newMatrices([]*trial.Trial{
		made("1", "event", "local", []measure.Fault{killB, cut, kill}, is(breakwater.NoPhantom, check.Holds), is(breakwater.NoOrphans, check.NotAsked), is("of a team", check.Holds)),
		made("2", "sync", "local", []measure.Fault{kill, killB, cut}, is(breakwater.NoAcknowledgedLoss, check.Holds), is(breakwater.NoPhantom, check.Broken)),
		made("3", "sync", "local", []measure.Fault{cut, kill, killB}, is(breakwater.NoAcknowledgedLoss, check.Unknown), is(breakwater.NoPhantom, check.Holds)),
		made("4", "", "local", nil, is(breakwater.NoPhantom, check.Holds)),
		made("5", "event", "docker", []measure.Fault{{Name: "odd"}}, is(breakwater.NoPhantom, check.Holds)),
		made("6", "event", "docker", nil), // was not judged
	}, map[string]string{"event": "c0", "sync": "c1"}, map[string]string{"1": "x1", "2": "x1", "4": "x2"})
	var wording []string
	for _, m := range got {
		wording = append(wording, m.World+": "+strings.Join(m.Guarantees, " "))
		for _, f := range m.Faults {
			for _, r := range f.Rows {
				var cells []string
				for _, c := range r.Cells {
					cells = append(cells, c.Glyph())
				}
				wording = append(wording, fmt.Sprintf("%s (%s): %s %s %q", f.Name, f.Section, r.Contender, r.Class, cells))
			}
		}
	}
	want := []string{
		"local: no-acknowledged-loss no-phantom of a team",
		`cut a→kafka + kill a, b (x1): event c0 ["" "✓" "✓"]`,
		`cut a→kafka + kill a, b (x1): sync c1 ["?" "✗" ""]`,
		`no fault (x2): system  ["" "✓" ""]`,
		"docker: no-phantom",
		`odd (): event c0 ["✓"]`,
	}
	if strings.Join(wording, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(wording, "\n"), strings.Join(want, "\n"))
	}
}

// Contenders of one machine share an environment, though one has settings that the
// other has not; what differs keeps them apart.
func TestEnvironments(t *testing.T) {
	on := func(id, machine string, settings map[string]string) *trial.Trial {
		return &trial.Trial{ID: id, Environment: trial.Environment{World: "local", Machine: machine, Settings: settings, Versions: map[string]string{"go": "1"}}}
	}
	own := map[string]string{"a": "1 s"}
	got := environments(report.Run{Trials: []*trial.Trial{
		on("1", "m", own), on("2", "m", map[string]string{"a": "1 s", "b": "2 s"}), on("3", "m", nil), on("4", "m", map[string]string{"b": "9 s"}), on("5", "n", nil),
	}})
	var wording []string
	for _, e := range got {
		wording = append(wording, fmt.Sprint(e.Machine, e.Settings, e.Trials))
	}
	if want := "mmap[a:1 s b:2 s] [1 2 3], mmap[b:9 s] [4], nmap[] [5]"; strings.Join(wording, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(wording, ", "), want)
	}
	if len(own) != 1 {
		t.Error("the trial's own settings were changed")
	}
}

func TestReplayOfAScenario(t *testing.T) {
	a, b, c := &trial.Trial{ID: "a"}, &trial.Trial{ID: "b c"}, &trial.Trial{ID: "d"}
	run := report.Run{Replay: "breakwater replay out/x", Trials: []*trial.Trial{a, b, c}}
	if got := run.ReplayOf(run.Trials[:2]...); got != "breakwater replay out/x --trial a --trial 'b c'" {
		t.Error(got)
	}
	if got := run.ReplayOf(run.Trials...); got != run.Replay {
		t.Errorf("all trials are replayed by %s", got)
	}
	if got := (report.Run{Trials: run.Trials}).ReplayOf(run.Trials[:1]...); got != "" {
		t.Errorf("a run that cannot be replayed says %s", got)
	}
}
