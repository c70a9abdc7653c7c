package functions

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// readTime is what a pattern has read; -1 where it has read nothing.
type readTime struct {
	year, month, day, yearDay    int
	hour, hour12, minute, second int
	nano, milliOfDay             int
	pm                           int // 0 AM, 1 PM
	weekday                      int
	zone                         *time.Location
	bc                           bool
	got                          uint64 // the letters of what was read, by their places behind 'A'

	// lenient reads as SimpleDateFormat does: numbers of any length and size, names in any style, and no further than the
	// pattern goes. century is the first year that two digits may mean.
	lenient bool
	century int
}

func newReadTime() readTime {
	return readTime{year: 1970, month: 1, day: 1, yearDay: -1, hour12: -1, milliOfDay: -1, pm: -1, weekday: -1}
}

// parse reads a time. What the pattern has not is taken from 1970-01-01T00:00; a zone in the text wins over loc.
func (p *datePattern) parse(s string, loc *time.Location) (t time.Time, err error) {
	r := newReadTime()
	if err = p.read(&r, s); err == nil {
		t, err = r.time(loc)
	}
	return t, p.wrong(s, err)
}

func (p *datePattern) read(r *readTime, s string) error {
	rest, err := r.read(p.parts, s)
	if err == nil && rest != "" && !r.lenient {
		err = fmt.Errorf("there is more text: %q", rest)
	}
	return err
}

func (p *datePattern) wrong(s string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%q does not have the form %q: %w", s, p.text, err)
}

// has says whether one of these letters was read.
func (r *readTime) has(letters string) bool {
	for i := range len(letters) {
		if r.got>>(letters[i]-'A')&1 == 1 {
			return true
		}
	}
	return false
}

func (r *readTime) read(parts []patternPart, s string) (rest string, err error) {
	for i := range parts {
		part := &parts[i]
		switch {
		case part.letter == 0:
			if len(s) < len(part.literal) || !strings.EqualFold(s[:len(part.literal)], part.literal) {
				return "", fmt.Errorf("want %q at %q", part.literal, s)
			}
			s = s[len(part.literal):]
		case part.letter == '[':
			saved := *r
			if rest, err := r.read(part.optional, s); err == nil {
				s = rest
			} else {
				*r = saved
			}
		case part.numeric():
			if s, err = r.number(part, s); err != nil {
				return "", err
			}
		default:
			if s, err = r.word(part, s); err != nil {
				return "", err
			}
		}
	}
	return s, nil
}

