package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// FileName is the file that a store keeps in its directory: one JSON object per line, only ever appended to.
const FileName = "schemas.jsonl"

// entry is one change.
type entry struct {
	Op         string      `json:"op"`
	Subject    string      `json:"subject,omitempty"`
	Version    int         `json:"version,omitempty"`
	ID         int         `json:"id,omitempty"`
	Type       Type        `json:"type,omitempty"` // set with Text when the schema is new
	Text       string      `json:"schema,omitempty"`
	References []Reference `json:"references,omitempty"`
	Normalize  bool        `json:"normalize,omitempty"`
	Permanent  bool        `json:"permanent,omitempty"`
	Level      Level       `json:"compatibility,omitempty"` // instead of Config, in older files
	Mode       Mode        `json:"mode,omitempty"`

	Metadata json.RawMessage `json:"metadata,omitempty"`
	RuleSet  json.RawMessage `json:"ruleSet,omitempty"`
	GUID     string          `json:"guid,omitempty"`
	Config   *config         `json:"config,omitempty"`
}

const (
	opRegister = "register"
	opDelete   = "delete"
	opLevel    = "config"
	opMode     = "mode"
)

// Open returns the store kept in a directory, which is created if needed. One process at a time may have it open.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the schema registry cannot create its directory: %w", err)
	}
	path := filepath.Join(dir, FileName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the schema registry cannot open its file: %w", err)
	}
	s := NewStore()
	end, err := s.replay(f)
	if err == nil {
		s.journal = &journal{f: f, end: end}
		err = s.journal.cut()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the schema registry cannot read %s: %w", path, err), f.Close())
	}
	return s, nil
}

// replay applies all whole lines and returns where they end. A kill can leave half a line after them.
func (s *Store) replay(f io.Reader) (end int64, err error) {
	data, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return end, nil
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, fmt.Errorf("line %d is damaged: %w", n, err)
		}
		if err := s.apply(e); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(line)) + 1
		data = rest
	}
}

// apply brings an entry into memory. The rules were checked when it was written.
func (s *Store) apply(e entry) error {
	switch e.Op {
	case opRegister:
		return s.applyRegister(e)
	case opDelete:
		s.remove(e.Subject, e.Version, e.Permanent)
	case opLevel:
		c := config{Level: e.Level}
		if e.Config != nil {
			c = *e.Config
		}
		if s.configs[e.Subject] = c; c.empty() {
			delete(s.configs, e.Subject)
		}
	case opMode:
		if s.modes[e.Subject] = e.Mode; e.Mode == "" {
			delete(s.modes, e.Subject)
		}
	default:
		return fmt.Errorf("unknown change %q; was it written by a newer version?", e.Op)
	}
	return nil
}

func (s *Store) applyRegister(e entry) error {
	context := contextOf(e.Subject)
	if e.Text != "" {
		in := Schema{ID: e.ID, Type: e.Type, Text: e.Text, References: e.References, Metadata: e.Metadata, RuleSet: e.RuleSet}
		p, err := s.parse(e.Subject, in, e.Normalize)
		if err != nil {
			return err
		}
		if p.GUID = e.GUID; p.GUID == "" { // of an older file
			p.GUID = newGUID(p.Schema)
		}
		if s.ids[context] == nil {
			s.ids[context] = make(map[string]int)
		}
		if _, known := s.ids[context][p.key]; !known {
			s.ids[context][p.key] = e.ID
		}
		s.schemas[place{context, e.ID}] = p
		s.lastID[context] = max(s.lastID[context], e.ID)
	}
	if s.schemas[place{context, e.ID}] == nil {
		return fmt.Errorf("schema %d is missing", e.ID)
	}
	sub := s.subjects[e.Subject]
	if sub == nil {
		sub = &subject{}
		s.subjects[e.Subject] = sub
	}
	sub.versions = append(sub.versions, version{number: e.Version, id: e.ID})
	return nil
}

// journal is the file behind a store.
type journal struct {
	f   *os.File
	end int64 // after the last whole line
}

// cut drops whatever follows the last whole line.
func (j *journal) cut() error {
	if err := j.f.Truncate(j.end); err != nil {
		return err
	}
	_, err := j.f.Seek(j.end, io.SeekStart)
	return err
}

func (j *journal) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := j.f.Write(line); err != nil {
		return errors.Join(err, j.cut())
	}
	if err := j.f.Sync(); err != nil {
		return errors.Join(err, j.cut())
	}
	j.end += int64(len(line))
	return nil
}

func (j *journal) close() error { return j.f.Close() }
