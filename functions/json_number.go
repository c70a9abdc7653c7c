package functions

import (
	"strconv"
	"strings"

	"weir/formats/jsontext"
)

// appendJSON writes a JSON value as one that was read and printed again: without white space, strings with no more escapes
// than they need, numbers as appendNumber has them.
func appendJSON(dst, b []byte, plain bool) []byte {
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
		case c == '"':
			end, escaped, _, _ := jsontext.StringEnd(b, i+1)
			end = min(end+1, len(b))
			if escaped {
				text, _ := jsontext.Unescape(nil, b[i+1:end-1])
				dst = jsontext.AppendString(dst, string(text))
			} else {
				dst = append(dst, b[i:end]...)
			}
			i = end
		case c == '-' || c-'0' <= 9:
			end, _ := jsontext.NumberEnd(b, i)
			end = max(end, i+1)
			dst = appendNumber(dst, string(b[i:end]), plain)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// maxPlainZeros bounds what an exponent may make of a number.
const maxPlainZeros = 1000

// appendNumber writes a JSON number as Java's BigDecimal prints it: with an exponent where it was given one that moves the point
// behind the digits, or is smaller than a millionth; plain numbers have none.
func appendNumber(dst []byte, s string, plain bool) []byte {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return append(dst, '0')
		}
		return append(dst, s...)
	}
	mantissa, exponent := s, 0
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		n, err := strconv.Atoi(s[at+1:])
		if err != nil {
			return append(dst, s...)
		}
		mantissa, exponent = s[:at], n
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		digits, negative = "0", false
	}
	scale := len(fraction) - exponent
	leading := len(digits) - 1 - scale // the exponent of the first digit
	if max(scale, -scale, leading, -leading) > maxPlainZeros {
		plain = false
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case !plain && (scale < 0 || leading < -6):
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(append(dst, '.'), digits[1:]...)
		}
		if leading == 0 {
			return dst
		}
		dst = append(dst, 'E')
		if leading > 0 {
			dst = append(dst, '+')
		}
		return strconv.AppendInt(dst, int64(leading), 10)
	case scale <= 0:
		dst = append(dst, digits...)
		if digits != "0" {
			dst = append(dst, strings.Repeat("0", -scale)...)
		}
		return dst
	case scale < len(digits):
		dst = append(append(dst, digits[:len(digits)-scale]...), '.')
		return append(dst, digits[len(digits)-scale:]...)
	}
	dst = append(append(dst, "0."...), strings.Repeat("0", scale-len(digits))...)
	return append(dst, digits...)
}
