package file

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"weir/connectors/connector"
)

const (
	pollInterval  = 200 * time.Millisecond // how soon new rows are seen
	matchInterval = time.Second            // how soon new files are seen
)

// tail is a file that is followed.
type tail struct {
	*reading
	cols   columns
	header bool // the next row is the header
}

// follow emits rows as files grow, until the context ends.
func (s *source) follow(ctx context.Context) error {
	tails := make(map[string]*tail)
	defer func() {
		for _, t := range tails {
			t.close()
		}
	}()
	var order []string
	var matched time.Time
	for {
		if time.Since(matched) >= matchInterval {
			matched = time.Now()
			paths, err := s.match()
			if err != nil {
				return err
			}
			for _, path := range paths {
				if tails[path] == nil {
					t, err := s.tail(s.state(path))
					if err != nil {
						return err
					}
					tails[path] = t
					order = append(order, path)
				}
			}
		}
		before := s.pos.Rows
		for _, path := range order {
			if err := s.drain(ctx, tails[path]); err != nil {
				return err
			}
			next, err := s.rotate(ctx, tails[path])
			if err != nil {
				return err
			}
			tails[path] = next
		}
		if s.pos.Rows > before {
			continue
		}
		if err := s.out.Flush(ctx); err != nil {
			return err
		}
		if err := connector.Sleep(ctx, pollInterval); err != nil {
			return context.Cause(ctx)
		}
	}
}

// tail opens a file where it was left, or at its start if it isn't that file any more.
func (s *source) tail(st *fileState) (*tail, error) {
	r, err := s.open(st, st.Offset)
	if _, gone := os.Stat(st.Path); err != nil && errors.Is(gone, os.ErrNotExist) {
		return nil, gone // moved away a moment ago; it may come back
	}
	if err != nil {
		return nil, err
	}
	info, err := r.f.Stat()
	if err != nil {
		r.close()
		return nil, s.openError(st.Path, err)
	}
	if r.gz {
		r.close()
		return nil, connector.Userf("%s is a gzip file: it cannot be followed", st.Path)
	}
	if st.Offset > 0 && (info.Size() < st.Offset || !r.head.continues(st.Head)) {
		r.close()
		*st = fileState{Path: st.Path, index: st.index}
		return s.tail(st)
	}
	st.Head = r.head
	t := &tail{reading: r, cols: columns{s.opts.key.column, s.opts.time.column}, header: s.opts.header && st.Offset == 0}
	if !t.header {
		if t.cols, err = s.columns(st); err != nil {
			r.close()
			return nil, err
		}
	}
	return t, nil
}

// drain emits the whole rows that are there.
func (s *source) drain(ctx context.Context, t *tail) error {
	for {
		row, err := t.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return t.fail(err)
		}
		if t.header {
			t.header = false
			if s.needsNames() {
				if t.cols, err = s.named(t.st, row); err != nil {
					return err
				}
			}
			continue
		}
		if err := s.emit(ctx, t.reading, t.cols, row, nil); err != nil {
			return err
		}
	}
}

// rotate looks whether the file was replaced or emptied, and then starts with the new one.
func (s *source) rotate(ctx context.Context, t *tail) (*tail, error) {
	now, err := os.Stat(t.st.Path)
	if err != nil { // away for a moment, or for good
		return t, nil
	}
	old, err := t.f.Stat()
	if err != nil {
		return t, nil
	}
	replaced := !os.SameFile(now, old)
	if !replaced && now.Size() >= t.rows.offset {
		if t.head.Len < headBytes && now.Size() > int64(t.head.Len) {
			if t.head, err = readHead(t.f); err == nil {
				t.st.Head = t.head
			}
		}
		return t, nil
	}
	if replaced {
		// What was written before the change, and a last line without its break: nothing will follow.
		t.rows.partial = true
		if err := s.drain(ctx, t); err != nil {
			return t, err
		}
	}
	t.close()
	*t.st = fileState{Path: t.st.Path, index: t.st.index}
	next, err := s.tail(t.st)
	if err != nil {
		return t, err
	}
	return next, nil
}
