package file

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/types"
)

// timeParser reads a time format: a pattern of Java's letters, epoch_ms, epoch_s, or nothing for what is usual. The function it
// returns gives milliseconds since 1970.
func timeParser(format string) (func(string) (int64, error), error) {
	switch strings.ToLower(format) {
	case "":
		return usualTime, nil
	case "epoch_ms":
		return func(s string) (int64, error) { return epoch(s, 1) }, nil
	case "epoch_s":
		return func(s string) (int64, error) { return epoch(s, 1000) }, nil
	}
	layout, err := layoutOf(format)
	if err != nil {
		return nil, err
	}
	return func(s string) (int64, error) {
		t, err := time.Parse(layout, s)
		if err != nil {
			return 0, fmt.Errorf("the time '%s' is not of the form %s", s, format)
		}
		return t.UnixMilli(), nil
	}, nil
}

// usualTime tells seconds from milliseconds by their size: 100 billion seconds are the year 5138.
func usualTime(s string) (int64, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && len(s) > 4 {
		if n < 1e11 && n > -1e11 {
			return epoch(s, 1000)
		}
		return epoch(s, 1)
	}
	ms, err := types.ParseTimestamp(s)
	if err != nil {
		return 0, fmt.Errorf("%w; say how it is written with 'time.format'", err)
	}
	return ms, nil
}

func epoch(s string, perUnit int64) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > 1e15 || n < -1e15 {
			return 0, fmt.Errorf("the time %s is out of range", s)
		}
		return n * perUnit, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f > 1e15 || f < -1e15 || f != f {
		return 0, fmt.Errorf("the time '%s' is not a number", s)
	}
	return int64(f * float64(perUnit)), nil
}

// letters are Java's pattern letters with their counts, and Go's reference time in the same place.
var letters = map[string]string{
	"yyyy": "2006", "uuuu": "2006", "yy": "06", "uu": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "dd": "02", "d": "2",
	"HH": "15", "H": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "a": "PM", "EEEE": "Monday", "EEE": "Mon", "E": "Mon",
	"Z": "-0700", "ZZZZZ": "-07:00", "X": "Z07", "XX": "Z0700", "XXX": "Z07:00", "x": "-07", "xx": "-0700", "xxx": "-07:00", "z": "MST",
}

// layoutOf turns a pattern of Java's letters into a layout of Go's.
func layoutOf(pattern string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		n := i
		for n < len(pattern) && pattern[n] == c {
			n++
		}
		word := pattern[i:n]
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end < 0 {
				return "", fmt.Errorf("a quote in '%s' is not closed", pattern)
			}
			text := pattern[i+1 : i+1+end]
			if text == "" {
				text = "'"
			}
			if strings.ContainsAny(text, "0123456789") {
				return "", fmt.Errorf("digits between quotes in '%s' are not supported", pattern)
			}
			out.WriteString(text)
			i += end + 2
			continue
		case c == 'S':
			if prev := out.String(); !strings.HasSuffix(prev, ".") && !strings.HasSuffix(prev, ",") || len(word) > 9 {
				return "", fmt.Errorf("fractions of a second (S, up to nine) have to follow a dot or a comma in '%s'", pattern)
			}
			out.WriteString(strings.Repeat("0", len(word)))
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			l, ok := letters[word]
			if !ok {
				return "", fmt.Errorf("'%s' in '%s' is not supported: expected letters such as yyyy MM dd HH mm ss SSS Z, and other text between single quotes", word, pattern)
			}
			out.WriteString(l)
		case c >= '0' && c <= '9' || c == '_':
			return "", fmt.Errorf("'%c' in '%s' cannot be part of a pattern", c, pattern)
		default:
			out.WriteString(word)
		}
		i = n
	}
	return out.String(), nil
}
