package types

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// AppendDouble prints a DOUBLE as Java does: 1.0, 1.0E10, NaN, Infinity.
func AppendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	abs := math.Abs(f)
	if abs == 0 || (abs >= 1e-3 && abs < 1e7) {
		at := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if !strings.ContainsRune(string(dst[at:]), '.') {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	text := strconv.FormatFloat(f, 'E', -1, 64)
	mantissa, exp, _ := strings.Cut(text, "E")
	if !strings.Contains(mantissa, ".") {
		// Java prints two digits at least, the nearest ones: 4.9E-324 for the smallest number.
		mantissa, exp, _ = strings.Cut(strconv.FormatFloat(f, 'E', 1, 64), "E")
	}
	n, _ := strconv.Atoi(exp)
	dst = append(append(dst, mantissa...), 'E')
	return strconv.AppendInt(dst, int64(n), 10)
}

// Text prints a value for people and for CAST(x AS STRING): no quotes around a string, Java's forms for collections.
func Text(v Value, t *Type) string { return string(AppendText(nil, v, t)) }

// AppendText is Text into a buffer.
func AppendText(dst []byte, v Value, t *Type) []byte {
	switch v.kind {
	case Null:
		return append(dst, "null"...)
	case Boolean:
		return strconv.AppendBool(dst, v.num != 0)
	case Integer, Bigint:
		return strconv.AppendInt(dst, v.num, 10)
	case Double:
		return AppendDouble(dst, v.Double())
	case Decimal:
		return AppendDecimal(dst, v)
	case String:
		return append(dst, v.Str()...)
	case Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes())
	case Time:
		return append(dst, TimeText(v.num)...)
	case Date:
		return append(dst, DateText(v.num)...)
	case Timestamp:
		return append(dst, TimestampText(v.num)...)
	case Array:
		dst = append(dst, '[')
		for i, e := range v.Items() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendText(dst, e, t.Elem)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		pairs := v.Pairs()
		for i := 0; i < len(pairs); i += 2 {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = AppendText(dst, pairs[i], t.Key)
			dst = append(dst, '=')
			dst = AppendText(dst, pairs[i+1], t.Elem)
		}
		return append(dst, '}')
	}
	dst = append(dst, "Struct{"...)
	first := true
	for i, e := range v.Items() {
		if e.IsNull() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, t.Fields[i].Name...), '=')
		dst = AppendText(dst, e, t.Fields[i].Type)
	}
	return append(dst, '}')
}
