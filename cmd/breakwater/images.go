package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/breakwater-kit/breakwater/fixtures/images"
)

// ImagesCmd makes or pulls the images of the docker world ahead of time.
type ImagesCmd struct{}

// Run prints a line for each step.
func (c *ImagesCmd) Run(ctx context.Context, k *kong.Kong) error {
	return images.EnsureAll(ctx, func(line string) { fmt.Fprintln(k.Stdout, line) })
}
