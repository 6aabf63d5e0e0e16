package render_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/render"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/store"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// A saved run is rendered again, for instance with a newer version.
func ExampleWrite() {
	out, err := os.MkdirTemp("", "out")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(out)
	made, err := store.Create(out, "20261123T140201Z")
	if err != nil {
		panic(err)
	}
	if err := made.Save(&trial.Trial{Suite: "replay", ID: "replay-e2-kill-event", Claim: "E2", Outcome: trial.Confirmed}, history.Log{}); err != nil {
		panic(err)
	}

	run, err := report.Load(made.Dir)
	if err != nil {
		panic(err)
	}
	if _, err := render.Write(made.Dir, run); err != nil {
		panic(err)
	}
	written, err := filepath.Glob(filepath.Join(made.Dir, "*.*"))
	if err != nil {
		panic(err)
	}
	for _, file := range written {
		fmt.Println(filepath.Base(file))
	}
	// Output:
	// index.html
	// junit.xml
	// report.json
	// summary.md
}
