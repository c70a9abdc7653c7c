package functions

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"weir/types"
)

var bytesFunctions = []Scalar{
	{Doc: Doc{"ENCODE", StringFn, "The string read in one encoding and written in another one. Encodings: hex, utf8, ascii, base64.",
		[]Example{{"ENCODE('4578616d706C6521', 'hex', 'ascii')", "'Example!'"}, {"ENCODE('Example!', 'utf8', 'base64')", "'RXhhbXBsZSE='"}}},
		Overloads: []Overload{{Sig: "(s STRING, from STRING, to STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			b, err := decodeLeniently(c.Args[0].Str(), c.Args[1].Str())
			if err != nil {
				return types.NullValue, err
			}
			if strings.EqualFold(c.Args[1].Str(), c.Args[2].Str()) {
				return types.NullValue, errSameEncoding
			}
			s, err := encodeText(b, c.Args[2].Str())
			if strings.EqualFold(c.Args[2].Str(), "hex") {
				s = strings.ToLower(s)
			}
			return types.StringValue(s), err
		}}}},
	{Doc: Doc{"FROM_BYTES", StringFn, "Bytes as text in an encoding: hex, utf8, ascii or base64.", []Example{{"FROM_BYTES(TO_BYTES('1aB2', 'hex'), 'hex')", "'1AB2'"}}},
		Overloads: []Overload{{Sig: "(b BYTES, encoding STRING) STRING", Eval: func(c *Call) (types.Value, error) {
			s, err := encodeText(c.Args[0].Bytes(), c.Args[1].Str())
			return types.StringValue(s), err
		}}}},
	{Doc: Doc{"TO_BYTES", StringFn, "The bytes that text in an encoding stands for: hex, utf8, ascii or base64.", []Example{{"TO_BYTES('IQ==', 'base64')", "TO_BYTES('!', 'ascii')"}}},
		Overloads: []Overload{{Sig: "(s STRING, encoding STRING) BYTES", Eval: func(c *Call) (types.Value, error) {
			b, err := decodeText(c.Args[0].Str(), c.Args[1].Str())
			return types.BytesValue(b), err
		}}}},
}

var conversionFunctions = []Scalar{
	{Doc: Doc{"BIGINT_FROM_BYTES", ConversionFn, "The BIGINT that 8 bytes stand for, in the byte order BIG_ENDIAN (the default) or LITTLE_ENDIAN.",
		[]Example{{"BIGINT_FROM_BYTES(TO_BYTES('000000000000002A', 'hex'))", "42"}}},
		Overloads: fromBytes("BIGINT", 8, func(n uint64) types.Value { return types.BigintValue(int64(n)) })},
	{Doc: Doc{"DECIMAL_FROM_BYTES", ConversionFn, "The DECIMAL whose unscaled number has these bytes, in two's complement with the highest byte first, as Kafka Connect and Debezium write decimals; " +
		"of a STRUCT with a SCALE and a VALUE, Debezium's VariableScaleDecimal, the number that it stands for. Precision (64 where it is left out) and scale are constants; " +
		"a number that does not fit them without rounding is an error.",
		[]Example{{"DECIMAL_FROM_BYTES(TO_BYTES('CF2C', 'hex'), 2)", "-125.00"}, {"DECIMAL_FROM_BYTES(TO_BYTES('MDk=', 'base64'), 10, 2)", "123.45"},
			{"DECIMAL_FROM_BYTES(STRUCT(SCALE := 1, VALUE := TO_BYTES('0F', 'hex')), 10, 4)", "1.5000"}}},
		Overloads: decimalFromBytes()},
	{Doc: Doc{"DOUBLE_FROM_BYTES", ConversionFn, "The DOUBLE that 8 bytes stand for, in the byte order BIG_ENDIAN (the default) or LITTLE_ENDIAN.",
		[]Example{{"DOUBLE_FROM_BYTES(TO_BYTES('3FF0000000000000', 'hex'))", "1E0"}}},
		Overloads: fromBytes("DOUBLE", 8, func(n uint64) types.Value { return types.DoubleValue(math.Float64frombits(n)) })},
	{Doc: Doc{"INT_FROM_BYTES", ConversionFn, "The INTEGER that 4 bytes stand for, in the byte order BIG_ENDIAN (the default) or LITTLE_ENDIAN.",
		[]Example{{"INT_FROM_BYTES(TO_BYTES('2A000000', 'hex'), 'LITTLE_ENDIAN')", "42"}}},
		Overloads: fromBytes("INTEGER", 4, func(n uint64) types.Value { return types.IntValue(int32(n)) })},
}

