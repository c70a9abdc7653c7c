//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"weir/cli"
)

// serving is the first argument of the process that is the server, where this build is measured; profileTo names the file of its profile.
const serving, profileTo = "serve-this-build", "WAYS_PROFILE"

func serve(args []string) int {
	if name := os.Getenv(profileTo); name != "" {
		f, err := os.Create(name)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	return cli.Main(args, os.Stdin, os.Stdout, os.Stderr)
}

// command is a command of the binary that is measured.
func command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	name := *weir
	if name == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		name, args = self, append([]string{serving}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd, nil
}

// node is a server with a broker of its own.
type node struct {
	api, kafka string // addresses
	cmd        *exec.Cmd
	dir        string
}

// start starts a server on free ports; close ends it and removes its data.
func start(ctx context.Context, profile string, flags ...string) (*node, error) {
	dir, err := os.MkdirTemp("", "weir-ways-")
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir}
	var ports [3]string
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, errors.Join(err, n.close())
		}
	}
	n.api, n.kafka = ports[0], ports[1]
	args := append([]string{"server", "--data-dir", filepath.Join(dir, "data"), "--listen", ports[0], "--kafka-listen", ports[1], "--registry-listen", ports[2], "--log-level", "error"}, flags...)
	if n.cmd, err = command(ctx, args...); err != nil {
		return nil, errors.Join(err, n.close())
	}
	if profile != "" {
		n.cmd.Env = append(os.Environ(), profileTo+"="+profile)
	}
	if err := n.cmd.Start(); err != nil {
		n.cmd = nil
		return nil, errors.Join(err, n.close())
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err = n.get("/info"); err == nil {
			return n, nil
		}
		if time.Now().After(end) {
			return nil, errors.Join(fmt.Errorf("the server is not there after a minute: %w", err), n.close())
		}
	}
}

func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func (n *node) close() error {
	var err error
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(syscall.SIGTERM)
		err = n.cmd.Wait()
	}
	return errors.Join(err, os.RemoveAll(n.dir))
}

func (n *node) get(path string) (string, error) {
	resp, err := http.Get("http://" + n.api + path)
	return text(resp, err)
}

// ksql runs statements.
func (n *node) ksql(sql string) error {
	body := []byte(`{"ksql":` + strconv.Quote(sql) + `}`)
	resp, err := http.Post("http://"+n.api+"/ksql", "application/json", bytes.NewReader(body))
	_, err = text(resp, err)
	return err
}

func text(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), err
}

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// cpu is the time that the server has taken of processors.
func (n *node) cpu() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // from the third on
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// resident is the server's RSS in bytes.
func (n *node) resident() (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// ownCPU is the time that this process has taken.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
