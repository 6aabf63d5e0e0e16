package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/session"
	"github.com/breakwater-kit/breakwater/reports/store"
)

const roleVariable = "BREAKWATER_TEST_ROLE"

// The test program plays the skeleton of a run: a runner, parts with a guard, its
// watchdog and services.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "runner":
		err = skeleton()
	case "part":
		err = skeletonPart()
	case "watchdog":
		err = launch.Watchdog(os.Stdin, os.Args[len(os.Args)-1])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// skeleton performs two parts side by side, as RunCmd does.
func skeleton() error {
	ctx, stop := session.Attend(context.Background())
	defer stop()
	scratch, err := launch.NewScratch("suites")
	if err != nil {
		return err
	}
	defer scratch.Remove()
	screen := session.NewScreen(os.Stderr)
	release, err := screen.LockMachine(ctx)
	if err != nil {
		return err
	}
	defer release()
	fmt.Fprintln(os.Stderr, "alone")
	run, err := store.Join(os.Getenv(session.OutVariable), os.Getenv(session.RunVariable))
	if err != nil {
		return err
	}
	os.Setenv(roleVariable, "part") // which the parts inherit
	s := suite{name: "skeleton", dir: ".", program: os.Args[0], run: run, world: "local", round: 1}
	parts := queue([]part{{suite: s}, {suite: s}})
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() { _ = inTurn(ctx, parts, screen) }) // that it was interrupted is no error here
	}
	running.Wait()
	return nil
}

// skeletonPart starts services and waits, as package harness does.
func skeletonPart() error {
	s, err := session.Open(context.Background(), "skeleton")
	if err != nil {
		return err
	}
	ctx, stop := session.Attend(context.Background())
	defer stop()
	ctx, quiet := signal.NotifyContext(ctx, os.Interrupt)
	defer quiet()
	release, err := s.LockMachine(ctx)
	if err != nil {
		return err
	}
	defer release()
	os.Setenv(roleVariable, "watchdog")
	guard, err := launch.NewGuard(os.Args[0])
	if err != nil {
		return err
	}
	defer guard.Close()
	fmt.Println("part", os.Getpid())
	for name, argv := range map[string][]string{
		"plain":    {"sleep", "600"},
		"detached": {"sh", "-c", "setsid sleep 600 &"},
		"stubborn": {"sh", "-c", "trap '' TERM HUP INT; sleep 600; sleep 600"},
	} {
		if _, err := guard.Start(launch.Spec{Name: name, Argv: argv, Log: filepath.Join(s.Run.Dir, name+".log")}); err != nil {
			return err
		}
		fmt.Println("started", name)
	}
	<-ctx.Done()
	return nil
}

// of are the processes of one skeleton, by what their environment says.
func of(dir string) (all []skeletal) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environ, _ := os.ReadFile(file)
		p := skeletal{own: true}
		if _, err := fmt.Sscanf(file, "/proc/%d/environ", &p.pid); err != nil || p.pid == os.Getpid() {
			continue
		}
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		p.command = strings.ReplaceAll(string(command), "\x00", " ")
		p.watchdog = strings.Contains(p.command, "breakwater-scratch-system-")
		if strings.Contains(string(environ), launch.LockVariable+"="+dir) {
			all = append(all, p)
		} else if strings.Contains(string(environ), "TMPDIR="+dir) {
			p.own = false
			all = append(all, p)
		}
	}
	return all
}

// skeletal is a process of a skeleton.
type skeletal struct {
	pid           int
	own, watchdog bool // of the kit's own, not a service
	command       string
}

// Whichever of its processes are killed at whichever instant: the next run begins
// when no system is left beside it but what it ends itself, and nothing stays.
func TestAKilledRunLeavesNothing(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	const lines = 1 + 2 + 2*3 // what a skeleton prints before it waits
	var swept, orderly int
	for round := range rounds {
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		t.Setenv("TMPDIR", dir)
		t.Setenv(launch.LockVariable, filepath.Join(dir, "lock"))
		run := exec.Command(os.Args[0])
		run.Env = append(os.Environ(), roleVariable+"=runner", session.OutVariable+"="+out, session.RunVariable+"=run")
		run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		stderr, err := run.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		after := random.IntN(lines + 1)
		var printed []string
		reader := bufio.NewReader(stderr)
		for range after {
			line, err := reader.ReadString('\n')
			if err != nil || strings.Contains(line, "error") {
				t.Fatalf("the skeleton printed %q and then %q, %v", printed, line, err)
			}
			printed = append(printed, line)
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond) // no line is an instant of its own

		how := []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE}[random.IntN(6)]
		what := fmt.Sprintf("seed %d, round %d: %s after %d lines", seed, round, how, after)
		abandoned := false // there may be services that no watchdog ends
		switch how {
		case syscall.SIGKILL:
			victims := of(dir)
			random.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
			for _, p := range victims {
				if p.own && p.pid != run.Process.Pid && random.IntN(2) == 0 {
					_ = syscall.Kill(p.pid, how)
					what += fmt.Sprintf(", %d killed (%s)", p.pid, p.command)
					abandoned = abandoned || p.watchdog
				}
			}
			_ = run.Process.Kill()
		case syscall.SIGPIPE:
			stderr.Close() // its reader is gone
			orderly++
		default:
			_ = run.Process.Signal(how)
			orderly++
		}
		drained := make(chan struct{})
		go func() { // its parts have no other reader
			_, _ = io.Copy(io.Discard, stderr)
			close(drained)
		}()

		ended := make(chan struct{})
		go func() {
			<-drained
			_ = run.Wait()
			close(ended)
		}()
		if after == 0 { // it may not have been alone yet, and so waits for nothing but its own end
			<-ended
		}

		// The next run.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		release, err := launch.Alone(ctx, func(string) {})
		if err != nil {
			t.Fatalf("%s: the machine is not free: %v; there are %v", what, err, of(dir))
		}
		beside := slices.DeleteFunc(of(dir), func(p skeletal) bool { return p.pid == run.Process.Pid && how != syscall.SIGKILL }) // it has closed all and ends
		if len(beside) > 0 && !abandoned {
			t.Errorf("%s: the machine is free, and there are %v", what, beside)
		}
		swept += len(beside)
		<-ended
		s, err := launch.Sweep(ctx)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if left := of(dir); len(left) > 0 {
			t.Errorf("%s: swept %v, and there are %v", what, s.Ended, left)
		}
		release()
		cancel()
		if left, _ := filepath.Glob(filepath.Join(dir, "breakwater-*")); len(left) > 0 {
			t.Errorf("%s: swept %d folders, and there are %v", what, s.Folders, left)
		}
	}
	t.Logf("%d rounds, %d of them without a kill; %d processes were left for the next run to end", rounds, orderly, swept)
}
