// Command breakwater is the kit's command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/exit"
	"github.com/breakwater-kit/breakwater/cmd/breakwater/internal/offline"
	"github.com/breakwater-kit/breakwater/fixtures/edge"
	"github.com/breakwater-kit/breakwater/reports/printable"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// commands are the command line. Each has a Run method, which kong calls with
// what is bound below.
type commands struct {
	Run    RunCmd        `cmd:"" help:"Run suites and write one report."`
	Check  offline.Check `cmd:"" help:"Judge the saved trials of a run again."`
	Show   offline.Show  `cmd:"" help:"Print the life of one event of a run."`
	Dump   offline.Dump  `cmd:"" help:"Print the histories of a run as JSON lines."`
	Replay ReplayCmd     `cmd:"" help:"Perform saved trials again."`
	Edge   edgeCommand   `cmd:"" help:"Stand on the connections of clients: break them, and record what crosses them."`
	Images ImagesCmd     `cmd:"" help:"Make or pull the container images ahead of time."`
	Clean  CleanCmd      `cmd:"" help:"Remove what dead runs left behind."`

	Explain offline.Explain `cmd:"" help:"Print what a guarantee, a fault or a measure is."`
	Version offline.Version `cmd:"" help:"Print the version of the command and what it was built with."`
}

// streams are the process's own, so that tests can give others. What is written to
// out and err is printable: titles, errors and log lines come from outside.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run performs one command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) (code int) {
	out, errs := printable.NewWriter(std.out), printable.NewWriter(std.err)
	defer func() { _ = errors.Join(out.Close(), errs.Close()) }()
	std.out, std.err = out, errs
	exited := errors.New("exited")
	defer func() {
		if p := recover(); p != nil && p != any(exited) { // --help ends the program
			panic(p)
		}
	}()
	parser, err := kong.New(new(commands),
		kong.Name("breakwater"),
		kong.Description("A chaos and resilience test kit for services and Kafka.\n\n"+exit.Codes),
		kong.Writers(std.out, std.err),
		kong.Exit(func(int) { panic(exited) }),
		kong.Vars{"edge_token": edge.TokenVariable},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(std.in, (*io.Reader)(nil)),
	)
	if err != nil {
		panic(err) // the commands' tags are wrong
	}
	command, err := parser.Parse(args)
	if err == nil {
		err = command.Run()
	} else {
		err = wayOut(err)
	}
	if err == nil {
		return trial.ExitAsPredicted
	}
	if code := exit.Code(0); errors.As(err, &code) && err.Error() == code.Error() { // joined with another it is that one's
		return int(code)
	}
	fmt.Fprintln(std.err, "breakwater:", err)
	return trial.ExitHarnessError
}

// wayOut adds to what is wrong with a command line where to read what is right.
func wayOut(err error) error {
	name := "breakwater"
	if wrong := (*kong.ParseError)(nil); errors.As(err, &wrong) && wrong.Context.Selected() != nil {
		name += " " + wrong.Context.Selected().Name
	}
	if err.Error() == `expected "<run>"` {
		return fmt.Errorf("name the folder of a run: %s out/latest", name)
	}
	return fmt.Errorf("%w; %s --help lists what there is", err, name)
}
