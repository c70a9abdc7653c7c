package embedded

import "golang.org/x/sys/windows"

// errInUse is what the system says of an address that another program listens on; syscall.EADDRINUSE is none of its own numbers.
const errInUse = windows.WSAEADDRINUSE
