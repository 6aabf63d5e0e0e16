package bounded_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/breakwater-kit/breakwater/reports/bounded"
)

// No case may be waited for: the test's own time limit finds it.
func TestOnlyPlainFiles(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(outside, []byte("x"), 0o600),
		os.WriteFile(at("plain"), []byte("12345678"), 0o600),
		os.WriteFile(at("long"), []byte("123456789"), 0o600),
		os.Truncate(at("long"), 1<<40),
		syscall.Mkfifo(at("pipe"), 0o600),
		os.Mkdir(at("folder"), 0o700),
		os.Symlink("/dev/zero", at("zero")),
		os.Symlink("plain", at("link")),
		os.Symlink("pipe", at("link to a pipe")),
		os.Symlink(outside, at("link outside")),
		os.Symlink("loop", at("loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, c := range []struct{ name, want, wantIn string }{
		{"plain", "", ""},
		{"link", "", ""},
		{"long", "at most 8 are read", "at most 8 are read"},
		{"pipe", "a pipe", "a pipe"},
		{"link to a pipe", "a pipe", "a pipe"},
		{"folder", "a folder", "a folder"},
		{"zero", "a device", "escapes"},
		{"link outside", "", "escapes"},
		{"socket", "no such device or address", "no such device or address"},
		{"loop", "too many levels", "too many"},
		{"nothing", "no such file", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := bounded.ReadFile(at(c.name), 8)
			check(t, b, err, c.want)
			b, err = bounded.ReadFileIn(dir, c.name, 8)
			check(t, b, err, c.wantIn)
		})
	}
	for _, name := range []string{"../" + filepath.Base(dir) + "/plain", "/etc/passwd"} {
		if b, err := bounded.ReadFileIn(dir, name, 1<<20); err == nil {
			t.Errorf("%s gives %q", name, b)
		}
	}
	if b, err := bounded.ReadFile("/proc/self/maps", 8); err == nil {
		t.Errorf("a file that claims to be empty gives %d bytes", len(b))
	}
}

func check(t *testing.T, b []byte, err error, want string) {
	t.Helper()
	switch {
	case want == "" && (err != nil || len(b) == 0):
		t.Errorf("%q, %v", b, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestJSON(t *testing.T) {
	for _, c := range []struct {
		text   string
		values int
	}{
		{`1`, 1}, {`[]`, 2}, {`{"a":[1,2],"b":{}}`, 6}, {`"[[,{"`, 1}, {`"\"[[["`, 1}, {`"\\",[`, 3}, {`[{},{},{}]`, 7}, {`"`, 1}, {`"\`, 1},
	} {
		if err := bounded.JSON([]byte(c.text), c.values); err != nil {
			t.Errorf("%s has %d values at most, but %v", c.text, c.values, err)
		}
		if err := bounded.JSON([]byte(c.text), c.values-1); err == nil && c.values > 1 {
			t.Errorf("%s has %d values", c.text, c.values)
		}
	}
}

func ExampleReadFile() {
	_, err := bounded.ReadFile("/dev/zero", 1<<20)
	fmt.Println(err)
	// Output: /dev/zero is no plain file but a device; remove it
}

func ExampleJSON() {
	fmt.Println(bounded.JSON([]byte(`{"services":[{},{},{}]}`), 4))
	// Output: it holds more than 4 values
}
