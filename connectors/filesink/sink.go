package filesink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/connectors/connector"
	"weir/connectors/encode"
)

// sink writes files.
type sink struct {
	env          connector.Env
	path         string // absolute, perhaps with a mark for the topic
	options      encode.Options
	exists       string
	rollBytes    int64
	rollInterval time.Duration
	now          func() time.Time

	in   connector.In
	outs []*out // one for each relation
}

// out are the files of one relation.
type out struct {
	fileState
	base string
	enc  *encode.Encoder
	file *os.File
	buf  bytes.Buffer
	rows []connector.Row
}

// fileState is how far a relation has been written: with the positions, in one step.
type fileState struct {
	Number    int    `json:"number"` // of the file, from 1
	Length    int64  `json:"length"` // what is behind it was written before a crash, and will be written again
	Since     int64  `json:"since"`  // of its first row, in milliseconds since 1970; 0 where it has none
	Signature string `json:"signature,omitempty"`
}

// Begin opens the files and cuts off what the positions do not know of.
func (s *sink) Begin(_ context.Context, in connector.In) (connector.Begun, error) {
	s.in = in
	states := map[string]fileState{}
	if in.State != nil {
		if err := json.Unmarshal(in.State, &states); err != nil {
			return connector.Begun{}, fmt.Errorf("the connector's state: %w", err)
		}
	}
	if err := s.check(in.Relations); err != nil {
		return connector.Begun{}, connector.Userf("%w", err)
	}
	for _, rel := range in.Relations {
		enc, err := encode.New(rel, s.options)
		if err != nil {
			return connector.Begun{}, connector.Userf("%w", err)
		}
		o := &out{base: strings.ReplaceAll(s.path, topicMark, safe(rel.Topic)), enc: enc}
		s.outs = append(s.outs, o)
		state, known := states[rel.Topic]
		if known {
			o.fileState = state
		} else {
			o.Number = 1
		}
		if err := s.open(o, known); err != nil {
			return connector.Begun{}, err
		}
	}
	return connector.Begun{State: s.state()}, nil
}

// check says whether the relations' rows can be written.
func (s *sink) check(relations []connector.Relation) error {
	if len(relations) > 1 && !strings.Contains(s.path, topicMark) {
		return fmt.Errorf("property 'path': there are %d topics: put %s into the path, so that each gets a file", len(relations), topicMark)
	}
	for _, rel := range relations {
		if _, err := encode.New(rel, s.options); err != nil {
			return err
		}
	}
	return nil
}

// state is how far each topic has been written.
func (s *sink) state() map[string]fileState {
	state := map[string]fileState{}
	for i, o := range s.outs {
		state[s.in.Relations[i].Topic] = o.fileState
	}
	return state
}

// safe makes a file name of a topic's: topics have no slashes, but two of them are dots.
func safe(topic string) string {
	if strings.Trim(topic, ".") == "" {
		return strings.ReplaceAll(topic, ".", "_")
	}
	return topic
}

// name is the path of a relation's file. The first has no number where files do not follow each other.
func (s *sink) name(o *out) string {
	if o.Number == 1 && s.rollBytes == 0 && s.rollInterval == 0 {
		return o.base
	}
	ext := filepath.Ext(o.base)
	return fmt.Sprintf("%s-%06d%s", strings.TrimSuffix(o.base, ext), o.Number, ext)
}

func (s *sink) open(o *out, known bool) error {
	path := s.name(o)
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return connector.Userf("%w", err)
	}
	if err != nil && o.Length > 0 {
		s.env.Logger.Warn("the file that was written is gone: it begins anew", "path", path)
		o.fileState = fileState{Number: o.Number}
	}
	if err == nil && !known && info.Size() > 0 {
		switch s.exists {
		case existsFail:
			return connector.Userf("%s is there already: remove it, choose another 'path', or set 'exists'='%s' or '%s'", path, existsAppend, existsReplace)
		case existsAppend:
			if s.options.Format == encode.Avro {
				return connector.Userf("%s is there already, and an Avro file of somebody else's is not added to: choose 'exists'='%s'", path, existsReplace)
			}
			o.fileState = fileState{Number: o.Number, Length: info.Size(), Since: info.ModTime().UnixMilli(), Signature: o.enc.Signature()}
		}
	}
	if o.file, err = s.openFile(path); err != nil {
		return err
	}
	if o.Length > 0 && info.Size() < o.Length {
		return connector.Userf("%s is shorter than what was written to it (%d bytes of %d): remove it to begin a new one", path, info.Size(), o.Length)
	}
	if err := o.file.Truncate(o.Length); err != nil {
		return err
	}
	if o.Length > 0 && o.Signature != o.enc.Signature() {
		return s.roll(o)
	}
	return nil
}

// roll goes on in the next file.
func (s *sink) roll(o *out) error {
	if err := o.file.Close(); err != nil {
		return err
	}
	o.fileState = fileState{Number: o.Number + 1}
	file, err := s.openFile(s.name(o))
	if err != nil {
		return err
	}
	o.file = file
	return o.file.Truncate(0)
}

// Write adds the rows of a batch to their files and waits until they are on disk.
func (s *sink) Write(ctx context.Context, b connector.Batch) (any, error) {
	for _, o := range s.outs {
		o.rows = o.rows[:0]
	}
	for i := range b.Rows {
		o := s.outs[b.Rows[i].Relation]
		o.rows = append(o.rows, b.Rows[i])
	}
	for _, o := range s.outs {
		if len(o.rows) > 0 {
			if err := s.add(ctx, o); err != nil {
				return nil, err
			}
		}
	}
	return s.state(), nil
}

func (s *sink) add(ctx context.Context, o *out) error {
	now := s.now().UnixMilli()
	if s.rollBytes > 0 && o.Length >= s.rollBytes || s.rollInterval > 0 && o.Since > 0 && now-o.Since >= s.rollInterval.Milliseconds() {
		if err := s.roll(o); err != nil {
			return err
		}
	}
	o.buf.Reset()
	if err := o.enc.Append(ctx, &o.buf, o.Length == 0, o.rows, s.in.Refuse); err != nil {
		return err
	}
	if _, err := o.file.WriteAt(o.buf.Bytes(), o.Length); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	o.Length += int64(o.buf.Len())
	o.Signature = o.enc.Signature()
	if o.Since == 0 {
		o.Since = now
	}
	return nil
}

// Close closes the files.
func (s *sink) Close() error {
	var errs []error
	for _, o := range s.outs {
		if o.file != nil {
			errs = append(errs, o.file.Close())
		}
	}
	return errors.Join(errs...)
}
