package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

var errNotObject = errors.New("the row is not a JSON object")

// jsonField returns the text of a field of a JSON object: of a string what it stands for, of anything else how it is written. null
// and a field that isn't there are not ok. The object is checked no further than needed.
func jsonField(row []byte, name string) (text []byte, ok bool, err error) {
	s := scanner{b: row}
	if !s.take('{') {
		return nil, false, errNotObject
	}
	if s.take('}') {
		return nil, false, nil
	}
	for {
		key, err := s.str()
		if err != nil {
			return nil, false, err
		}
		if !s.take(':') {
			return nil, false, s.expected("a colon")
		}
		start := s.skipSpace()
		if err := s.value(); err != nil {
			return nil, false, err
		}
		same, err := equalString(key, name)
		if err != nil {
			return nil, false, err
		}
		if same {
			return jsonText(row[start:s.at])
		}
		if s.take('}') {
			return nil, false, nil
		}
		if !s.take(',') {
			return nil, false, s.expected("a comma or }")
		}
	}
}

func jsonText(raw []byte) ([]byte, bool, error) {
	if bytes.Equal(raw, []byte("null")) {
		return nil, false, nil
	}
	if raw[0] != '"' {
		return raw, true, nil
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true, nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, false, err
	}
	return []byte(s), true, nil
}

// equalString compares a JSON string, quotes included, with a text.
func equalString(quoted []byte, text string) (bool, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1:len(quoted)-1]) == text, nil
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s == text, err
}

// scanner walks over JSON without building anything.
type scanner struct {
	b  []byte
	at int
}

func (s *scanner) skipSpace() int {
	for s.at < len(s.b) && (s.b[s.at] == ' ' || s.b[s.at] == '\t' || s.b[s.at] == '\n' || s.b[s.at] == '\r') {
		s.at++
	}
	return s.at
}

func (s *scanner) take(c byte) bool {
	if s.skipSpace() < len(s.b) && s.b[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) expected(what string) error {
	return fmt.Errorf("the row is not valid JSON: expected %s at byte %d", what, s.at+1)
}

// str takes a string and returns it with its quotes.
func (s *scanner) str() ([]byte, error) {
	start := s.skipSpace()
	if start >= len(s.b) || s.b[start] != '"' {
		return nil, s.expected("a string")
	}
	for i := start + 1; i < len(s.b); i++ {
		switch s.b[i] {
		case '\\':
			i++
		case '"':
			s.at = i + 1
			return s.b[start:s.at], nil
		}
	}
	s.at = len(s.b)
	return nil, s.expected("a closing quote")
}

// value skips a value. Of objects and arrays only the brackets are counted.
func (s *scanner) value() error {
	start, depth := s.skipSpace(), 0
	for s.at < len(s.b) {
		switch s.b[s.at] {
		case '"':
			if _, err := s.str(); err != nil {
				return err
			}
			if depth == 0 {
				return nil
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return s.scalarEnd(start)
			}
			if depth--; depth == 0 {
				s.at++
				return nil
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.scalarEnd(start)
			}
		}
		s.at++
	}
	return s.expected("the end of a value")
}

func (s *scanner) scalarEnd(start int) error {
	if s.at == start {
		return s.expected("a value")
	}
	return nil
}
