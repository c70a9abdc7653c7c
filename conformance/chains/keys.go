package chains

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The formats that keys are written in. A key of two columns is "k|h" in the model, and so are results once they are read.
var (
	keyFormats   = []string{"KAFKA", "JSON", "DELIMITED", "AVRO", "PROTOBUF", "PROTOBUF_NOSR", "JSON_SR"}
	givenFormats = []string{"KAFKA", "JSON", "DELIMITED", "PROTOBUF_NOSR"} // that records of declared sources are made in
)

// drawFormat draws one; KAFKA, which holds one column alone, for half of those that can have it.
func drawFormat(r *rand.Rand, formats []string, two bool) string {
	if two {
		return formats[1+r.IntN(len(formats)-1)]
	}
	if r.IntN(2) == 0 {
		return "KAFKA"
	}
	return formats[r.IntN(len(formats))]
}

// parts are the columns of a key.
func parts(key string) []string { return strings.Split(key, "|") }

// keyBytes is the key as its topic has it.
func (r *record) keyBytes() []byte {
	p := parts(r.key)
	switch r.source.format {
	case "JSON":
		if len(p) > 1 {
			return fmt.Appendf(nil, `{"K":%q,"H":%q}`, p[0], p[1])
		}
		return fmt.Appendf(nil, "%q", p[0])
	case "DELIMITED":
		return []byte(strings.Join(p, ","))
	case "PROTOBUF_NOSR":
		var out []byte
		for i, v := range p {
			out = append(append(out, byte(i+1)<<3|2, byte(len(v))), v...)
		}
		return out
	default:
		return []byte(r.key)
	}
}

var errKey = errors.New("a key is not as its format has it")

// readKey is the key that the bytes are.
func (s *source) readKey(b []byte) (string, error) {
	if (s.format == "AVRO" || s.format == "JSON_SR" || s.format == "PROTOBUF") && len(b) >= 5 && b[0] == 0 {
		b = b[5:] // the schema's id
	}
	var p []string
	var err error
	switch s.format {
	case "JSON", "JSON_SR":
		p, err = jsonKey(b, s.two)
	case "DELIMITED":
		p = strings.Split(string(b), ",")
	case "AVRO":
		p, err = avroKey(b, s.two)
	case "PROTOBUF":
		if len(b) == 0 || b[0] != 0 {
			return "", fmt.Errorf("%w: %q", errKey, b)
		}
		p, err = protoKey(b[1:]) // of the first message
	case "PROTOBUF_NOSR":
		p, err = protoKey(b)
	default:
		p = []string{string(b)}
	}
	if err == nil && len(p) != len(s.keys()) {
		err = fmt.Errorf("%w: it has %d columns", errKey, len(p))
	}
	if err != nil {
		return "", fmt.Errorf("the %s key %q: %w", s.format, b, err)
	}
	return strings.Join(p, "|"), nil
}

func jsonKey(b []byte, two bool) ([]string, error) {
	var one string
	var both struct{ K, H string }
	if two {
		err := json.Unmarshal(b, &both)
		return []string{both.K, both.H}, err
	}
	err := json.Unmarshal(b, &one)
	return []string{one}, err
}

// avroKey takes a text, or two of a record, which may be NULL and are not, apart.
func avroKey(b []byte, two bool) (out []string, err error) {
	for len(b) > 0 {
		n := 0
		if two {
			if b[0] != 2 { // the second of the union
				return nil, errKey
			}
			n = 1
		}
		length, m := binary.Varint(b[n:])
		if m <= 0 || length < 0 || int(length) > len(b)-n-m {
			return nil, errKey
		}
		b = b[n+m:]
		out, b = append(out, string(b[:length])), b[length:]
	}
	return out, nil
}

// protoKey takes the texts of fields 1, 2 ... apart.
func protoKey(b []byte) (out []string, err error) {
	for len(b) > 0 {
		if len(b) < 2 || b[0] != byte(len(out)+1)<<3|2 || int(b[1]) > len(b)-2 {
			return nil, errKey
		}
		out, b = append(out, string(b[2:2+b[1]])), b[2+b[1]:]
	}
	return out, nil
}
