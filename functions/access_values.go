package functions

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/types"
)

// values writes the fields of a line that was read.
func (l *accessLine) values(m *Meter, out []types.Value) error {
	out[logClient], out[logIdent] = plainField(l.client), plainField(l.ident)
	out[logTime] = types.TimestampValue(l.ms)
	if l.vhost != "" {
		out[logVhost] = plainField(l.vhost)
	}
	if l.hasStatus {
		out[logStatus] = types.IntValue(l.status)
	}
	if l.hasBytes {
		out[logBytes] = types.BigintValue(l.bytes)
	}
	user := l.user
	if user == `""` { // Apache's empty name
		user = ""
	}
	var err error
	put := func(at int, s string) {
		if err == nil {
			out[at], err = unescaped(m, s)
		}
	}
	if user != "-" {
		put(logUser, user)
	}
	if !l.isRequest {
		put(logPath, l.request)
	} else {
		out[logMethod] = types.StringValue(l.method)
		put(logPath, l.path)
		if l.protocol != "" {
			put(logProtocol, l.protocol)
		}
	}
	if l.isCombined && l.referrer != "-" {
		put(logReferrer, l.referrer)
	}
	if l.isCombined && l.agent != "-" {
		put(logAgent, l.agent)
	}
	return err
}

func plainField(s string) types.Value {
	if s == "-" {
		return types.NullValue
	}
	return types.StringValue(s)
}

// unescaped undoes the escapes of a field, if there are any and what they stand for can be shown.
func unescaped(m *Meter, s string) (types.Value, error) {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return types.StringValue(s), nil
	}
	if err := m.Take(len(s)); err != nil {
		return types.NullValue, err
	}
	out := append(make([]byte, 0, len(s)), s[:at]...)
	for i := at; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			switch c := s[i+1]; c {
			case '"', '\\':
				out = append(out, c)
				i++
				continue
			case 'x':
				if i+3 < len(s) && hexDigit(s[i+2]) < 16 && hexDigit(s[i+3]) < 16 {
					out = append(out, hexDigit(s[i+2])<<4|hexDigit(s[i+3]))
					i += 3
					continue
				}
			case 'b', 'f', 'n', 'r', 't', 'v': // not to be shown
				return types.StringValue(s), nil
			}
		}
		out = append(out, s[i])
	}
	if !isShown(out) {
		return types.StringValue(s), nil
	}
	return types.StringOf(out), nil
}

// isShown says whether bytes are UTF-8 without control characters.
func isShown(b []byte) bool {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) {
			return false
		}
		i += size
	}
	return true
}

// hexDigit is the value of a digit, or 255.
func hexDigit(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// timeBefore is the form of what stands between the names and the request, up to the quotes that begin it.
const timeBefore = ` [10/Oct/2000:13:55:36 -0700] "`

// time finds the time and reads it: it is the first bracket that holds one and has the request behind it. There may be others in a user's name.
func (l *accessLine) time(s string) int {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '[')
		if at < 0 {
			return -1
		}
		at += from - 1
		if at > 0 && len(s)-at > len(timeBefore) {
			if ms, ok := logTimestamp(s[at : at+len(timeBefore)]); ok {
				l.ms = ms
				return at
			}
		}
		from = at + 2
	}
}

// logTimestamp reads a time that has the form of timeBefore.
func logTimestamp(s string) (int64, bool) {
	for i, want := range []byte(timeBefore) {
		switch {
		case want-'0' <= 9:
			if s[i]-'0' > 9 {
				return 0, false
			}
		case i >= 5 && i <= 7: // the month
		case want == '-':
			if s[i] != '-' && s[i] != '+' {
				return 0, false
			}
		case s[i] != want:
			return 0, false
		}
	}
	month := monthOf(s[5:8])
	day, year := number2(s[2:]), 100*number2(s[9:])+number2(s[11:])
	hour, minute, second := number2(s[14:]), number2(s[17:]), number2(s[20:])
	zone := 60*number2(s[24:]) + number2(s[26:])
	if month == 0 || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 60 || zone > 18*60 {
		return 0, false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return 0, false
	}
	if s[23] == '+' {
		zone = -zone
	}
	at := time.Date(year, time.Month(month), day, hour, minute+zone, second, 0, time.UTC)
	return at.UnixMilli(), true
}

func number2(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// monthOf is the number of an English month, or 0.
func monthOf(s string) int {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == s {
			return i/3 + 1
		}
	}
	return 0
}
