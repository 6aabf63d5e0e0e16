package main

import (
	"context"
	"fmt"

	"github.com/breakwater-kit/breakwater/fixtures/images"
)

// ImagesCmd makes or pulls the images of the docker world ahead of time.
type ImagesCmd struct{}

// Run prints a line for each step.
func (c *ImagesCmd) Run(ctx context.Context, std streams) error {
	return trouble(images.EnsureAll(ctx, func(line string) { fmt.Fprintln(std.out, line) }))
}
