package settings

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Property is an entry of a file of properties.
type Property struct {
	Name, Value string
	Line        int // where it begins
}

// ReadProperties reads a file of properties as Java does: name=value, name:value or name value, with the escapes \t, \n, \r, \f, \uXXXX and \ before any other
// character, lines that go on behind a \ at their end, and comments that begin with # or !. What is more than Java asks for is a value: a name alone is taken for
// a mistake. Errors have the number of the line, and nothing of what stands there, which may be a secret. Text is UTF-8.
func ReadProperties(text string) ([]Property, error) {
	var out []Property
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\r", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		p := Property{Line: i + 1}
		line := strings.TrimLeft(lines[i], blanks)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for goesOn(line) && i+1 < len(lines) {
			i++
			line = line[:len(line)-1] + strings.TrimLeft(lines[i], blanks)
		}
		name, value, found := cut(line)
		var err error
		if p.Name, err = unescape(name); err == nil {
			p.Value, err = unescape(value)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", p.Line, err)
		case !found || p.Name == "":
			return nil, fmt.Errorf("line %d: expected name=value", p.Line)
		}
		out = append(out, p)
	}
	return out, nil
}

// blanks are what Java takes for white space here.
const blanks = " \t\f"

// goesOn says whether a line ends with a \ that no other one stands before.
func goesOn(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// cut finds where the name ends; found says whether anything stands behind it.
func cut(line string) (name, value string, found bool) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '=', ':', ' ', '\t', '\f':
			value = strings.TrimLeft(line[i:], blanks)
			separated := value != "" && (value[0] == '=' || value[0] == ':')
			if separated {
				value = strings.TrimLeft(value[1:], blanks)
			}
			return line[:i], value, separated || value != ""
		}
	}
	return line, "", false
}

func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			if s[i] != '\\' {
				b.WriteByte(s[i])
			}
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			r, width, ok := unit(s[i:])
			if !ok {
				return "", fmt.Errorf(`expected four hexadecimal digits behind \u`)
			}
			b.WriteRune(r)
			i += width - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// unit reads uXXXX, or uXXXX\uXXXX where that is one character in two parts.
func unit(s string) (r rune, width int, ok bool) {
	if len(s) < 5 {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	if err != nil {
		return 0, 0, false
	}
	if utf16.IsSurrogate(rune(n)) && strings.HasPrefix(s[5:], `\u`) && len(s) >= 11 {
		if low, err := strconv.ParseUint(s[7:11], 16, 16); err == nil {
			return utf16.DecodeRune(rune(n), rune(low)), 11, true
		}
	}
	return rune(n), 5, true
}
