package s3sink

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pathFormat is a path.format, in the letters of Joda-Time, which are others than those of SQL: YYYY is the year, xxxx that of the week.
type pathFormat struct {
	parts []pathPart
	names bool // some of it is in a language
}

type pathPart struct {
	letter byte // 0 for a literal
	count  int
	text   string
}

// pathLetters are those that can be written.
const pathLetters = "yYxMwdDeEaHkKhmsS"

func parsePath(s string) (*pathFormat, error) {
	p := &pathFormat{}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("property '%s': a ' has no end in %s", propPath, s)
			}
			text := s[i+1 : i+1+end]
			if text == "" { // two of them are one
				text = "'"
			}
			p.parts = append(p.parts, pathPart{text: text})
			i += end + 2
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			n := 1
			for i+n < len(s) && s[i+n] == c {
				n++
			}
			if strings.IndexByte(pathLetters, c) < 0 {
				return nil, fmt.Errorf("property '%s': the letter %c can't be written: expected one of %s, or text in quotes, in %s", propPath, c, pathLetters, s)
			}
			if n > 9 {
				return nil, fmt.Errorf("property '%s': expected at most 9 times %c, got %d", propPath, c, n)
			}
			p.parts = append(p.parts, pathPart{letter: c, count: n})
			p.names = p.names || c == 'E' || c == 'a' || c == 'M' && n > 2
			i += n
		default:
			p.parts = append(p.parts, pathPart{text: s[i : i+1]})
			i++
		}
	}
	if len(p.parts) == 0 {
		return nil, fmt.Errorf("property '%s': expected a path such as %s", propPath, hourlyPath)
	}
	return p, nil
}

func (p *pathFormat) format(t time.Time) string {
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteString(part.format(t))
	}
	return b.String()
}

func (p pathPart) format(t time.Time) string {
	weekYear, week := t.ISOWeek()
	switch p.letter {
	case 'y', 'Y':
		return p.year(t.Year())
	case 'x':
		return p.year(weekYear)
	case 'M':
		return p.name(t.Month().String(), int(t.Month()))
	case 'w':
		return p.number(week)
	case 'd':
		return p.number(t.Day())
	case 'D':
		return p.number(t.YearDay())
	case 'e':
		return p.number((int(t.Weekday())+6)%7 + 1)
	case 'E':
		if p.count > 3 {
			return t.Weekday().String()
		}
		return t.Weekday().String()[:3]
	case 'a':
		return t.Format("PM")
	case 'H':
		return p.number(t.Hour())
	case 'k':
		return p.number((t.Hour()+23)%24 + 1)
	case 'K':
		return p.number(t.Hour() % 12)
	case 'h':
		return p.number((t.Hour()+11)%12 + 1)
	case 'm':
		return p.number(t.Minute())
	case 's':
		return p.number(t.Second())
	case 'S': // of a second, from the first digit on
		return fmt.Sprintf("%09d", t.Nanosecond())[:p.count]
	}
	return p.text
}

func (p pathPart) number(n int) string {
	text := strconv.Itoa(n)
	return strings.Repeat("0", max(p.count-len(text), 0)) + text
}

func (p pathPart) year(n int) string {
	if p.count == 2 {
		return p.number((n%100 + 100) % 100)
	}
	return p.number(n)
}

// name is a name where there are three letters or more, cut where there are three.
func (p pathPart) name(name string, n int) string {
	switch {
	case p.count < 3:
		return p.number(n)
	case p.count == 3:
		return name[:3]
	}
	return name
}
