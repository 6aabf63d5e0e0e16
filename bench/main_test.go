// Package bench measures what the kit costs, beside something else in the same
// run where that says more than a number alone:
//
//	go test -run '^$' -bench . -benchtime 9x ./bench
//
// It ends with one table of the medians, under the machine that they are from.
package bench

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"

	"github.com/rs/zerolog"
	"github.com/shirou/gopsutil/v4/cpu"
)

// The test program is each of the processes that are measured, too.
const roleVariable = "BREAKWATER_BENCH_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		code := m.Run()
		table(os.Stdout)
		os.Exit(code)
	}
	zerolog.SetGlobalLevel(zerolog.Disabled)
	name, brokers, _ := strings.Cut(role, " ")
	line, stop, err := map[string]func(string) (string, func(), error){
		"kafka": runKafka, "toxiproxy": runToxiproxy, "edge": runEdge,
	}[name](brokers)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(line)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
	stop()
}

// row is one measurement, and that of something beside it, one for each round.
type row struct {
	what, unit string
	values     []float64
	beside     string // "": nothing
	others     []float64
}

var rows []row

// report reports a row as metrics of the benchmark, and keeps it for the table.
func report(b *testing.B, r row) {
	unit := strings.ReplaceAll(r.unit, " ", "-")
	b.ReportMetric(median(r.values), unit)
	if r.beside != "" {
		b.ReportMetric(median(r.ratios()), unit+"÷"+strings.ReplaceAll(r.beside, " ", "-"))
	}
	rows = append(rows, r)
}

func (r row) ratios() []float64 {
	ratios := make([]float64, len(r.values))
	for i := range ratios {
		ratios[i] = r.values[i] / r.others[i]
	}
	return ratios
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

func table(to io.Writer) {
	if len(rows) == 0 {
		return
	}
	model := "unknown CPU"
	if info, err := cpu.Info(); err == nil && len(info) > 0 {
		model = strings.TrimSpace(info[0].ModelName)
	}
	fmt.Fprintf(to, "\n%s, %d cores, GOMAXPROCS %d, %s %s/%s; medians of %d\n\n",
		model, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH, len(rows[0].values))
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\t\tbeside\t\tratio\tfrom … to")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t", r.what, short(median(r.values)), r.unit)
		if r.beside != "" {
			ratios := r.ratios()
			fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f … %.2f", r.beside, short(median(r.others)), median(ratios), slices.Min(ratios), slices.Max(ratios))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // as the rest of a test's output
}

func short(x float64) string {
	switch {
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// seconds is the time that the processor spent on work, on all cores: what else
// the machine does at the time counts little.
func seconds(b *testing.B, work func()) float64 {
	b.Helper()
	runtime.GC() // nobody pays for another's garbage
	before := spent(b)
	work()
	return spent(b) - before
}

func spent(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
