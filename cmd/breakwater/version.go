package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// VersionCmd prints the version.
type VersionCmd struct{}

// Run prints one line: the module's version, "(devel)" of a working copy, the commit where
// that is known, and the toolchain.
func (VersionCmd) Run(std streams) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return trouble(fmt.Errorf("this binary has no build information; build it with Go modules"))
	}
	_, err := fmt.Fprintln(std.out, version(info))
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