// number reads digits: exactly as many as letters where there are several or another number follows, up to 19 otherwise.
func (r *readTime) number(p *patternPart, s string) (rest string, err error) {
	least, most := p.count, p.count
	if !p.adjacent && (p.count == 1 && p.letter != 'S' || (p.letter == 'y' || p.letter == 'u') && p.count != 2) {
		most = 19
	}
	if r.lenient {
		least, most = 1, p.count
		if !p.adjacent {
			s, most = strings.TrimLeftFunc(s, unicode.IsSpace), 19
		}
	}
	negative := false
	if !r.lenient && (p.letter == 'y' || p.letter == 'u') && (strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+")) {
		negative, s = s[0] == '-', s[1:]
	}
	n, digits := 0, 0
	for digits < most && digits < len(s) && s[digits]-'0' <= 9 {
		if n > 1e9 {
			return "", fmt.Errorf("the number at %q is too large", s)
		}
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	if digits < least {
		return "", fmt.Errorf("want %d digits at %q", least, s)
	}
	if negative {
		n = -n
	}
	return s[digits:], r.set(p, n)
}

var numberRanges = map[byte][2]int{'M': {1, 12}, 'L': {1, 12}, 'd': {1, 31}, 'D': {1, 366}, 'H': {0, 24}, 'k': {1, 24}, 'K': {0, 11},
	'h': {1, 12}, 'm': {0, 59}, 's': {0, 59}, 'n': {0, 999999999}, 'A': {0, 86399999}, 'w': {1, 53}, 'Q': {1, 4}, 'q': {1, 4}, 'e': {1, 7}}

func (r *readTime) set(p *patternPart, n int) error {
	r.got |= 1 << (p.letter - 'A')
	if b, ok := numberRanges[p.letter]; ok && !r.lenient && (n < b[0] || n > b[1]) {
		return fmt.Errorf("%d is not within %d and %d", n, b[0], b[1])
	}
	switch p.letter {
	case 'y', 'u':
		switch {
		case r.lenient && p.count <= 2 && n < 100:
			if n += r.century / 100 * 100; n < r.century {
				n += 100
			}
		case !r.lenient && p.count == 2:
			n += 2000
		}
		r.year = n
	case 'M', 'L':
		r.month = n
	case 'd':
		r.day = n
	case 'D':
		r.yearDay = n
	case 'H':
		r.hour = n
	case 'k':
		r.hour = n % 24
	case 'K', 'h':
		r.hour12 = n
	case 'm':
		r.minute = n
	case 's':
		r.second = n
	case 'n':
		r.nano = n
	case 'A':
		r.milliOfDay = n
	case 'S':
		for i := p.count; i < 9; i++ {
			n *= 10
		}
		for i := p.count; i > 9; i-- {
			n /= 10
		}
		r.nano = n
	}
	return nil
}

// word reads a name, an offset or a zone.
func (r *readTime) word(p *patternPart, s string) (rest string, err error) {
	r.got |= 1 << (p.letter - 'A')
	switch p.letter {
	case 'M', 'L':
		n, rest, ok := r.name(s, p.count == 3, 12, func(i int) string { return time.Month(i + 1).String() })
		if !ok {
			return "", fmt.Errorf("want the name of a month at %q", s)
		}
		r.month = n + 1
		return rest, nil
	case 'E', 'c', 'e':
		n, rest, ok := r.name(s, p.count <= 3, 7, func(i int) string { return time.Weekday(i).String() })
		if !ok {
			return "", fmt.Errorf("want the name of a day at %q", s)
		}
		r.weekday = n
		return rest, nil
	case 'Q', 'q':
		_, rest, ok := readName(s, false, 4, func(i int) string {
			if p.count == 3 {
				return fmt.Sprintf("Q%d", i+1)
			}
			return quarterNames[i]
		})
		if !ok {
			return "", fmt.Errorf("want the name of a quarter at %q", s)
		}
		return rest, nil
	case 'a':
		n, rest, ok := readName(s, false, 2, func(i int) string { return []string{"AM", "PM"}[i] })
		if !ok {
			return "", fmt.Errorf("want AM or PM at %q", s)
		}
		r.pm = n
		return rest, nil
	case 'G':
		n, rest, ok := readName(s, false, 2, func(i int) string { return []string{"AD", "BC"}[i] })
		if !ok {
			return "", fmt.Errorf("want AD or BC at %q", s)
		}
		r.bc = n == 1
		return rest, nil
	}
	return r.readZone(p, s)
}

// name reads a name in one style, or in whichever it is written.
func (r *readTime) name(s string, short bool, n int, name func(int) string) (i int, rest string, ok bool) {
	if r.lenient {
		if i, rest, ok = readName(s, false, n, name); ok {
			return i, rest, ok
		}
		short = true
	}
	return readName(s, short, n, name)
}

// readName finds which of n names stands at the beginning, in any case.
func readName(s string, short bool, n int, name func(int) string) (i int, rest string, ok bool) {
	for i := range n {
		w := name(i)
		if short {
			w = w[:3]
		}
		if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
			return i, s[len(w):], true
		}
	}
	return 0, "", false
}

func (r *readTime) readZone(p *patternPart, s string) (rest string, err error) {
	if p.letter == 'z' || p.letter == 'V' || p.letter == 'O' {
		end := strings.IndexFunc(s, func(c rune) bool {
			return !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("/_+-:", c))
		})
		if end < 0 {
			end = len(s)
		}
		loc, err := zone(s[:end])
		if err != nil {
			loc, err = abbreviated(s[:end], err)
		}
		r.zone = loc
		return s[end:], err
	}
	if p.letter != 'x' && (strings.HasPrefix(s, "Z") || strings.HasPrefix(s, "z")) {
		r.zone = time.UTC
		return s[1:], nil
	}
	body := strings.TrimPrefix(s, "GMT")
	secs, n := readOffset(body, false)
	if n == 0 {
		return "", fmt.Errorf("want an offset such as +01:00 at %q", s)
	}
	r.zone = time.FixedZone(body[:n], secs)
	return body[n:], nil
}

// abbreviated knows the short names of zones that Java reads as zones with summer time.
func abbreviated(name string, otherwise error) (*time.Location, error) {
	region, ok := map[string]string{"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MST": "America/Denver", "MDT": "America/Denver",
		"CST": "America/Chicago", "CDT": "America/Chicago", "EST": "America/New_York", "EDT": "America/New_York",
		"BST": "Europe/London", "CET": "Europe/Paris", "CEST": "Europe/Paris", "JST": "Asia/Tokyo", "IST": "Asia/Kolkata"}[strings.ToUpper(name)]
	if !ok {
		return nil, otherwise
	}
	return time.LoadLocation(region)
}
