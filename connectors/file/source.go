package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"weir/connectors/connector"
	"weir/formats"
	"weir/kafka"
)

// source is the connector. It is run once.
type source struct {
	env  connector.Env
	opts options
	pos  position
	out  connector.Output

	partitions int32
	rec        connector.Record
	line       []byte // text of the row's number
	scratch    []byte
}

// position is what has been emitted.
type position struct {
	Files  []*fileState `json:"files,omitempty"` // in the order in which they were first seen, which gives them their partitions
	Rows   int64        `json:"rows,omitempty"`
	ByFile bool         `json:"by_file,omitempty"`
}

// fileState is what has been emitted of one file.
type fileState struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset,omitempty"` // in the file as it reads, unpacked
	Row    int64  `json:"row,omitempty"`
	Line   int64  `json:"line,omitempty"` // line breaks before Offset
	Rows   int64  `json:"rows,omitempty"` // in all
	Done   bool   `json:"done,omitempty"`
	Head   head   `json:"head"`

	index int32
}

// Bounded implements connector.Reader.
func (s *source) Bounded() bool { return s.opts.maxRows > 0 || !s.opts.follow && !s.opts.loop }

// Topics implements connector.Reader.
func (s *source) Topics() []connector.Topic { return []connector.Topic{s.opts.topic} }

// Position implements connector.Reader.
func (s *source) Position() any { return s.pos }

// errEnough ends a run at max.rows.
var errEnough = errors.New("enough rows")