func fromBytes(name string, width int, value func(uint64) types.Value) []Overload {
	eval := func(c *Call) (types.Value, error) {
		b := c.Args[0].Bytes()
		if len(b) != width {
			return types.NullValue, fmt.Errorf("Number of bytes must be equal to %d, but found %d", width, len(b))
		}
		order := "BIG_ENDIAN"
		if len(c.Args) > 1 {
			order = strings.ToUpper(c.Args[1].Str())
		}
		var wide [8]byte
		switch order {
		case "BIG_ENDIAN":
			copy(wide[8-width:], b)
			return value(binary.BigEndian.Uint64(wide[:])), nil
		case "LITTLE_ENDIAN":
			copy(wide[:], b)
			return value(binary.LittleEndian.Uint64(wide[:])), nil
		}
		return types.NullValue, fmt.Errorf("Byte order must be BIG_ENDIAN or LITTLE_ENDIAN, got %q", order)
	}
	return []Overload{
		{Sig: "(b BYTES) " + name, Eval: eval},
		{Sig: "(b BYTES, byte_order STRING) " + name, Eval: eval},
	}
}

var errSameEncoding = errors.New("the two encodings are the same")

func errEncoding(name string) error {
	return fmt.Errorf("Supported input and output encodings are: hex, utf8, ascii and base64; got %q", name)
}

// decodeText is the bytes that text in an encoding stands for. What is not ASCII becomes a question mark in ascii.
func decodeText(s, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		b, err := hex.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("not hexadecimal digits: %q", s)
		}
		return b, nil
	case "utf8":
		return []byte(s), nil
	case "ascii":
		return []byte(strings.Map(func(r rune) rune {
			if r >= utf8.RuneSelf {
				return '?'
			}
			return r
		}, s)), nil
	case "base64":
		encoding := base64.StdEncoding
		if !strings.HasSuffix(s, "=") {
			encoding = base64.RawStdEncoding
		}
		b, err := encoding.DecodeString(s)
		if err != nil {
			return nil, fmt.Errorf("not base64: %q", s)
		}
		return b, nil
	}
	return nil, errEncoding(encoding)
}

// decodeLeniently is decodeText for what people write: hexadecimal digits as literals, base64 in both alphabets and with other
// characters between, up to the padding.
func decodeLeniently(s, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		s = stripHex(s)
	case "base64":
		s, _, _ = strings.Cut(s, "=")
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '-':
				return '+'
			case r == '_':
				return '/'
			case r == '+' || r == '/' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, s)
		if len(s)%4 == 1 {
			s = s[:len(s)-1] // six bits are no byte
		}
	}
	return decodeText(s, encoding)
}

// stripHex takes 0x... and X'...' off the digits; behind 0x a leading zero may be left out.
func stripHex(s string) string {
	if d, ok := strings.CutPrefix(s, "0x"); ok {
		return "0"[:len(d)%2] + d
	}
	if len(s) > 2 && (s[0] == 'X' || s[0] == 'x') && s[1] == '\'' && s[len(s)-1] == '\'' {
		return s[2 : len(s)-1]
	}
	return s
}

// validUTF8 puts U+FFFD in the place of each malformed sequence: one for what could have been the beginning of a character.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out []byte
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			for size < len(b) && !utf8.FullRune(b[:size+1]) {
				size++
			}
		}
		out, b = utf8.AppendRune(out, r), b[size:]
	}
	return string(out)
}

// encodeText is bytes as text in an encoding; what can't be written becomes U+FFFD.
func encodeText(b []byte, encoding string) (string, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		return strings.ToUpper(hex.EncodeToString(b)), nil
	case "utf8":
		return validUTF8(b), nil
	case "ascii":
		var out strings.Builder
		for _, c := range b {
			if c >= utf8.RuneSelf {
				out.WriteRune(utf8.RuneError)
			} else {
				out.WriteByte(c)
			}
		}
		return out.String(), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	}
	return "", errEncoding(encoding)
}
