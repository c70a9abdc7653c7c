package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"weir/server/render"
)

// screen gathers output and writes it in pieces, so that many rows are fast; on a terminal its last lines can be ones that change.
type screen struct {
	out     io.Writer
	columns func() int // 0 where out is no terminal: then there is no live line
	failed  func()     // called when out takes no more

	mu    sync.Mutex
	buf   bytes.Buffer
	live  string
	shown string // the live lines that stand on the terminal
	err   error
	stop  chan struct{}
	done  sync.WaitGroup
}

const (
	screenInterval = 50 * time.Millisecond
	screenBuffer   = 64 << 10
	clearLine      = "\r\x1b[K"
	clearLines     = "\r\x1b[%dA\x1b[J" // with so many above this one
)

func newScreen(out io.Writer, columns func() int, failed func()) *screen {
	s := &screen{out: out, columns: columns, failed: failed, stop: make(chan struct{})}
	s.done.Go(s.refresh)
	return s
}

func (s *screen) refresh() {
	tick := time.NewTicker(screenInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.mu.Lock()
			s.flush()
			s.mu.Unlock()
		case <-s.stop:
			return
		}
	}
}

// Write takes text that stays. The error is that of an earlier piece.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Write(p)
	if s.buf.Len() > screenBuffer {
		s.flush()
	}
	return len(p), s.err
}

// setLive replaces the live lines; an empty text takes them away. All but the last have been made for the width of the terminal.
func (s *screen) setLive(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = text
}

func (s *screen) flush() {
	width := s.columns()
	live := ""
	if width > 0 {
		at := strings.LastIndexByte(s.live, '\n') + 1
		live = s.live[:at] + render.Clip(s.live[at:], width-1)
	}
	if s.buf.Len() == 0 && live == s.shown {
		return
	}
	var out bytes.Buffer
	if above := strings.Count(s.shown, "\n"); above > 0 {
		fmt.Fprintf(&out, clearLines, above)
	} else if s.shown != "" {
		out.WriteString(clearLine)
	}
	out.Write(s.buf.Bytes())
	out.WriteString(live)
	s.shown = live
	s.buf.Reset()
	if _, err := s.out.Write(out.Bytes()); err != nil && s.err == nil {
		s.err = err
		s.failed()
	}
}

// close takes the live line away and writes what is left.
func (s *screen) close() error {
	close(s.stop)
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = ""
	s.flush()
	return s.err
}
