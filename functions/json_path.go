package functions

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"weir/formats/jsontext"
	"weir/types"
)

// pathStep is a field of an object, or the place in an array that its name says.
type pathStep struct {
	name  string
	index int // -1 where the name is none
}

func stepOf(name string) pathStep {
	n, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return pathStep{name, -1}
	}
	return pathStep{name, int(n)}
}

// parsePath reads a path such as $.a['b c'][0].
func parsePath(s string) ([]pathStep, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "$")
	bad := fmt.Errorf("not a JSON path: %q: want a form such as $.a.b[0]", s)
	if !ok {
		return nil, bad
	}
	var steps []pathStep
	for rest != "" {
		switch {
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				return nil, bad
			}
			steps, rest = append(steps, stepOf(rest[1:end])), rest[end:]
		case len(rest) > 1 && rest[0] == '[' && (rest[1] == '\'' || rest[1] == '"'):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return nil, bad
			}
			steps, rest = append(steps, stepOf(rest[2:2+end])), rest[end+4:]
		case rest[0] == '[':
			name, more, ok := strings.Cut(rest[1:], "]")
			if !ok || name == "" || strings.IndexFunc(name, notWord) >= 0 {
				return nil, bad
			}
			steps, rest = append(steps, stepOf(name)), more
		default:
			return nil, bad
		}
	}
	return steps, nil
}

func notWord(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// extractField reads no more of the document than it takes to find the value.
func extractField(*Binding) Eval {
	var last string
	var steps []pathStep
	return func(c *Call) (types.Value, error) {
		if path := c.Args[1].Str(); path != last || steps == nil {
			parsed, err := parsePath(path)
			if err != nil {
				return types.NullValue, err
			}
			last, steps = strings.Clone(path), append([]pathStep{}, parsed...)
		}
		b := c.Args[0].Bytes()
		at := jsontext.SkipSpace(b, 0)
		if at >= len(b) {
			return types.NullValue, errNotJSON
		}
		b = b[at:]
		for _, step := range steps {
			if b = step.find(b); b == nil {
				return types.NullValue, nil
			}
		}
		end, ok := jsontext.SkipValue(b, 0)
		if !ok {
			return types.NullValue, errNotJSON
		}
		return jsonText(b[:end]), nil
	}
}

// find is the value that the step leads to, or nil.
func (s pathStep) find(b []byte) (found []byte) {
	switch {
	case b[0] == '[' && s.index >= 0:
		n := s.index
		eachItemOf(b, func(item []byte) bool {
			if n == 0 {
				found = item
			}
			n--
			return n >= 0
		})
	case b[0] == '{':
		eachFieldOf(b, func(name string, val []byte) bool {
			if name == s.name {
				found = val
			}
			return found == nil
		})
	}
	return found
}
