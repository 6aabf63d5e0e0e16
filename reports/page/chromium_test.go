package page_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/breakwater-kit/breakwater/reports/page/pagetest"
	"github.com/breakwater-kit/breakwater/reports/report"
	"github.com/breakwater-kit/breakwater/reports/trial"
)

// browser finds Chromium, or skips the test and says how to name one.
func browser(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("BREAKWATER_CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			t.Fatalf("BREAKWATER_CHROMIUM names %q: %v", named, err)
		}
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no chromium or google-chrome; name one in BREAKWATER_CHROMIUM")
	return ""
}

// watched is an open tab with what it did besides showing the page.
type watched struct {
	context.Context
	mu       sync.Mutex
	requests []string
	problems []string
}

// start runs a browser for the test.
func start(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser(t)), chromedp.DisableGPU)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// open shows the page in a new tab of the given width.
func open(t *testing.T, browser context.Context, width int64, scheme, file string) *watched {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	w := &watched{Context: ctx}
	see := func(event any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Request.URL != "file://"+file && !strings.HasPrefix(e.Request.URL, "data:") {
				w.requests = append(w.requests, e.Request.URL)
			}
		case *runtime.EventConsoleAPICalled:
			w.problems = append(w.problems, fmt.Sprintf("console %v", e.Type))
		case *runtime.EventExceptionThrown:
			w.problems = append(w.problems, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			w.problems = append(w.problems, e.Entry.Text)
		}
	}
	prepare := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, a := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		_, b := cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		_, c := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return errors.Join(a, b, c)
	})
	if err := chromedp.Listen(ctx, see); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, prepare, chromedp.EmulateViewport(width, 1000), chromedp.Navigate("file://"+file)); err != nil {
		t.Fatal(err)
	}
	return w
}

// evaluate runs the script in the page.
func evaluate[T any](t *testing.T, w *watched, script string) T {
	t.Helper()
	v, err := chromedp.Run(w, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// quiet fails when the page asked for anything, or the browser complained.
func (w *watched) quiet(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		t.Errorf("the page asked for %s", r)
	}
	for _, p := range w.problems {
		t.Errorf("the browser says: %s", p)
	}
}

// measureScript unfolds and lays out everything. It finds pictures of no size, texts that overlap in a picture, and what
// sticks out of the page.
const measureScript = `(() => {
  document.querySelectorAll("details").forEach(d => d.open = true);
  document.querySelectorAll(".experiment").forEach(e => e.style.contentVisibility = "visible");
  const problems = [];
  const seen = [...document.querySelectorAll("svg")].filter(s => getComputedStyle(s).display !== "none");
  let pictures = 0;
  for (const svg of seen) {
    const r = svg.getBoundingClientRect(), name = svg.querySelector("title")?.textContent ?? svg.getAttribute("class");
    pictures++;
    if (r.width < 20 || r.height < 8) problems.push(name + ": " + r.width + " × " + r.height);
    const boxes = [...svg.querySelectorAll("text")].map(t => ({t: t.textContent, b: t.getBBox()}));
    const view = svg.viewBox.baseVal;
    boxes.forEach((a, i) => {
      // A line of text is higher than its letters.
      const y0 = a.b.y + a.b.height * 0.2, y1 = a.b.y + a.b.height * 0.8;
      if (a.b.x < -1 || a.b.x + a.b.width > view.width + 1) problems.push(name + ": “" + a.t + "” sticks out");
      for (const b of boxes.slice(0, i)) {
        const v0 = b.b.y + b.b.height * 0.2, v1 = b.b.y + b.b.height * 0.8;
        if (a.b.x + 1 < b.b.x + b.b.width && b.b.x + 1 < a.b.x + a.b.width && y0 < v1 && v0 < y1) problems.push(name + ": “" + a.t + "” overlaps “" + b.t + "”");
      }
    });
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    problems.push("the page is " + document.documentElement.scrollWidth + " px wide in a window of " + innerWidth);
    document.querySelectorAll("body *").forEach(e => {
      const r = e.getBoundingClientRect();
      if (r.right > innerWidth + 1 && !e.closest(".scroll, .story, pre, svg, details figure")) problems.push("sticks out: " + e.tagName + "." + (e.getAttribute("class") ?? "") + " " + e.textContent.slice(0, 60));
    });
  }
  return {problems, pictures};
})()`

func TestInChromium(t *testing.T) {
	ctx := start(t)
	hostile := report.Run{ID: "<script>", World: "x", Trials: []*trial.Trial{pagetest.Hostile()}}
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		run    report.Run
		width  int64
		scheme string
		least  int // pictures
	}{
		{"light", pagetest.Run(), 1180, "light", 30},
		{"dark", pagetest.Run(), 1180, "dark", 30},
		{"narrow", pagetest.Run(), 400, "light", 30},
		{"tablet", pagetest.Run(), 760, "light", 30},
		{"judged histories", real(t), 1180, "light", 10},
		{"hostile", hostile, 1180, "light", 5},
		{"a small phone", pagetest.Small(), 360, "dark", 5},
		{"large", pagetest.Large(60), 1180, "light", 200},
		{"large and narrow", pagetest.Large(24), 400, "light", 80},
		{"rounds", pagetest.Rounds(), 1180, "light", 20},
		{"planted defects", pagetest.Selftest(), 1180, "dark", 80},
		{"planted defects on a phone", pagetest.Selftest(), 400, "light", 80},
		{"empty", report.Run{ID: "empty"}, 1180, "dark", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")+".html")
			if err := os.WriteFile(file, []byte(write(t, c.run)), 0o644); err != nil {
				t.Fatal(err)
			}
			w := open(t, ctx, c.width, c.scheme, file)
			shot, err := chromedp.Run(w, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			checkShot(t, shot, c.scheme == "dark")

			found := evaluate[struct {
				Problems []string `json:"problems"`
				Pictures int      `json:"pictures"`
			}](t, w, measureScript)
			for _, p := range found.Problems {
				t.Error(p)
			}
			if found.Pictures < c.least {
				t.Errorf("%d pictures are shown, want at least %d", found.Pictures, c.least)
			}
			w.quiet(t)
		})
	}
}

