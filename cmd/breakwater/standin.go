package main

import (
	"context"
	"os"

	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/local/standin"
)

// StandinCmd is one of the local world's stand-ins, as a process of its own.
type StandinCmd struct {
	Kind   string `arg:"" enum:"kafka,database,redis" help:"kafka, database or redis."`
	Listen string `required:"" placeholder:"HOST:PORT" help:"Address to listen on."`
	Data   string `required:"" placeholder:"DIR" help:"Folder for what it keeps."`
}

// Run serves until the process is asked to end.
func (c *StandinCmd) Run(ctx context.Context) error {
	switch c.Kind {
	case "kafka":
		return standin.Kafka(ctx, c.Listen, c.Data)
	case "database":
		return standin.Database(ctx, c.Listen, c.Data)
	default:
		return standin.Redis(ctx, c.Listen)
	}
}

// WatchdogCmd ends the processes of a folder, and removes it, when standard input ends.
type WatchdogCmd struct {
	Folder string `arg:"" help:"Folder of a launch.Guard."`
}

// Run reads until the end of the input.
func (c *WatchdogCmd) Run() error { return launch.Watchdog(os.Stdin, c.Folder) }
