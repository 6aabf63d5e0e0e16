//go:build nightly

package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

	"github.com/breakwater-kit/breakwater/fixtures/docker"
	"github.com/breakwater-kit/breakwater/fixtures/launch"
	"github.com/breakwater-kit/breakwater/fixtures/local"
	"github.com/breakwater-kit/breakwater/fixtures/session"
)

var (
	killsLocal  = flag.Int("kills.local", 24, "how many runs in the local world are killed")
	killsDocker = flag.Int("kills.docker", 10, "how many in the docker world")
)

// killedSpec is one of suite replay that needs nothing special.
const killedSpec = "catches up after the heal and loses nothing"

// Real runs are killed at random instants, in every way that one may have. When the
// next one starts, nothing of them is left.
func TestKilledRuns(t *testing.T) {
	release, err := launch.Alone(t.Context(), func(holder string) { t.Log("waiting for ", holder) })
	if err != nil {
		t.Fatal(err)
	}
	defer release() // the machine's own lock: the runs below have one of their own
	dir := t.TempDir()
	bw := filepath.Join(dir, "bw")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bw, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", tmp)
	t.Setenv(launch.LockVariable, filepath.Join(dir, "lock"))
	t.Setenv(session.OutVariable, filepath.Join(dir, "out"))
	h := &hunt{T: t, bw: bw, tmp: tmp}
	t.Run(local.Name, func(t *testing.T) {
		h.T = t
		h.kill(local.Name, *killsLocal, []way{byRun, byGoTest, byPart, byChildOfGoTest, byAll, byRun, byHangup, byTerminal, byReader, byQuit, byAll, byPart})
	})
	t.Run(docker.Name, func(t *testing.T) {
		if err := docker.Available(t.Context()); err != nil {
			t.Skip(err)
		}
		h.T = t
		h.kill(docker.Name, *killsDocker, []way{byRun, byAll, byChildOfGoTest, byPart, byReader})
	})
}

// way is one in which a run ends before its time.
type way string

const (
	byRun           way = "kill -9 of breakwater run"
	byPart          way = "kill -9 of what performs the spec"
	byAll           way = "kill -9 of breakwater run, what performs the spec, and watchdogs"
	byGoTest        way = "kill -9 of go test"
	byChildOfGoTest way = "kill -9 of the child of go test"
	byHangup        way = "SIGHUP"
	byTerminal      way = "a terminal that is closed"
	byReader        way = "| head"
	byQuit          way = "SIGQUIT"
)

type hunt struct {
	*testing.T
	bw, tmp  string
	suspects []seen // what runs that were killed had started
}

// seen is one process, by its id and when it began.
type seen struct {
	pid, parent    int
	began, command string
}

// hunted is a run that is going to be killed.
type hunted struct {
	way     way
	cmd     *exec.Cmd
	lines   chan string
	ended   chan struct{}
	forsake func() // closes the terminal, or the reader
}

func (h *hunt) kill(world string, kills int, ways []way) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	h.Logf("seed %d", seed)
	var ended, folders, containers, waited, early int
	for n := range kills + 1 {
		w := ways[n%len(ways)]
		r := h.begin(world, w)
		if n < kills && random.IntN(4) == 0 { // before it has started anything, or soon after
			early++
			time.Sleep(time.Duration(random.Int64N(int64(6 * time.Second))))
			h.end(r, w)
			h.Logf("%2d early: %s", n, w)
			continue
		}
		for line := range r.lines { // until it starts, or has ended
			if strings.Contains(line, "waiting for another run") {
				waited++
			}
			if strings.Contains(line, "left something") {
				h.Log(strings.TrimSpace(line))
				if m := regexp.MustCompile(`ended (\d+) process`).FindStringSubmatch(line); m != nil {
					k, _ := strconv.Atoi(m[1])
					ended += k
				}
				if m := regexp.MustCompile(`removed (\d+) folder`).FindStringSubmatch(line); m != nil {
					k, _ := strconv.Atoi(m[1])
					folders += k
				}
				if m := regexp.MustCompile(`removed (\d+) container`).FindStringSubmatch(line); m != nil {
					k, _ := strconv.Atoi(m[1])
					containers += k
				}
			}
			if strings.HasPrefix(strings.TrimLeft(line, "S•"), "start ") { // Ginkgo's letters stand before it
				break
			}
		}
		h.nothingLeft(n, r)
		if n < kills {
			instant := time.Duration(random.Int64N(int64(15 * time.Second)))
			select {
			case <-time.After(instant):
			case <-r.ended:
				h.Fatalf("%d: it ended by itself", n)
			}
			h.Logf("%2d: %s, %v after its start", n, w, instant.Round(time.Millisecond))
		}
		h.end(r, w)
	}
	h.suspects = nil
	h.Logf("%d killed, %d of them early; next runs waited %d times, ended %d processes, removed %d folders, %d containers and networks", kills, early, waited, ended, folders, containers)
}

