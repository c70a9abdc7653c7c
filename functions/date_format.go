package functions

import (
	"fmt"
	"strconv"
	"time"
)

// format prints what the value has of a time. An optional section with something else is left out.
func (p *datePattern) format(t time.Time, has fields) (string, error) {
	out, err := appendParts(nil, p.parts, t, has)
	return string(out), err
}

func appendParts(dst []byte, parts []patternPart, t time.Time, has fields) ([]byte, error) {
	var err error
	for i := range parts {
		part := &parts[i]
		switch part.letter {
		case 0:
			dst = append(dst, part.literal...)
		case '[':
			if out, err := appendParts(dst, part.optional, t, has); err == nil {
				dst = out
			}
		default:
			if part.needs()&has == 0 {
				return nil, fmt.Errorf("the value has nothing for the letter %q", string(part.letter))
			}
			dst, err = part.append(dst, t)
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (p *patternPart) append(dst []byte, t time.Time) ([]byte, error) {
	switch p.letter {
	case 'y', 'u':
		year := t.Year()
		if p.letter == 'y' && year <= 0 {
			year = 1 - year // counted back from the era's beginning
		}
		if p.count == 2 {
			return appendPadded(dst, (year%100+100)%100, 2)
		}
		if p.count >= 4 && year >= 10000 {
			dst = append(dst, '+')
		}
		return appendPadded(dst, year, p.count)
	case 'M', 'L':
		return p.appendName(dst, int(t.Month()), t.Month().String())
	case 'Q', 'q':
		return p.appendQuarter(dst, (int(t.Month())+2)/3)
	case 'w', 'Y':
		year, week := weekOf(t)
		if p.letter == 'w' {
			return appendPadded(dst, week, p.count)
		}
		if p.count == 2 {
			return appendPadded(dst, (year%100+100)%100, 2)
		}
		return appendPadded(dst, year, p.count)
	case 'd':
		return appendPadded(dst, t.Day(), p.count)
	case 'D':
		return appendPadded(dst, t.YearDay(), p.count)
	case 'E', 'c':
		return p.appendDay(dst, t)
	case 'e':
		return p.appendName(dst, int(t.Weekday())+1, t.Weekday().String())
	case 'a':
		if t.Hour() < 12 {
			return append(dst, "AM"...), nil
		}
		return append(dst, "PM"...), nil
	case 'G':
		if t.Year() <= 0 {
			return append(dst, "BC"...), nil
		}
		return append(dst, "AD"...), nil
	case 'H':
		return appendPadded(dst, t.Hour(), p.count)
	case 'k':
		return appendPadded(dst, (t.Hour()+23)%24+1, p.count)
	case 'K':
		return appendPadded(dst, t.Hour()%12, p.count)
	case 'h':
		return appendPadded(dst, (t.Hour()+11)%12+1, p.count)
	case 'm':
		return appendPadded(dst, t.Minute(), p.count)
	case 's':
		return appendPadded(dst, t.Second(), p.count)
	case 'S':
		digits := fmt.Sprintf("%09d", t.Nanosecond())
		for len(digits) < p.count {
			digits += "0"
		}
		return append(dst, digits[:p.count]...), nil
	case 'n':
		return appendPadded(dst, t.Nanosecond(), p.count)
	case 'A':
		return appendPadded(dst, ((t.Hour()*60+t.Minute())*60+t.Second())*1000+t.Nanosecond()/1e6, p.count)
	}
	return p.appendZone(dst, t)
}

func appendPadded(dst []byte, n, width int) ([]byte, error) {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	text := strconv.Itoa(n)
	for i := len(text); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, text...), nil
}

// quarterNames are those of four letters.
var quarterNames = []string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}

func (p *patternPart) appendQuarter(dst []byte, n int) ([]byte, error) {
	switch p.count {
	case 3:
		return strconv.AppendInt(append(dst, 'Q'), int64(n), 10), nil
	case 4:
		return append(dst, quarterNames[n-1]...), nil
	}
	if p.count == 5 {
		return appendPadded(dst, n, 1)
	}
	return appendPadded(dst, n, p.count)
}

// weekOf is the week of a day, and its year, as in the United States: weeks begin on Sunday, and the one with the first of January is the first.
func weekOf(t time.Time) (year, week int) {
	next := time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	if left := int(next.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)).Hours()) / 24; left <= int(next.Weekday()) {
		return t.Year() + 1, 1
	}
	first := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	return t.Year(), (t.YearDay()-1+int(first.Weekday()))/7 + 1
}

// appendName prints a month or day as a number, short or in full.
func (p *patternPart) appendName(dst []byte, n int, name string) ([]byte, error) {
	switch {
	case p.count <= 2:
		return appendPadded(dst, n, p.count)
	case p.count == 3:
		return append(dst, name[:3]...), nil
	case p.count == 4:
		return append(dst, name...), nil
	}
	return append(dst, name[:1]...), nil
}

func (p *patternPart) appendDay(dst []byte, t time.Time) ([]byte, error) {
	day := t.Weekday().String()
	switch {
	case p.count <= 3:
		day = day[:3]
	case p.count > 4:
		day = day[:1]
	}
	return append(dst, day...), nil
}

func (p *patternPart) appendZone(dst []byte, t time.Time) ([]byte, error) {
	name, secs := t.Zone()
	switch p.letter {
	case 'z':
		return append(dst, name...), nil
	case 'V':
		return append(dst, t.Location().String()...), nil
	case 'O':
		if secs == 0 {
			return append(dst, "GMT"...), nil
		}
		if p.count == 4 {
			return appendOffset(append(dst, "GMT"...), secs, true, true), nil
		}
		return appendShortOffset(append(dst, "GMT"...), secs), nil
	case 'X':
		if secs == 0 {
			return append(dst, 'Z'), nil
		}
	case 'Z':
		switch p.count {
		case 4:
			if secs == 0 {
				return append(dst, "GMT"...), nil
			}
			return appendOffset(append(dst, "GMT"...), secs, true, true), nil
		case 5:
			if secs == 0 {
				return append(dst, 'Z'), nil
			}
			return appendOffset(dst, secs, true, true), nil
		}
		return appendOffset(dst, secs, true, false), nil
	}
	return appendOffset(dst, secs, p.count > 1, p.count == 3 || p.count == 5), nil
}

// appendShortOffset prints an offset as short as it can be: +1, -5:30.
func appendShortOffset(dst []byte, secs int) []byte {
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	dst = strconv.AppendInt(append(dst, sign), int64(secs/3600), 10)
	if m := secs / 60 % 60; m > 0 {
		dst = append(dst, ':', byte('0'+m/10), byte('0'+m%10))
	}
	return dst
}

// appendOffset prints an offset; without always the minutes are left out where they are 0.
func appendOffset(dst []byte, secs int, always, colon bool) []byte {
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	h, m := secs/3600, secs/60%60
	dst = append(dst, sign, byte('0'+h/10), byte('0'+h%10))
	if m == 0 && !always {
		return dst
	}
	if colon {
		dst = append(dst, ':')
	}
	return append(dst, byte('0'+m/10), byte('0'+m%10))
}
