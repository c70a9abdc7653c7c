package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"weir/answer"
	"weir/cli/repl"
	"weir/engine"
	"weir/parser"
	"weir/server/render"
	"weir/server/wire"
)

// liveQueries are the queries of a script that show rows while it runs.
type liveQueries struct {
	screen  *screen
	format  render.Format
	columns func() int
	height  func() int

	wg      sync.WaitGroup
	copies  sync.WaitGroup       // those that write files
	cancels []context.CancelFunc // only the goroutine that runs the script touches them

	mu      sync.Mutex
	queries []*liveQuery
	boards  []*repl.Watch
	left    int
	last    *liveQuery // whose rows came last: another one's begin with its header
	rows    int64
	lines   int64 // of PRINT
	errs    []error
}

// liveQuery shows the rows of one query among those of others.
type liveQuery struct {
	all     *liveQueries
	title   string
	printer render.Printer
	buf     bytes.Buffer // what waits for its turn: rows of several queries come in runs, not shuffled
}

const maxTurn = 64 << 10 // bytes that may wait

func (l *liveQueries) start(ctx context.Context, s step, stmt parser.Stmt, res engine.Result) {
	ctx, cancel := context.WithCancel(ctx)
	l.cancels = append(l.cancels, cancel)
	q := &liveQuery{all: l, title: s.title()}
	q.printer = render.Printer{Out: &q.buf, Format: l.format, Columns: l.columns, Lines: l.height, Color: coloured()}
	l.mu.Lock()
	l.queries = append(l.queries, q)
	l.left++
	l.mu.Unlock()
	l.wg.Go(func() {
		err := repl.Show(ctx, stmt, res, q)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.left--
		if err = errors.Join(err, q.give()); err != nil && !errors.Is(err, repl.ErrInterrupted) {
			l.errs = append(l.errs, fmt.Errorf("%s: %w", q.title, err))
		}
	})
}

// board runs the query of a WATCH.
func (l *liveQueries) board(ctx context.Context, s step, w *repl.Watch) {
	ctx, cancel := context.WithCancel(ctx)
	l.cancels = append(l.cancels, cancel)
	l.mu.Lock()
	l.boards = append(l.boards, w)
	l.left++
	l.mu.Unlock()
	l.wg.Go(func() {
		err := w.Run(ctx, w)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.left--
		if err != nil && !errors.Is(err, repl.ErrInterrupted) {
			l.errs = append(l.errs, fmt.Errorf("%s: %w", s.title(), err))
		}
	})
}

// stand is how the rows of all boards stand, which share the height of the terminal.
func (l *liveQueries) stand() string {
	l.mu.Lock()
	boards := l.boards
	l.mu.Unlock()
	var text strings.Builder
	for _, w := range boards {
		text.WriteString(w.Text(l.columns(), (l.height()-1)/len(boards)))
	}
	return text.String()
}

// drawn keeps the boards drawn until the function is called that it returns.
func (l *liveQueries) drawn(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for ctx.Err() == nil {
			l.screen.setLive(l.stand())
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		l.settled()
	}
}

// settled takes the boards off the live lines, and leaves them as they stand.
func (l *liveQueries) settled() {
	l.screen.setLive("")
	_, _ = io.WriteString(l.screen, l.stand()) // the screen tells what it does not take
}

// came is how many rows and lines have come.
func (l *liveQueries) came() int64 {
	n := l.rows + l.lines
	for _, w := range l.boards {
		n += w.Changes()
	}
	return n
}

// flush shows what waits, query by query.
func (l *liveQueries) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.queries {
		if q.waiting() > 0 {
			if err := q.give(); err != nil {
				l.errs = append(l.errs, err)
			}
		}
	}
}

// wait returns when the context ends, or, if there were any, when all queries have ended at their limits.
func (l *liveQueries) wait(ctx context.Context) {
	ended := make(chan struct{})
	if len(l.cancels) > 0 {
		go func() { l.wg.Wait(); l.copies.Wait(); close(ended) }()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
}

// settle waits until nothing comes any more, and ends the queries: PRINT does not know where its topic ends. Those that write files do, and have all of it.
func (l *liveQueries) settle(ctx context.Context) {
	l.quiet(ctx)
	l.copies.Wait()
	l.end()
}

// quiet waits until nothing comes any more.
func (l *liveQueries) quiet(ctx context.Context) {
	const quiet = 300 * time.Millisecond
	last, since := int64(-1), time.Now()
	for ctx.Err() == nil {
		l.mu.Lock()
		rows, left := l.came(), l.left
		l.mu.Unlock()
		if rows != last {
			last, since = rows, time.Now()
		}
		if left == 0 || time.Since(since) > quiet {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// end ends what still runs.
func (l *liveQueries) end() {
	for _, cancel := range l.cancels {
		cancel()
	}
	l.wg.Wait()
	l.copies.Wait()
}

func (l *liveQueries) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.errs...)
}

// shown are the rows shown so far, and the number of queries.
func (l *liveQueries) shown() (rows int64, queries int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.came() - l.lines, len(l.queries) + len(l.boards)
}

// give shows what waits, below the query's title where another query's rows stand before. The lock is held.
func (q *liveQuery) give() error {
	if q.all.last != q {
		if q.waiting() == 0 && q.all.last != nil {
			return nil
		}
		q.all.last = q
		if !q.all.format.Data() {
			if _, err := io.WriteString(q.all.screen, q.title+"\n"); err != nil {
				return err
			}
		}
		q.printer.Again()
	}
	if err := q.printer.Flush(); err != nil {
		return err
	}
	_, err := q.buf.WriteTo(q.all.screen)
	return err
}

func (q *liveQuery) waiting() int { return q.printer.Waiting() + q.buf.Len() }

// step lets f write, and shows it at once unless other queries want to be seen too, or what comes together is laid out together. The lock is taken.
func (q *liveQuery) step(f func() error) error {
	q.all.mu.Lock()
	defer q.all.mu.Unlock()
	if err := f(); err != nil || (len(q.all.queries) > 1 || q.all.columns() > 0) && q.waiting() < maxTurn {
		return err
	}
	return q.give()
}

// Header implements repl.Display.
func (q *liveQuery) Header(meta wire.QueryMeta) error {
	return q.step(func() error { return q.printer.Header(meta) })
}

// Row implements repl.Display.
func (q *liveQuery) Row(columns json.RawMessage, tombstone bool) error {
	return q.step(func() error { q.all.rows++; return q.printer.Row(columns, tombstone) })
}

// End implements repl.Display. The summary tells how many rows there were.
func (q *liveQuery) End() error { return nil }

// Line implements repl.Display.
func (q *liveQuery) Line(text string) error {
	return q.step(func() error { q.all.lines++; return q.printer.Line(text) })
}

// Entity implements repl.Display: rows have none.
func (q *liveQuery) Entity(answer.Entity) error { return nil }

// Message implements repl.Display: that the script ended its queries goes without saying.
func (q *liveQuery) Message(string) error { return nil }