// checkShot fails on a blank picture and on one of the wrong scheme.
func checkShot(t *testing.T, shot []byte, dark bool) {
	t.Helper()
	im, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]int{}
	b := im.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			r, g, bl, _ := im.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, bl >> 8}]++
		}
	}
	if len(colours) < 8 {
		t.Errorf("the page shows %d colours: it is blank", len(colours))
	}
	r, g, bl, _ := im.At(2, 2).RGBA()
	if light := (r+g+bl)/3 > 0x8000; light == dark {
		t.Errorf("the background is light: %v, want dark: %v", light, dark)
	}
}

// What a link leads to is shown, though it is folded; and no number of the claims is
// cut, however many contenders share a line.
func TestNothingIsHidden(t *testing.T) {
	browser := start(t)
	dir := t.TempDir()
	show := func(name string, run report.Run, width int64) *watched {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(write(t, run)), 0o644); err != nil {
			t.Fatal(err)
		}
		return open(t, browser, width, "light", file)
	}
	w := show("planted.html", pagetest.Selftest(), 1180)
	if got := evaluate[string](t, w, `(() => {
  const link = document.querySelector(".defects a"), to = document.querySelector(link.getAttribute("href"));
  const before = to.open;
  link.click();
  dispatchEvent(new Event("hashchange")); // which would come a little later
  return before + " " + to.open;
})()`); got != "false true" {
		t.Errorf("what a link leads to is open before and after: %s, want false and true", got)
	}
	run := pagetest.Large(26)
	for _, tr := range run.Trials {
		for i := range tr.Predictions {
			tr.Predictions[i].Brief = "p50 +897.25 ms (103.75 ms → 1,001.25 ms), 100 % of GET /catalog ok, as long as is needed to be cut"
		}
	}
	for _, width := range []int64{1180, 760, 400} {
		w := show("cut.html", run, width)
		got := evaluate[[]string](t, w, `[...document.querySelectorAll(".brief .cell, .brief .scenario")].filter(c => c.getClientRects().length && (c.scrollWidth > c.clientWidth + 1 && getComputedStyle(c).display !== "inline" || c.textContent.includes("…") || !/ok$|lost$|\d$|available$/.test(c.textContent.trim()))).map(c => c.textContent.trim())`)
		if len(got) > 0 {
			t.Errorf("%d px: %d cells are cut, such as %q", width, len(got), got[0])
		}
	}
}

