// Package jsontext steps through JSON text without building anything: the parts that decoders and functions are made of.
package jsontext

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth bounds how deep a document may nest.
const MaxDepth = 1000

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// SkipSpace is the place of the first byte from i on that is no white space.
func SkipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// special marks, in the high bit of the lowest such byte, a quote, a backslash or a control character among 8 bytes.
func special(w uint64) uint64 {
	q, b := w^'"'*ones, w^'\\'*ones
	return ((q-ones)&^q | (b-ones)&^b | (w-' '*ones)&^w) & highs
}

// StringEnd finds the quote that ends the string whose content starts at i, 8 bytes at a time. escaped says that there
// are escapes, high that there are bytes outside ASCII. ok is false where the string is not ended or holds a control
// character; end is then the place.
func StringEnd(data []byte, i int) (end int, escaped, high, ok bool) {
	var seen uint64
	for {
		for i+8 <= len(data) {
			w := binary.LittleEndian.Uint64(data[i:])
			if m := special(w); m != 0 {
				at := bits.TrailingZeros64(m) &^ 7
				seen |= w & (1<<at - 1)
				i += at / 8
				break
			}
			seen |= w
			i += 8
		}
		for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= ' ' {
			seen |= uint64(data[i])
			i++
		}
		switch {
		case i >= len(data) || data[i] < ' ':
			return i, escaped, false, false
		case data[i] == '"':
			return i, escaped, seen&highs != 0, true
		}
		escaped = true
		i += 2
	}
}

// NumberEnd is the end of the number at i, or i where there is none. whole says that it has neither point nor exponent.
func NumberEnd(data []byte, i int) (end int, whole bool) {
	at := i
	if i < len(data) && data[i] == '-' {
		i++
	}
	from := i
	i = digitsEnd(data, i)
	if i == from || (data[from] == '0' && i > from+1) {
		return at, false
	}
	whole = true
	if i < len(data) && data[i] == '.' {
		whole = false
		from = i + 1
		if i = digitsEnd(data, from); i == from {
			return at, false
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		whole = false
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		from = i
		if i = digitsEnd(data, from); i == from {
			return at, false
		}
	}
	return i, whole
}

func digitsEnd(data []byte, i int) int {
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	return i
}

// HasWord says whether the literal stands at i.
func HasWord(data []byte, i int, word string) bool {
	return len(data)-i >= len(word) && string(data[i:i+len(word)]) == word
}

// SkipValue steps over the value at i and checks its form. Where it is malformed, or nested deeper than MaxDepth, ok is
// false and end is the place.
func SkipValue(data []byte, i int) (end int, ok bool) { return skipValue(data, i, 0) }

func skipValue(data []byte, i, depth int) (end int, ok bool) {
	if i >= len(data) || depth > MaxDepth {
		return i, false
	}
	switch data[i] {
	case '"':
		end, _, _, ok = StringEnd(data, i+1)
		return end + 1, ok
	case '{':
		return skipObject(data, i+1, depth)
	case '[':
		return skipArray(data, i+1, depth)
	case 't':
		return i + 4, HasWord(data, i, "true")
	case 'f':
		return i + 5, HasWord(data, i, "false")
	case 'n':
		return i + 4, HasWord(data, i, "null")
	}
	end, _ = NumberEnd(data, i)
	return end, end > i
}

func skipObject(data []byte, i, depth int) (end int, ok bool) {
	if i = SkipSpace(data, i); i < len(data) && data[i] == '}' {
		return i + 1, true
	}
	for {
		if i = SkipSpace(data, i); i >= len(data) || data[i] != '"' {
			return i, false
		}
		if i, _, _, ok = StringEnd(data, i+1); !ok {
			return i, false
		}
		if i = SkipSpace(data, i+1); i >= len(data) || data[i] != ':' {
			return i, false
		}
		if i, ok = skipValue(data, SkipSpace(data, i+1), depth+1); !ok {
			return i, false
		}
		if i = SkipSpace(data, i); i >= len(data) || data[i] != ',' {
			return i + 1, i < len(data) && data[i] == '}'
		}
		i++
	}
}

func skipArray(data []byte, i, depth int) (end int, ok bool) {
	if i = SkipSpace(data, i); i < len(data) && data[i] == ']' {
		return i + 1, true
	}
	for {
		if i, ok = skipValue(data, SkipSpace(data, i), depth+1); !ok {
			return i, false
		}
		if i = SkipSpace(data, i); i >= len(data) || data[i] != ',' {
			return i + 1, i < len(data) && data[i] == ']'
		}
		i++
	}
}

// Unescape appends the content of a string with its escapes undone; ok is false for an escape that JSON has not.
// Half a surrogate pair becomes U+FFFD.
func Unescape(dst, b []byte) (out []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			dst = append(dst, b[i])
			continue
		}
		if i++; i >= len(b) {
			return dst, false
		}
		switch c := b[i]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex4(b, i+1)
			if !ok {
				return dst, false
			}
			i += 4
			if utf16.IsSurrogate(r) {
				second := rune(-1)
				if i+2 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
					second, _ = hex4(b, i+3)
				}
				if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			return dst, false
		}
	}
	return dst, true
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return -1, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return -1, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Compact appends a JSON value without the white space between its tokens.
func Compact(dst, b []byte) []byte {
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case ' ', '\n', '\t', '\r':
			i++
		case '"':
			end, _, _, _ := StringEnd(b, i+1)
			end = min(end+1, len(b))
			dst = append(dst, b[i:end]...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
