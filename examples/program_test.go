package examples

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// freeAddress is one on which nobody listens; a program that is started twice is to be found there again.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// program is `weir run --keep` as a process of its own, which can be killed and started again over the same data.
type program struct {
	t                  *testing.T
	dir, www           string
	api, broker, lines string
	cmd                *exec.Cmd
	said               strings.Builder
}

func (p *program) script() string { return filepath.Join(p.dir, "script.sql") }

// start starts it, and waits until it answers.
func (p *program) start() {
	p.t.Helper()
	p.said.Reset()
	p.cmd = exec.Command(os.Args[0], "run", p.script(), "--keep", "--data-dir", filepath.Join(p.dir, "data"), "--www", p.www,
		"--listen", p.api, "--kafka-listen", p.broker, "--registry-listen", "127.0.0.1:0")
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.await("an answer", func() bool {
		resp, err := http.Get("http://" + p.api + "/info")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return true
	})
}

// await waits until something is so.
func (p *program) await(what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.kill()
			p.t.Fatalf("waited in vain for %s; the program said:\n%s", what, p.said.String())
		}
	}
}

// ask has a statement carried out, and gives the answer as it is written.
func (p *program) ask(t *testing.T, sql string) string {
	t.Helper()
	question, err := json.Marshal(map[string]string{"ksql": sql})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+p.api+"/ksql", "application/json", bytes.NewReader(question))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", sql, resp.Status, body, err)
	}
	return string(body)
}

// kill ends it as a crash would.
func (p *program) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}
