package page

import (
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/measure"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

func TestCurves(t *testing.T) {
	of := breakwater.Capacity("POST /register")
	point := func(title, contender string, at, value float64, atLeast bool) *trial.Trial {
		return &trial.Trial{
			ID: title + contender, Suite: "coupling", Claim: "S4", Title: title, Contender: contender, World: "local",
			Sweep:        &breakwater.Sweep{Over: "callees", At: at, Of: of},
			Measurements: measure.Measurements{Values: []measure.Value{{Name: of, Value: value, Unit: "/s", N: 1, AtLeast: atLeast}}},
		}
	}
	trials := []*trial.Trial{
		point("eight", "sync", 8, 10, false), point("eight", "event", 8, 97, true),
		point("one", "sync", 1, 80, false), point("one", "event", 1, 97, true),
		point("one", "alone", 1, 50, false), // a single point is no curve
		{ID: "x", Claim: "S4", Title: "another"},
	}
	curves := newCurves(trials, map[string]string{"sync": "c1"})
	if len(curves) != 1 || len(curves[0].Lines) != 2 || curves[0].Lines[0].Points[0].At != 1 || curves[0].Lines[0].Class != "c1" {
		t.Fatalf("the curves are %+v", curves)
	}
	f, ok := curves[0].figure("curve1", 1)
	if !ok || f.Caption != "S4: capacity of POST /register, by callees" || f.Note == "" || len(f.Pics) != 2 {
		t.Errorf("drawn %t as %q, %q", ok, f.Caption, f.Note)
	}
	if want := "sync from 80/s at 1 to 10/s at 8; event from 97/s at 1 to 97/s at 8."; f.Pics[0].Desc != want {
		t.Errorf("described as %q, want %q", f.Pics[0].Desc, want)
	}
	dots, names := 0, []string{}
	for _, m := range f.Pics[0].Marks {
		if m.Tag == "circle" {
			dots++
		}
		if m.Tag == "text" {
			names = append(names, m.Text)
		}
	}
	if all := strings.Join(names, " "); dots != 4 || !strings.Contains(all, "sync") || !strings.Contains(all, "event") {
		t.Errorf("%d dots, and it says %s", dots, all)
	}
}
