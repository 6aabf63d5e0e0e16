package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/breakwater-kit/breakwater/fixtures/docker"
	"github.com/breakwater-kit/breakwater/fixtures/local"
)

// CleanCmd removes what dead runs left behind.
type CleanCmd struct{}

// Run removes containers, networks and data folders whose owner is gone, never
// those of a run that is alive.
func (c *CleanCmd) Run(ctx context.Context) error {
	folders, err := local.Leftovers()
	fmt.Printf("removed %d data folders of dead runs\n", folders)
	if engine := docker.Available(ctx); engine != nil {
		fmt.Printf("no containers removed: %v\n", engine)
		return trouble(err)
	}
	containers, err2 := docker.Leftovers(ctx)
	fmt.Printf("removed %d containers and networks of dead runs\n", containers)
	return trouble(errors.Join(err, err2))
}
