//go:build !windows

package embedded

import "syscall"

// errInUse is what the system says of an address that another program listens on.
const errInUse = syscall.EADDRINUSE
