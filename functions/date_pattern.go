package functions

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// datePattern is a pattern of Java's DateTimeFormatter: yyyy-MM-dd'T'HH:mm:ss.SSSX.
type datePattern struct {
	text  string
	parts []patternPart
}

// patternPart is a run of one letter, a literal, or an optional section.
type patternPart struct {
	letter   byte // 0 for a literal, '[' for an optional section
	count    int
	literal  string
	optional []patternPart
	adjacent bool // the next part is a number too, so this one takes exactly count digits
}

// The letters that are read and written as numbers, and those that are names, offsets and zones.
const (
	numberLetters = "yuYMLdDHkKhmsSnAwQqe"
	otherLetters  = "EcaGzVXxZO"
	dateLetters   = "yuYMLdDwQqeEcG"
)

// fields are what a value has for the letters of a pattern.
type fields uint8

const (
	dateFields fields = 1 << iota
	timeFields
	zoneFields
	allFields = dateFields | timeFields | zoneFields
)

// needs is the kind of field that a letter stands for.
func (p *patternPart) needs() fields {
	switch {
	case strings.IndexByte(dateLetters, p.letter) >= 0:
		return dateFields
	case strings.IndexByte("zVXxZO", p.letter) >= 0:
		return zoneFields
	}
	return timeFields
}

func (p *patternPart) numeric() bool {
	switch p.letter {
	case 'M', 'L', 'Q', 'q', 'e':
		return p.count <= 2
	}
	return strings.IndexByte(numberLetters, p.letter) >= 0 && p.letter != 0
}

// maxDatePattern is how many bytes a pattern may have: compiled it takes many times as much.
const maxDatePattern = 4096

// parsePattern compiles a pattern.
func parsePattern(text string) (*datePattern, error) {
	if len(text) > maxDatePattern {
		return nil, fmt.Errorf("a date format has at most %d bytes, and this one, which begins with %q, has %d", maxDatePattern, text[:20], len(text))
	}
	parts, rest, err := patternParts(text, text)
	if err == nil && rest != "" {
		err = fmt.Errorf("date format %q: there is no [ for this ]", text)
	}
	if err != nil {
		return nil, err
	}
	return &datePattern{strings.Clone(text), parts}, nil
}

// patternParts reads up to the end, or up to a closing bracket, which it leaves in rest.
func patternParts(whole, s string) (parts []patternPart, rest string, err error) {
	literal := func(t string) {
		if n := len(parts); n > 0 && parts[n-1].letter == 0 {
			parts[n-1].literal += t
			return
		}
		parts = append(parts, patternPart{literal: strings.Clone(t)})
	}
	for s != "" {
		c := s[0]
		switch {
		case c == ']':
			return parts, s, nil
		case c == '[':
			inner, rest, err := patternParts(whole, s[1:])
			if err != nil {
				return nil, "", err
			}
			if rest == "" {
				return nil, "", fmt.Errorf("date format %q: a [ is not closed", whole)
			}
			parts, s = append(parts, patternPart{letter: '[', optional: inner}), rest[1:]
		case c == '\'':
			t, rest, ok := cutQuoted(s)
			if !ok {
				return nil, "", fmt.Errorf("date format %q: a quote is not closed", whole)
			}
			literal(t)
			s = rest
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			n := len(s) - len(strings.TrimLeft(s, s[:1]))
			if strings.IndexByte(numberLetters+otherLetters, c) < 0 {
				return nil, "", fmt.Errorf("date format %q: unknown letter %q; literal text is put in single quotes", whole, s[:1])
			}
			next := patternPart{letter: c, count: n}
			if last := len(parts) - 1; last >= 0 && parts[last].numeric() && next.numeric() {
				parts[last].adjacent = true
			}
			parts, s = append(parts, next), s[n:]
		default:
			_, size := utf8.DecodeRuneInString(s)
			literal(s[:size])
			s = s[size:]
		}
	}
	return parts, "", nil
}

// cutQuoted reads quoted text; two quotes are one.
func cutQuoted(s string) (t, rest string, ok bool) {
	if strings.HasPrefix(s, "''") {
		return "'", s[2:], true
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], "''", "'"), s[i+1:], true
	}
	return "", "", false
}

// zone finds a time zone by its name, such as Europe/Berlin, UTC or +01:00.
func zone(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	switch name {
	case "Z", "UTC", "GMT", "UT":
		return time.UTC, nil
	case "":
		return nil, fmt.Errorf("a time zone is missing: want one such as Europe/Berlin or +01:00")
	}
	offset := name
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			offset = rest
			break
		}
	}
	if offset[0] == '+' || offset[0] == '-' {
		if secs, n := readOffset(offset, true); n == len(offset) {
			return time.FixedZone(name, secs), nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %q: want one such as Europe/Berlin or +01:00", name)
	}
	return loc, nil
}

// readOffset reads +h, +hh, +hhmm, +hh:mm or +hh:mm:ss; n is 0 where there is none.
func readOffset(s string, single bool) (secs, n int) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, 0
	}
	two := func(at int) (int, bool) {
		if at+2 > len(s) || s[at]-'0' > 9 || s[at+1]-'0' > 9 {
			return 0, false
		}
		return int(s[at]-'0')*10 + int(s[at+1]-'0'), true
	}
	h, ok := two(1)
	n = 3
	if !ok {
		if !single || len(s) < 2 || s[1]-'0' > 9 {
			return 0, 0
		}
		h, n = int(s[1]-'0'), 2
	}
	secs = h * 3600
	for _, unit := range []int{60, 1} {
		at := n
		if at < len(s) && s[at] == ':' {
			at++
		}
		v, ok := two(at)
		if !ok || v > 59 || n == 2 {
			break
		}
		secs += v * unit
		n = at + 2
	}
	if h > 18 {
		return 0, 0
	}
	if s[0] == '-' {
		secs = -secs
	}
	return secs, n
}
