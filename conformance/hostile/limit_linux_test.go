package hostile

import "syscall"

// limitMemory bounds the memory that this process can write to, as ulimit -d does.
func limitMemory(bytes uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: bytes, Max: bytes})
}
