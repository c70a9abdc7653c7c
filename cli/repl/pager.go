package repl

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"os/exec"
	"strings"

	"weir/parser"
	"weir/parser/ast"
)

// page has the answer of statements go through a pager, where it has an end. The function that it returns waits until the user has read it.
func (r *REPL) page(text string) (done func() error) {
	nothing := func() error { return nil }
	if !r.terminal || r.NoPager || r.spooled != nil || r.Printer.Lines == nil || !isBounded(text) {
		return nothing
	}
	command := pagerCommand()
	if len(command) == 0 {
		return nothing
	}
	p := &pager{out: r.Printer.Out, command: command, lines: r.Printer.Lines()}
	r.Printer.Out = p
	return func() error {
		r.Printer.Out = p.out
		return p.close()
	}
}

// isBounded says whether all statements of a text give answers that end by themselves and soon.
func isBounded(text string) bool {
	list, err := parser.Parse(text, parser.Options{})
	if err != nil {
		return false
	}
	for _, s := range list {
		switch n := s.Node.(type) {
		case *ast.Query:
			if n.Emit != nil {
				return false
			}
		case *ast.Show, *ast.Describe, *ast.ShowCreate, *ast.Explain:
		default:
			return false
		}
	}
	return true
}

func pagerCommand() []string {
	if named := cmp.Or(os.Getenv("WEIR_PAGER"), os.Getenv("PAGER")); named != "" {
		return strings.Fields(named)
	}
	if _, err := exec.LookPath("less"); err != nil {
		return nil
	}
	return []string{"less", "-RSX"}
}

// pager keeps what is written until it is more than a screen; then a command gets it.
type pager struct {
	out     io.Writer
	command []string
	lines   int
	buf     bytes.Buffer
	cmd     *exec.Cmd
	in      io.WriteCloser
}

func (p *pager) Write(b []byte) (int, error) {
	if p.in != nil {
		_, _ = p.in.Write(b) // one that the user has left takes no more
		return len(b), nil
	}
	p.buf.Write(b)
	if bytes.Count(p.buf.Bytes(), []byte("\n")) < p.lines-1 {
		return len(b), nil
	}
	return len(b), p.start()
}

func (p *pager) start() error {
	p.cmd = exec.Command(p.command[0], p.command[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = os.Stdout, os.Stderr
	in, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil { // without it then
		p.lines = 1 << 30
		return nil
	}
	p.in = in
	_, _ = p.buf.WriteTo(in)
	return nil
}

func (p *pager) close() error {
	if p.in == nil {
		_, err := p.buf.WriteTo(p.out)
		return err
	}
	_ = p.in.Close()
	_ = p.cmd.Wait() // how the user left it is of no interest
	return nil
}
