package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version is this release's; a build may set it with -ldflags "-X weir/cli.Version=1.2.3".
var Version = "0.1.0-dev"

// versionText is the version with what it was built from.
func versionText() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				commit = ", commit " + s.Value[:12]
			}
		}
	}
	return fmt.Sprintf("%s (%s, %s/%s%s)", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
}
