package engines

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// startLimit is for a process to be up, on a busy machine too.
const startLimit = 5 * time.Minute

// A Process runs an engine. It says READY when it waits, and is told GO.
type Process struct {
	Born time.Time
	PID  int
	Said chan string // lines of its standard output; closed when it has ended
	cmd  *exec.Cmd
	in   io.WriteCloser
	post func(context.Context) error // instead of GO
}

// launch starts a command whose standard error is kept as log in the job's folder.
func launch(j Job, program string, args ...string) (*Process, error) {
	if err := os.MkdirAll(j.Dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(j.Dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	p := &Process{cmd: exec.Command(program, args...), Said: make(chan string, 100)}
	p.cmd.Stderr = log
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.Born = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.PID = p.cmd.Process.Pid
	go func() {
		defer close(p.Said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.Said <- lines.Text()
		}
	}()
	return p, nil
}

// Await waits until the process says the word.
func (p *Process) Await(ctx context.Context, word string) error {
	ctx, stop := context.WithTimeout(ctx, startLimit)
	defer stop()
	for {
		select {
		case line, ok := <-p.Said:
			if !ok {
				return fmt.Errorf("the process ended before it said %s: see its log", word)
			}
			if line == word {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("the process did not say %s: %w", word, ctx.Err())
		}
	}
}

// Go hands over the query.
func (p *Process) Go(ctx context.Context) error {
	if p.post != nil {
		return p.post(ctx)
	}
	_, err := io.WriteString(p.in, "GO\n")
	return err
}

// Stop asks the process to end, and kills it if it has not after 20 s.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	dead := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer dead.Stop()
	for range p.Said { // until it closes its output: Wait would lose lines
	}
	_ = p.cmd.Wait() // ended by a signal is no news
}