// Run implements connector.Reader.
func (s *source) Run(ctx context.Context, out connector.Output, resume json.RawMessage) error {
	s.out, s.partitions = out, out.Partitions(s.opts.topic.Name)
	s.rec.Topic = s.opts.topic.Name
	first := resume == nil
	if !first {
		if err := json.Unmarshal(resume, &s.pos); err != nil {
			return connector.Userf("the stored position does not read: %w; drop the connector and create it again", err)
		}
		for i, st := range s.pos.Files {
			st.index = int32(i)
		}
	}
	paths, err := s.match()
	if err != nil {
		return err
	}
	if first {
		s.pos.ByFile = s.opts.byFile || !s.opts.byFileGiven && (len(paths) > 1 || s.opts.follow && hasMeta(s.opts.pattern))
	}
	if s.opts.follow {
		err = s.follow(ctx)
	} else {
		err = s.passes(ctx, paths)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// passes loads all files, once or for ever.
func (s *source) passes(ctx context.Context, paths []string) error {
	for {
		rows, err := s.pass(ctx, paths)
		if err != nil || !s.opts.loop {
			return err
		}
		for _, st := range s.pos.Files {
			st.Offset, st.Row, st.Line, st.Done = 0, 0, 0, false
		}
		if rows == 0 { // nothing to loop over, yet
			if err := connector.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		if paths, err = s.match(); err != nil {
			return err
		}
	}
}

// pass loads what is not loaded yet of all files, and returns how many rows they have.
func (s *source) pass(ctx context.Context, paths []string) (rows int64, err error) {
	states := make([]*fileState, len(paths))
	for i, path := range paths {
		st := s.state(path)
		if !st.Done {
			if err := s.measure(ctx, st); err != nil {
				return 0, err
			}
		}
		states[i] = st
		rows += st.Rows
	}
	total := rows
	if s.opts.maxRows > 0 && (s.opts.loop || total > s.opts.maxRows) {
		total = s.opts.maxRows
	}
	if !s.opts.loop || s.opts.maxRows > 0 {
		s.out.SetTotal(total)
	}
	for _, st := range states {
		if st.Done {
			continue
		}
		if err := s.load(ctx, st); err != nil {
			return rows, err
		}
		st.Done = true
	}
	return rows, nil
}

// state is what is known of a file.
func (s *source) state(path string) *fileState {
	for _, st := range s.pos.Files {
		if st.Path == path {
			return st
		}
	}
	st := &fileState{Path: path, index: int32(len(s.pos.Files))}
	s.pos.Files = append(s.pos.Files, st)
	return st
}

// measure counts the rows of a file, and finds out what can't be loaded before anything is.
func (s *source) measure(ctx context.Context, st *fileState) error {
	r, err := s.open(st, 0)
	if err != nil {
		return err
	}
	defer r.close()
	if st.Offset > 0 && st.Head.len() > 0 && !r.head.continues(st.Head) {
		return connector.Userf("%s was replaced since it was loaded up to row %d: drop the connector and create it again to load it anew", st.Path, st.Row)
	}
	st.Head = r.head
	st.Rows = 0
	for first := true; ; first = false {
		if st.Rows%65536 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		_, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.fail(err)
		}
		if !first || !s.opts.header {
			st.Rows++
		}
	}
	if r.rows.offset < st.Offset {
		return connector.Userf("%s is shorter than what was loaded of it, up to row %d: drop the connector and create it again to load it anew", st.Path, st.Row)
	}
	return nil
}

// load emits the rest of a file.
func (s *source) load(ctx context.Context, st *fileState) error {
	cols, err := s.columns(st)
	if err != nil {
		return err
	}
	r, err := s.open(st, st.Offset)
	if err != nil {
		return err
	}
	defer r.close()
	skipHeader := s.opts.header && st.Offset == 0
	lines := strconv.AppendInt(nil, st.Rows, 10)
	for {
		row, err := r.rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return r.fail(err)
		}
		if skipHeader {
			skipHeader = false
			continue
		}
		if err := s.emit(ctx, r, cols, row, lines); err != nil {
			return err
		}
	}
}

// emit sends one row. lines is the text of the number of rows, nil if it isn't known.
func (s *source) emit(ctx context.Context, r *reading, cols columns, row, lines []byte) error {
	if s.opts.maxRows > 0 && s.pos.Rows >= s.opts.maxRows {
		return errEnough
	}
	st := r.st
	timed := s.timestamp(r, cols, row)
	if err := s.opts.pace.Wait(ctx, s.out, s.rec.Timestamp, timed); err != nil {
		return err
	}
	s.rec.Key = s.key(r, cols, row)
	st.Row++
	st.Offset, st.Line = r.rows.offset, r.rows.lines
	s.pos.Rows++
	s.rec.Value = row
	switch {
	case s.rec.Key != nil:
		s.rec.Partition = kafka.Partition(s.rec.Key, s.partitions)
	case s.pos.ByFile:
		s.rec.Partition = st.index % s.partitions
	default:
		s.rec.Partition = int32((st.Row - 1) % int64(s.partitions))
	}
	s.line = strconv.AppendInt(s.line[:0], st.Row, 10)
	s.rec.Headers = append(s.rec.Headers[:0], connector.Header{Key: HeaderFile, Value: r.base}, connector.Header{Key: HeaderLine, Value: s.line})
	if lines != nil {
		s.rec.Headers = append(s.rec.Headers, connector.Header{Key: HeaderLines, Value: lines})
	}
	return s.out.Emit(ctx, &s.rec)
}

func (s *source) key(r *reading, cols columns, row []byte) []byte {
	if s.opts.key.none() {
		return nil
	}
	key, err := s.find(s.opts.key, cols.key, row)
	if err != nil {
		s.out.Bad(r.at(fmt.Errorf("no key: %w", err)))
	}
	if len(key) == 0 {
		return nil
	}
	return key
}

// noTime stands for a time before all others, where nothing better is known: late is better than far ahead.
const noTime = 1

// timestamp sets the record's timestamp and tells whether it is the row's own. Where it can't be read, the one before stays.
func (s *source) timestamp(r *reading, cols columns, row []byte) bool {
	if s.opts.time.none() {
		return false
	}
	text, err := s.find(s.opts.time, cols.time, row)
	if err == nil && len(text) == 0 {
		err = errors.New("it is empty")
	}
	var ms int64
	if err == nil {
		ms, err = s.opts.parseTime(string(text))
	}
	if err != nil {
		s.out.Bad(r.at(fmt.Errorf("no time: %w", err)))
		if s.rec.Timestamp == 0 {
			s.rec.Timestamp = noTime
		}
		return false
	}
	s.rec.Timestamp = max(ms, noTime)
	return true
}

// find reads what a selector says; nil where it is empty or null.
func (s *source) find(sel selector, column int, row []byte) ([]byte, error) {
	switch {
	case sel.re != nil:
		m := sel.re.FindSubmatchIndex(row)
		if m == nil {
			return nil, fmt.Errorf("the row does not match %s", sel.re)
		}
		if m[2] < 0 {
			return nil, nil
		}
		return row[m[2]:m[3]], nil
	case column > 0:
		if cap(s.scratch) < len(row) {
			s.scratch = make([]byte, 0, 2*len(row))
		}
		field, ok := csvField(row, column, s.opts.delim, s.scratch)
		if !ok {
			return nil, fmt.Errorf("the row has less than %d columns", column)
		}
		return field, nil
	}
	field := jsonField
	if s.opts.format == formatMsgpack {
		field = formats.MsgpackField
	}
	text, ok, err := field(row, sel.name)
	if err == nil && !ok {
		return nil, nil
	}
	return text, err
}
