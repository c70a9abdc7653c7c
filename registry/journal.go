package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"weir/disk"
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

// copyName is a second file with the same lines: what is damaged in one is taken from the other.
const copyName = "schemas.copy"

// Open returns the store kept in a directory, which is created if needed. One process at a time may have it open.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the schema registry cannot create its directory: %w", err)
	}
	s, j, err := readStore(dir)
	if err != nil {
		return nil, err
	}
	s.journal = j
	return s, j.open()
}

// Check reads the files of a directory as Open does, changes nothing, and says what is wrong with them.
func Check(dir string) (findings []string, err error) {
	_, j, err := readStore(dir)
	if err != nil {
		return nil, err
	}
	return j.wrong, nil
}

func readStore(dir string) (*Store, *journal, error) {
	j := &journal{paths: [2]string{filepath.Join(dir, FileName), filepath.Join(dir, copyName)}}
	lines, err := j.read()
	s := NewStore()
	for i, line := range lines {
		if err != nil {
			break
		}
		var e entry
		if err = json.Unmarshal(line, &e); err == nil {
			err = s.apply(e)
		}
		if err != nil {
			err = fmt.Errorf("line %d is damaged: %w", i+1, err)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the schema registry cannot read %s: %w. Restore the file from a copy; weir check tells more", j.paths[0], err)
	}
	return s, j, nil
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

// journal are the two files behind a store. A line is JSON and, behind a tab, its number and sum; those of older files have neither.
type journal struct {
	paths [2]string
	files [2]*os.File
	ends  [2]int64 // after the last whole line
	last  int      // number of the last line
	lines [][]byte
	stale [2]bool // it has to be written anew
	wrong []string
}

// read gives the lines, each from the file in which it is sound.
func (j *journal) read() ([][]byte, error) {
	byNumber := [2]map[int][]byte{}
	for i, path := range j.paths {
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		byNumber[i] = map[int][]byte{}
		for n := 1; len(data) > 0; n++ {
			line, rest, whole := bytes.Cut(data, []byte("\n"))
			data = rest
			text, number, ok := unseal(line, n)
			if !whole || !ok {
				j.stale[i] = true
				if whole {
					j.last = max(j.last, n)
				}
				j.wrong = append(j.wrong, fmt.Sprintf("%s: line %d is damaged or not whole", filepath.Base(path), n))
				continue
			}
			byNumber[i][number], j.last = text, max(j.last, number)
		}
	}
	for n := 1; n <= j.last; n++ {
		line := byNumber[0][n]
		if line == nil {
			line = byNumber[1][n]
		}
		if line == nil {
			return nil, fmt.Errorf("line %d is damaged, and in its copy too", n)
		}
		j.lines = append(j.lines, line)
	}
	for i := range j.paths {
		j.stale[i] = j.stale[i] || len(byNumber[i]) != j.last
	}
	return j.lines, nil
}

// seal puts number and sum behind a line.
func seal(line []byte, number int) []byte {
	tail := fmt.Appendf(nil, "\t%d", number)
	sum := crc32.Update(crc32.Checksum(line, castagnoli), castagnoli, tail)
	return fmt.Appendf(append(line[:len(line):len(line)], tail...), " %08x", sum)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unseal gives a line and its number, and whether it is as it was written. One of an older file has the number given.
func unseal(raw []byte, at int) (line []byte, number int, ok bool) {
	line, tail, sealed := bytes.Cut(raw, []byte("\t"))
	if !sealed {
		return line, at, json.Valid(line)
	}
	text, _, _ := bytes.Cut(tail, []byte(" "))
	number, err := strconv.Atoi(string(text))
	return line, number, err == nil && number > 0 && bytes.Equal(seal(line, number), raw)
}

// open puts the files in order. What is not as it was is kept beside.
func (j *journal) open() error {
	var whole []byte
	for i, line := range j.lines {
		whole = append(append(whole, seal(line, i+1)...), '\n')
	}
	for i, path := range j.paths {
		was, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if j.stale[i] && len(was) > 0 {
			if err := os.WriteFile(path+".damaged", was, 0o644); err != nil {
				return err
			}
		}
		if !bytes.Equal(was, whole) {
			if err := disk.Replace(path, whole); err != nil {
				return err
			}
		}
		if j.files[i], err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644); err != nil {
			return err
		}
		j.ends[i] = int64(len(whole))
		if _, err := j.files[i].Seek(j.ends[i], io.SeekStart); err != nil {
			return err
		}
	}
	j.lines = nil
	return nil
}

// Mended says what was wrong with the files when the store was opened.
func (s *Store) Mended() []string {
	if s.journal == nil {
		return nil
	}
	return s.journal.wrong
}

func (j *journal) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(seal(line, j.last+1), '\n')
	for _, f := range j.files {
		_, err := f.Write(line)
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			return errors.Join(err, j.cut())
		}
	}
	for i := range j.ends {
		j.ends[i] += int64(len(line))
	}
	j.last++
	return nil
}

// cut drops whatever follows the last whole line.
func (j *journal) cut() error {
	var errs []error
	for i, f := range j.files {
		errs = append(errs, f.Truncate(j.ends[i]))
		_, err := f.Seek(j.ends[i], io.SeekStart)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (j *journal) close() error {
	var errs []error
	for _, f := range j.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
