package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// What cannot be had is left out where that was asked for, and the others are not.
func TestWorldsThatCanBeHad(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere.sock")
	var printed bytes.Buffer
	run := RunCmd{World: []string{"docker", "local"}, OrSkip: true}
	had, err := run.worlds(t.Context(), &kong.Kong{Stdout: &printed}, []suite{{name: "cascade"}, {name: "replay"}})
	if err != nil || !slices.Equal(had, []string{"local"}) {
		t.Errorf("%v %v, want local alone", had, err)
	}
	if want := "SKIPPED: cascade, replay in docker, because --world=docker: no Docker engine answers"; !strings.HasPrefix(printed.String(), want) {
		t.Errorf("said %q, want %q…", printed.String(), want)
	}
}
