package offline

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// Version prints the version.
type Version struct{}

// Run prints one line: the module's version, "(devel)" of a working copy, the commit where
// that is known, and the toolchain.
func (Version) Run(k *kong.Kong) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("this binary has no build information; build it with Go modules")
	}
	_, err := fmt.Fprintln(k.Stdout, version(info))
	return err
}

func version(info *debug.BuildInfo) string {
	text := "breakwater " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			text += " (" + s.Value[:12] + ")"
		}
	}
	return fmt.Sprintf("%s %s %s/%s", text, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
