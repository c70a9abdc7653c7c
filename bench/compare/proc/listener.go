package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listener is the process that listens on a TCP port of this machine: the broker's, which scripts/kafka, or somebody else, has started.
func Listener(port int) (int, error) {
	var sockets []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err == nil {
			sockets = append(sockets, listening(string(text), port)...)
		}
	}
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0, err
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && slices.Contains(sockets, to) {
			return strconv.Atoi(strings.Split(fd, "/")[2])
		}
	}
	return 0, fmt.Errorf("no process of this machine that may be looked at listens on port %d", port)
}

// listening gives the sockets of a table of /proc/net that listen on a port, as links of /proc/PID/fd name them.
func listening(table string, port int) (sockets []string) {
	const listen = "0A"
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == listen {
			sockets = append(sockets, "socket:["+f[9]+"]")
		}
	}
	return sockets
}
