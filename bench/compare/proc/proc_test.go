package proc

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	line := "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 1104 0 0 0 123 45 6 7 20 0 9 0 1234 5 6 184467 1"
	if d, err := parseStat([]byte(line)); err != nil || d != 1810*time.Millisecond {
		t.Error(d, err)
	}
	for _, bad := range []string{"", "4242 (a) S 1", "4242 (a) S 1 4242 4242 0 -1 4194560 1104 0 0 0 x 45 6 7 20 0 9"} {
		if d, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %s", bad, d)
		}
	}
}

func TestParsePeak(t *testing.T) {
	if n, err := parsePeak([]byte("Name:\tjava\nVmPeak:\t 9000 kB\nVmHWM:\t    1536 kB\nVmRSS:\t 7 kB\n")); err != nil || n != 1536<<10 {
		t.Error(n, err)
	}
	for _, bad := range []string{"", "VmRSS: 7 kB\n", "VmHWM: many kB\n"} {
		if n, err := parsePeak([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %d", bad, n)
		}
	}
}

func TestListening(t *testing.T) {
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7001 1 0
   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7002 1 0
   2: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 7003 1 0
`
	if got := listening(table, 8080); len(got) != 1 || got[0] != "socket:[7001]" {
		t.Error(got)
	}
}

// The process that tests has used some time and memory, and listens where it says.
func TestSelf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	for end := time.Now().Add(60 * time.Millisecond); time.Now().Before(end); {
	}
	if d, err := CPU(os.Getpid()); err != nil || d < tick || d > time.Hour {
		t.Error(d, err)
	}
	if n, err := Peak(os.Getpid()); err != nil || n < 1<<20 {
		t.Error(n, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if pid, err := Listener(port); err != nil || pid != os.Getpid() {
		t.Error(pid, err)
	}
	l.Close()
	if pid, err := Listener(port); err == nil {
		t.Errorf("%d listens on a port that is closed", pid)
	}
}
