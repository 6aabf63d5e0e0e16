package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// What was performed in two worlds is two rounds where it is performed again in one,
// and neither takes the other's place.
func TestReplayInOneWorld(t *testing.T) {
	one, err := store.Load(saved(t))
	if err != nil {
		t.Fatal(err)
	}
	run, err := store.Create(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []trial.Trial{
		{ID: "l1", World: "local", Round: 1}, {ID: "l2", World: "local", Round: 2}, {ID: "d1", World: "docker", Round: 1}, {ID: "d2", World: "docker"},
		{ID: "d3", World: "docker", Contender: "sync"},
	} {
		x.Suite, x.Claim, x.Title, x.Scenario = "replay", "E2", "an API is looked at", one[0].Scenario
		if err := run.Save(&x, history.Log{}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := (&ReplayCmd{Dir: run.Dir, World: "local"}).prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range all {
		got = append(got, fmt.Sprint(a.ID, ":", a.round))
	}
	if want := "d1:1 d2:2 d3:1 l1:3 l2:4"; strings.Join(got, " ") != want {
		t.Errorf("rounds %v, want %s", got, want)
	}
}
