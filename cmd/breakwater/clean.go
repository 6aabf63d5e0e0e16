package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/dustin/go-humanize"

	"github.com/breakwater-kit/breakwater/fixtures/docker"
	"github.com/breakwater-kit/breakwater/fixtures/images"
	"github.com/breakwater-kit/breakwater/fixtures/launch"
)

// CleanCmd removes what dead runs and earlier builds left behind.
type CleanCmd struct{}

// Run removes containers, networks, folders and processes whose owner is gone, never
// those of a run that is alive, and images of earlier builds, see
// [images.Prune]. That no engine is installed is fine: then there are none. One
// that does not answer is failure.
func (c *CleanCmd) Run(ctx context.Context, k *kong.Kong) error {
	swept, err := launch.Sweep(ctx)
	fmt.Fprintf(k.Stdout, "removed %d folders of dead runs\n", swept.Folders)
	if len(swept.Ended) > 0 {
		fmt.Fprintf(k.Stdout, "ended %d processes of theirs: %s\n", len(swept.Ended), strings.Join(swept.Ended, ", "))
	}
	errs := []error{err}

	containers, err := docker.Leftovers(ctx)
	switch {
	case errors.Is(err, images.ErrNotInstalled):
		fmt.Fprintln(k.Stdout, "there is no Docker engine, and so no containers and images")
		return errs[0]
	case errors.Is(err, images.ErrNoEngine):
		return errors.Join(errs[0], fmt.Errorf("containers and images stay: %w", err))
	}
	fmt.Fprintf(k.Stdout, "removed %d containers and networks of dead runs\n", containers)
	errs = append(errs, err)

	pruned, err := images.Prune(ctx)
	printPruned(k.Stdout, pruned)
	return errors.Join(append(errs, err)...)
}

// printPruned prints how many images were removed, by name.
func printPruned(to io.Writer, pruned []images.Pruned) {
	var size uint64
	count := map[string]int{}
	for _, p := range pruned {
		size += uint64(p.Size)
		count[p.Name]++
	}
	fmt.Fprintf(to, "removed %d images of earlier builds, %s\n", len(pruned), humanize.Bytes(size))
	for _, name := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(to, "  %s: %d\n", name, count[name])
	}
}