// begin starts a run.
func (h *hunt) begin(world string, w way) *hunted {
	h.Helper()
	r := &hunted{way: w, lines: make(chan string, 10_000), ended: make(chan struct{}), forsake: func() {}}
	r.cmd = exec.Command(h.bw, "run", "--world", world, "--focus", killedSpec, "replay")
	if w == byGoTest || w == byChildOfGoTest {
		r.cmd = exec.Command("go", "test", "-v", "-count=1", "./suites/replay", "-ginkgo.focus="+killedSpec)
		r.cmd.Dir = "../.."
	}
	r.cmd.Env = append(os.Environ(), session.WorldVariable+"="+world)
	read, write, err := os.Pipe()
	if w == byTerminal {
		r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
		read, write, err = terminal()
	}
	if err != nil {
		h.Fatal(err)
	}
	r.cmd.Stdout, r.cmd.Stderr = write, write
	if err := r.cmd.Start(); err != nil {
		h.Fatal(err)
	}
	write.Close()
	r.forsake = func() { read.Close() }
	go func() {
		defer close(r.lines)
		for lines := bufio.NewReader(read); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			r.lines <- strings.TrimLeft(regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`).ReplaceAllString(line, ""), "\r")
		}
	}()
	go func() {
		_ = r.cmd.Wait()
		close(r.ended)
	}()
	return r
}

// terminal is a pair of a terminal and who shows it.
func terminal() (master, slave *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	if err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	return master, slave, err
}

// end ends the run in its way, and whatever is left of what was not meant.
func (h *hunt) end(r *hunted, w way) {
	all := tree(r.cmd.Process.Pid)
	h.suspects = append(h.suspects, all...)
	var victims []seen
	for _, p := range all {
		isPart := strings.Contains(p.command, "replay.test") && p.pid != r.cmd.Process.Pid
		switch w {
		case byPart, byChildOfGoTest:
			if isPart {
				victims = append(victims, p)
			}
		case byAll:
			if isPart || strings.Contains(p.command, " watchdog ") || p.pid == r.cmd.Process.Pid {
				victims = append(victims, p)
			}
		}
	}
	switch w {
	case byHangup:
		_ = r.cmd.Process.Signal(syscall.SIGHUP)
	case byQuit:
		_ = r.cmd.Process.Signal(syscall.SIGQUIT)
	case byReader, byTerminal:
		r.forsake()
	case byRun, byGoTest:
		_ = r.cmd.Process.Kill()
	}
	for _, p := range victims {
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	if len(victims) == 0 && (w == byPart || w == byChildOfGoTest) { // it has not begun
		_ = r.cmd.Process.Kill()
	}
	go func() {
		for range r.lines { //nolint:revive // until it ends
		}
	}()
	select {
	case <-r.ended:
	case <-time.After(time.Minute):
		h.Errorf("%s: it has not ended after a minute", w)
		_ = r.cmd.Process.Kill()
		<-r.ended
	}
	r.forsake()
}

// nothingLeft asserts that of those killed before nothing is left, now that the next
// run starts.
func (h *hunt) nothingLeft(n int, now *hunted) {
	h.Helper()
	var mine []int
	for _, p := range tree(now.cmd.Process.Pid) {
		mine = append(mine, p.pid)
	}
	for _, p := range h.suspects {
		if is, err := look(p.pid); err == nil && is.began == p.began {
			h.Errorf("%d: process %d lives beside the next run: %s", n, p.pid, p.command)
		}
	}
	h.suspects = nil
	left, _ := os.ReadDir(h.tmp)
	for _, entry := range left {
		owner := 0
		if m := regexp.MustCompile(`^breakwater-scratch-[a-z]+-(\d+)-`).FindStringSubmatch(entry.Name()); m != nil {
			owner, _ = strconv.Atoi(m[1])
		}
		if strings.HasPrefix(entry.Name(), "breakwater") && entry.Name() != "breakwater.ports" && !slices.Contains(mine, owner) {
			h.Errorf("%d: %s is left", n, entry.Name())
		}
	}
	if docker.Available(h.Context()) != nil {
		return
	}
	out, err := exec.CommandContext(h.Context(), "docker", "ps", "-a", "--filter", "label=dev.breakwater.owner", "--format", `{{.Names}} {{.Label "dev.breakwater.world"}}`).Output()
	if err != nil {
		h.Fatal(err)
	}
	cache, _ := os.UserCacheDir()
	for line := range strings.Lines(string(out)) {
		name, world, _ := strings.Cut(strings.TrimSpace(line), " ")
		lock := flock.New(filepath.Join(cache, "breakwater", "docker", world+".lock"))
		if _, err := os.Stat(lock.Path()); err != nil {
			continue // it has just been removed, or is another user's
		}
		if free, err := lock.TryLock(); err == nil && free {
			_ = lock.Unlock()
			h.Errorf("%d: container %s is left", n, name)
		}
	}
}

// tree is a process with all that it started, as far as their parents live.
func tree(root int) (all []seen) {
	children := map[int][]seen{}
	files, _ := filepath.Glob("/proc/[0-9]*")
	for _, file := range files {
		pid, _ := strconv.Atoi(filepath.Base(file))
		if p, err := look(pid); err == nil {
			children[p.parent] = append(children[p.parent], p)
			if pid == root {
				all = append(all, p)
			}
		}
	}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].pid]...)
	}
	return all
}

// look reads a process that has not ended.
func look(pid int) (p seen, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if fields[0] == "Z" || fields[0] == "X" {
		return p, os.ErrProcessDone
	}
	argv, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	parent, _ := strconv.Atoi(fields[1])
	return seen{pid, parent, fields[19], cmp.Or(strings.ReplaceAll(string(argv), "\x00", " "), "?")}, nil
}