// A page of many trials is laid out once, when it is opened: what it costs then is
// what a reader waits for. The time is this machine's and asserts nothing.
func TestLargePageOpens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(write(t, pagetest.Large(60))), 0o644); err != nil {
		t.Fatal(err)
	}
	w := open(t, start(t), 1180, "light", file)
	got := evaluate[struct {
		Took   float64 `json:"took"`
		Height float64 `json:"height"`
		Jumped bool    `json:"jumped"`
		Opened bool    `json:"opened"`
	}](t, w, `(() => {
  const height = document.documentElement.scrollHeight;
  const took = performance.now();
  const links = [...document.querySelectorAll(".claims a")];
  links.at(-1).click();
  const target = document.querySelector(links.at(-1).getAttribute("href"));
  const jumped = Math.abs(target.getBoundingClientRect().top) < innerHeight;
  const button = document.getElementById("unfold");
  button.click();
  const opened = ![...document.querySelectorAll("details")].some(d => !d.open);
  button.click();
  return {took, height, jumped, opened};
})()`)
	if !got.Jumped {
		t.Error("the last link of the claims does not lead to its scenario")
	}
	if !got.Opened {
		t.Error("the button does not unfold everything")
	}
	t.Logf("laid out %.0f ms after the navigation began, %.0f px high", got.Took, got.Height)
	w.quiet(t)
}

// The pictures of contenders stand side by side, without names that say the same,
// and below each other where there is no room.
func TestContendersStandSideBySide(t *testing.T) {
	browser := start(t)
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(write(t, pagetest.Run())), 0o644); err != nil {
		t.Fatal(err)
	}
	for width, want := range map[int64]int{1180: 3, 760: 2, 400: 1} {
		w := open(t, browser, width, "light", file)
		got := evaluate[[]int](t, w, `[...document.querySelectorAll(".panes.thirds")].filter(p => p.querySelectorAll("svg").length === 3).map(p => {
  p.closest(".experiment").style.contentVisibility = "visible";
  const tops = [...p.children].map(c => Math.round(c.getBoundingClientRect().bottom));
  return tops.filter(top => Math.abs(top - tops[0]) < 4).length;
})`)
		if len(got) < 5 {
			t.Fatalf("%d px: %d figures have three pictures", width, len(got))
		}
		for _, n := range got {
			if n != want {
				t.Errorf("%d px: %d pictures stand beside each other, want %d: %v", width, n, want, got)
				break
			}
		}
	}
}

func TestCrosshairReads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(write(t, pagetest.Run())), 0o644); err != nil {
		t.Fatal(err)
	}
	w := open(t, start(t), 1180, "light", file)
	got := evaluate[struct {
		Text    string `json:"text"`
		Hidden  bool   `json:"hidden"`
		Crosses int    `json:"crosses"`
		Gone    bool   `json:"gone"`
	}](t, w, `(() => {
  const svg = [...document.querySelectorAll("svg.wide")].find(s => s.querySelector("title").textContent.startsWith("Lag of group analytics"));
  svg.scrollIntoView({block: "center"});
  const r = svg.getBoundingClientRect(), d = svg.dataset, at = +d.x0 + (+d.x1 - d.x0) * 10 / d.end;
  svg.dispatchEvent(new PointerEvent("pointermove", {clientX: r.left + at / svg.viewBox.baseVal.width * r.width, clientY: r.top + 20, bubbles: true}));
  const reading = document.getElementById("reading");
  const result = {text: reading.textContent, hidden: reading.hidden, crosses: svg.querySelectorAll(".cross").length};
  svg.dispatchEvent(new PointerEvent("pointerleave", {}));
  result.gone = reading.hidden && !document.querySelector(".cross");
  return result;
})()`)
	lines := strings.Split(got.Text, "\n")
	if got.Hidden || got.Crosses != 1 || len(lines) != 2 || lines[0] != "10 s" {
		t.Fatalf("over 10 s the crosshair reads %+v", got)
	}
	var lag int
	if _, err := fmt.Sscanf(cmp.Or(strings.TrimPrefix(lines[1], "lag"), "none"), "%d", &lag); err != nil || lag < 370 || lag > 390 {
		t.Errorf("the crosshair reads %q, want a lag of about 380", lines[1])
	}
	if !got.Gone {
		t.Error("the crosshair stays when the pointer leaves")
	}
	w.quiet(t)
}
